"""Laws are tried on the same examples in every run; wider searches belong to bench/.

Every call to AWS that a test makes through Ebb is recorded (tests.calls_made): a test that tries one which Ebb does not
declare fails, and a run of the whole suite fails where table, policies and calls are not the same.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import typer.main
from botocore.loaders import create_loader
from hypothesis import settings

from tests.calls_made import Recorder, faults, gathered, watch

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

HERE = Path(__file__).parent
FIRST = ("browser", "e2e", ".", "pages")
"""Folders with the longest turns: started first, they leave none for one worker alone in the end."""

FOLDER = pytest.StashKey[Path]()
"""Where all processes of a run write which calls they have seen."""
RECORDER = pytest.StashKey[Recorder]()
FAULTS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {})
    folder = Path(given["calls"]) if "calls" in given else Path(tempfile.mkdtemp(prefix="ebb-calls-"))
    config.stash[FOLDER] = folder
    config.stash[RECORDER] = watch(folder / f"{given.get('workerid', 'main')}.calls")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker of pytest-xdist learns where to write."""
    node.workerinput["calls"] = str(node.config.stash[FOLDER])


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """At the end of a whole run that went well: the calls that were made are those that are declared."""
    config = session.config
    if hasattr(config, "workerinput"):
        return
    if exitstatus == pytest.ExitCode.OK and _whole(config):
        config.stash[FAULTS] = faults(*gathered(config.stash[FOLDER]))
        if config.stash[FAULTS]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    found = config.stash.get(FAULTS, [])
    if found:
        terminalreporter.section("calls to AWS, the table of them, and policies differ", red=True)
        for each in found:
            terminalreporter.line(each)


def _whole(config: pytest.Config) -> bool:
    """Whether all tests were meant to run: only then must every declared call have been made."""
    named = [Path(each).resolve() for each in config.args]
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS or named == [HERE]
    fewer = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "collectonly")
    return everything and not any(config.getoption(name, None) for name in fewer)


@pytest.fixture(autouse=True)
def every_call_is_declared(request: pytest.FixtureRequest) -> Iterator[None]:
    """Also where the refusal was taken for one part that cannot be shown."""
    yield
    refused = request.config.stash[RECORDER].take_refused()
    assert not refused, f"not in ops/core/permissions, and refused: {', '.join(refused)}"


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than processors, as tests often wait for another process; each may need a gigabyte, so four at most."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # pytest-xdist obeys it
    return min(4, (os.cpu_count() or 1) + 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """In place of --dist loadfile; any other that is asked for is taken as it is."""
    if config.getvalue("dist") != "loadfile":
        return None
    from tests.turns import InTurn

    return InTurn(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest turns come first: all with a browser, then the files of folders that have long ones."""

    def rank(item: pytest.Item) -> int:
        folder = str(item.path.parent.relative_to(HERE))
        return FIRST.index(folder) if folder in FIRST else len(FIRST)

    items.sort(key=rank)


@pytest.fixture(scope="session", autouse=True)
def service_models_are_read_once() -> Iterator[None]:
    """botocore reads the description of each service, megabytes of JSON, once and not once for every session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(create_loader))
        yield


@pytest.fixture(scope="session", autouse=True)
def commands_are_built_once() -> Iterator[None]:
    """Typer builds all commands of the command line for each one that is run: once is enough within one process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield
