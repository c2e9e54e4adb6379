"""docs/permissions.md has every line of the table of calls, and names nothing that is not so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.core.permissions import READS, TABLE, Declared
from ops.core.permissions.places import BUCKET, INPUTS
from ops.core.permissions.policy import MOST

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "permissions.md").read_text(encoding="utf-8")


def line(row: Declared) -> str:
    beside = ", ".join(call.partition(":")[2] for call in row.with_calls)
    call = f"{row.service} {row.operation}" if row.operation else f"with {beside}"
    price = f" ({row.price})" if row.price else ""
    cells = (f"`{row.action}`", f"{call}{price}", row.role, row.scope.value, row.needed_for, row.without)
    return f"| {' | '.join(cells)} |"


def test_the_table_is_the_code() -> None:
    found = [each for each in TEXT.splitlines() if each.startswith("| `")]
    assert found == [line(row) for row in TABLE]


def commands() -> list[str]:
    return re.findall(r"^python -m ops (policy [^>#\n]+)", TEXT, re.MULTILINE)


@pytest.mark.parametrize("command", commands())
def test_the_commands_print_what_they_should(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main(command.split()) == 0
    found = json.loads(capsys.readouterr().out)
    assert ("Principal" in found["Statement"][0]) is ("--trust" in command)
    assert ("sts:AssumeRole" in json.dumps(found)) is ("--trust" in command or "--assume" in command)


def test_what_it_says_beside_is_so() -> None:
    said = " ".join(TEXT.split())
    assert f"`{BUCKET}`" in said
    assert f"`{INPUTS}/`" in said
    assert f"{MOST:,} characters" in said
    roles = set(re.findall(r"`(viewer|operator|admin|billing)`", said))
    assert roles == set(READS)
