"""The launcher: `streamlit run app.py`, from any folder. It draws nothing; components/shell.py does."""

from __future__ import annotations

import gc
import importlib
import logging
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import plotly
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

log = logging.getLogger("ebb")
PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
NOT_NEAR = (
    "Ebb answers from afar, or by another name than localhost, only with sign-in set up: docs/sign-in.md"
)
HEAVY = ("plotly.graph_objects", "plotly.io", "pandas", "components.charts.signature", "boto3")


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, object]]:
    """Start the one reader of AWS, pay the imports before the first visitor, and freeze what is there.

    Without the freeze a full garbage collection after every run costs seconds with many viewers.
    """
    from components import deploy_door, readers

    for name in HEAVY:
        importlib.import_module(name)
    readers.start()
    gc.collect()
    gc.freeze()
    try:
        yield {}
    finally:
        deploy_door.close()
        readers.stop()


def on_script_error(error: Exception) -> bool:
    """Instead of a traceback: a reference that is also in the log."""
    reference = uuid.uuid4().hex[:8]
    log.error("unexpected error, reference %s", reference, exc_info=error)
    st.error(
        f"This part of the page failed; the next refresh tries again. Reference for a report: {reference}",
        icon=":material/error:",
    )
    return True


async def plotly_js(request: Request) -> FileResponse:
    """Plotly's own bundle from the installed package, so that nothing is fetched from outside."""
    return FileResponse(
        PLOTLY_JS, media_type="text/javascript", headers={"Cache-Control": "public, max-age=86400"}
    )


async def healthz(request: Request) -> JSONResponse:
    """200 while the reader of AWS and the threads of requests work, 503 with the reason otherwise."""
    from components import readers

    problem = readers.problem() or readers.requests_problem()
    return JSONResponse({"ok": not problem, "problem": problem}, status_code=503 if problem else 200)


async def upload(request: Request) -> JSONResponse:
    """An input on its way into S3, with the token of a page: see components/receiving.py."""
    from components import receiving

    return await receiving.receive(request)


class NearOnly:
    """Without sign-in, whoever comes by another address, or another name, than this machine's own gets no answer.

    It holds where the server was started in a way that does not tell Streamlit its address, and against pages from
    elsewhere whose name leads to this machine (DNS rebinding): Streamlit takes their origin for its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if SIGN_IN or scope["type"] == "lifespan" or _is_near(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(NOT_NEAR, status_code=403)(scope, receive, send)


def _is_near(scope: Scope) -> bool:
    from ops.core.listening import is_loopback, names_this_machine

    at = scope.get("server")
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"]
    return bool(at and is_loopback(at[0]) and hosts and all(names_this_machine(host) for host in hosts))


def insist_on_sign_in() -> bool:
    """Whether sign-in is set up. Ends the process where it is in part, or is not and Ebb would be reached from afar."""
    from components import access
    from ops.core import listening
    from ops.core.errors import BadInput

    auth = access.auth_section()
    why = listening.refusal(st.get_option("server.address"), auth)
    if why:
        print(f"\n{why}", file=sys.stderr, flush=True)
        sys.exit(BadInput.exit_code)
    return auth is not None


SIGN_IN = insist_on_sign_in()
app = st.App(
    ROOT / "components" / "shell.py",
    lifespan=lifespan,
    on_script_error=on_script_error,
    middleware=[Middleware(NearOnly)],
    routes=[
        Route("/assets/plotly.min.js", plotly_js),
        Route("/healthz", healthz),
        Route("/upload/{token}", upload, methods=["POST"]),
    ],
)
