"""The two engines that read bill exports: DuckDB in this process, and Athena. The expressions are the same."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
from ibis.backends import BaseBackend

THREADS = 2


@dataclass(frozen=True, slots=True)
class Lake:
    """Where an export lies in Athena. `output`: an S3 address for results; empty: the workgroup's own."""

    database: str
    table: str
    region: str
    workgroup: str = "primary"
    output: str = ""


def files() -> BaseBackend:
    """A fresh DuckDB in memory. It reads whatever files its user names, so a name is never taken from a bill."""
    backend: BaseBackend = ibis.duckdb.connect(threads=THREADS)
    return backend


def athena(lake: Lake) -> BaseBackend:
    """Athena by the credentials of the environment. Raises what PyAthena raises."""
    import pyathena  # noqa: F401  (named here, so that its absence is told before a connection is tried)

    backend: BaseBackend = ibis.athena.connect(
        s3_staging_dir=lake.output or None,
        work_group=lake.workgroup,
        region_name=lake.region,
        schema_name=lake.database,
    )
    return backend
