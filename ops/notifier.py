"""Notices on their way: what each reading of the fleet makes due, remembered, and sent by threads of their own.

What is told is remembered before it is sent: after a crash a notice may be missing, and none comes twice.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from ops import clock, webhook
from ops.config import Settings
from ops.console import Console
from ops.core import notices
from ops.core.errors import OpsError, Unreachable
from ops.core.notices import Memory, Notice, Rules
from ops.core.quiet import parse
from ops.core.types import Connection
from ops.core.views import FleetView
from ops.core.views_notices import Delivery, NoticesView

log = logging.getLogger(__name__)

MEMORY, SENT = "notices", "notices-sent"
"""Where both are kept beside the history."""
PAUSES_S = (2.0, 10.0)
"""Between the attempts to send one notice; after the last one it is given up."""
KEPT = 20
"""Deliveries shown."""
WAITING = 50
"""Notices that wait for one place at most; the oldest go."""
VAIN = 3
"""Readings of the fleet after which what was told is taken for unknown: told twice is better than never."""
STOP_S = 2.0
"""So long the end of the threads is waited for."""
AGAIN_S = 10.0
"""Between two looks whether a topic's place is known by now."""
TEST_S = 10.0
"""A second test so soon is the same click."""


class NotKnownYet(Unreachable):
    """Nobody can say yet who is to send it: it waits, and is not given up."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where notices go; `send` raises OpsError."""

    name: str
    send: Callable[[Console | None, Notice], None]


class Notifier:
    """Thread-safe. `feed` and `test` never wait for a place; `start` begins to send."""

    def __init__(
        self,
        places: Sequence[Place],
        rules: Rules,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._places = tuple(places)
        self._rules = rules
        self._monotonic = monotonic
        self._change = threading.Condition()
        self._queues: dict[str, deque[tuple[int, Notice]]] = {p.name: deque(maxlen=WAITING) for p in places}
        self._deliveries: dict[int, Delivery] = {}
        self._number = 0
        self._memory: Memory | None = None
        self._of: Connection | None = None
        self._console: Console | None = None
        self._now: datetime | None = None
        self._tested_at: float | None = None
        self._kept = True
        self._vain = 0
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> Notifier:
        for place in self._places:
            thread = threading.Thread(
                target=self._run, args=(place,), name=f"notices {place.name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        return self

    def signal(self) -> None:
        """Have the threads end; they are waited for by `stop`."""
        with self._change:
            self._stopping = True
            self._change.notify_all()

    def stop(self, until: float | None = None) -> None:
        """End the threads; what was not sent by then (monotonic) is not sent."""
        self.signal()
        last = clock.monotonic() + STOP_S if until is None else until
        for thread in self._threads:
            thread.join(timeout=max(0.0, last - clock.monotonic()))

    def rest(self) -> None:
        """Another place tells of the same account and region: what was told is looked up anew before the next feed."""
        with self._change:
            self._memory = None

    def feed(self, console: Console, fleet: FleetView) -> None:
        """A new reading of the fleet: what it makes due is remembered and put on its way."""
        with self._change:
            self._console, self._now = console, fleet.as_of
            if not self._recalled(console, fleet.connection):
                return
            before = self._memory or Memory()
        after, notice = notices.step(before, (*fleet.rows, *fleet.realtime), fleet.as_of, self._rules)
        kept = (after == before and self._kept) or console.keep(MEMORY, notices.written(after))
        with self._change:
            self._memory, self._kept = after, kept
            if notice is not None:
                self._send(notice)

    def test(self) -> bool:
        """Put a test notice on its way; False where one was a moment ago."""
        with self._change:
            now = self._monotonic()
            if self._tested_at is not None and now - self._tested_at < TEST_S:
                return False
            self._tested_at = now
            self._send(Notice(self._now or clock.now(), (), test=True, place=self._rules.place))
            return True

    def view(self) -> NoticesView:
        """Where notices go and what became of the newest."""
        rules = self._rules
        with self._change:
            deliveries = tuple(self._deliveries[n] for n in sorted(self._deliveries, reverse=True))
            kept = self._kept
        what = "critical or a warning" if rules.warnings else "critical"
        return NoticesView(
            tuple(p.name for p in self._places),
            f"A notice is sent when the state of an endpoint turns {what}, and when it is calm again.",
            _quiet(rules),
            deliveries,
            "" if kept else "What was told cannot be kept beside the history now: it may be told again.",
        )

    def deliver(self, pause: Callable[[float], object] = lambda seconds: None) -> None:
        """Send all that waits, in the caller's thread; `pause` passes the time between two attempts."""
        for place in self._places:
            while self._next(place) is not None and self._deliver(place, pause):
                pass

    def _recalled(self, console: Console, connection: Connection) -> bool:
        """Know what was told of this AWS; False while that cannot be told. The caller holds the lock."""
        same = self._of is not None and _same(self._of, connection)
        if same and self._memory is not None:
            return True
        found = console.recall(MEMORY)
        if found is None:
            self._vain, self._kept = self._vain + 1, False
            if self._vain < VAIN:
                return False
        self._memory, self._of, self._vain = notices.parsed(found), connection, 0
        shown = {(d.title, d.at.timestamp(), d.place) for d in self._deliveries.values()}
        for delivery in _parsed(console.recall(SENT)):
            if (delivery.title, delivery.at.timestamp(), delivery.place) not in shown:
                self._note(delivery)
        return True

    def _send(self, notice: Notice) -> None:
        """The caller holds the lock."""
        for place in self._places:
            number = self._note(Delivery(notices.title(notice), notice.at, place.name))
            self._queues[place.name].append((number, notice))
        self._change.notify_all()

    def _note(self, delivery: Delivery) -> int:
        self._number += 1
        self._deliveries[self._number] = delivery
        while len(self._deliveries) > KEPT:
            del self._deliveries[min(self._deliveries)]
        return self._number

    def _run(self, place: Place) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._stopping or bool(self._queues[place.name]))
                if self._stopping:
                    return
            self._deliver(place, self._pause)

    def _pause(self, seconds: float) -> None:
        with self._change:
            self._change.wait_for(lambda: self._stopping, seconds)

    def _next(self, place: Place) -> tuple[int, Notice] | None:
        with self._change:
            queue = self._queues[place.name]
            return queue[0] if queue and not self._stopping else None

    def _deliver(self, place: Place, pause: Callable[[float], object]) -> bool:
        """Try the oldest notice that waits for one place, a few times; False where it goes on waiting."""
        waiting = self._next(place)
        if waiting is None:
            return False
        number, notice = waiting
        for attempt, then in enumerate((*PAUSES_S, None), start=1):
            try:
                place.send(self._console, notice)
            except NotKnownYet as error:
                self._became(number, attempts=attempt, error=error.what)
                pause(AGAIN_S)
                return False
            except OpsError as error:
                log.warning("Notice to %s: %s", place.name, error.what)
                last = then is None or not error.retryable
                self._became(
                    number, attempts=attempt, error=f"{error.what} {error.hint}".strip(), given_up=last
                )
                if last or then is None:
                    break
                pause(then)
                if self._stopping:
                    return False
            else:
                self._became(number, attempts=attempt, arrived=True, error="")
                break
        with self._change:
            queue = self._queues[place.name]
            if queue and queue[0][0] == number:
                queue.popleft()
            sent = [self._deliveries[n] for n in sorted(self._deliveries)]
            console = self._console
        if console is not None:
            console.keep(SENT, json.dumps([_plain(d) for d in sent if d.arrived or d.given_up]))
        return True

    def _became(
        self, number: int, *, attempts: int, error: str, arrived: bool = False, given_up: bool = False
    ) -> None:
        with self._change:
            found = self._deliveries.get(number)
            if found is not None:
                self._deliveries[number] = replace(
                    found, attempts=attempts, error=error, arrived=arrived, given_up=given_up
                )


Publisher = Callable[[str, Console | None], Console | None]
"""Of a topic, and of the console with something to tell: the console that publishes it."""


def of(settings: Settings, publisher: Publisher = lambda topic, own: own) -> Notifier | None:
    """The notices that the settings ask for; None where they name no place."""
    zone, base, places = ZoneInfo(settings.notify_zone), settings.url, []
    if settings.notify_topic is not None:
        places.append(_topic(settings.notify_topic, base, zone, publisher))
    if settings.notify_webhook is not None:
        places.append(_webhook(settings.notify_webhook, base, zone))
    quiet = parse(settings.notify_quiet, zone) if settings.notify_quiet else None
    rules = Rules(settings.notify_warnings, quiet, settings.notify_quiet_critical, settings.place or "")
    return Notifier(places, rules) if places else None


def _topic(topic: str, base: str | None, zone: tzinfo, publisher: Publisher) -> Place:
    def send(own: Console | None, notice: Notice) -> None:
        console = publisher(topic, own)
        if console is None:
            raise Unreachable("AWS has not answered yet.", "")
        console.publish(topic, notices.title(notice), notices.text(notice, base, zone))

    return Place(f"SNS topic {topic.rpartition(':')[2]}", send)


def _webhook(url: str, base: str | None, zone: tzinfo) -> Place:
    def send(console: Console | None, notice: Notice) -> None:
        webhook.post(url, notices.document(notice, base, zone))

    return Place(f"webhook {webhook.shown(url)}", send)


def _quiet(rules: Rules) -> str:
    if rules.quiet is None:
        return ""
    if rules.critical_always:
        return f"Quiet from {rules.quiet}, but for what is critical; the rest is told at their end, if it still holds."
    return f"Quiet from {rules.quiet}: what still holds at their end is told then, in one notice."


def _same(one: Connection, other: Connection) -> bool:
    return (one.kind, one.account, one.region, one.world) == (
        other.kind,
        other.account,
        other.region,
        other.world,
    )


def _plain(delivery: Delivery) -> list[object]:
    return [
        delivery.title,
        delivery.at.timestamp(),
        delivery.place,
        delivery.attempts,
        delivery.arrived,
        delivery.error,
    ]


def _parsed(text: str | None) -> list[Delivery]:
    """What was sent before this process; nothing of what cannot be read."""
    try:
        return [
            Delivery(
                str(title),
                datetime.fromtimestamp(float(at), UTC),
                str(place),
                int(n),
                bool(ok),
                str(error),
                not ok,
            )
            for title, at, place, n, ok, error in json.loads(text or "[]")
        ]
    except (ValueError, TypeError):
        return []
