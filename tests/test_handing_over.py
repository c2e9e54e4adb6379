"""What happened between two visits, from a living endpoint: its cold starts, its deploys, its state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ops import clock as clocks
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.changes import ChangeLog
from ops.core.since import GAP, Since
from ops.episodes import Episodes
from ops.gather import Gatherer
from ops.handing_over import since_of
from ops.held import Held
from ops.store.history import History, Scope
from ops.visits import Visits
from tests.living import TUESDAY, Hand, console_at
from tests.small_worlds import NAME, small

AWAY = timedelta(hours=3)


class Wall:
    """The viewer's clock in the test's hands."""

    def __init__(self) -> None:
        self.at = datetime.fromtimestamp(TUESDAY, UTC)

    def __call__(self) -> datetime:
        return self.at


def test_the_second_visit_hears_of_cold_starts_and_deploys_and_the_third_only_of_its_own_time() -> None:
    wall = Wall()
    with small(1.0) as (server, clock), console_at(server.url) as console:
        history = History.open("sqlite://", Scope("embedded", "1", "us-east-1"))
        session = AwsSession(Where("embedded", "us-east-1", server.url, loopback=True))
        gatherer = Gatherer(console.connection(), clocks.now, history)
        visits, episodes, hand = Visits(Held(history), wall), Episodes(gatherer), Hand()
        log = ChangeLog("embedded", gatherer.past.history, hand)

        def look() -> Since | None:
            reading = Reading(session)
            gatherer.read(reading, everything=True)
            while episodes.step(reading):
                pass
            assert gatherer.now is not None
            hand.at += 3600
            while log.look_up(Reading(session), gatherer.now, {}) == 0.0:
                pass
            state = gatherer.state()
            return since_of("jane", state.fleet(), visits, log, episodes, state)

        def later() -> None:
            wall.at += AWAY
            clock.jump(AWAY.total_seconds())
            with server.world.lock:
                server.world.catch_up()

        assert look() is None
        later()
        request = {"endpointName": NAME, "endpointConfigName": "doc-2"}
        server.world.trail.add(
            "UpdateEndpoint", "sagemaker.amazonaws.com", clock.now() - 600, "jane", request
        )
        second = look()
        assert second is not None
        assert second.at == datetime.fromtimestamp(TUESDAY, UTC)
        assert [news.text for news in second.news] == [
            "1 deploy by jane (doc)",
            "2 cold starts",
        ]  # each 90 minutes
        wall.at += GAP / 2
        assert look() == second
        later()
        third = look()
        assert third is not None
        assert third.at > second.at
        assert [news.text for news in third.news] == ["2 cold starts"]
        session.close()
        history.close()
