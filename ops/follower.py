"""Open requests followed to their end: messages of their topics, and what lies at their output and failure locations.

Where Ebb's own queue hears the topics, its messages tell first and polling is a slow net below it. A result is
found by listing the folder of its batch, so that five hundred requests take one call. Nothing is concluded from
silence before the last moment of a request (its time to live and its timeout) has passed and both places were seen.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ops import clock
from ops.aws import objects, requests
from ops.aws.calls import Reading
from ops.core import request_seen as seen_rules
from ops.core.errors import CredentialsProblem, Denied, OpsError, Throttled, UnknownEndpoint, Unreachable
from ops.core.request_seen import EndpointSeen, Message, ObjectSeen
from ops.core.requests import Sent
from ops.core.types import Problem
from ops.sender import FOLDER
from ops.store.ledger import Ledger

log = logging.getLogger(__name__)

LOOKS_S = (2.0, 30.0)
"""The first and the longest pause between two looks at the places of one batch."""
NET_S = 60.0
"""The pause where messages tell of its requests."""
QUEUE_KNOWN_S = 60.0
"""So long a queue is taken to be there, or not, without asking again."""
MESSAGES = 500
"""Taken out of one queue in a step."""
HEADS = 64
"""Single objects that one step looks for."""
LISTED = 2
"""So many requests of one folder are looked for by a list of it rather than one by one."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What is known of endpoints. None: not known now."""

    seen: Callable[[str], EndpointSeen | None]
    topics: Callable[[str], tuple[str, ...]]
    """Those that may be heard."""
    expired: Callable[[str, datetime], float | None]
    """How many requests an endpoint dropped about a moment."""
    installation: Callable[[], str]
    """Whose queues are Ebb's own."""


@dataclass(slots=True)
class _Look:
    due: float
    pause: float


@dataclass(slots=True)
class _Found:
    """What one step has seen, by request."""

    ends: dict[str, Sent] = field(default_factory=dict)
    looked: set[str] = field(default_factory=set)
    """Requests of which both places were looked at."""


class Follower:
    """Thread-safe: one step at a time. `problems` tells what could not be looked at in the last steps."""

    def __init__(
        self,
        reading: Callable[[], Reading],
        ledger: Ledger,
        sources: Sources,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._reading = reading
        self._ledger = ledger
        self._sources = sources
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._looks: dict[str, _Look] = {}
        self._headed: dict[str, float] = {}
        self._queues: dict[str, tuple[float, requests.Queue | None]] = {}
        self._problems: dict[str, Problem] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems.values())

    def forget_queue(self, endpoint: str) -> None:
        """Ask again whether there is a queue."""
        self._queues.pop(endpoint, None)

    def step(self, *, everything: bool = False) -> int:
        """Look once; how many requests are still open. `everything`: also for those that are not due yet.

        Raises OpsError where the ledger cannot be used or AWS is away; another look does no harm.
        """
        with self._lock:
            self._drain_idle()
            waiting = self._ledger.open_requests()
            if not waiting:
                self._looks.clear()
                self._headed.clear()
                return 0
            reading = self._reading()
            names = sorted({sent.endpoint for sent in waiting})
            heard = {name: self._hear(reading, name) for name in names}
            waiting = self._ledger.open_requests() if any(heard.values()) else waiting
            due = [
                group
                for batch, group in _by_batch(waiting).items()
                if self._is_due(batch, self._queue(reading, group[0].endpoint) is not None) or everything
            ]
            if not due:
                return len(waiting)
            found = _Found()
            self._problems.pop("results", None)
            for group in due:
                self._look(reading, group, found)
            self._conclude(reading, waiting, found)
            ended = sum(sent.final for sent in self._ledger.update(found.ends.values()))
            return len(waiting) - ended

    # -- messages --------------------------------------------------------------------------------------

    def _queue(self, reading: Reading, endpoint: str) -> requests.Queue | None:
        """Ebb's own queue that hears at least one topic of the endpoint; None where there is none."""
        at, known = self._queues.get(endpoint, (float("-inf"), None))
        if self._monotonic() - at < QUEUE_KNOWN_S:
            return known
        queue = None
        part = f"the queue of {endpoint}"
        try:
            topics = self._sources.topics(endpoint)
            if topics:
                queue = requests.find_queue(reading, self._sources.installation(), endpoint, topics)
            self._problems.pop(part, None)
        except (CredentialsProblem, Unreachable, Throttled):
            raise
        except UnknownEndpoint:  # deleted since: its results are in S3 all the same
            self._problems.pop(part, None)
        except OpsError as error:
            self._problems[part] = _problem(part, error)
        queue = queue if queue is not None and queue.topics else None
        self._queues[endpoint] = (self._monotonic(), queue)
        return queue

    def _hear(self, reading: Reading, endpoint: str) -> int:
        """Take what the queue of an endpoint holds; how many requests ended by it."""
        queue = self._queue(reading, endpoint)
        if queue is None:
            return 0
        part = f"the queue of {endpoint}"
        ended = taken = 0
        try:
            while taken < MESSAGES:
                given = requests.receive(reading, queue.url)
                if not given:
                    break
                taken += len(given)
                messages = [m for m in (seen_rules.message_of(body) for _, body in given) if m is not None]
                ended += self._note(messages)
                requests.delete(reading, queue.url, (receipt for receipt, _ in given))
        except (CredentialsProblem, Unreachable, Throttled):
            raise
        except OpsError as error:
            self._problems[part] = _problem(part, error)
            self.forget_queue(endpoint)
        return ended

    def _note(self, messages: Sequence[Message]) -> int:
        """Write what messages say of Ebb's own requests; those of others are nobody's business here."""
        if not messages:
            return 0
        kept: dict[str, list[Sent]] = {}
        for sent in self._ledger.of_inference_ids(m.inference_id for m in messages):
            kept.setdefault(sent.inference_id, []).append(sent)
        ends = [
            seen_rules.with_message(ours, message)
            for message in messages
            if (ours := seen_rules.whose(message, kept.get(message.inference_id, ()))) is not None
        ]
        return sum(end.final for end in self._ledger.update(ends))

    def _drain_idle(self) -> None:
        """Queues that were found go on to be emptied while nothing is open: others send to the endpoint, too."""
        idle = [name for name, (at, queue) in self._queues.items() if queue and self._old(at)]
        for name in idle:
            self._hear(self._reading(), name)

    def _old(self, at: float) -> bool:
        return self._monotonic() - at >= QUEUE_KNOWN_S

    # -- places ----------------------------------------------------------------------------------------

    def _is_due(self, batch: str, told: bool) -> bool:
        now = self._monotonic()
        look = self._looks.get(batch)
        if look is None:
            self._looks[batch] = _Look(now + LOOKS_S[0], LOOKS_S[0])
            return True
        if now < look.due:
            return False
        look.pause = NET_S if told else min(LOOKS_S[1], look.pause * 1.5)
        look.due = now + look.pause
        return True

    def _look(self, reading: Reading, group: Sequence[Sent], found: _Found) -> None:
        """Results by a list of the batch's folder where several are awaited, else one by one; then failures."""
        left = [sent for sent in group if sent.output_uri or sent.failure_uri]
        folders: dict[str, list[Sent]] = {}
        single: list[Sent] = []
        for sent in left:
            folder, _, _ = sent.output_uri.rpartition("/")
            own = folder.endswith(f"/{FOLDER}/{sent.batch}")
            (folders.setdefault(f"{folder}/", []) if own else single).append(sent)
        checked: set[str] = {sent.id for sent in single if not sent.output_uri}
        for folder, awaited in folders.items():
            if len(awaited) < LISTED:
                single += awaited
                continue
            listed = self._list(reading, folder)
            if listed is None:
                single += awaited
                continue
            for sent in awaited:
                checked.add(sent.id)
                if sent.output_uri in listed:
                    found.ends[sent.id] = seen_rules.with_output(sent, listed[sent.output_uri])
        heads = self._oldest([s for s in single if s.output_uri], HEADS)
        for sent, seen in zip(heads, self._heads(reading, [s.output_uri for s in heads]), strict=True):
            if isinstance(seen, ObjectSeen):
                found.ends[sent.id] = seen_rules.with_output(sent, seen)
            elif seen is None:
                checked.add(sent.id)
        failing = [s for s in left if s.id in checked and s.id not in found.ends]
        found.looked |= {s.id for s in failing if not s.failure_uri}
        chosen = self._oldest([s for s in failing if s.failure_uri], HEADS)
        for sent, seen in zip(chosen, self._heads(reading, [s.failure_uri for s in chosen]), strict=True):
            if isinstance(seen, ObjectSeen):
                found.ends[sent.id] = seen_rules.with_failure(sent, self._text(reading, seen))
            elif seen is None:
                found.looked.add(sent.id)

    def _oldest(self, given: Sequence[Sent], most: int) -> list[Sent]:
        """Those that were not looked for the longest, noted as looked for now."""
        chosen = sorted(given, key=lambda s: (self._headed.get(s.id, 0.0), s.id))[:most]
        now = self._monotonic()
        self._headed.update((sent.id, now) for sent in chosen)
        return chosen

    def _list(self, reading: Reading, folder: str) -> Mapping[str, ObjectSeen] | None:
        """What lies in a folder by address; None where it cannot be listed: objects are looked for one by one."""
        try:
            return {each.uri: each for each in objects.under(reading, folder)}
        except (CredentialsProblem, Unreachable, Throttled):
            raise
        except OpsError as error:
            log.info("Folder %s: %s", folder, error.what)
            return None

    def _heads(self, reading: Reading, uris: Iterable[str]) -> list[ObjectSeen | Problem | None]:
        """Objects in the order of their addresses: there, not there, or why that is not known."""

        def one(uri: str) -> ObjectSeen | Problem | None:
            try:
                return objects.head(reading, uri)
            except (CredentialsProblem, Unreachable, Throttled):
                raise
            except OpsError as error:
                return _problem("results in S3", error)

        answers = reading.each(one, uris)
        wrong = next((a for a in answers if isinstance(a, Problem)), None)
        if wrong is not None:
            self._problems["results"] = wrong
        return answers

    def _text(self, reading: Reading, seen: ObjectSeen) -> ObjectSeen:
        """A failure object with its beginning; without it where it cannot be read."""
        try:
            text = objects.read(reading, seen.uri).content.text
        except OpsError as error:
            log.info("Failure object %s: %s", seen.uri, error.what)
            return seen
        return ObjectSeen(seen.uri, seen.modified, seen.size, text)

    def _now(self, reading: Reading) -> datetime:
        """AWS's time off the newest answer; asked for where nothing was asked in this step."""
        try:
            return reading.now
        except OpsError:
            reading.ask("sts", "GetCallerIdentity")
            return reading.now

    # -- conclusions -----------------------------------------------------------------------------------

    def _conclude(self, reading: Reading, waiting: Iterable[Sent], found: _Found) -> None:
        """The state of what has no end yet: that of its endpoint, or that its time has run out."""
        now = self._now(reading)
        known: dict[str, EndpointSeen | None] = {}
        for sent in waiting:
            if sent.id in found.ends:
                continue
            if sent.endpoint not in known:
                known[sent.endpoint] = self._sources.seen(sent.endpoint)
            seen = known[sent.endpoint]
            fresh = sent if seen is None else seen_rules.with_endpoint(sent, seen)
            placeless = not sent.output_uri and not sent.failure_uri
            if now >= sent.expires + seen_rules.METRIC_LAG and (sent.id in found.looked or placeless):
                expired = self._sources.expired(sent.endpoint, sent.expires)
                fresh = seen_rules.at_its_time(fresh, now, expired, None if seen is None else seen.current)
            if fresh != sent:
                found.ends[sent.id] = fresh


def _by_batch(waiting: Iterable[Sent]) -> Mapping[str, list[Sent]]:
    groups: dict[str, list[Sent]] = {}
    for sent in waiting:
        groups.setdefault(sent.batch, []).append(sent)
    return groups


def _problem(part: str, error: OpsError) -> Problem:
    action = error.action if isinstance(error, Denied) else ""
    return Problem(part, error.what, error.hint, action, error.retryable)
