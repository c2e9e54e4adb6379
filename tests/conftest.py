"""Laws are tried on the same examples in every run; wider searches belong to bench/."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore.loaders import create_loader
from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

HERE = Path(__file__).parent
FIRST = ("e2e", ".", "pages")
"""Folders with the longest files: started first, they leave none for one worker alone in the end."""


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than processors, as tests often wait for another process; each may need a gigabyte, so four at most."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # pytest-xdist obeys it
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, those with a browser each followed by others, so that few run at once."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)

    def rank(file: Path) -> int:
        folder = str(file.parent.relative_to(HERE))
        return FIRST.index(folder) if folder in FIRST else len(FIRST)

    browser = [file for file in files if file.parent.name == "browser"]
    others = sorted((file for file in files if file.parent.name != "browser"), key=rank)
    order = []
    while browser or others:
        order += [*browser[:1], *others[:4]]
        del browser[:1], others[:4]
    items[:] = [item for file in order for item in files[file]]


@pytest.fixture(scope="session", autouse=True)
def service_models_are_read_once() -> Iterator[None]:
    """botocore reads the description of each service, megabytes of JSON, once and not once for every session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(create_loader))
        yield
