"""What AWS writes down about the past: changes of alarms, log streams and their lines, calls that changed something.

Times are aware UTC datetimes. Source: facts A.7, D, F.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One item of DescribeAlarmHistory. `kind`: StateUpdate, ConfigurationUpdate or Action.

    `before` and `after` are alarm states of a StateUpdate; None where AWS does not tell.
    """

    alarm: str
    at: datetime
    kind: str
    summary: str
    before: str | None = None
    after: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LogStream:
    """One log stream of an endpoint: `<variant>/<instance-id>`, with `/data-log` for the platform's own lines.

    `first` is the time of its oldest event: an upper bound for the moment that its instance was provisioned.
    """

    name: str
    created: datetime
    first: datetime | None
    last: datetime | None

    @property
    def is_data_log(self) -> bool:
        return self.name.endswith("/data-log")

    @property
    def instance(self) -> str:
        """The id of the instance that writes it."""
        parts = self.name.split("/")
        return parts[1] if len(parts) > 1 else self.name


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event of FilterLogEvents."""

    at: datetime
    stream: str
    message: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One call that changed something (CloudTrail LookupEvents): which, when, by whom, to what."""

    id: str
    at: datetime
    operation: str
    """The EventName, for example RegisterScalableTarget."""
    who: str
    """The user or role session as CloudTrail names it."""
    endpoint: str
    what: str
    """What was changed, as a clause: "bounds to 1–4", "a deploy of invoice-parse-12"."""
    error: str = ""
    """The error code where AWS refused it: then nothing changed."""
    by_service: bool = False
    """Whether an AWS service did it on its own, such as Application Auto Scaling."""
    alarm: str = ""
    """The alarm that was set: calls that remove or silence it later do not name its endpoint."""
    request_id: str = ""
    """The id of the request, where the record tells it."""
    config: str = ""
    """The configuration that the endpoint was created with or moved to, where the call was that."""
