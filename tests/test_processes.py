"""Children end with their parent. The proof that nobody survives: standard error, which every process of the
family inherits, reaches its end only when the last of them is gone."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The parent starts a child, which starts a grandchild that is deaf to SIGTERM and says when that is so. Then the
# parent waits for a line before it goes on: so nothing is written between the test's two ways of reading.
GRANDCHILD = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
)
CHILD = (
    "import subprocess, sys, signal; "
    f"subprocess.Popen([sys.executable, '-c', {GRANDCHILD!r}]); signal.pause()"
)
PARENT = """
    import os, signal, subprocess, sys
    from ops.processes import Family
    with Family() as family:
        child = family.start("The child", [sys.executable, "-c", sys.argv[1]], os.environ, subprocess.PIPE)
        print(child.process.stdout.readline().strip(), flush=True)
        sys.stdin.readline()
        {end}
    print("left", flush=True)
"""


@contextmanager
def parent(end: str) -> Iterator[subprocess.Popen[str]]:
    code = textwrap.dedent(PARENT).format(end=end)
    command = [sys.executable, "-c", code, CHILD]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            yield process
        finally:
            process.kill()


def test_leaving_the_block_ends_children_and_grandchildren() -> None:
    with parent("pass") as process:
        out, err = process.communicate("go on\n", timeout=20)
    assert (out, err, process.returncode) == ("left\n", "", 0)


def test_a_killed_parent_takes_its_children_along() -> None:
    with parent("signal.pause()") as process:
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate(timeout=20)
    assert err == ""
    assert process.returncode == -signal.SIGKILL


def test_a_child_that_ends_by_itself_is_noticed() -> None:
    with parent(
        "child.process.kill(); child.process.wait(); print(family.ended().name, flush=True)"
    ) as process:
        out, _ = process.communicate("go on\n", timeout=20)
    assert out == "The child\nleft\n"


def test_a_child_that_may_end_is_not_missed() -> None:
    code = """
        import os, sys
        from ops.processes import Family
        with Family() as family:
            done = family.start("Done soon", [sys.executable, "-c", ""], os.environ, may_end=True)
            done.process.wait()
            print(family.ended())
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)
    assert (run.stdout, run.stderr) == ("None\n", "")


def test_a_program_that_is_not_there_is_an_error_and_nobody_is_left() -> None:
    code = """
        import os
        from ops.processes import Family
        with Family() as family:
            family.start("x", ["/nowhere/at/all"], os.environ)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert run.returncode == 1
    assert "FileNotFoundError" in run.stderr
