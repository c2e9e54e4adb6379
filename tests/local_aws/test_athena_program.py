"""The embedded AWS as a process: what it loads, what it leaves behind, and the AWS CLI and PyAthena on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyathena
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
AWS_CLI = Path(sys.executable).parent / "aws"
LIBRARIES = ("duckdb", "arrow")
SUM = "SELECT sum(line_item_unblended_cost) AS usd FROM cur2 WHERE billing_period = '2026-11'"


class Program:
    def __init__(self, ready: dict[str, Any], temporary: Path) -> None:
        self.pid: int = ready["pid"]
        self.url: str = ready["endpoint_url"]
        self.temporary = temporary
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_PAGER": "",
        }

    def aws(self, *words: str) -> str:
        done = subprocess.run(
            [str(AWS_CLI), *words], env=self._environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def loaded(self) -> str:
        """Every library that the process has in its memory."""
        return Path(f"/proc/{self.pid}/maps").read_text()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    temporary = tmp_path_factory.mktemp("tmp")
    command = [
        sys.executable, "-m", "ops.local_aws", "--empty", "--past-days", "0", "--speed", "0",
        "--now", "2026-11-20T14:00:00Z", "--state", str(tmp_path_factory.mktemp("state") / "state.json"),
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"TMPDIR": str(temporary)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield Program(json.loads(process.stdout.readline()), temporary)
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert list(temporary.iterdir()) == []


def test_the_cli_copies_the_export_and_pyarrow_reads_it(program: Program, tmp_path: Path) -> None:
    listed = program.aws("s3", "ls", "s3://ebb-cost-exports/cur2/ebb/data/", "--recursive").splitlines()
    keys = [line.split()[-1] for line in listed]
    assert [key.split("/")[3] for key in keys] == ["BILLING_PERIOD=2026-10", "BILLING_PERIOD=2026-11"]
    target = tmp_path / "november.parquet"
    program.aws("s3", "cp", f"s3://ebb-cost-exports/{keys[-1]}", str(target))
    table = pq.read_table(target)
    assert table.num_rows > 1000
    assert max(table["line_item_usage_start_date"].to_pylist()) == datetime.fromisoformat("2026-11-19T23:00")


def test_athena_by_cli_and_by_pyathena_gives_the_same(program: Program) -> None:
    started = program.aws(
        "athena", "start-query-execution", "--work-group", "billing", "--query-string", SUM,
        "--query-execution-context", "Database=ebb_billing",
    )  # fmt: skip
    key = json.loads(started)["QueryExecutionId"]
    connection = pyathena.connect(
        work_group="billing",
        schema_name="ebb_billing",
        region_name="us-east-1",
        endpoint_url=program.url,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",
        poll_interval=0.05,
    )
    cursor = connection.cursor()
    ((usd,),) = cursor.execute(SUM).fetchall()
    assert usd > 1
    turn = threading.Event()
    while connection.client.get_query_execution(QueryExecutionId=key)["QueryExecution"]["Status"][
        "State"
    ] in (
        "QUEUED",
        "RUNNING",
    ):
        turn.wait(0.05)
    found = json.loads(program.aws("athena", "get-query-results", "--query-execution-id", key))
    assert float(found["ResultSet"]["Rows"][1]["Data"][0]["VarCharValue"]) == usd
    assert cursor.execute("SHOW TABLES").fetchall() == [("cur2",)]
    cursor.execute("SELECT line_item_usage_start_date, resource_tags, product FROM cur2 LIMIT 1")
    ((start, tags, product),) = cursor.fetchall()
    assert isinstance(start, datetime)
    assert isinstance(tags, dict)
    assert product["region"] == "us-east-1"
    with pytest.raises(pyathena.OperationalError, match="line 1:8"):
        cursor.execute("SELECT nope FROM cur2")


def test_the_serving_process_loads_none_of_it(program: Program) -> None:
    """After all that was asked above, and once more to be sure."""
    program.aws("athena", "list-databases", "--catalog-name", "AwsDataCatalog")
    maps = program.loaded()
    assert "numpy" in maps
    assert not [name for name in LIBRARIES if name in maps]
