"""What is asked of endpoints, inputs and the ledger on behalf of requests, and who may send."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from ops import clock, cold_views
from ops.aws import objects
from ops.aws.calls import Reading
from ops.core import metrics
from ops.core.ahead import NOTHING, Ahead, ahead
from ops.core.change import Actor
from ops.core.errors import BadInput, Denied, OpsError
from ops.core.permissions.places import INPUTS
from ops.core.request_seen import EndpointSeen
from ops.core.requests import MOST_PAYLOAD, Sent
from ops.core.types import Endpoint, Window
from ops.core.views import EndpointView
from ops.on_record import Attempt, on_record
from ops.opened import Opened
from ops.store.ledger import Ledger

LOOK = timedelta(hours=1)
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


class RequestSources(Opened):
    """What `ops.sending_console` builds on."""

    def _ledger(self) -> Ledger:
        return self.records().ledger()

    def _on_record(
        self, actor: Actor, endpoint: str, kind: str, title: str, *, writes: bool = True
    ) -> AbstractContextManager[Attempt]:
        """What is done inside goes into the journal; raises ReadOnly for who may not."""
        records, connection = self.records(), self.connection()
        return on_record(
            records, connection, actor, endpoint, kind, title, self._told_now(self._reading()), writes=writes
        )

    def _told_now(self, reading: Reading) -> datetime:
        reading.ask("sts", "GetCallerIdentity")
        return reading.now

    def _last_now(self, rows: Sequence[Sent]) -> datetime:
        """AWS's time as last read, and never before what the rows tell of."""
        known = [t for s in rows for t in (s.planned, s.sent, s.ended) if t is not None]
        last = self._gatherer().now
        return max([*known, *([last] if last is not None else [])], default=clock.now())

    def _async(self, reading: Reading, name: str) -> Endpoint:
        endpoint = self._endpoint(reading, name)
        if not endpoint.is_async:
            raise BadInput(
                f"{name} is not an asynchronous endpoint.", "Ebb sends to asynchronous ones alone."
            )
        return endpoint

    def _endpoint(self, reading: Reading, name: str) -> Endpoint:
        gatherer = self._gatherer()
        if not gatherer.knows(name):
            gatherer.look(reading, name)
        found = next((e for e in gatherer.endpoints() if e.ref.name == name), None)
        if found is None or not found.described:
            raise Denied("sagemaker:DescribeEndpoint", f"AWS does not let Ebb describe {name}.")
        return found

    def _check_input(self, reading: Reading, uri: str) -> None:
        """Raises BadInput where it is certain that AWS cannot use the input; where Ebb may not look it goes on."""
        try:
            found = objects.head(reading, uri)
        except Denied:
            return
        if found is None:
            raise BadInput(f"There is no object at {uri}.", "Upload it first, or correct its address.")
        if found.size > MOST_PAYLOAD:
            raise BadInput(
                f"The object at {uri} is larger than 1 GB.", "SageMaker takes no larger one: split it."
            )

    def _input_place(self, reading: Reading, name: str, filename: str, bucket: str) -> str:
        endpoint = self._async(reading, name)
        path = endpoint.async_config.output_path if endpoint.async_config is not None else None
        chosen = bucket or (path or "").removeprefix("s3://").partition("/")[0]
        if not chosen:
            raise BadInput(
                f"{name} has no output path, so there is no bucket to upload to.", "Name a bucket."
            )
        plain = _PLAIN.sub("-", filename.rpartition("/")[2]).strip(".-")[-100:] or "input"
        return f"s3://{chosen}/{INPUTS}/{name}/{self._told_now(reading):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}-{plain}"

    def _estimate(
        self, endpoint: Endpoint, number: int, before: Ahead, view: EndpointView | None
    ) -> tuple[Decimal | None, str]:
        """Dollars for so many requests at the time that they took lately, and what that rests on.

        `before`: what its state adds, a start and the idle time after it.
        """
        took = view.metrics.get(metrics.MODEL_LATENCY.key).values if view is not None else np.empty(0)
        unknown = not took.size or bool(np.isnan(took).all())
        if not endpoint.kinds or (unknown and not before.paid_s):
            return None, "How long a request takes is not known from the last three hours."
        price, _ = self._prices.quote(endpoint.ref.region, endpoint.kinds[0])
        if price is None:
            return None, f"There is no list price of {endpoint.kinds[0]}."
        if unknown:
            usd = price.usd_per_hour * Decimal(str(before.paid_s / 3600.0))
            return (
                usd,
                "The work comes on top: how long a request takes is not known from the last three hours.",
            )
        mean_s = float(np.nanmean(took)) / 1e6
        asynchronous = endpoint.async_config
        at_once = (asynchronous.max_concurrent if asynchronous is not None else None) or 1
        usd = price.usd_per_hour * Decimal(str((mean_s * number / at_once + before.paid_s) / 3600.0))
        basis = f"{mean_s:.0f} s each as in the last three hours, {at_once} at once"
        return usd, basis if before.paid_s else f"{basis}; idle time not counted"

    def _ahead(self, name: str, ttl_s: float) -> Ahead:
        """What its state means for a request that is sent now, by what was read last; else nothing."""
        try:
            state = self._gatherer().state()
            seen, verdict, _ = state.judged(name)
            return ahead(seen, verdict, cold_views.waking(state, name).kept, ttl_s)
        except OpsError:
            return NOTHING

    def _viewed(self, name: str, span: timedelta | Window) -> EndpointView | None:
        """A view of one endpoint after what is due of it was read; None where that cannot be told."""
        gatherer, reading = self._gatherer(), self._reading()
        try:
            gatherer.look(reading, name)
            gatherer.complete(reading, name, span)
            return gatherer.state().endpoint(name, span)
        except OpsError:
            return None

    def _topics(self, name: str) -> tuple[str, ...]:
        found = self._endpoint(self._reading(), name).async_config
        topics = (found.success_topic, found.error_topic) if found is not None else ()
        return tuple(dict.fromkeys(topic for topic in topics if topic))

    def _heard(self, name: str) -> tuple[str, ...]:
        """The topics that Ebb hears through its queue; none where it may not take messages out of one."""
        return self._topics(name) if self.connection().writable else ()

    def _installation(self) -> str:
        """What tells this Ebb's own queues from those of others: made once, the same for all who share its records."""
        return str(json.loads(self.records().settled("installation", json.dumps(secrets.token_hex(3)))))

    def _seen(self, name: str) -> EndpointSeen | None:
        view = self._viewed(name, LOOK)
        if view is None:
            return None
        oldest = view.metrics.get(metrics.OLDEST.key)
        known = np.flatnonzero(~np.isnan(oldest.values))
        at = oldest.window.start + timedelta(seconds=60 * (int(known[-1]) + 1)) if known.size else None
        return EndpointSeen(view.as_of, view.row.verdict.state, view.row.endpoint.current, oldest.last(), at)

    def _expired(self, name: str, at: datetime) -> float | None:
        """Requests that were dropped within a minute or two of a moment; None where that was not read."""
        begin = at.replace(second=0, microsecond=0) - timedelta(minutes=1)
        view = self._viewed(name, Window(begin, begin + timedelta(minutes=4)))
        if view is None or metrics.EXPIRED.key in view.unread:
            return None
        return metrics.total(view.metrics.get(metrics.EXPIRED.key), begin.timestamp())
