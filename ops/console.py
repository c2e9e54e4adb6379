"""The façade: one method per question. Pages (through the collector) and the command line ask here."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType

from ops import clock, which_aws
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.config import Settings
from ops.core.types import Connection, Window
from ops.core.views import EndpointView, FleetView
from ops.gather import Gatherer


class Console:
    """One AWS, one account, one region. Thread-safe; close it or use it in a `with` block.

    Every method raises OpsError when nothing can be told; what cannot be read is a Problem in the view.
    """

    def __init__(self, where: Where) -> None:
        self._session = AwsSession(where)
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._gather: Gatherer | None = None

    @classmethod
    def open(cls, settings: Settings | None = None) -> Console:
        """The console of the AWS that the settings name. Raises OpsError when that AWS is not there."""
        return cls(which_aws.choose(settings if settings is not None else Settings.load()))

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def calls(self) -> Mapping[str, int]:
        """Requests sent to AWS so far, by "service:Operation"."""
        return self._session.calls()

    def connection(self) -> Connection:
        """Which AWS, account and region this is, who asks, and whether changes are possible. Asked once."""
        with self._lock:
            if self._connection is None:
                self._connection = self._identify()
            return self._connection

    def names(self) -> tuple[str, ...]:
        """The names of all endpoints, sorted."""
        return self._gatherer().names(Reading(self._session))

    def fleet(self) -> FleetView:
        """Every endpoint with its state, trouble first."""
        return self._gatherer().fleet(Reading(self._session))

    def endpoint(self, name: str, span: timedelta | Window = timedelta(hours=3)) -> EndpointView:
        """Everything about one endpoint in the last `span` or a window. Raises UnknownEndpoint, BadInput."""
        return self._gatherer().endpoint(Reading(self._session), name, span)

    def _gatherer(self) -> Gatherer:
        connection = self.connection()
        with self._lock:
            if self._gather is None:
                self._gather = Gatherer(connection, clock.now)
            return self._gather

    def _identify(self) -> Connection:
        where = self._session.where
        who = Reading(self._session).ask("sts", "GetCallerIdentity")
        return Connection(
            where.kind,
            str(who.get("Account", "")),
            self._session.region() or "",
            str(who.get("Arn", "")),
            where.endpoint_url,
            where.writable,
            where.why_read_only,
        )
