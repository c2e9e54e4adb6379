"""Writers that kill themselves with SIGKILL right before their n-th statement or commit, n = 1, 2, ...

`python -m tests.store.killed_child BASE write|fold` copies the history BASE to BASE.n for each n, works on it in
a process of its own, and prints "n exit-code" until one comes through.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys

import numpy as np
from sqlalchemy import Engine, event

from ops.store.history import Grid, History
from tests.store.samples import DAY, MIDNIGHT, OURS, minutes, row


def items(mark: float) -> list[tuple[str, Grid]]:
    """One write of every kind: a row, a blob, both for one endpoint; every value is `mark`."""
    return [
        ("row", minutes(MIDNIGHT, a=row(mark), b=row(mark))),
        ("blob", minutes(MIDNIGHT, a=np.full(1000, mark), b=np.full(1000, mark))),
        ("both", minutes(MIDNIGHT, a=row(mark))),
        ("both", minutes(MIDNIGHT + DAY, a=np.full(100, mark), b=np.full(100, mark))),
    ]


def work_until(url: str, work: str, number: int) -> None:
    """Write or fold; the process dies before statement or commit `number`, counted from here."""
    history = History.open(url, OURS)
    left = number

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    if work == "write":
        history.write(items(2.0))
    else:
        history.fold(MIDNIGHT + 2 * DAY)
    history.close()


def main(base: str, work: str) -> None:
    code, number = -1, 0
    while code:
        number += 1
        path = f"{base}.{number}"
        shutil.copy(base, path)
        child = os.fork()
        if not child:
            work_until(f"sqlite:///{path}", work, number)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(number, code, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
