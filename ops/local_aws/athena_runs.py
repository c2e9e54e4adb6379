"""Statements that were sent to Athena, and the threads that have them answered by worker processes.

States go QUEUED, RUNNING, then SUCCEEDED, FAILED or CANCELLED. The world's lock is held for what is in memory
(catalog, objects of S3) and never while a worker works. Times are seconds since the epoch, by the world's clock;
durations are real milliseconds.
"""

from __future__ import annotations

import queue
import re
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.local_aws.athena_catalog import EXPORTS, Catalog
from ops.local_aws.athena_objects import Objects
from ops.local_aws.athena_process import MOST_S, Died, TookTooLong, WorkerProcess
from ops.local_aws.delivery import split_uri

if TYPE_CHECKING:
    from ops.local_aws.world import World

AT_ONCE = 2
"""Worker processes. Further statements wait, QUEUED."""
IDLE_S = 30.0
"""A worker without work ends after so long."""
KEPT = 500
"""Statements remembered, and their rows; AWS keeps them for 45 days."""
DONE = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_DML = frozenset({"SELECT", "WITH", "VALUES", "UNLOAD", "TABLE"})
_UTILITY = frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"})


@dataclass(slots=True)
class Execution:
    """One statement and what became of it."""

    id: str
    sql: str
    database: str
    catalog: str
    workgroup: str
    base: str
    """The s3:// folder of its result."""
    submitted: float
    parameters: tuple[str, ...] = ()
    token: str = ""
    """The client's request token; empty: none."""
    state: str = "QUEUED"
    reason: str = ""
    completed: float | None = None
    error: dict[str, Any] = field(default_factory=dict)
    substatement: str = ""
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    scanned: int = 0
    queued_ms: int = 0
    engine_ms: int = 0
    manifest: str = ""

    @property
    def word(self) -> str:
        """The statement's first word."""
        found = re.match(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*([A-Za-z]+)", self.sql, re.DOTALL)
        return found[1].upper() if found else ""

    @property
    def kind(self) -> str:
        return "DML" if self.word in _DML else "UTILITY" if self.word in _UTILITY else "DDL"

    @property
    def output(self) -> str:
        """Where AWS says that the result lies, also before it does."""
        ending = "" if self.word == "UNLOAD" else ".csv" if self.kind == "DML" else ".txt"
        return f"{self.base.rstrip('/')}/{self.id}{ending}"


class Runs:
    """All of Athena's state. Methods without a remark want the world's lock held, as every book does."""

    def __init__(self, world: World, most_s: float = MOST_S) -> None:
        self.catalog = Catalog()
        self.objects = Objects(world)
        self.executions: dict[str, Execution] = {}
        self._world = world
        self._most_s = most_s
        self._tokens: dict[str, tuple[str, tuple[Any, ...]]] = {}
        self._waiting: queue.SimpleQueue[tuple[str, float] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._working: dict[str, WorkerProcess] = {}
        self._folder: Path | None = None

    def start(self, execution: Execution, token: str = "") -> str:
        """Put it in the queue. The same token with the same statement gives the id of the first."""
        same = (execution.sql, execution.database, execution.base, execution.workgroup, execution.parameters)
        if token in self._tokens:
            known, what = self._tokens[token]
            if what != same:
                raise ValueError(token)
            return known
        if token:
            execution.token = token
            self._tokens[token] = execution.id, same
        self.executions[execution.id] = execution
        self._forget()
        self._waiting.put((execution.id, time.monotonic()))
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if len(self._threads) < AT_ONCE:
            self._threads.append(threading.Thread(target=self._work, name="athena", daemon=True))
            self._threads[-1].start()
        return execution.id

    def stop(self, execution: Execution) -> None:
        """Does nothing to what is over."""
        if execution.state in DONE:
            return
        self._over(execution, "CANCELLED", "Query cancelled by user")
        worker = self._working.get(execution.id)
        if worker is not None:
            worker.kill()

    def folder(self, execution: Execution) -> Path:
        return self.home() / execution.id

    def worker_pids(self) -> list[int]:
        """The worker processes that are at work now."""
        return [worker.pid for worker in self._working.values() if worker.pid is not None]

    def close(self) -> None:
        """End the workers and remove the files. Called without the lock."""
        with self._world.lock:
            threads, self._threads = self._threads, []
            for execution in self.executions.values():
                self.stop(execution)
            for _ in threads:
                self._waiting.put(None)
        for thread in threads:
            thread.join(timeout=5)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def home(self) -> Path:
        """The folder of all files, made at first use."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="ebb-athena-"))
            (self._folder / "tables").mkdir()
        return self._folder

    def _forget(self) -> None:
        while len(self.executions) > KEPT:
            oldest = next(iter(self.executions.values()))
            if oldest.state not in DONE:
                return
            del self.executions[oldest.id]
            self._tokens.pop(oldest.token, None)
            shutil.rmtree(self.home() / oldest.id, ignore_errors=True)

    # In the threads, without the lock

    def _work(self) -> None:
        worker: WorkerProcess | None = None
        try:
            while (given := self._next()) is not None:
                try:
                    if worker is None:
                        with self._world.lock:
                            worker = WorkerProcess(self.home(), self._most_s)
                    self._run(worker, *given)
                except (
                    OSError
                ) as error:  # no room, no further process: this statement fails, and the next is tried
                    self._broken(given[0], error)
        finally:
            if worker is not None:
                worker.end()

    def _broken(self, key: str, error: OSError) -> None:
        with self._world.lock:
            self._working.pop(key, None)
            execution = self.executions.get(key)
            if execution is not None and execution.state not in DONE:
                self._fail(execution, f"GENERIC_INTERNAL_ERROR: {error.strerror or error}", 1, 1001)

    def _next(self) -> tuple[str, float] | None:
        try:
            return self._waiting.get(timeout=IDLE_S)
        except queue.Empty:
            with self._world.lock:  # `start` counts the threads under it
                try:
                    return self._waiting.get_nowait()
                except queue.Empty:
                    self._threads.remove(threading.current_thread())
                    return None

    def _run(self, worker: WorkerProcess, key: str, since: float) -> None:
        with self._world.lock:
            execution = self.executions.get(key)
            if execution is None or execution.state in DONE:
                return
            execution.state = "RUNNING"
            execution.queued_ms = round((time.monotonic() - since) * 1000)
            self._working[key] = worker
            out = self.home() / key
            out.mkdir()
            asked = {
                "sql": execution.sql,
                "parameters": execution.parameters,
                "database": execution.database,
                "now": execution.submitted,
                "catalog": self.catalog.said(),
                "out": str(out),
            }
        began = time.monotonic()
        try:
            said = worker.run(asked, self._files)
        except TookTooLong:
            said = _failed(f"Query timeout: the statement ran for more than {self._most_s:g} seconds", 2)
        except Died as error:
            said = _failed(
                f"GENERIC_INTERNAL_ERROR: the engine ended while it ran this statement ({error})", 1
            )
        with self._world.lock:
            self._working.pop(key, None)
            execution.engine_ms = round((time.monotonic() - began) * 1000)
            stopped = execution.state in DONE
            if not stopped:
                self._finish(execution, said, out)
        if stopped:
            worker.end()  # it may have been killed only now

    def _files(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The files of the tables that the worker needs."""
        files: dict[str, list[dict[str, Any]]] = {}
        for database, name in question["need"]:
            table = self.catalog.table(database, name)
            if table is None:
                files[f"{database}.{name}"] = []
                continue
            if table.prefix()[0] == EXPORTS:
                self._world.exports.refresh()
            with self._world.lock:
                files[f"{database}.{name}"] = self.objects.files_of(table, self.home() / "tables")
        return {"files": files}

    def _finish(self, execution: Execution, said: Mapping[str, Any], out: Path) -> None:
        """Results into S3, orders into the catalog, the state at last."""
        if "error" in said:
            self._fail(execution, **said["error"])
            return
        execution.substatement = said["substatement"]
        execution.columns = said["columns"]
        execution.rows, execution.scanned = said["rows"], said["scanned"]
        if said["kind"] == "catalog":
            self._order(said["order"])
            (out / "result.txt").write_text("", encoding="utf-8")
        if said["kind"] == "unload":
            written = self._unloaded(execution, said, out)
        else:
            csv = said["kind"] == "rows"
            file, content = ("result.csv", "text/csv") if csv else ("result.txt", "text/plain")
            written = self.objects.put(execution.output, out / file, content)
            (out / file).unlink()
        if written:
            self._over(execution, "SUCCEEDED", "")
        elif execution.state not in DONE:
            bucket = (split_uri(execution.base) or ("",))[0]
            self._fail(execution, f"Unable to verify/create output bucket {bucket}")

    def _unloaded(self, execution: Execution, said: Mapping[str, Any], out: Path) -> bool:
        target = f"{said['location'].rstrip('/')}/"
        bucket, prefix = split_uri(target) or ("", "")
        if any(self.objects.keys(bucket, prefix)):
            self._fail(
                execution, f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {target}"
            )
            return False
        uri = f"{target}{time.strftime('%Y%m%d_%H%M%S', time.gmtime(execution.submitted))}_{uuid.uuid4().hex}"
        if said["rows"] and not self.objects.put(uri, out / "result.parquet", "application/octet-stream"):
            self._fail(execution, f"HIVE_WRITER_OPEN_ERROR: the bucket {bucket} does not exist")
            return False
        (out / "result.parquet").unlink(missing_ok=True)
        (out / "manifest").write_text(f"{uri}\n" if said["rows"] else "", encoding="utf-8")
        execution.manifest = f"{execution.output}-manifest.csv"
        return self.objects.put(execution.manifest, out / "manifest", "text/csv")

    def _order(self, order: Mapping[str, Any]) -> None:
        keys: list[str] = []
        table = self.catalog.table(*order["repair"]) if "repair" in order else None
        if table is not None:
            keys = list(self.objects.keys(*table.prefix()))
        self.catalog.apply(order, self._world.now(), keys)

    def _fail(self, execution: Execution, message: str, category: int = 2, type: int = 1300) -> None:
        execution.error = {"message": message, "category": category, "type": type}
        self._over(execution, "FAILED", message)

    def _over(self, execution: Execution, state: str, reason: str) -> None:
        execution.state, execution.reason = state, reason
        execution.completed = self._world.now()


def _failed(message: str, category: int) -> dict[str, Any]:
    return {"error": {"message": message, "category": category, "type": 1001 if category == 1 else 1201}}
