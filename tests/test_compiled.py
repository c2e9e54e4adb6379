"""Where compiled kernels are kept, and what a fresh process makes of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ops import compiled
from ops.config import PROJECT


def test_the_place_is_named_by_what_goes_into_the_kernels_and_is_nobody_elses(tmp_path: Path) -> None:
    compiled.warm()
    place = compiled.folder(tmp_path)
    assert place.name == compiled.key()
    assert (place / compiled.DONE).exists()
    assert place.stat().st_mode & 0o077 == 0


def test_kernels_are_not_taken_from_a_place_that_others_can_write(tmp_path: Path) -> None:
    open_to_all = tmp_path / compiled.FOLDER / compiled.key()
    open_to_all.mkdir(parents=True)
    (open_to_all / compiled.DONE).touch()
    open_to_all.chmod(0o777)
    assert compiled.folder(tmp_path) != open_to_all


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


def test_another_process_can_compile_for_this_one(tmp_path: Path) -> None:
    assert compiled.command(tmp_path) == [sys.executable, "-m", "ops.compiled", str(tmp_path)]
    compiled.warm()
    run = subprocess.run(compiled.command(tmp_path), cwd=PROJECT, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")


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
