"""The installer: what it does, in which order, and when it does nothing. Commands are recorded, not run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ops.install import InstallFailed, fingerprint, install, uv_environment

ROOT = Path(__file__).resolve().parent.parent


class Machine:
    """Stands for the machine: makes the environment when asked, and refuses what `broken` names."""

    def __init__(self, root: Path, *broken: str) -> None:
        self.root = root
        self.broken = broken
        self.commands: list[str] = []
        self.said: list[str] = []

    def run(self, command: list[str], env: Mapping[str, str]) -> int:
        line = " ".join(command).replace(str(self.root) + "/", "")
        self.commands.append(line)
        if "-m venv" in line:
            binaries = self.root / ".venv" / "bin"
            binaries.mkdir(parents=True, exist_ok=True)
            (binaries / "python").unlink(missing_ok=True)
            (binaries / "python").symlink_to(sys.executable)
        return int(any(word in line for word in self.broken))

    def install(self, lock: str = "requirements.txt") -> bool:
        return install(lock, self.root, self.run, self.said.append)

    def ran(self, words: str) -> int:
        return sum(1 for line in self.commands if words in line)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("# comment\nalpha==1.0\nbeta==2.0 ; python_version < '3.12'\n")
    return tmp_path


def test_the_first_start_makes_everything_and_says_so(root: Path) -> None:
    machine = Machine(root)
    assert machine.install()
    assert machine.ran("-m venv --clear .venv") == 1
    assert machine.ran(".venv/bin/uv pip install --python .venv/bin/python -r requirements.txt") == 1
    assert machine.ran("-m pip --disable-pip-version-check install -r") == 0
    assert "[3/3] Installing 2 packages from requirements.txt" in machine.said


def test_the_second_start_does_nothing(root: Path) -> None:
    Machine(root).install()
    again = Machine(root)
    assert not again.install()
    assert again.commands == []
    assert again.said == []


def test_a_changed_lock_is_installed_into_the_same_environment(root: Path) -> None:
    Machine(root).install()
    (root / "requirements.txt").write_text("alpha==1.1\n")
    again = Machine(root)
    assert again.install()
    assert again.ran("-m venv") == 0
    assert again.ran("-r requirements.txt") == 1


def test_pip_installs_where_uv_cannot_be_had(root: Path) -> None:
    machine = Machine(root, "only-binary")
    assert machine.install()
    assert machine.ran("bin/uv") == 0
    assert machine.ran("-m pip --disable-pip-version-check install -r requirements.txt") == 1


def test_pip_installs_where_uv_fails(root: Path) -> None:
    machine = Machine(root, "bin/uv")
    assert machine.install()
    assert machine.ran("-m pip --disable-pip-version-check install -r requirements.txt") == 1


def test_a_failed_start_names_the_way_out_and_the_next_one_tries_again(root: Path) -> None:
    with pytest.raises(InstallFailed, match="PIP_INDEX_URL"):
        Machine(root, "-r requirements.txt").install()
    assert Machine(root).install()


def test_an_environment_that_was_moved_is_made_anew(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    Machine(root).install()
    elsewhere = tmp_path_factory.mktemp("moved") / "copy"
    root.rename(elsewhere)
    moved = Machine(elsewhere)
    assert moved.install()
    assert moved.ran("-m venv --clear") == 1


def test_an_environment_shared_by_a_link_is_left_as_it_is(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    Machine(root).install()
    beside = tmp_path_factory.mktemp("beside")
    (beside / "requirements.txt").write_text((root / "requirements.txt").read_text())
    (beside / ".venv").symlink_to(root / ".venv")
    again = Machine(beside)
    assert not again.install()
    assert again.commands == []


def test_the_fingerprint_covers_every_lock(root: Path) -> None:
    before = fingerprint(root, root / ".venv")
    (root / "requirements-dev.txt").write_text("gamma==3\n")
    assert fingerprint(root, root / ".venv") != before


def test_uv_hears_what_pip_is_told() -> None:
    settings = [
        "global.index-url='https://index.example/simple'",
        "global.extra-index-url='https://a.example/simple\\nhttps://b.example/simple'",
        ":env:.find-links='/wheels /more'",
        "global.timeout='60'",
    ]
    env = uv_environment({"PATH": "/bin"}, settings)
    assert env == {
        "PATH": "/bin",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
    }


def test_uvs_own_variables_win() -> None:
    env = uv_environment({"UV_DEFAULT_INDEX": "mine"}, ["global.index-url='theirs'"])
    assert env["UV_DEFAULT_INDEX"] == "mine"


def test_the_installer_needs_nothing_but_the_standard_library() -> None:
    """It runs before anything is installed."""
    code = "import sys, ops.install; print(*{m.split('.')[0] for m in sys.modules} - sys.stdlib_module_names)"
    command = [sys.executable, "-S", "-c", code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == {"__main__", "ops"}
