"""AWS Data Exports: the one export that the account has, as a reader of bills finds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.local_aws import tokens
from ops.local_aws.errors import AwsError, validation
from ops.local_aws.exports import BUCKET, NAME, PREFIX
from ops.local_aws.exports_schema import COLUMNS

if TYPE_CHECKING:
    from ops.local_aws.exports import Month
    from ops.local_aws.world import World

Params = Mapping[str, Any]
TABLE = "COST_AND_USAGE_REPORT"
LISTED = 100
_SETTINGS = {"INCLUDE_RESOURCES": "TRUE", "TIME_GRANULARITY": "HOURLY"}
_OFFERED = {"INCLUDE_RESOURCES": ("TRUE",), "TIME_GRANULARITY": ("HOURLY",)}
_BAD_TOKEN = ("ValidationException", "The NextToken is not valid.")
_ID = "5e1f1a52-6d0a-4e1b-9c61-3f1f7c2b8a10"


class DataExports:
    def __init__(self, world: World) -> None:
        self._world = world
        self._exports = world.exports
        self._arn = world.arn("bcm-data-exports", f"export/{NAME}-{_ID}")

    def list_exports(self, params: Params) -> dict[str, Any]:
        known = [{"ExportArn": self._arn, "ExportName": NAME, "ExportStatus": self._status()}]
        return _paged("Exports", known, params)

    def get_export(self, params: Params) -> dict[str, Any]:
        self._check(params["ExportArn"])
        names = ", ".join(name for name, _ in COLUMNS)
        destination = {
            "S3Bucket": BUCKET,
            "S3Prefix": PREFIX,
            "S3Region": self._world.region,
            "S3OutputConfigurations": {
                "OutputType": "CUSTOM",
                "Format": "PARQUET",
                "Compression": "PARQUET",
                "Overwrite": "OVERWRITE_REPORT",
            },
        }
        export = {
            "ExportArn": self._arn,
            "Name": NAME,
            "Description": "Hourly cost and usage, with resources",
            "DataQuery": {
                "QueryStatement": f"SELECT {names} FROM {TABLE}",
                "TableConfigurations": {TABLE: _SETTINGS},
            },
            "DestinationConfigurations": {"S3Destination": destination},
            "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
        }
        return {"Export": export, "ExportStatus": self._status()}

    def list_executions(self, params: Params) -> dict[str, Any]:
        """One for each month's file, newest first: what was there before it is overwritten."""
        self._check(params["ExportArn"])
        found = [_execution(month) for month in self._exports.months()]
        return _paged("Executions", found[::-1], params)

    def list_tables(self, params: Params) -> dict[str, Any]:
        properties = [
            {"Name": name, "ValidValues": list(values), "DefaultValue": values[0]}
            for name, values in _OFFERED.items()
        ]
        table = {"TableName": TABLE, "Description": "CUR 2.0", "TableProperties": properties}
        return _paged("Tables", [table], params)

    def get_table(self, params: Params) -> dict[str, Any]:
        if params["TableName"] != TABLE:
            raise validation(f"Table {params['TableName']} not found.")
        wanted = dict(params.get("TableProperties") or {})
        for name, value in wanted.items():
            if value not in _OFFERED.get(name, ()):
                raise validation(
                    f"The embedded AWS exports {TABLE} with {_SETTINGS}, not with {name}={value}."
                )
        schema = [{"Name": name, "Type": kind} for name, kind in COLUMNS]
        return {"TableName": TABLE, "TableProperties": _SETTINGS | wanted, "Schema": schema}

    def _status(self) -> dict[str, Any]:
        refreshed = self._exports.refreshed()
        return {
            "StatusCode": "HEALTHY",
            "CreatedAt": self._world.born_minute * 60.0,
            "LastUpdatedAt": refreshed,
            "LastRefreshedAt": refreshed,
        }

    def _check(self, arn: str) -> None:
        if arn != self._arn:
            raise AwsError(
                "ResourceNotFoundException", f"Export {arn} not found.", ResourceId=arn, ResourceType="export"
            )


def _execution(month: Month) -> dict[str, Any]:
    status = {"StatusCode": "DELIVERY_SUCCESS", "CreatedAt": month.delivered, "CompletedAt": month.delivered}
    return {
        "ExecutionId": f"{month.period}-{int(month.delivered)}",
        "ExecutionStatus": status | {"LastUpdatedAt": month.delivered},
    }


def _paged(name: str, found: list[dict[str, Any]], params: Params) -> dict[str, Any]:
    shown, token = tokens.page(found, params.get("NextToken"), params.get("MaxResults", LISTED), *_BAD_TOKEN)
    return {name: shown} | ({"NextToken": token} if token else {})
