"""`python -m ops.arrivals_reader`: reads one file of arrivals for `ops.arrival_files`, and ends. JSON in on stdin."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ops.arrival_files import answered
from ops.replay.arrivals_file import Columns, read_arrivals

NICE = 10
"""Those who look at pages go first."""


def main() -> None:
    """One line of JSON, then the arrays."""
    os.nice(NICE)
    asked = json.load(sys.stdin)
    columns = Columns(**asked["columns"])
    head, body = answered(lambda: read_arrivals(Path(asked["path"]).read_bytes(), columns))
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)


if __name__ == "__main__":
    main()
