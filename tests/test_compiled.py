"""Where compiled kernels are kept, and what a fresh process makes of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ops import compiled
from ops.config import PROJECT


def test_the_place_is_named_by_what_goes_into_the_kernels(tmp_path: Path) -> None:
    place = compiled.folder(tmp_path)
    assert place == (tmp_path / compiled.FOLDER / compiled.key()).resolve()
    assert place.is_dir()
    assert place.stat().st_mode & 0o077 == 0


def test_where_the_state_directory_cannot_be_written_another_place_is_found(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("no directory")
    place = compiled.folder(blocked)
    assert place.is_dir()
    assert tmp_path not in place.parents


def test_ready_once_the_kernels_were_compiled_by_any_process() -> None:
    compiled.warm()
    assert compiled.ready()
    question = "from ops import compiled; print(compiled.ready())"
    run = subprocess.run(
        [sys.executable, "-c", question], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "True\n"


def test_a_process_without_kernels_is_not_ready_and_says_how_to_get_them(tmp_path: Path) -> None:
    question = (
        "import sys; from pathlib import Path; from ops import compiled; "
        "print(compiled.ready(Path(sys.argv[1])))"
    )
    run = subprocess.run(
        [sys.executable, "-c", question, str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "False\n"
    assert compiled.command(tmp_path) == [sys.executable, "-m", "ops.compiled", str(tmp_path)]


def test_a_fresh_process_reads_what_was_compiled_and_compiles_nothing() -> None:
    compiled.warm()
    code = """
from ops import compiled
compiled.warm()
from ops.replay.jit import KERNELS
print([sum(k.stats.cache_misses.values()) for k in KERNELS], all(k.stats.cache_hits for k in KERNELS))
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[0, 0, 0] True\n"
