"""Child processes that never outlive this one, on Linux and macOS, whatever ends it.

Each child leads a process group of its own, so a Ctrl-C in the terminal reaches us alone and we end the
children in order. A guard process holds one end of a pipe whose other end is only ours: when that closes
without a word (we were killed), the guard ends every group that was still alive.

The guard is this file run by path, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import IO

PATIENCE_S = 6.0
"""How long a group may take to end after SIGTERM before it gets SIGKILL."""


@dataclass(frozen=True, slots=True)
class Child:
    """A started process; `name` is what people call it."""

    name: str
    process: subprocess.Popen[str]
    may_end: bool = False
    """Whether it is done when it ends by itself."""


class Family:
    """Children of this process. Leaving the `with` block ends them, the newest first."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        command = [sys.executable, "-I", "-S", os.path.abspath(__file__)]
        self._guard = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)

    def start(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        stdout: int | IO[str] | None = None,
        may_end: bool = False,
    ) -> Child:
        """Starts a process in a group of its own, without standard input. `stdout` as in subprocess."""
        process = subprocess.Popen(
            command, env=dict(env), stdin=subprocess.DEVNULL, stdout=stdout, text=True, start_new_session=True
        )
        self._tell_guard(f"+{process.pid}")
        child = Child(name, process, may_end)
        self._children.append(child)
        return child

    def ended(self) -> Child | None:
        """A child that has ended by itself and was not to, or None."""
        gone = (child for child in self._children if child.process.poll() is not None)
        return next((child for child in gone if not child.may_end), None)

    def stop(self) -> None:
        """Ends every child and everything it started: SIGTERM, some seconds, SIGKILL. Safe to call again."""
        while self._children:
            process = self._children[-1].process
            _signal_group(process.pid, signal.SIGTERM)
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                _signal_group(process.pid, signal.SIGKILL)
                process.wait()
            # What a child started and left behind has its group, too.
            _signal_group(process.pid, signal.SIGKILL)
            self._tell_guard(f"-{process.pid}")
            self._children.pop()

    def kill(self) -> None:
        """Ends every child at once."""
        for child in self._children:
            _signal_group(child.process.pid, signal.SIGKILL)

    def __enter__(self) -> Family:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.stop()
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()

    def _tell_guard(self, line: str) -> None:
        if self._guard.stdin is None or self._guard.poll() is not None:
            return
        try:
            self._guard.stdin.write(line + "\n")
            self._guard.stdin.flush()
        except BrokenPipeError:
            return


def _signal_group(group: int, number: int) -> bool:
    """False where no such group is left."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def guard(lines: IO[str]) -> None:
    """Reads +group and -group until the pipe closes, then ends the groups that are left."""
    from time import monotonic, sleep

    groups: list[int] = []
    for line in lines:
        number = int(line[1:])
        if line.startswith("+"):
            groups.append(number)
        else:
            groups.remove(number)
    until = monotonic() + PATIENCE_S
    alive = [group for group in reversed(groups) if _signal_group(group, signal.SIGTERM)]
    while alive and monotonic() < until:
        sleep(0.1)
        alive = [group for group in alive if _signal_group(group, 0)]
    for group in alive:
        _signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    guard(sys.stdin)
