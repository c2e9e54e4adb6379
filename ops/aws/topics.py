"""Who hears of results: the subscriptions of the endpoints' own SNS topics. Free to ask, and kept for minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from cachetools import TTLCache

from ops import clock
from ops.aws.calls import Reading
from ops.aws.endpoints import problem_of
from ops.core.doctor import Topic
from ops.core.errors import CredentialsProblem, OpsError, Unreachable
from ops.core.types import Problem

KEEP_S = 180.0
PENDING = "PendingConfirmation"
"""The ARN of a subscription that nobody has confirmed: nothing is delivered to it."""
_MISSING = ("NotFound", "NotFoundException")


class TopicReader:
    """Topics by ARN. Thread-safe; `timer` counts seconds."""

    def __init__(self, timer: Callable[[], float] = clock.monotonic) -> None:
        self._lock = threading.Lock()
        self._kept: TTLCache[str, Topic] = TTLCache(5_000, KEEP_S, timer)

    def some(self, reading: Reading, arns: Iterable[str]) -> tuple[dict[str, Topic], dict[str, Problem]]:
        """These topics by ARN, and what went wrong with those that AWS does not let us read.

        Raises CredentialsProblem, Unreachable.
        """
        asked = tuple(dict.fromkeys(arns))
        answers = dict(zip(asked, reading.each(lambda arn: self._one(reading, arn), asked), strict=True))
        found = {arn: a for arn, a in answers.items() if isinstance(a, Topic)}
        return found, {arn: a for arn, a in answers.items() if isinstance(a, Problem)}

    def _one(self, reading: Reading, arn: str) -> Topic | Problem:
        with self._lock:
            kept = self._kept.get(arn)
        if kept is not None:
            return kept
        try:
            topic = read(reading, arn)
        except (CredentialsProblem, Unreachable):
            raise
        except OpsError as error:
            return problem_of("SNS topics", error)
        with self._lock:
            self._kept[arn] = topic
        return topic


def read(reading: Reading, arn: str) -> Topic:
    """One topic with its subscriptions counted. Raises OpsError."""
    try:
        pages = reading.pages("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=arn)
        arns = [str(s.get("SubscriptionArn", "")) for s in pages]
    except OpsError as error:
        if error.code in _MISSING:
            return Topic(arn, 0, 0, exists=False)
        raise
    pending = arns.count(PENDING)
    return Topic(arn, len(arns) - pending, pending)
