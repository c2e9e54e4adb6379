"""When in the week a candidate's cold starts happen: counted for the calendar of cold starts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo

from ops.core.cold_start_stats import HourOfWeek


def hours_of_week(at: Sequence[datetime], zone: tzinfo) -> tuple[HourOfWeek, ...]:
    """All 168 hours of the week in `zone`, each with its number of cold starts."""
    local = [each.astimezone(zone) for each in at]
    counts = Counter((each.weekday(), each.hour) for each in local)
    return tuple(HourOfWeek(day, hour, counts[(day, hour)], None) for day in range(7) for hour in range(24))
