"""The upload route alone in a process of its own, so that its memory can be measured from outside.

`python -m tests.upload_child URL` prints its port. GET /grant?size=…&role=… gives a token, as a page would.
"""

from __future__ import annotations

import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from components import receiving, session
from components.uploads import desk
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor


async def grant(request: Request) -> PlainTextResponse:
    asked = request.query_params
    given = desk.grant("doc", Actor("ann", "operator"), asked.get("name", "big.bin"), int(asked["size"]))
    return PlainTextResponse(given.token)


async def outcome(request: Request) -> PlainTextResponse:
    found = desk.outcome(request.query_params["token"])
    told = "" if found is None else found.uri or str(found.error)
    return PlainTextResponse(told)


app = Starlette(
    routes=[
        Route("/grant", grant),
        Route("/outcome", outcome),
        Route("/upload/{token}", receiving.receive, methods=["POST"]),
    ]
)


def main() -> None:
    settings = Settings(endpoint_url=sys.argv[1], history_url="sqlite://")
    session.connect(Collector(lambda: Console.open(settings), lambda kind: 2.0))
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
