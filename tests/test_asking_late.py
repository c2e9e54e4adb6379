"""Nothing is lost by asking late: however an endpoint was watched, its series are those of a direct reading."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import HealthCheck, Phase, example, given, seed, settings
from hypothesis import strategies as st

from ops.aws import metrics as reader
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core import metrics
from ops.core.types import MetricSet
from tests.living import console_at
from tests.small_worlds import NAME, small

Round = tuple[float, bool, bool, bool]
"""(seconds since the one before, somebody looks at the endpoint, anybody looks at Ebb, gaps are closed)."""
rounds = st.lists(
    st.tuples(
        st.sampled_from([15.0, 60.0, 130.0, 700.0, 3600.0, 5300.0, 6300.0, 5 * 3600.0]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def same(found: MetricSet, direct: MetricSet) -> None:
    """Equal, gaps included; above one minute averages and percentiles are rebuilt, the rest is exact."""
    assert found.window == direct.window
    for key, series in direct.series.items():
        rebuilt = found.window.period > 60 and metrics.CATALOGUE[key].statistic not in (
            "Sum",
            "SampleCount",
            "Maximum",
        )
        mine, theirs = found.get(key).values, series.values
        np.testing.assert_array_equal(np.isnan(mine), np.isnan(theirs), err_msg=f"gaps of {key}")
        if rebuilt and "p90" not in key:
            np.testing.assert_allclose(mine, theirs, rtol=0.02, err_msg=key)
        elif not rebuilt:
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, err_msg=key)


@seed(7)
@settings(
    max_examples=6,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # an example takes a second: a failing one is shown as it is
    suppress_health_check=list(HealthCheck),
)
@given(rounds, st.sampled_from([60, 300]))
@example([(60.0, True, True, False), (7200.0, False, True, False)], 60)
@example([(60.0, True, True, False), (5340.0, True, True, False)], 60)
@example([(60.0, True, True, True), (5 * 3600.0, False, False, True)], 300)
def test_whatever_the_interest_was(course: list[Round], interval: int) -> None:
    with small(1.2, publish_interval=interval) as (server, clock), console_at(server.url) as console:
        for wait, looked, anybody, closing in course:
            clock.jump(wait)
            console.read({NAME} if looked and anybody else set(), anybody=anybody)
            while closing and console.close_gap():
                pass
        clock.jump(3600)
        session = AwsSession(Where("embedded", "us-east-1", server.url, loopback=True))
        for span in (timedelta(hours=3), timedelta(hours=26), timedelta(days=4)):
            console.read({NAME}, anybody=True)
            assert console.look(NAME, span) is None
            found = console.view(NAME, span)
            asked = reader.queries(found.row.endpoint, metrics.CATALOGUE.values(), found.window)
            direct = reader.read(Reading(session), asked, found.window).found[NAME]
            same(found.metrics, direct)
        session.close()
