"""The catalog that the embedded Athena reads: databases, tables over folders of S3, views. Names are lower case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from ops.local_aws.delivery import split_uri

NAME = "AwsDataCatalog"
EXPORTS = "ebb-cost-exports"
"""The bucket whose objects are made when they are looked for (exports.py)."""
Column = tuple[str, str]
"""(name, type in Hive's words)."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `location`: s3:// folder; `created`: seconds since the epoch."""

    name: str
    columns: tuple[Column, ...]
    created: float
    location: str = ""
    partition_keys: tuple[Column, ...] = ()
    format: str = "parquet"
    """"parquet", or "csv" as OpenCSVSerde reads it."""
    header_lines: int = 0
    view: str | None = None
    """The statement of a view."""
    partitions: frozenset[tuple[str, ...]] | None = None
    """The known ones; None: every folder that is there (partition projection)."""

    def said(self) -> dict[str, Any]:
        """For the worker."""
        return {
            "columns": self.columns,
            "partition_keys": self.partition_keys,
            "format": self.format,
            "header_lines": self.header_lines,
            "view": self.view,
        }

    def prefix(self) -> tuple[str, str]:
        """(bucket, prefix of the keys) of the table's folder."""
        place = split_uri(self.location) or ("", "")
        return place[0], f"{place[1].rstrip('/')}/" if place[1] else ""

    def values(self, key: str) -> tuple[str, ...] | None:
        """The partition that an object lies in; None for an object that is not the table's.

        Folders are named name=value, the name in any case, as Hive reads them; hidden files do not count.
        """
        _, prefix = self.prefix()
        *folders, file = key.removeprefix(prefix).split("/")
        if not key.startswith(prefix) or not file or file[0] in "._":
            return None
        found = dict(_pair(folder) for folder in folders if "=" in folder)
        values = tuple(found.get(name, "") for name, _ in self.partition_keys)
        if any(name not in found for name, _ in self.partition_keys):
            return None
        return values if self.partitions is None or values in self.partitions else None


class Catalog:
    def __init__(self) -> None:
        self.databases: dict[str, dict[str, Table]] = {"default": {}}

    def add(self, database: str, table: Table) -> None:
        self.databases.setdefault(database, {})[table.name] = table

    def table(self, database: str, name: str) -> Table | None:
        return self.databases.get(database.lower(), {}).get(name.lower())

    def said(self) -> dict[str, Any]:
        """For the worker."""
        return {
            database: {name: table.said() for name, table in tables.items()}
            for database, tables in self.databases.items()
        }

    def apply(self, order: Mapping[str, Any], now: float, keys: Iterable[str] = ()) -> None:
        """What a statement changes (athena_worker/changing.py). `keys`: the objects of a table to repair."""
        if "create_database" in order:
            self.databases.setdefault(order["create_database"], {})
        elif "drop_database" in order:
            self.databases.pop(order["drop_database"], None)
        elif "drop" in order:
            database, name = order["drop"]
            self.databases.get(database, {}).pop(name, None)
        elif "repair" in order:
            database, name = order["repair"]
            table = replace(self.databases[database][name], partitions=None)
            found = frozenset(values for key in keys if (values := table.values(key)) is not None)
            self.add(database, replace(table, partitions=found))
        elif "create_view" in order:
            database, name = order["create_view"]
            self.add(database, Table(name, _columns(order["columns"]), now, view=order["sql"]))
        elif not order["exists"]:
            database, name = order["create_table"]
            keys_of_it = _columns(order["partition_keys"])
            self.add(
                database,
                Table(
                    name,
                    _columns(order["columns"]),
                    now,
                    order["location"],
                    keys_of_it,
                    order["format"],
                    order["header_lines"],
                    partitions=frozenset() if keys_of_it else None,
                ),
            )


def _columns(given: Iterable[Iterable[str]]) -> tuple[Column, ...]:
    return tuple((name, kind) for name, kind in given)


def _pair(folder: str) -> tuple[str, str]:
    name, _, value = folder.partition("=")
    return name.lower(), unquote(value)
