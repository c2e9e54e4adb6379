"""A Chromium for the browser tests: found, else installed, else an error that names the command to type.

`python -m tests.browser_finder` does the same from the command line and prints the path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

COMMANDS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge")
MAC_BUNDLES = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
INSTALL_LINE = "apt-get install chromium   (or: .venv/bin/python -m playwright install chromium)"


class NoBrowser(RuntimeError):
    """No Chromium here and none could be installed."""


def candidates(environ: Mapping[str, str]) -> Iterator[str]:
    """Paths worth a look, best first. Playwright's own browser comes last: asking for it starts a process."""
    chosen = environ.get("BROWSER_BIN")
    if chosen:
        yield chosen
        return
    for command in COMMANDS:
        found = shutil.which(command, path=environ.get("PATH"))
        if found:
            yield found
    for folder in (Path("/Applications"), Path.home() / "Applications"):
        for bundle in MAC_BUNDLES:
            yield str(folder / bundle)
    yield _playwrights_own()


def find_browser(environ: Mapping[str, str] = os.environ) -> str | None:
    """The path of a Chromium, or None. `$BROWSER_BIN` decides alone where it is set."""
    for path in candidates(environ):
        if os.access(path, os.X_OK) and Path(path).is_file():
            return path
    return None


def browser(environ: Mapping[str, str] = os.environ) -> str:
    """The path of a Chromium, installed on the way if need be; raises NoBrowser with the line to type."""
    found = find_browser(environ)
    if found:
        return found
    if environ.get("BROWSER_BIN"):
        raise NoBrowser(f"BROWSER_BIN={environ['BROWSER_BIN']} is not an executable file.")
    for install in _installers():
        print("No Chromium found. Installing one:", " ".join(install[-1]), file=sys.stderr, flush=True)
        if all(_runs(command) for command in install):
            found = find_browser(environ)
            if found:
                return found
    raise NoBrowser(f"No Chromium was found, and installing one failed. Type: {INSTALL_LINE}")


def launch_options() -> dict[str, Any]:
    """Keyword arguments for playwright's `chromium.launch`. The sandbox is given up only as root."""
    args = ["--disable-dev-shm-usage"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        args.append("--no-sandbox")
    return {"executable_path": browser(), "args": args}


def _playwrights_own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _installers() -> Iterator[tuple[list[str], ...]]:
    """Ways to install one, each a sequence of commands."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        apt = ["apt-get", "-o", "DPkg::Lock::Timeout=120"]
        yield [*apt, "update"], [*apt, "install", "-y", "chromium"]
    yield ([sys.executable, "-m", "playwright", "install", "chromium"],)


def _runs(command: list[str]) -> bool:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environ).returncode == 0


if __name__ == "__main__":
    try:
        print(browser())
    except NoBrowser as error:
        sys.exit(str(error))
