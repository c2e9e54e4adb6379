"""Writes requirements.txt and requirements-dev.txt anew: the full exact set for Python 3.11 and later.

Names and bounds stand in pyproject.toml; no index and no folder of this machine gets into the files.
Versions that still fit stay. `python -m bench.lock --upgrade` takes the newest ones.
"""

from __future__ import annotations

import os
import subprocess
import sys

from ops.install import ROOT, pip_settings, uv_environment

LOCKS = {"requirements.txt": [], "requirements-dev.txt": ["--extra", "dev"]}
OPTIONS = ["--universal", "--python-version", "3.11", "--no-header", "--no-annotate", "--quiet"]


def main(options: list[str]) -> int:
    env = uv_environment(os.environ, pip_settings(sys.executable))
    for lock, extra in LOCKS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *extra, *OPTIONS, *options]
        done = subprocess.run([*command, "--output-file", lock], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
