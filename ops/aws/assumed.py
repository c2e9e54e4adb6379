"""Credentials of a role that a session assumes: asked for when first needed, renewed before they end.

botocore's own refreshing credentials do the work. What is theirs to know comes from here: how to assume the role, and
AWS's own time, which the `Date` of its answers tells.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from botocore import exceptions as boto
from botocore.credentials import DeferredRefreshableCredentials

SESSION_NAME = "ebb"
"""Stands in CloudTrail and in what GetCallerIdentity tells, behind the role's name."""
LASTS = timedelta(hours=1)
"""What AssumeRole gives where no duration is asked for; more than that no role that was assumed by a role may have."""
PAUSE_S = 5.0
"""Real seconds for which a refusal is taken as the answer for all who wait for the same credentials."""
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "ExpiredTokenError"})
"""How services say that credentials have ended."""
_BARE = ("400", "HEAD")
"""What botocore makes of that where S3 answers without a word."""
_ROUND, _AGAIN = "ebb-credentials", "ebb-again"
"""In the context of a request: which credentials it was signed with, by their number; that it was sent once more."""
_FAILED = "Refreshing temporary credentials failed"


class _Quiet(logging.Filter):
    """botocore writes a traceback for each failed renewal; whoever asked is told of it already."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(_FAILED)


logging.getLogger("botocore.credentials").addFilter(_Quiet())


class AssumedRole:
    """Where botocore finds the credentials of one session (its component `credential_provider`). Thread-safe."""

    def __init__(self, role_arn: str, external_id: str | None, sts: Callable[[], Any]) -> None:
        """`sts`: the client that assumes the role, made when first needed."""
        self._ask = {"RoleArn": role_arn, "RoleSessionName": SESSION_NAME}
        if external_id is not None:
            self._ask["ExternalId"] = external_id
        self._sts = sts
        self._lock = threading.Lock()
        self._date: tuple[datetime, float] | None = None
        self._round = 0
        self._over = False
        self._failed: tuple[Exception, float] | None = None
        self._credentials = DeferredRefreshableCredentials(self._assume, "assume-role", self._now)

    def load_credentials(self) -> Any:
        """The same credentials for all clients; nothing is asked of AWS yet."""
        return self._credentials

    def watch(self, events: Any) -> None:
        """Learn from the answers that a client gets."""
        events.register("before-sign", self._sign)
        events.register_first("needs-retry", self._again)
        events.register("after-call", self._note)

    def _assume(self) -> dict[str, str]:
        """Raises what botocore raises; the same again for a moment, so that many who wait are one question to AWS."""
        if self._failed is not None and time.monotonic() - self._failed[1] < PAUSE_S:
            raise self._failed[0]
        try:
            answer = self._sts().assume_role(**self._ask)
        except (boto.ClientError, boto.BotoCoreError) as error:
            self._failed = error, time.monotonic()
            raise
        given = answer["Credentials"]
        ends = given["Expiration"].astimezone(UTC)
        date = _date(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
        with self._lock:
            self._failed, self._over = None, False
            self._round += 1
            self._date = (date or ends - LASTS, time.monotonic())
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": ends.isoformat(),
        }

    def _now(self) -> datetime:
        """AWS's time as far as it is known; the end of time where AWS said that these credentials have ended."""
        with self._lock:
            if self._over or self._date is None:
                return datetime.max.replace(tzinfo=UTC)
            date, at = self._date
            return date + timedelta(seconds=time.monotonic() - at)

    def _sign(self, request: Any, **_: object) -> None:
        with self._lock:
            request.context[_ROUND] = self._round

    def _again(
        self, response: tuple[Any, Mapping[str, Any]] | None, request_dict: dict[str, Any], **_: object
    ) -> int | None:
        """Once more at once, with new credentials, where AWS says that these have ended sooner than was known."""
        code = None if response is None else response[1].get("Error", {}).get("Code")
        if code not in EXPIRED and (code, request_dict["method"]) != _BARE:
            return None
        asked = request_dict["context"].pop(_ROUND, None)
        with self._lock:
            if asked is None or request_dict["context"].get(_AGAIN):
                return None
            self._over = self._over or asked == self._round
        request_dict["context"][_AGAIN] = True
        return 0

    def _note(self, parsed: Mapping[str, Any], **_: object) -> None:
        date = _date(parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
        with self._lock:
            if date is not None and self._date is not None and date > self._date[0]:
                self._date = date, time.monotonic()


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None
