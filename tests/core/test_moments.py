"""Times in sentences are written out in the zone of whoever reads them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from ops.core import moments
from ops.core.types import EndpointState, Severity, Verdict

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
BERLIN, KOLKATA, LIMA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("America/Lima")


@pytest.mark.parametrize(
    ("when", "zone", "said"),
    [
        (datetime(2026, 11, 22, 13, 41, tzinfo=UTC), UTC, "13:41 UTC"),
        (datetime(2026, 11, 22, 13, 41, tzinfo=UTC), BERLIN, "14:41 CET"),
        (datetime(2026, 11, 21, 23, 30, tzinfo=UTC), BERLIN, "00:30 CET"),  # today there, yesterday in UTC
        (datetime(2026, 11, 21, 22, 30, tzinfo=UTC), UTC, "Sat 22:30 UTC"),
        (datetime(2026, 11, 2, 9, 0, tzinfo=UTC), UTC, "2 Nov 09:00 UTC"),
        (datetime(2026, 10, 2, 9, 0, tzinfo=UTC), BERLIN, "2 Oct 11:00 CEST"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), UTC, "31 Dec 2025 23:30 UTC"),
        (datetime(2026, 11, 22, 13, 0, tzinfo=UTC), LIMA, "08:00 UTC-5"),
        (datetime(2026, 11, 22, 13, 0, tzinfo=UTC), KOLKATA, "18:30 IST"),
    ],
)
def test_moments(when: datetime, zone: tzinfo, said: str) -> None:
    assert moments.moment(when, NOW, zone) == said
    assert (
        moments.written(f"Asleep since {moments.mark(when, NOW)}; fine.", zone)
        == f"Asleep since {said}; fine."
    )


def test_a_verdict_without_marks_is_told_as_it_stands() -> None:
    verdict = Verdict(EndpointState.WARM, Severity.OK, "Warm.", evidence=("one",))
    assert moments.sentence(verdict, BERLIN) == "Warm."
    assert moments.evidence(verdict, BERLIN) == ("one",)
