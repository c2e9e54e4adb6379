"""Long questions in the background, of each place its own; they end where nobody answers for it any more."""

from __future__ import annotations

import threading

from components import readers
from ops.searches import Searches


class Background:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: list[tuple[readers.Source, Searches]] = []

    def here(self) -> Searches:
        """Those of the place that the caller is at. Raises OpsError where nobody can answer."""
        source = readers.reader().source
        with self._lock:
            alive = [each.source for each in readers.places().values()]
            for known, searches in self._of:
                if not any(known is each for each in alive):
                    searches.close()
            self._of = [pair for pair in self._of if any(pair[0] is each for each in alive)]
            found = next((searches for known, searches in self._of if known is source), None)
            if found is None:
                found = Searches()
                self._of.append((source, found))
            return found
