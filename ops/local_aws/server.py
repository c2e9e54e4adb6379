"""The embedded AWS as a running server: gateway, moto behind it, and one thread that lets time pass."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from moto.core import common_models
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from ops.local_aws.envelopes import envelope
from ops.local_aws.gateway import Gateway

if TYPE_CHECKING:
    from ops.local_aws.world import World

log = logging.getLogger(__name__)

TICK_S = 0.2


class LocalAws:
    """Serves `world` on 127.0.0.1. `ticking=False` leaves time to the caller (tests step it).

    Raises OSError when the port cannot be used.
    """

    def __init__(self, world: World, port: int = 0, *, ticking: bool = True) -> None:
        self.world = world
        self._ticking = ticking
        self._stop = threading.Event()
        _patch_moto(world)
        app = Gateway(world, DomainDispatcherApplication(create_backend_app))
        with socket.create_server(
            ("127.0.0.1", port)
        ) as bound:  # OSError, where werkzeug would end the process
            self._port = int(bound.getsockname()[1])
            self._server: BaseWSGIServer = make_server(
                "127.0.0.1",
                self._port,
                app,
                threaded=True,
                request_handler=_handler(world),
                fd=bound.fileno(),
            )
        vars(self._server)["daemon_threads"] = True
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> LocalAws:
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,), name="serve", daemon=True)
        ]
        if self._ticking:
            self._threads.append(threading.Thread(target=self._tick, name="tick", daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        with suppress(OSError):  # wakes whoever waits for a connection, where the system does so
            self._server.socket.shutdown(socket.SHUT_RDWR)
        self._server.shutdown()
        self._server.server_close()
        self.world.athena.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def __enter__(self) -> LocalAws:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _tick(self) -> None:
        while not self._stop.wait(TICK_S):
            with self.world.lock:
                self.world.catch_up()


def _handler(world: World) -> type[MotoRequestHandler]:
    class Handler(MotoRequestHandler):
        protocol_version = "HTTP/1.1"

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(world.clock.now() if timestamp is None else timestamp, usegmt=True)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            log.debug("%s %s %s", self.command, self.path, code)

        def log(self, type: str, message: str, *args: Any) -> None:
            log.debug(message, *args)

    return Handler


def _patch_moto(world: World) -> None:
    """Simulated time where it shows (S3, SNS), one signature for all of SNS, and no list of every object ever made."""
    import moto.s3.models
    import moto.sns.models

    def now() -> Any:
        return world.clock.datetime().replace(tzinfo=None)

    def stamp() -> str:
        return f"{now().isoformat(timespec='milliseconds')}Z"

    for module in (moto.s3.models, moto.sns.models):
        vars(module)["utcnow"] = now
    vars(moto.sns.models)["iso_8601_datetime_with_milliseconds"] = stamp
    type.__setattr__(moto.sns.models.Subscription, "get_post_data", envelope)
    type.__setattr__(common_models.BaseModel, "__new__", staticmethod(_plain_new))


def _plain_new(cls: type, *_args: object, **_kwargs: object) -> object:
    """moto's own keeps every instance for ever."""
    return object.__new__(cls)
