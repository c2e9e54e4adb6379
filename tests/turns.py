"""Which tests one worker of pytest-xdist runs one after the other: those of a file, and all that need a browser.

A worker with browser tests has an embedded AWS, a console that has read a month of it, and a Chromium: started once,
where each worker had its own.
"""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser/"


class InTurn(LoadFileScheduling):  # type: ignore[misc]
    """As --dist loadfile, with one turn for all of tests/browser."""

    def _split_scope(self, nodeid: str) -> str:
        """The documented place where schedulers of pytest-xdist differ."""
        return BROWSER if nodeid.startswith(BROWSER) else str(super()._split_scope(nodeid))
