"""`make run`: the embedded AWS (unless real AWS is asked for), the console, and a clean end of both.

Environment: SPEED, PORT, LISTEN, OPEN, EBB_MODE, EBB_WRITE, AWS_...; arguments go to the embedded AWS as they are.
Exit code 0 after Ctrl-C or SIGTERM, 1 when a part ended by itself, 2 for bad input.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from types import FrameType

from ops.config import PROJECT, Settings
from ops.core.errors import BadInput, OpsError
from ops.processes import Child, Family

HOST = "127.0.0.1"
DEFAULT_PORT = 8501
MAX_SPEED = 3600.0
READY_S = 90.0
"""How long a part may take until it is ready (a first start compiles every module)."""
POLL_S = 0.1


class Stopped(Exception):
    """The user or the system asked us to end."""


class PartEnded(OpsError):
    """The console or the embedded AWS is not there any more, or never was."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the embedded AWS says about itself when it is ready."""

    endpoint_url: str
    region: str
    account_id: str


class Launcher:
    """Starts the parts, waits, ends them. `say` gets every line for the user."""

    def __init__(self, family: Family, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._family = family
        self._environ = dict(environ)
        self._say = say
        self._stop = threading.Event()
        self._make = os.getppid() if "MAKELEVEL" in environ else None

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        """A signal handler. The second signal kills at once."""
        if self._stop.is_set():
            self._family.kill()
        self._stop.set()

    def run(self, settings: Settings, embedded_args: Sequence[str]) -> None:
        """Returns never but by an exception: Stopped, or an OpsError that says what went wrong."""
        wanted = number(self._environ, "PORT", DEFAULT_PORT, 1, 65535)
        speed = number(self._environ, "SPEED", 1.0, 0.0, MAX_SPEED)
        env, about = self._environ, f"real AWS, {'writes are possible' if settings.write else 'read-only'}"
        clients = ""
        if settings.endpoint_url:
            about = f"the AWS at {settings.endpoint_url} (AWS_ENDPOINT_URL)"
        elif settings.mode == "embedded":
            embedded = self._start_embedded(speed, embedded_args)
            env = environment_for(embedded, self._environ)
            about = f"the embedded AWS at {embedded.endpoint_url}, {pace(speed)}"
            clients = f"  For AWS clients: {exports(env)}\n"
            if settings.places is not None:  # each of them says itself where it is
                del env["AWS_ENDPOINT_URL"]
                about += ", and the other places of EBB_PLACES"
        elif speed != 1.0 or embedded_args:
            raise BadInput(
                "SPEED and ARGS are for the embedded AWS, not for EBB_MODE=aws.", "Leave them out."
            )
        address = self._environ.get("LISTEN") or HOST
        port = free_port(int(wanted))
        if port != wanted:
            self._say(f"Port {wanted:.0f} is taken; using {port}.")
        self._start_console(address, port, env)
        url = f"http://{near(address)}:{port}"
        self._say(
            f"\n  Ebb is ready:  {url}\n  It shows       {about}.\n{clients}  Ctrl-C ends everything.\n"
        )
        open_browser(url, self._environ)
        self._family.start(
            "The planner's compiler",
            [sys.executable, "-m", "ops.compiled"],
            env,
            subprocess.DEVNULL,
            may_end=True,
        )
        while True:
            self._pause()

    def _start_embedded(self, speed: float, args: Sequence[str]) -> Embedded:
        self._say("Starting the embedded AWS ...")
        command = [sys.executable, "-m", "ops.local_aws", "--port", "0", "--speed", f"{speed:g}", *args]
        child = self._family.start("The embedded AWS", command, self._environ, subprocess.PIPE)
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_drain, args=(child, lines), daemon=True).start()
        self._until(child, lambda: not lines.empty())
        first = lines.get()
        try:
            said = json.loads(first)
            return Embedded(said["endpoint_url"], said["region"], said["account_id"])
        except (ValueError, KeyError, TypeError) as error:
            raise PartEnded(f"The embedded AWS said something unexpected: {first.strip()!r}.") from error

    def _start_console(self, address: str, port: int, env: Mapping[str, str]) -> None:
        """Without sign-in the console refuses an address that others can reach, and says so."""
        self._say("Starting the console ...")
        options = {
            "server.port": port,
            "server.address": address,
            "server.headless": "true",
            "logger.level": "warning",
        }
        flags = [f"--{name}={value}" for name, value in options.items()]
        command = [sys.executable, "-m", "streamlit", "run", str(PROJECT / "app.py"), *flags]
        child = self._family.start("The console", command, env, subprocess.DEVNULL)
        self._until(child, lambda: is_healthy(near(address), port))

    def _until(self, child: Child, ready: Callable[[], bool]) -> None:
        deadline = monotonic() + READY_S
        while not ready():
            if monotonic() > deadline:
                raise PartEnded(f"{child.name} was not ready within {READY_S:.0f} s.", "Start it again.")
            self._pause()

    def _pause(self) -> None:
        if self._stop.wait(POLL_S) or self._make not in (None, os.getppid()):
            raise Stopped
        gone = self._family.ended()
        if gone is not None:
            code = gone.process.returncode
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            error = PartEnded(f"{gone.name} ended by itself ({how}).", "Its last words, if any, stand above.")
            error.exit_code = BadInput.exit_code if code == BadInput.exit_code else error.exit_code
            raise error


def number(environ: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    """A number from the environment; BadInput where it is none or out of range."""
    given = environ.get(name) or str(default)
    try:
        value = float(given)
    except ValueError as error:
        raise BadInput(f"{name}={given} is not a number.", f"Give one from {low:g} to {high:g}.") from error
    if not low <= value <= high:
        raise BadInput(f"{name}={given} is out of range.", f"Give one from {low:g} to {high:g}.")
    return value


def pace(speed: float) -> str:
    if speed == 0:
        return "paused"
    return "in real time" if speed == 1 else f"{speed:g} times as fast as real time"


def environment_for(embedded: Embedded, environ: Mapping[str, str]) -> dict[str, str]:
    """The console's environment: every AWS call of it goes to the embedded AWS and nowhere else.

    No AWS_ variable of the user's is kept: a profile or AWS_ENDPOINT_URL_S3 would lead some calls astray.
    """
    env = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
    env |= {
        "AWS_ENDPOINT_URL": embedded.endpoint_url,
        "AWS_REGION": embedded.region,
        "AWS_DEFAULT_REGION": embedded.region,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, (env.get(name), HOST, "localhost")))
    return env


def exports(env: Mapping[str, str]) -> str:
    """A line for another terminal that leads the AWS CLI and boto3 to the embedded AWS."""
    names = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return "export " + " ".join(f"{name}={env[name]}" for name in names)


def free_port(wanted: int) -> int:
    """`wanted`, or the next free port above it, or any free one."""
    for port in range(wanted, min(wanted + 50, 65536)):
        if is_free(port):
            return port
    with socket.socket() as any_port:
        any_port.bind((HOST, 0))
        return int(any_port.getsockname()[1])


def is_free(port: int) -> bool:
    """Nobody answers there, on either loopback address, and we may listen there."""
    for family, host in ((socket.AF_INET, HOST), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family) as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, port)) == 0:
                return False
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
                return False
            raise
    return True


def near(address: str) -> str:
    """The host by which this machine itself reaches a server that listens there."""
    if address in ("0.0.0.0", "::", "[::]"):
        return HOST
    return f"[{address}]" if ":" in address and not address.startswith("[") else address


def is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=2)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def open_browser(url: str, environ: Mapping[str, str]) -> None:
    """On a desktop, at a terminal, unless OPEN=0."""
    desktop = sys.platform == "darwin" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
    if environ.get("OPEN") != "0" and "SSH_CONNECTION" not in environ and desktop and sys.stdout.isatty():
        webbrowser.open(url)


def _drain(child: Child, lines: queue.SimpleQueue[str]) -> None:
    for line in child.process.stdout or ():
        lines.put(line)


def say(line: str) -> None:
    """A line for the user; nothing where nobody listens any more."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(args: Sequence[str]) -> int:
    try:
        with Family() as family:
            launcher = Launcher(family, os.environ, say)
            for number_ in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number_, launcher.ask_to_stop)
            try:
                launcher.run(Settings.load(), args)
            except Stopped:
                say("\nEnding ...")
    except OpsError as error:
        print(f"\n{error.what} {error.hint}".rstrip(), file=sys.stderr, flush=True)
        return error.exit_code
    say("Everything has ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
