"""What Athena tells of its catalog: data catalogs, databases, tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.local_aws import tokens
from ops.local_aws.athena_catalog import NAME, Table
from ops.local_aws.errors import AwsError

if TYPE_CHECKING:
    from ops.local_aws.world import World

Params = Mapping[str, Any]
LISTED = 50
_BAD_TOKEN = ("InvalidRequestException", "The NextToken is not valid.")


class AthenaMetadata:
    def __init__(self, world: World) -> None:
        self._catalog = world.athena.catalog

    def list_data_catalogs(self, params: Params) -> dict[str, Any]:
        size = params.get("MaxResults", LISTED)
        shown, token = tokens.page([NAME], params.get("NextToken"), size, *_BAD_TOKEN)
        answer = {"DataCatalogsSummary": [{"CatalogName": name, "Type": "GLUE"} for name in shown]}
        return answer | ({"NextToken": token} if token else {})

    def get_data_catalog(self, params: Params) -> dict[str, Any]:
        self.check_catalog(params["Name"])
        return {"DataCatalog": {"Name": NAME, "Type": "GLUE"}}

    def get_database(self, params: Params) -> dict[str, Any]:
        self.check_catalog(params["CatalogName"])
        return {"Database": {"Name": self._database(params["DatabaseName"])}}

    def list_databases(self, params: Params) -> dict[str, Any]:
        self.check_catalog(params["CatalogName"])
        names = sorted(self._catalog.databases)
        shown, token = tokens.page(
            names, params.get("NextToken"), params.get("MaxResults", LISTED), *_BAD_TOKEN
        )
        return {"DatabaseList": [{"Name": name} for name in shown]} | ({"NextToken": token} if token else {})

    def get_table_metadata(self, params: Params) -> dict[str, Any]:
        self.check_catalog(params["CatalogName"])
        database = self._database(params["DatabaseName"])
        table = self._catalog.table(database, params["TableName"])
        if table is None:
            raise _missing(f"Table {params['TableName']} not found.")
        return {"TableMetadata": _told(table)}

    def list_table_metadata(self, params: Params) -> dict[str, Any]:
        self.check_catalog(params["CatalogName"])
        database = self._database(params["DatabaseName"])
        tables = sorted(self._catalog.databases[database].values(), key=lambda table: table.name)
        if params.get("Expression"):
            try:
                pattern = re.compile(params["Expression"], re.IGNORECASE)
            except re.error as error:
                raise invalid(f"Expression is no regular expression: {error}.") from error
            tables = [table for table in tables if pattern.search(table.name)]
        shown, token = tokens.page(
            tables, params.get("NextToken"), params.get("MaxResults", LISTED), *_BAD_TOKEN
        )
        answer = {"TableMetadataList": [_told(table) for table in shown]}
        return answer | ({"NextToken": token} if token else {})

    def check_catalog(self, name: str) -> None:
        if name.lower() != NAME.lower():
            raise invalid(f"Data catalog {name} was not found")

    def _database(self, name: str) -> str:
        if name.lower() not in self._catalog.databases:
            raise _missing(f"Database {name} not found.")
        return name.lower()


def _told(table: Table) -> dict[str, Any]:
    """A table as Glue describes it to Athena."""
    answer: dict[str, Any] = {
        "Name": table.name,
        "CreateTime": table.created,
        "LastAccessTime": 0.0,
        "TableType": "EXTERNAL_TABLE" if table.view is None else "VIRTUAL_VIEW",
        "Columns": [{"Name": name, "Type": kind} for name, kind in table.columns],
        "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in table.partition_keys],
        "Parameters": {"EXTERNAL": "TRUE"} if table.view is None else {"presto_view": "true"},
    }
    if table.location:
        parquet = table.format == "parquet"
        answer["Parameters"] |= {
            "classification": table.format,
            "location": table.location,
            "serde.serialization.lib": _PARQUET if parquet else _CSV,
        }
    return answer


_PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


def _missing(what: str) -> AwsError:
    return AwsError("MetadataException", f"EntityNotFoundException: {what}")


def invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)
