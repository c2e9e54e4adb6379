"""The order of the fleet, and what is known of the scaling of an endpoint with several variants."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core import wake
from ops.core.doctor import Case, examine
from ops.core.types import EndpointState, MetricSet, Severity, Verdict
from ops.judging import Scaling, seen_of, trouble_first, verdict_of
from tests.components.samples import fleet
from tests.core.doctor.cases import ASLEEP
from tests.core.observed import NOW, RECENT, ZERO_TO_EIGHT


def test_what_costs_only_money_stands_after_what_holds_requests_up() -> None:
    row = fleet().rows[0]
    told = [
        ("a", EndpointState.ASLEEP, Severity.OK),
        ("b", EndpointState.IDLE_PAID, Severity.WARNING),
        ("z", EndpointState.FAILING, Severity.WARNING),
        ("c", EndpointState.SLOW, Severity.WARNING),
        ("y", EndpointState.WAKE_STUCK, Severity.CRITICAL),
    ]
    rows = [
        replace(
            row,
            endpoint=replace(row.endpoint, ref=replace(row.endpoint.ref, name=name)),
            verdict=Verdict(state, severity, "Said."),
        )
        for name, state, severity in told
    ]
    assert [r.endpoint.ref.name for r in sorted(rows, key=trouble_first)] == ["y", "c", "z", "b", "a"]


@pytest.mark.parametrize(
    ("others", "targets", "code"),
    [
        ((), (), "no-scaling-target"),
        (("green",), (), "no-scaling-target"),
        (("green",), ("green",), None),
        (("green",), ("AllTraffic", "green"), "no-scaling-policy"),
        (("green",), ("gone",), "no-scaling-target"),
    ],
)
def test_where_another_variant_is_scaled_the_first_is_not_called_unscaled(
    others: tuple[str, ...], targets: tuple[str, ...], code: str | None
) -> None:
    at = replace(ASLEEP, other_variants=others)
    registered = {replace(at.ref, variant=name).resource_id: ZERO_TO_EIGHT for name in targets}
    nothing = MetricSet(RECENT)
    seen = seen_of(at, Scaling(targets=registered), (), nothing, nothing, NOW, (), more_activities=False)
    blocked = wake.blocked(seen)
    assert (blocked.code if blocked is not None else None) == code
    found = [f.code for f in examine(Case(seen, verdict_of(seen, ()))).findings]
    assert [f for f in found if f.startswith("no-scaling")] == ([code] if code else [])
