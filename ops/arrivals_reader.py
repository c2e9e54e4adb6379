"""`python -m ops.arrivals_reader COLUMNS < FILE`: reads one file of arrivals for `ops.arrival_files`, and ends."""

from __future__ import annotations

import json
import os
import sys

from ops.arrival_files import answered, whole
from ops.replay.arrivals_file import Columns, read_arrivals

NICE = 10
"""Those who look at pages go first."""


def main() -> None:
    """One line of JSON, then the arrays. `COLUMNS`: JSON."""
    os.nice(NICE)
    columns = Columns(**json.loads(sys.argv[1]))
    head, body = answered(lambda: read_arrivals(whole(sys.stdin.fileno()), columns))
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)


if __name__ == "__main__":
    main()
