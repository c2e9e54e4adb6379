"""The route that takes uploads: from the browser's request, piece by piece, into an object in S3.

Neither this process nor the disk ever holds the whole file. Whatever goes wrong on the way, the object is not made.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from components import request_door
from components.uploads import PIECE, Broken, Grant, Outcome, Pipe, desk, same_origin
from ops.core.errors import BadInput, OpsError, ReadOnly

AT_ONCE = 4
"""Uploads that go on at the same time: each holds two threads and about 40 MB at most."""
TOO_MANY = OpsError(
    f"{AT_ONCE} uploads are under way, and Ebb takes no more at once.",
    "Wait for one to end, then choose the file again.",
)
TOO_LARGE = BadInput("The file is larger than was said.", "Nothing was kept of it: choose it again.")
_into_s3 = ThreadPoolExecutor(AT_ONCE, "upload to S3")
_feeding = ThreadPoolExecutor(AT_ONCE, "upload from a browser")
"""Threads of their own: in a common pool the ones that wait for bytes could take all from those that bring them."""
_under_way: set[str] = set()


async def receive(request: Request) -> JSONResponse:
    """Answers {"uri"} or {"error", "hint"}: 403 without a token that serves now, 413 beyond its size,
    503 while too many are under way.
    """
    grant = desk.take(request.path_params["token"]) if same_origin(request.headers) else None
    if grant is None:
        return _refusal(
            "This upload is not allowed, or no longer.", "Choose the file again on the page.", 403
        )
    if len(_under_way) >= AT_ONCE:
        outcome = Outcome(grant, error=TOO_MANY)
    else:
        _under_way.add(grant.token)
        try:
            outcome = await _taken(request, grant)
        finally:
            _under_way.discard(grant.token)
    desk.note(outcome)
    error = outcome.error
    if error is None:
        return JSONResponse({"uri": outcome.uri})
    status = {id(TOO_LARGE): 413, id(TOO_MANY): 503}.get(
        id(error), 403 if isinstance(error, ReadOnly) else 400
    )
    return _refusal(error.what, error.hint, status)


async def _taken(request: Request, grant: Grant) -> Outcome:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > grant.size:
        return Outcome(grant, error=TOO_LARGE)
    pipe = Pipe()
    upload = asyncio.get_running_loop().run_in_executor(_into_s3, _uploaded, grant, pipe)
    try:
        await _fed(request, grant, pipe)
    finally:
        pipe.end(Broken("The upload was ended before its end.", "Nothing was kept of it."))
        outcome = await upload
    return outcome


async def _fed(request: Request, grant: Grant, pipe: Pipe) -> None:
    """From the request into the pipe, until its end, its size, or nobody takes any more."""
    held, taken = bytearray(), 0
    try:
        async for chunk in request.stream():
            taken += len(chunk)
            if taken > grant.size:
                pipe.end(TOO_LARGE)
                return
            held += chunk
            if len(held) >= PIECE:
                piece, held = bytes(held), bytearray()
                if not await _feed(pipe, piece):
                    return
    except ClientDisconnect:
        return
    if not held or await _feed(pipe, bytes(held)):
        pipe.end()


async def _feed(pipe: Pipe, piece: bytes) -> bool:
    return await asyncio.get_running_loop().run_in_executor(_feeding, pipe.feed, piece)


def _uploaded(grant: Grant, pipe: Pipe) -> Outcome:
    """In a thread of its own: what comes out of the pipe, into S3."""
    try:
        return Outcome(grant, request_door.upload(grant, pipe.pieces()).uri)
    except OpsError as error:
        return Outcome(grant, error=error)
    finally:
        pipe.close()


def _refusal(what: str, hint: str, status: int) -> JSONResponse:
    return JSONResponse({"error": what, "hint": hint}, status_code=status)
