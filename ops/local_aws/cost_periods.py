"""The time periods of Cost Explorer: what a request asks for, cut into days, months or hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ops.local_aws.bill_lines import HOUR_S, month_of
from ops.local_aws.errors import AwsError, validation

LAG_H = 24
"""What was used less than so many hours ago is not known yet."""
FINAL_H = 5 * 24
"""A month's bill is final so long after its end; until then all of it is estimated."""
MONTHS_BACK = 14
DAYS_BACK = 14
"""Of hourly and resource-level data."""


@dataclass(frozen=True, slots=True)
class Periods:
    """`edges`: epoch hours, one more than there are periods."""

    edges: tuple[int, ...]
    hourly: bool = False

    def text(self, i: int) -> dict[str, str]:
        return {"Start": self._stamp(self.edges[i]), "End": self._stamp(self.edges[i + 1])}

    def estimated(self, i: int, now: float) -> bool:
        """Whether the numbers of a period may still move."""
        return month_of(self.edges[i + 1] - 1)[1] + FINAL_H > now / HOUR_S

    def _stamp(self, hour: int) -> str:
        moment = datetime.fromtimestamp(hour * HOUR_S, UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if self.hourly else f"{moment:%Y-%m-%d}"


def read(given: Mapping[str, str], granularity: str, now: float, *, recent: bool = False) -> Periods:
    """The periods of a TimePeriod, whose end is exclusive. `recent`: data of the last 14 days only.

    Raises AwsError ValidationException for what is no period, DataUnavailableException for what is not kept.
    """
    hourly = granularity == "HOURLY"
    first, last = (_hour(given[name], name, hourly=hourly) for name in ("Start", "End"))
    if first >= last:
        raise validation("Start date (and hour) should be before end date (and hour)")
    today = int(now // 86_400) * 24
    if hourly or recent:
        if first < today - DAYS_BACK * 24:
            what = "Hourly" if hourly else "Resource-level"
            raise AwsError(
                "DataUnavailableException", f"{what} data is available for the last {DAYS_BACK} days only."
            )
    elif first < _months_before(today, MONTHS_BACK):
        raise validation(f"You haven't enabled historical data beyond {MONTHS_BACK} months")
    if last > month_of(today)[1] + 24:
        raise validation("end date past the beginning of next month")
    edges = [first]
    while edges[-1] < last:
        at = edges[-1]
        step = at + 1 if hourly else at + 24 if granularity == "DAILY" else month_of(at)[1]
        edges.append(min(step, last))
    return Periods(tuple(edges), hourly)


def _hour(text: str, name: str, *, hourly: bool) -> int:
    form = "%Y-%m-%dT%H:%M:%SZ" if hourly else "%Y-%m-%d"
    try:
        moment = datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        wanted = "yyyy-MM-ddThh:mm:ssZ" if hourly else "yyyy-MM-dd"
        raise validation(f"{name} time {text} is invalid. Valid format is: {wanted}.") from None
    return int(moment.timestamp()) // HOUR_S


def _months_before(hour: int, count: int) -> int:
    at = month_of(hour)[0]
    for _ in range(count):
        at = month_of(at - 1)[0]
    return at
