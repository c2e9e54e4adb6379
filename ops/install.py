"""Makes .venv and installs one exact lock file into it; does nothing where that was done already.

Run by the Makefile with the machine's own Python, so only the standard library is used here:
`python3 -m ops.install requirements.txt`. uv installs (seconds), pip is the fallback (about a minute).
Both obey the user's own package settings (PIP_INDEX_URL, pip.conf, UV_...).
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
UV = "uv==0.13.9"
STAMP = "ebb-installed.json"

# pip's setting -> uv's environment variable. uv reads neither pip.conf nor PIP_*.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}

Run = Callable[[list[str], Mapping[str, str]], int]


class InstallFailed(Exception):
    """Neither uv nor pip could install the lock."""


def fingerprint(root: Path, venv: Path) -> str:
    """Changes with any lock file, with the place of the environment, and with the installer."""
    digest = hashlib.sha256(f"{UV} {venv}".encode())
    for lock in sorted(root.glob("requirements*.txt")):
        digest.update(lock.name.encode() + lock.read_bytes())
    return digest.hexdigest()


def is_installed(venv: Path, lock: str, mark: str) -> bool:
    return (venv / "bin" / "python").exists() and _stamp(venv).get(lock) == mark


def uv_environment(environ: Mapping[str, str], pip_settings: Iterable[str]) -> dict[str, str]:
    """The environment for uv: what `pip config list` says, unless a UV_ variable says otherwise.

    All indexes count alike, as they do for pip; the lock is exact, so the version decides.
    """
    env = dict(environ)
    env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    found: dict[str, str] = {}
    for line in pip_settings:
        key, _, value = line.partition("=")
        name = UV_NAMES.get(key.rpartition(".")[2])
        if name and value:
            found[name] = " ".join(ast.literal_eval(value).split())
    if "UV_FIND_LINKS" in found:
        found["UV_FIND_LINKS"] = found["UV_FIND_LINKS"].replace(" ", ",")
    for name, value in found.items():
        env.setdefault(name, value)
    return env


def install(
    lock: str, root: Path = ROOT, run: Run | None = None, say: Callable[[str], None] | None = None
) -> bool:
    """Installs `lock` (a file name in `root`) into root/.venv. False where nothing had to be done.

    Raises InstallFailed; what was installed before then stays, and the next start goes on from there.
    """
    run = run or _run
    say = say or _say
    venv = root / ".venv"
    if venv.is_symlink():
        venv = (
            venv.resolve()
        )  # shared by several working copies: none may take it for a moved one and clear it
    mark = fingerprint(root, venv)
    if is_installed(venv, lock, mark):
        return False
    began = monotonic()
    python = str(venv / "bin" / "python")
    if not _works(python) or _moved(venv):
        say(f"[1/3] Making .venv with Python {sys.version.split()[0]}")
        if run([sys.executable, "-m", "venv", "--clear", str(venv)], os.environ):
            raise InstallFailed("The virtual environment .venv could not be made; the lines above say why.")
    count = sum(1 for line in (root / lock).read_text().splitlines() if line and line[0] not in "#-")
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    say("[2/3] Getting uv, the fast installer")
    has_uv = run([*pip, "install", "--quiet", "--only-binary=:all:", UV], os.environ) == 0
    say(f"[3/3] Installing {count} packages from {lock}")
    done = False
    if has_uv:
        env = uv_environment(os.environ, pip_settings(python))
        uv = [str(venv / "bin" / "uv"), "pip", "install", "--python", python]
        done = run([*uv, "-r", str(root / lock)], env) == 0
    if not done:
        say("      uv could not; trying pip, which takes about a minute")
        done = run([*pip, "install", "-r", str(root / lock)], os.environ) == 0
    if not done:
        raise InstallFailed(
            "The packages could not be installed; the lines above say why. "
            "Without a network, or behind a mirror, set PIP_INDEX_URL to an index that you can reach."
        )
    _write_stamp(venv, {**_stamp(venv), lock: mark, "venv": str(venv)})
    say(f"      Done in {monotonic() - began:.0f} s. The next start skips this.")
    return True


def _stamp(venv: Path) -> dict[str, str]:
    try:
        return dict(json.loads((venv / STAMP).read_text()))
    except (OSError, ValueError):
        return {}


def _write_stamp(venv: Path, content: Mapping[str, str]) -> None:
    part = venv / f"{STAMP}.part"
    part.write_text(json.dumps(content, indent=1))
    part.replace(venv / STAMP)


def _moved(venv: Path) -> bool:
    """Scripts in an environment name its folder; one that was moved or copied has to be made anew."""
    return _stamp(venv).get("venv", str(venv)) != str(venv)


def _works(python: str) -> bool:
    try:
        return subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def pip_settings(python: str) -> list[str]:
    listed = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True)
    return listed.stdout.splitlines()


def _run(command: list[str], env: Mapping[str, str]) -> int:
    try:
        return subprocess.run(command, env=dict(env), stdin=subprocess.DEVNULL).returncode
    except OSError as error:
        _say(f"      {error}")
        return 1


def _say(line: str) -> None:
    print(line, flush=True)


def main(locks: list[str]) -> int:
    try:
        for lock in locks:
            install(lock)
    except InstallFailed as error:
        print(f"\n{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The next start goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
