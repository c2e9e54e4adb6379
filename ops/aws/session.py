"""One boto3 session per process and AWS: lazy clients, a fast timestamp parser, a check and a count of every call.

A call that is not in the table of calls (`ops.core.permissions`) is refused before anything is signed or sent, whoever
makes it: `Reading.ask`, a transfer of a file, or a signed address.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp

from ops.aws.assumed import AssumedRole
from ops.aws.codes import NoCodes
from ops.core.permissions import Undeclared, insist

THREADS = 8
_DUMMY = "ebb-local"
_OF_A_PROFILE = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
"""Keys in the environment would go before its profile."""
_BENEATH = "sts, beneath the role"
_ONCE = ("sagemaker-runtime",)
"""Never tried twice by itself: InvokeEndpointAsync is not idempotent, and a lost answer may be a request taken."""
HOME = {
    "pricing": "us-east-1",
    "ce": "us-east-1",
}  # served in a few regions only, whatever region is looked at


CALLS = logging.getLogger("ops.calls")
"""Every call at DEBUG as "service:Operation", before it is made; one that is refused here at ERROR."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(url: str | None) -> bool:
    """Whether an address leads to this machine."""
    return url is not None and urlsplit(url).hostname in LOOPBACK


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a connection and for an answer; how often one call is tried in all."""

    connect_s: float = 5.0
    read_s: float = 20.0
    attempts: int = 4


LOCAL = Patience(connect_s=3.0, read_s=20.0, attempts=2)
"""With what runs on this machine."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which AWS is meant. `kind` is "embedded" or "aws"; a loopback address needs no credentials."""

    kind: str
    region: str | None
    endpoint_url: str | None = None
    profile: str | None = None
    loopback: bool = False
    writable: bool = False
    why_read_only: str = ""
    patience: Patience = field(default_factory=Patience)
    own_endpoints: bool = False
    """Whether AWS's own addresses are meant, whatever AWS_ENDPOINT_URL says: that is another console's."""
    role_arn: str | None = None
    """A role to assume with the credentials that would be used otherwise: all calls are made as that role."""
    external_id: str | None = None
    """What the role's trust policy may ask for (sts:ExternalId). Without a role it means nothing."""


class AwsSession:
    """Clients of one AWS. Thread-safe; raises botocore's own errors (ops.aws.calls translates them)."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._calls: Counter[str] = Counter()
        self._metrics = 0
        self._session: Any = None
        self._role = AssumedRole(where.role_arn, where.external_id, self._sts) if where.role_arn else None
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="aws")

    @property
    def pool(self) -> ThreadPoolExecutor:
        return self._pool

    def client(self, service: str) -> Any:
        """The client of one service, made when first asked for."""
        with self._lock:
            found = self._clients.get(service)
            if found is None:
                found = self._clients[service] = self._make(service)
            return found

    def region(self) -> str | None:
        """The region asked for, else the one of the profile."""
        with self._lock:
            return self.where.region or self._boto().region_name

    def environment(self) -> dict[str, str]:
        """What a process that asks the same AWS for us needs to do so with the same credentials; empty: take it away.

        Raises botocore's own errors. A role's credentials end: it is for what is done soon.
        """
        if self._role is None:
            return _OF_A_PROFILE | {"AWS_PROFILE": self.where.profile} if self.where.profile else {}
        with self._lock:
            session = self._boto()
        keys = session.get_credentials().get_frozen_credentials()
        found = (keys.access_key, keys.secret_key, keys.token)
        return {"AWS_PROFILE": ""} | dict(zip(_OF_A_PROFILE, found, strict=True))

    def calls(self) -> Mapping[str, int]:
        """Requests sent so far, repeats included, by "service:Operation"."""
        with self._lock:
            return dict(self._calls)

    def asked_metrics(self, number: int) -> None:
        """Count metrics that one GetMetricData call asks for: AWS bills these one by one."""
        with self._lock:
            self._metrics += number

    def metrics(self) -> int:
        """Metrics asked for so far."""
        with self._lock:
            return self._metrics

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _boto(self) -> Any:
        if self._session is None:
            self._session = _boto_session(self.where, self._role)
        return self._session

    def _sts(self) -> Any:
        """What assumes the role, with the credentials beneath it."""
        with self._lock:
            found = self._clients.get(_BENEATH)
            if found is None:
                found = self._clients[_BENEATH] = self._make("sts", _boto_session(self.where, None))
            return found

    def _make(self, service: str, beneath: Any = None) -> Any:
        where, patience = self.where, self.where.patience
        attempts = 1 if service in _ONCE else patience.attempts
        config = Config(
            connect_timeout=patience.connect_s,
            read_timeout=patience.read_s,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=THREADS * 2,
            proxies={} if where.loopback else None,
            user_agent_extra="ebb",
            ignore_configured_endpoint_urls=where.own_endpoints or None,
            signature_version="s3v4" if service == "s3" else None,  # also of signed addresses
            s3={"addressing_style": "path"}
            if where.loopback
            else None,  # a bucket is no host of this machine
        )
        client = (beneath or self._boto()).client(
            service,
            region_name=HOME.get(service, where.region),
            endpoint_url=where.endpoint_url,
            config=config,
        )
        # the first event of a call, and the only one that signing an address has, too
        client.meta.events.register_first("provide-client-params", _checker(service))
        client.meta.events.register("before-send", self._counter(service))
        if self._role is not None and beneath is None:
            self._role.watch(client.meta.events)
        return client

    def _counter(self, service: str) -> Callable[..., None]:
        def count(event_name: str, **_: object) -> None:
            with self._lock:
                self._calls[f"{service}:{event_name.rpartition('.')[2]}"] += 1

        return count


def _checker(service: str) -> Callable[..., None]:
    def check(event_name: str, **_: object) -> None:
        operation = event_name.rpartition(".")[2]
        try:
            insist(service, operation)
        except Undeclared as error:
            CALLS.error("%s:%s", service, operation, exc_info=error)
            raise
        CALLS.debug("%s:%s", service, operation)

    return check


def as_utc(value: float | int | str) -> datetime:
    """A wire timestamp as an aware UTC datetime: some 40 times faster than botocore's own on numbers."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    parsed: datetime = parse_timestamp(value)
    return parsed.astimezone(UTC)


def _boto_session(where: Where, role: AssumedRole | None) -> Any:
    """With the credentials of the role; without one, those of the profile or of the default chain."""
    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = (
        botocore.session.Session(session_vars=nothing)
        if where.loopback
        else botocore.session.Session(profile=where.profile)
    )
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=as_utc)
    if role is not None:
        session.register_component("credential_provider", role)
    elif where.loopback:
        session.set_credentials(_DUMMY, _DUMMY)
    else:
        session.get_component("credential_provider").insert_before("assume-role", NoCodes(session))
    return boto3.Session(botocore_session=session, region_name=where.region if where.loopback else None)
