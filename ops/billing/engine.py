"""The two engines that read bill exports: DuckDB in this process, and Athena. The expressions are the same.

This is the one place where the two differ: how they are opened, how rows come out, and what they raise.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import ibis
from cachetools import LRUCache
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from ops.billing.lake import Lake
from ops.core.errors import BadInput, CredentialsProblem, Denied, OpsError, Throttled, Unreachable
from ops.core.permissions import Undeclared, insist

CALLS = logging.getLogger("ops.calls")
"""As in `ops.aws.session`: every call at DEBUG, one that is refused here at ERROR."""
THREADS = 2
MEMORY_MB = 1024
POLL_S = 0.25
Row = dict[str, str | None]
_statements: LRUCache[Hashable, str] = LRUCache(64)


@dataclass
class Engine:
    """An opened engine. `scanned`: bytes that Athena said it read, None for DuckDB."""

    backend: BaseBackend
    scanned: int | None = None
    names: dict[str, str] = field(default_factory=dict)

    def rows(self, question: Callable[[], Table], shape: Hashable = None) -> list[Row]:
        """All rows, every value as text or None: decimals keep all their digits on both engines. Raises OpsError.

        `shape`: all that the question depends on. Ibis takes longer to write a statement than DuckDB to answer it for
        a small file: for questions of one shape it is written once.
        """
        key = None if shape is None else (self.backend.name, shape)
        statement = _statements.get(key)
        if statement is None:
            statement = self._statement(question())
            if key is not None:
                _statements[key] = statement
        with self._translated():
            cursor: Any = self.backend.raw_sql(statement)
            names = [column[0] for column in cursor.description]
            found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        if self.scanned is not None:
            self.scanned += cursor.data_scanned_in_bytes or 0
            cursor.close()
        return found

    def _statement(self, expression: Table) -> str:
        """The statement itself is run: Ibis would load pandas for the few rows, and have Athena UNLOAD them as
        Parquet files that nobody removes from S3."""
        as_text = expression.select(**{name: expression[name].cast("string") for name in expression.columns})
        return str(ibis.to_sql(as_text, dialect=self.backend.name, pretty=False))

    def columns(self, link: str) -> list[str]:
        """The columns of a Parquet file. Raises BadInput where it is damaged."""
        with self._translated():
            return list(self.backend.read_parquet(link).columns)

    def parquet(self, links: list[str], name: str, file: str | None = None) -> Table:
        """The table `name` of these files. `file`: a column to be added that tells which file a line is of."""
        with self._translated():
            table: Table = self.backend.read_parquet(
                links, table_name=name, **({"filename": file} if file else {})
            )
        return table

    def csv(
        self,
        links: list[str],
        name: str,
        columns: list[str],
        delimiter: str,
        skipped: int,
        zipped: bool,
        file: str | None = None,
    ) -> Table:
        """Text files of one shape, every cell as text; nothing is guessed. `file`: as for Parquet."""
        with self._translated():
            table: Table = self.backend.read_csv(
                links,
                table_name=name,
                columns=dict.fromkeys(columns, "VARCHAR"),
                auto_detect=False,
                header=False,
                skip=skipped,
                delim=delimiter,
                quote='"',
                escape='"',
                compression="gzip" if zipped else "none",
                parallel=False,
                **({"filename": file} if file else {}),
            )
        return table

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise OpsError(
                "Reading the export took more memory than Ebb allows itself.", "Read fewer files at once."
            ) from error
        except duckdb.Error as error:
            said = self._said(str(error))
            raise BadInput(f"The export cannot be read: {said}", "Download or export it again.") from error

    def _said(self, text: str) -> str:
        """DuckDB's words without its advice, with the file's own name."""
        text = re.sub(r"^[A-Z][A-Za-z ]*(?:Error|Exception): ", "", text.strip())
        name = next((name for link, name in self.names.items() if link in text), "")
        for link in self.names:
            text = text.replace(link, name)
        parsing = re.match(r"CSV Error on Line: (\d+)", text)
        if parsing is None:
            first = text.splitlines()[0].strip() if text else "it is damaged."
            return first if first.endswith((".", "!", "?")) else f"{first}."
        columns = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
        why = f"{columns[1]} cells expected, {columns[2]} found" if columns else "damaged"
        why = "not in UTF-8 (save it as CSV UTF-8)" if "Invalid unicode" in text else why
        return f"{name}, line {parsing[1]}: {why}."


def files(folder: Path, memory_mb: int = MEMORY_MB) -> Engine:
    """A fresh DuckDB within bounds of memory; what does not fit is spilled into `folder`."""
    spill = folder / "spill"
    backend: BaseBackend = ibis.duckdb.connect(
        threads=THREADS,
        memory_limit=f"{memory_mb}MB",
        temp_directory=str(spill),
        preserve_insertion_order=False,
        autoinstall_known_extensions=False,
        autoload_known_extensions=False,
    )
    return Engine(backend)


@contextmanager
def athena(lake: Lake) -> Iterator[Engine]:
    """Athena by the credentials of the environment. Raises OpsError, also for what the body asks of it."""
    import pyathena
    from pyathena.cursor import Cursor

    try:
        # The plain cursor asks Athena itself for the rows: nothing has to be read from S3. Ibis's own `connect`
        # would ask two questions more, and wants another library for S3.
        connection = pyathena.connect(
            s3_staging_dir=lake.output,
            work_group=lake.workgroup,
            region_name=lake.region,
            schema_name=lake.database,
            cursor_class=Cursor,
            poll_interval=POLL_S,
        )
        connection.client.meta.events.register_first("provide-client-params", _check)
        backend: BaseBackend = ibis.athena.from_connection(connection)
        yield Engine(backend, scanned=0)
    except ibis.common.exceptions.TableNotFound as error:
        raise _of_athena(error.__cause__ or error, lake) from error
    except pyathena.Error as error:
        raise _of_athena(error, lake) from error


def _check(event_name: str, **_: object) -> None:
    """Refuses a call that is not in the table of calls. Raises Undeclared."""
    operation = event_name.rpartition(".")[2]
    try:
        insist("athena", operation)
    except Undeclared as error:
        CALLS.error("athena:%s", operation, exc_info=error)
        raise
    CALLS.debug("athena:%s", operation)


def _of_athena(error: BaseException, lake: Lake) -> OpsError:
    """What Athena, Glue or S3 refused, as Ebb's own error. PyAthena wraps what the AWS client raised."""
    cause = error.__cause__ or error
    if isinstance(cause, OpsError):
        return cause
    response = getattr(cause, "response", None) or {}
    code, operation = (
        str(response.get("Error", {}).get("Code", "")),
        str(getattr(cause, "operation_name", "")),
    )
    said, kind = (
        str(error).strip().splitlines()[0] if str(error).strip() else "no reason given",
        type(cause).__name__,
    )
    if code in ("AccessDenied", "AccessDeniedException", "403"):
        service = "s3" if operation.endswith(("Object", "Bucket", "ObjectsV2")) else "athena"
        return Denied(
            f"{service}:{operation or 'StartQueryExecution'}", f"AWS refused to read the bill: {said}"
        )
    if code in _CREDENTIALS or "Credentials" in kind or "Token" in kind:
        return CredentialsProblem(f"Athena cannot be asked: {said}", "Check the credentials of this process.")
    if code in ("ThrottlingException", "TooManyRequestsException"):
        return Throttled("Athena asks to slow down.", "Try again in a minute.")
    if "Connection" in kind or "Timeout" in kind or "Endpoint" in kind:
        return Unreachable(
            f"Athena in {lake.region} gives no answer: {said}", "Check the network and the region."
        )
    missing = code in ("MetadataException", "EntityNotFoundException") or "NOT_FOUND" in said
    if missing or re.search(r"does not exist|not found", said, re.IGNORECASE):
        where = f"{lake.database}.{lake.table}"
        return BadInput(
            f"Athena does not find {where}: {said}", "Check database, table and region of the lake."
        )
    return OpsError(
        f"Athena could not answer: {said}", "The query is in Athena's history, with its error.", code=code
    )


_CREDENTIALS = {
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidSignatureException", "IncompleteSignature",
}  # fmt: skip
