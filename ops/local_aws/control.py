"""The control path /_ebb/: time and trouble on demand. Not part of AWS; the console never uses it.

    GET  /_ebb/state              now, epoch_s, speed, seed, account, region, endpoints with their status
    GET  /_ebb/endpoints/<name>/wakes   every 0 → 1 as it really was (epoch seconds), oldest first
    GET  /_ebb/ledger?first=ISO&last=ISO   instance-hours by endpoint and type as they really were, up to now
    POST /_ebb/clock              {"speed": 60} (0 pauses) or {"jump_seconds": 600}; answers the state
    POST /_ebb/endpoints/<name>   any of {"capacity_refused": true or ["ml.g5.xlarge"], "fail_deploy": true, "quota": 2,
                                  "profile": {"seconds": [12, 40], "error_rate": 0.05} or null to end it}
    POST /_ebb/denied             {"actions": ["s3:PutObject"]}: IAM actions that nobody may use; [] lifts it
    GET  /_ebb/denied             how often each action was denied since something was set
    POST /_ebb/policy             an IAM policy: nobody may do what it does not allow; {} lifts it

JSON in and out; POST wants Content-Type application/json. What is wrong is said in {"error": "..."}, with
status 400 (input), 403 (a web page asks), 404 (no such path or endpoint), 405 or 415. A quota is the
account's, for the endpoint's instance type.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, astuple
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

import numpy as np

from ops.core.types import utc
from ops.local_aws.errors import AwsError

if TYPE_CHECKING:
    from ops.local_aws.denials import Denials
    from ops.local_aws.world import World

MOST_BYTES = 65_536
MOST_JUMP_S = 7 * 86_400.0
MOST_QUOTA = 1_000
MOST_SECONDS = 3_600.0
_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
}


class _Refused(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Control:
    """A WSGI application."""

    def __init__(self, world: World, denials: Denials) -> None:
        self._world = world
        self._denials = denials

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        fits = length.isdigit() and int(length) <= MOST_BYTES
        body = environ["wsgi.input"].read(int(length)) if fits else None
        try:
            status, answer = 200, self._answer(environ, body)
        except _Refused as refused:
            status, answer = refused.status, {"error": refused.sentence}
        payload = json.dumps(answer).encode()
        start(
            f"{status} {_REASONS[status]}",
            [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))]
            + ([] if fits else [("Connection", "close")]),
        )
        return [payload]

    def _answer(self, environ: dict[str, Any], body: bytes | None) -> dict[str, Any]:
        if "HTTP_ORIGIN" in environ or not _is_loopback(environ.get("HTTP_HOST", "")):
            raise _Refused(403, "The control path does not answer web pages.")
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/_ebb/")
        name = unquote(path.removeprefix("endpoints/")) if path.startswith("endpoints/") else ""
        if path == "state":
            _expect(method, "GET")
            return self._state()
        if path == "ledger":
            _expect(method, "GET")
            return self._ledger(parse_qs(environ.get("QUERY_STRING", "")))
        if path == "clock":
            _expect(method, "POST")
            return self._clock(_read(environ, body))
        if path == "denied":
            if method == "GET":
                return {"times": self._denials.told()}
            _expect(method, "POST")
            return self._deny(_read(environ, body))
        if path == "policy":
            _expect(method, "POST")
            return self._limit(_read(environ, body))
        if name.endswith("/wakes"):
            _expect(method, "GET")
            return self._wakes(name.removesuffix("/wakes"))
        if name:
            _expect(method, "POST")
            return self._endpoint(name, _read(environ, body))
        raise _Refused(
            404,
            "There is /_ebb/state, /_ebb/ledger, /_ebb/clock, /_ebb/denied, /_ebb/policy, /_ebb/endpoints/<name> and "
            "its /wakes.",
        )

    def _deny(self, order: dict[str, Any]) -> dict[str, Any]:
        _know(order, ("actions",))
        actions = order.get("actions")
        if not isinstance(actions, list) or not all(isinstance(each, str) for each in actions):
            raise _Refused(400, 'Give actions as a list like ["s3:PutObject"]; an empty one denies nothing.')
        try:
            self._denials.set(actions)
        except ValueError as error:
            raise _Refused(400, f"{error}.") from error
        return {"denied": sorted(actions)}

    def _limit(self, order: dict[str, Any]) -> dict[str, Any]:
        try:
            self._denials.set_policy(order or None)
        except (ValueError, AttributeError) as error:
            raise _Refused(400, f"This policy cannot be used: {error}.") from error
        return {"policy": order or None}

    def _state(self) -> dict[str, Any]:
        world = self._world
        with world.lock:
            world.catch_up()
            now = world.clock.now()
            statuses = [world.fleet.describe(name) for name in sorted(world.fleet.names())]
            return {
                "now": utc(now).isoformat(timespec="seconds"),
                "epoch_s": now,
                "speed": world.clock.speed,
                "seed": world.options.seed,
                "account": world.account,
                "region": world.region,
                "endpoints": [
                    {
                        "name": status.name,
                        "status": status.status,
                        "instance_type": status.spec.instance_type,
                        "current": status.current,
                        "desired": status.desired,
                        **({"instances_by_type": dict(status.mix)} if status.spec.pools else {}),
                    }
                    for status in statuses
                    if status is not None
                ],
            }

    def _wakes(self, name: str) -> dict[str, Any]:
        with self._world.lock:
            self._world.catch_up()
            try:
                found = self._world.fleet.wakes(name)
            except KeyError as error:
                raise _Refused(404, f"There is no endpoint named {name!r}.") from error
            return {"endpoint": name, "wakes": [asdict(wake) for wake in found]}

    def _ledger(self, query: dict[str, list[str]]) -> dict[str, Any]:
        _know(query, ("first", "last"))
        first, last = _instant(query, "first"), _instant(query, "last")
        if first >= last:
            raise _Refused(400, "first must lie before last.")
        with self._world.lock:
            self._world.catch_up()
            found = self._world.ledger.between(np.array([first, last]))
            now = self._world.now()
        return {
            "first": utc(first).isoformat(),
            "last": utc(last).isoformat(),
            "now": utc(now).isoformat(),
            "lines": [
                {**asdict(key), "instance_hours": float(hours[0])}
                for key, hours in sorted(found.items(), key=lambda pair: astuple(pair[0]))
            ],
        }

    def _clock(self, order: dict[str, Any]) -> dict[str, Any]:
        _know(order, ("speed", "jump_seconds"))
        if len(order) != 1:
            raise _Refused(400, "Give either speed or jump_seconds.")
        with self._world.lock:
            if "speed" in order:
                try:
                    self._world.clock.set_speed(_number(order, "speed", 0, math.inf))
                except ValueError as error:
                    raise _Refused(400, f"{error}.") from error
            else:
                self._world.clock.jump(_number(order, "jump_seconds", 0, MOST_JUMP_S))
                self._world.catch_up()
        return self._state()

    def _endpoint(self, name: str, order: dict[str, Any]) -> dict[str, Any]:
        _know(order, ("capacity_refused", "fail_deploy", "quota", "profile"))
        if not order:
            raise _Refused(400, "Give at least one of capacity_refused, fail_deploy, quota and profile.")
        fields: dict[str, Any] = {}
        if "fail_deploy" in order:
            if not isinstance(order["fail_deploy"], bool):
                raise _Refused(400, "fail_deploy must be true or false.")
            fields["fail_deploy"] = order["fail_deploy"]
        if "capacity_refused" in order:
            fields["capacity_refused"] = _refusal(order["capacity_refused"])
        if "quota" in order:
            quota = _number(order, "quota", 0, MOST_QUOTA)
            if quota != int(quota):
                raise _Refused(400, "quota must be a whole number of instances.")
            fields["quota"] = int(quota)
        if "profile" in order:
            fields["profile"] = _profile(order["profile"])
        with self._world.lock:
            self._world.catch_up()
            try:
                self._world.fleet.inject(name, **fields)
            except (AwsError, KeyError) as error:
                raise _Refused(404, f"There is no endpoint named {name!r}.") from error
        return {"endpoint": name, "applied": order}


def _refusal(given: Any) -> bool | list[str]:
    """Whether, or of which instance types, AWS has no capacity."""
    if isinstance(given, bool):
        return given
    if isinstance(given, list) and all(isinstance(each, str) for each in given):
        return given
    raise _Refused(400, 'capacity_refused must be true, false, or a list of types like ["ml.g5.xlarge"].')


def _profile(given: Any) -> tuple[float, float, float] | None:
    """(least seconds, most seconds, error rate) of a request; None ends what was set before."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise _Refused(400, 'profile must be like {"seconds": [12, 40], "error_rate": 0.05}, or null.')
    _know(given, ("seconds", "error_rate"))
    seconds = given.get("seconds")
    if not isinstance(seconds, list) or len(seconds) != 2:
        raise _Refused(400, "profile.seconds must be [least, most].")
    low, high = (_number({"profile.seconds": each}, "profile.seconds", 0, MOST_SECONDS) for each in seconds)
    if low > high:
        raise _Refused(400, "profile.seconds must be [least, most], the least first.")
    return low, high, _number({"error_rate": given.get("error_rate", 0)}, "error_rate", 0, 1)


def _number(order: dict[str, Any], name: str, least: float, most: float) -> float:
    value = order[name]
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not fits or not least <= value <= most:
        span = f"of at least {least:g}" if most == math.inf else f"between {least:g} and {most:g}"
        raise _Refused(400, f"{name} must be a number {span}.")
    return float(value)


def _instant(query: dict[str, list[str]], name: str) -> float:
    """Epoch seconds of an ISO instant in the query; without an offset it is UTC."""
    text = query.get(name, [""])[-1]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused(400, f"{name} must be an instant like 2026-11-20T14:00:00Z.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _know(order: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in order:
        if name not in names:
            raise _Refused(400, f"{name!r} is not known here. Known: {', '.join(names)}.")


def _expect(method: str, wanted: str) -> None:
    if method != wanted:
        raise _Refused(405, f"This path answers {wanted} only.")


def _read(environ: dict[str, Any], body: bytes | None) -> dict[str, Any]:
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        raise _Refused(415, "Send JSON with Content-Type: application/json.")
    if body is None:
        raise _Refused(400, f"The body must have at most {MOST_BYTES} bytes.")
    try:
        order = json.loads(body)
    except ValueError as error:
        raise _Refused(400, "The body is not JSON.") from error
    if not isinstance(order, dict):
        raise _Refused(400, "The body must be a JSON object.")
    return order


def _is_loopback(host: str) -> bool:
    """Whether the request was meant for this machine; else a web page's own name leads here."""
    return host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost")
