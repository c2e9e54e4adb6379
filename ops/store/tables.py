"""The tables of the history, and how its database is opened.

SQLAlchemy Core, in words that SQLite and PostgreSQL share. SQLite is what the tests run on. **PostgreSQL is
untested**: its URL selects its own upsert and repeatable reads here, nothing else was written for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, RLock
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    StaticPool,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.schema import SchemaItem

from ops.core.errors import BadInput, OpsError
from ops.store.packing import Damaged

SCHEMA = "6"
"""Changes with the tables or with the format of a blob."""
GROWS_FROM = ("1", "2", "3", "4", "5")
"""Schemas whose tables are all there still: what is new is added beside them."""
OPENING_S = 10.0
"""How long one process waits for another while it opens a history."""
BUSY_S = 2.0
"""How long after that: what could not be written is tried again, and viewers wait behind a reader."""

METADATA = MetaData()

META = Table("ebb_meta", METADATA, Column("key", String(40), primary_key=True), Column("value", Text))
COUNTER = Table(
    "write_counter",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("n", BigInteger, nullable=False),
)
SCOPE = Table(
    "scope",
    METADATA,
    Column("id", Integer, primary_key=True),
    *(Column(name, String(200), nullable=False) for name in ("kind", "account", "region", "world")),
    UniqueConstraint("kind", "account", "region", "world"),
    sqlite_autoincrement=True,
)
"""Ids are never used again: another process may still hold one that was forgotten."""
ENDPOINT = Table(
    "endpoint",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("scope_id", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    UniqueConstraint("scope_id", "name"),
    sqlite_autoincrement=True,
)
METRIC = Table(
    "metric",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
)
KEYSET = Table(
    "keyset",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("keys", Text, nullable=False, unique=True),
)
"""Metrics that are written together: a JSON list of their keys, in the order of the values of a row."""
ROW = Table(
    "cell_row",
    METADATA,
    Column("endpoint_id", Integer, primary_key=True),
    Column("resolution", SmallInteger, primary_key=True),
    Column("keyset_id", Integer, primary_key=True),
    Column("cell", Integer, primary_key=True),
    Column("written", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""One cell of one key set: float64 values, little-endian. `written` orders rows of overlapping key sets."""
CHUNK_BLOB = Table(
    "chunk",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("endpoint_id", Integer, nullable=False),
    Column("resolution", SmallInteger, nullable=False),
    Column("chunk", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("endpoint_id", "resolution", "chunk"),
)
"""See `ops.store.packing`. Rows of the same chunk are always newer than its blob."""
DAY_SUMS = Table(
    "day_sums",
    METADATA,
    Column("endpoint_id", Integer, primary_key=True),
    Column("block", Integer, primary_key=True),
    Column("present", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
"""What chunks of minutes come to, see `ops.store.sums`: none of a chunk that rows lie over."""
COVERED = Table(
    "covered",
    METADATA,
    Column("endpoint_id", Integer, primary_key=True),
    Column("resolution", SmallInteger, primary_key=True),
    Column("keyset_id", Integer, primary_key=True),
    Column("begin", BigInteger, primary_key=True),
    Column("end", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Spans that were read from AWS, merged per key set; epoch seconds."""


def _records(name: str) -> Table:
    """Records of an endpoint as JSON, by their own id; `start` in epoch seconds."""
    return Table(
        name,
        METADATA,
        Column("endpoint_id", Integer, primary_key=True),
        Column("id", String(200), primary_key=True),
        Column("start", Float(53), nullable=False),
        Column("ended", Boolean, nullable=False),
        Column("body", Text, nullable=False),
        sqlite_with_rowid=False,
    )


ACTIVITY = _records("activity")
EPISODE = _records("episode")
"""Cold starts, as JSON; one that ended is never replaced by a running form of it."""
MEMO = Table(
    "memo",
    METADATA,
    Column("scope_id", Integer, primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Small things that Ebb itself has to remember, as JSON: what it told whom, who was here when."""


def _kept(name: str, *further: SchemaItem) -> Table:
    """What Ebb itself did, as JSON by its own id; `at` in epoch seconds. `open`: not at its end yet."""
    return Table(
        name,
        METADATA,
        Column("scope_id", Integer, primary_key=True),
        Column("id", String(64), primary_key=True),
        Column("endpoint", String(200), nullable=False),
        Column("at", Float(53), nullable=False),
        Column("open", Boolean, nullable=False),
        *further,
        Column("body", Text, nullable=False),
        sqlite_with_rowid=False,
    )


JOURNAL = _kept("journal")
"""Changes of AWS: one row for each plan that somebody tried to apply, written before the first call."""
SCENARIO = _kept("scenario")
"""Candidates of the planner that somebody kept."""
ARRIVALS = Table(
    "arrivals",
    METADATA,
    Column("scope_id", Integer, primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""Files of arrivals that scenarios are of, by the digest of their bytes; zlib."""
BATCH = _kept("batch")
"""Submissions from Ebb: one request, a burst, or a paced run."""
REQUEST = _kept(
    "request",
    Column("batch", String(64), nullable=False),
    Column("inference_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Index("request_of_batch", "scope_id", "batch", "state"),
    Index("request_by_inference_id", "scope_id", "inference_id"),
    Index("request_open", "scope_id", "open"),
    Index("request_by_time", "scope_id", "at"),
)
"""Every request that was submitted from Ebb, written before it is sent."""


def connect(url: str) -> Engine:
    """The engine of a history that is there and readable; makes folders and tables. Raises OpsError."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise BadInput(
            f"{url!r} is not the address of a database.", "E.g. sqlite:////path/to/history.db"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite(parsed)
    else:
        try:
            engine = create_engine(parsed, isolation_level="REPEATABLE READ", pool_pre_ping=True)
        except (ImportError, SQLAlchemyError) as error:
            raise OpsError(
                f"The history cannot use {parsed.get_backend_name()} here: {error}.",
                "Install its driver, or keep the history in SQLite.",
            ) from error
    try:
        with translated(parsed):
            _ready(engine, parsed)
    except OpsError:
        engine.dispose()
        raise
    return engine


def impatient(engine: Engine) -> None:
    """From now on wait for other processes no longer than BUSY_S."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "do_connect")
    def connecting(_dialect: object, _record: object, _arguments: object, named: dict[str, Any]) -> None:
        named["timeout"] = BUSY_S

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")


def in_memory(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _sqlite(url: URL) -> Engine:
    memory = in_memory(url)
    if not memory and not str(url.database).startswith("file:"):
        folder = Path(str(url.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OpsError(
                f"The folder for the history cannot be made: {folder} ({error.strerror}).",
                "Give Ebb a folder that it may write to.",
            ) from error
    arguments: dict[str, Any] = {"timeout": OPENING_S, "check_same_thread": False}
    if memory:
        engine = create_engine(url, connect_args=arguments, poolclass=StaticPool)
    else:
        engine = create_engine(url, connect_args=arguments, max_overflow=-1)

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where they are asked for, also for reads
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = NORMAL")
        if not memory and cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            cursor.execute("PRAGMA page_size = 8192")  # blobs of one to five kB; counts for a new file only
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _ready(engine: Engine, url: URL) -> None:
    """Check the schema; make it where the database is empty. Two processes may do so at once."""
    with engine.begin() as connection:
        found = set(inspect(connection).get_table_names())
        version = None
        if META.name in found:
            version = connection.execute(select(META.c.value).where(META.c.key == "schema")).scalar()
    if version == SCHEMA and found >= METADATA.tables.keys():
        return
    if version is not None and version not in (SCHEMA, *GROWS_FROM):
        raise OpsError(
            f"The history at {_shown(url)} has schema {version}; this Ebb reads schema {SCHEMA}.",
            "Move it away and Ebb begins a new one, or use the Ebb that wrote it.",
        )
    if found and version is None:
        raise OpsError(
            f"{_shown(url)} is a database of something else.", "Give the history a file of its own."
        )
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            with connection.begin():  # the write lock before anything is read, so that the other one waits
                connection.exec_driver_sql("PRAGMA user_version = 1")
                _create(connection)
        else:
            with connection.begin():
                _create(connection)


def _create(connection: Connection) -> None:
    METADATA.create_all(connection)
    put(connection, META, ("key",), [{"key": "schema", "value": SCHEMA}])
    add_missing(connection, COUNTER, [{"id": 1, "n": 0}])


def add_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that are not there yet."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))


def put(connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; where one with the same `keys` is there, its other columns are replaced."""
    if not rows:
        return
    statement = _insert(connection, table)
    rest = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(keys), set_=rest), [dict(row) for row in rows]
    )


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The insert of the dialect at hand, which knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn what the database says into OpsError."""
    where = _shown(url)
    try:
        yield
    except Damaged as error:
        raise OpsError(
            f"The history at {where} is damaged: {error}.",
            "Move it away; Ebb begins a new one and reads again what AWS still has.",
        ) from error
    except (OperationalError, InterfaceError) as error:
        raise _trouble(url, str(error.orig)) from error
    except DBAPIError as error:
        raise OpsError(
            f"The history at {where} cannot be used: {error.orig}.",
            "Move it away; Ebb begins a new one and reads again what AWS still has.",
        ) from error


def _trouble(url: URL, says: str) -> OpsError:
    where = _shown(url)
    if "locked" in says or "busy" in says:
        return OpsError(
            f"Another process keeps the history at {where} busy.",
            "It passes when that has ended.",
            retryable=True,
        )
    if "full" in says:
        return OpsError(
            f"There is no room left for the history at {where}.", "Free some disk space.", retryable=True
        )
    if "readonly" in says or "unable to open" in says:
        return OpsError(
            f"The history at {where} cannot be written ({says}).", "Give Ebb a folder that it may write to."
        )
    if "no such table" in says:
        return OpsError(
            f"The history at {where} was deleted or replaced.", "Ebb begins a new one when started."
        )
    served = url.get_backend_name() != "sqlite"  # a server may come back; a file does not mend itself
    return OpsError(
        f"The history at {where} cannot be used: {says}.", "Is its database there?", retryable=served
    )


def busy(url: URL) -> OpsError:
    """A writer of this process waited too long for the others of it."""
    return OpsError(f"The history at {_shown(url)} is being written to.", "Ebb tries again.", retryable=True)


_locks: dict[str, RLock] = {}
_locks_lock = Lock()


def writing_lock(url: URL) -> RLock:
    """What one writer of this process holds at a time: one for each database. In memory each history has its own."""
    if in_memory(url):
        return RLock()
    with _locks_lock:
        return _locks.setdefault(url.render_as_string(hide_password=False), RLock())


def _shown(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return url.database or "memory"
    return url.render_as_string(hide_password=True)
