"""The front door (WSGI): services of our own, everything else to moto, nothing silently empty."""

from __future__ import annotations

import io
import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from ops.local_aws import denials, wire
from ops.local_aws.control import Control
from ops.local_aws.denials import Denials
from ops.local_aws.dispatch import OWN, Dispatcher
from ops.local_aws.errors import AwsError, NotOffered
from ops.local_aws.exports import BUCKET
from ops.local_aws.iam_policy import Right
from ops.local_aws.rights import Rights
from ops.local_aws.services.runtime import Runtime
from ops.local_aws.services.sts import OFFERED, Sts
from ops.local_aws.trail import Caller

if TYPE_CHECKING:
    from ops.local_aws.world import World

log = logging.getLogger(__name__)

StartResponse = Callable[..., Any]
Environ = dict[str, Any]

PASSED_ON = frozenset({"s3", "sns", "sqs", "sts", "iam", "organizations"})
_SCOPE = re.compile(r"Credential=([^/,]+)/\d{8}/([^/,]+)/([^/,]+)/aws4_request")
_QUERY_SCOPE = re.compile(r"X-Amz-Credential=([^/&]+)/\d{8}/([^/&]+)/([^/&]+)/aws4_request")
_ASYNC_PATH = re.compile(r"^/endpoints/([^/]+)/async-invocations$")


class Gateway:
    """Routes by the credential scope of the signature. Signatures are not verified: loopback only."""

    def __init__(self, world: World, moto: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        self._world = world
        self._moto = moto
        self._denials = Denials()
        self._rights = Rights(world)
        self._control = Control(world, self._denials)
        self._dispatcher = Dispatcher(world)
        self._runtime = Runtime(world)
        self._sts = Sts(world)

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if path.startswith("/_ebb/"):
            return self._control(environ, start)
        if path.startswith("/moto-api"):
            return self._answer(start, 404, b"{}", "application/json")
        key, region, service = _scope(environ)
        sessions = self._world.sessions
        if sessions.expired(key):
            where = [("x-amz-bucket-region", self._world.region)] if service == "s3" else []
            return self._answer(start, *denials.expired(environ, service), headers=where)
        agent, address = environ.get("HTTP_USER_AGENT", ""), environ.get("REMOTE_ADDR", "")
        caller = Caller(key, region, agent, address, session=sessions.of(key))
        if service in PASSED_ON and self._denials.any:
            action = self._denials.denied(self._rights.of_request(environ, service))
            if action:
                return self._answer(start, *denials.answer(environ, service, action))
        if service in OWN or (service == "sts" and _action(environ) in OFFERED):
            return self._own(environ, start, service, caller)
        if service in PASSED_ON or service == "":
            return self._pass_on(environ, start, service)
        return self._refuse(environ, start, NotOffered(f"the service {service}"), service)

    def _own(self, environ: Environ, start: StartResponse, service: str, caller: Caller) -> Iterable[bytes]:
        body = _body(environ)
        found = _ASYNC_PATH.match(environ.get("PATH_INFO", ""))
        if service == "sagemaker" and found:
            return self._invoke_async(environ, start, unquote(found.group(1)), caller)
        if service == "sagemaker" and environ.get("PATH_INFO", "").startswith("/endpoints/"):
            missing = NotOffered("synchronous invocations (InvokeEndpoint), only InvokeEndpointAsync")
            return self._refuse(environ, start, missing, service)
        protocol = wire.protocol_of(environ)
        name = OWN[service][0] if service in OWN else service
        run = self._sts.run if service == "sts" else self._dispatcher.run
        try:
            call = wire.read(name, protocol, environ, body)
            with self._world.lock:
                self._world.catch_up()
                if self._denials.any:
                    self._insist(call.service, self._rights.of_call(call))
                answer = run(caller, call)
            payload, kind = wire.write(protocol, call, answer)
        except AwsError as error:
            payload, kind = wire.write_error(protocol, name, error)
            return self._answer(start, error.status, payload, kind, error.code)
        return self._answer(start, 200, payload, kind)

    def _invoke_async(
        self, environ: Environ, start: StartResponse, name: str, caller: Caller
    ) -> Iterable[bytes]:
        try:
            with self._world.lock:
                self._world.catch_up()
                self._insist("sagemaker", self._rights.of_invocation(name))
                status, headers, answer = self._runtime.invoke_endpoint_async(name, environ)
        except AwsError as error:
            payload = wire.json_error(error)
            return self._answer(start, error.status, payload, "application/json", error.code)
        return self._answer(start, status, wire.json_answer(answer), "application/json", headers=headers)

    def _insist(self, service: str, rights: Iterable[Right]) -> None:
        """Raises AwsError where one of these is denied."""
        action = self._denials.denied(rights)
        if action:
            raise denials.error(service, action)

    def _pass_on(self, environ: Environ, start: StartResponse, service: str) -> Iterable[bytes]:
        try:
            return self._passed_on(environ, start, service)
        except NotImplementedError as error:
            log.debug("moto: %s", error)
            missing = NotOffered(f"this operation of {service or 'that service'}")
            return self._refuse(environ, start, missing, service)
        except Exception as error:  # whatever moto raises: a page of HTML is nothing that a client can read
            log.exception("%s failed", service or "an unsigned request")
            failed = AwsError(
                "InternalFailure", f"The embedded AWS failed: {error!r}. Its log tells more.", 500
            )
            return self._refuse(environ, start, failed, service)

    def _passed_on(self, environ: Environ, start: StartResponse, service: str) -> Iterable[bytes]:
        if service == "s3":
            self._look_for_exports(environ)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        waits = service == "sqs" and (not target or target.endswith(".ReceiveMessage"))
        with nullcontext() if waits else self._world.lock:
            return self._asked(environ, start)

    def _asked(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """moto's answer, as if whoever asks were of this world's account. Raises what moto raises."""
        passed = {**environ, "HTTP_X_MOTO_ACCOUNT_ID": self._world.account}
        return self._moto(passed, start)

    def _look_for_exports(self, environ: Environ) -> None:
        """The bill exports are made when somebody looks into their bucket; the bucket itself is always listed."""
        bucket = environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
        if bucket == BUCKET or environ.get("HTTP_HOST", "").startswith(f"{BUCKET}."):
            self._world.exports.refresh()
        elif not bucket:
            with self._world.lock:
                self._world.exports.create_bucket()

    def _refuse(
        self, environ: Environ, start: StartResponse, error: AwsError, service: str
    ) -> Iterable[bytes]:
        """An error of this server itself, in the form that the client of the service reads."""
        if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            payload, kind = wire.xml_error(error, ec2=service == "ec2"), "text/xml"
        else:
            payload, kind = wire.json_error(error), "application/x-amz-json-1.1"
        return self._answer(start, error.status, payload, kind, error.code)

    def _answer(
        self,
        start: StartResponse,
        status: int,
        payload: bytes,
        kind: str,
        code: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Iterable[bytes]:
        request_id = str(uuid.uuid4())
        sent = [
            ("Content-Type", kind),
            ("Content-Length", str(len(payload))),
            ("x-amzn-RequestId", request_id),
            *headers,
        ]
        if kind == "application/cbor":
            sent.append(("smithy-protocol", "rpc-v2-cbor"))
        if code is not None:
            sent += [("x-amzn-ErrorType", code), ("x-amzn-query-error", f"{code};Sender")]
        start(f"{status} {_REASONS.get(status, 'Error')}", sent)
        return [payload]


_REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
} | {
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


def _scope(environ: Environ) -> tuple[str, str, str]:
    """(access key, region, service) of the signature; empty where the request is not signed."""
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")) or _QUERY_SCOPE.search(
        unquote(environ.get("QUERY_STRING", ""))
    )
    return (found.group(1), found.group(2), found.group(3)) if found else ("", "", "")


def _action(environ: Environ) -> str:
    """The Action of a request in the query protocol; the body can be read again afterwards."""
    body = _body(environ)
    environ["wsgi.input"] = io.BytesIO(body)
    fields = parse_qs(body.decode("utf-8", "replace")) or parse_qs(environ.get("QUERY_STRING", ""))
    return fields.get("Action", [""])[0]


def _body(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return environ["wsgi.input"].read(length) if length else b""


def control_answer(start: StartResponse, status: int, answer: dict[str, Any]) -> Iterable[bytes]:
    payload = json.dumps(answer).encode()
    start(
        f"{status} {_REASONS.get(status, 'Error')}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))],
    )
    return [payload]
