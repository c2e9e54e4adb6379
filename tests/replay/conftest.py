"""The kernels are compiled once for all test processes, and kept below the project's own state directory."""

from __future__ import annotations

import pytest

from ops import compiled


@pytest.fixture(scope="session", autouse=True)
def kernels() -> None:
    compiled.warm()
