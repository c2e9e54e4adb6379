"""Keep warm on a living embedded AWS whose clock is stepped: windows open and close, "until" ends without Ebb."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ops.__main__ import main
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor, Outcome
from ops.core.errors import ReadOnly, Stale
from ops.core.warm_actions import recognised
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.warming import WarmWish
from tests.core.warm_samples import window
from tests.living import error, gated
from tests.small_worlds import NAME, small

BERLIN = ZoneInfo("Europe/Berlin")
ME = Actor("mira", "operator", "command line")
HOUR = 3600.0
"""The world begins on 2026-10-20, a Tuesday, at 14:00 UTC: 16:00 in Berlin."""


class Hands:
    """The clock of an embedded AWS, and what its endpoint does."""

    def __init__(self, server: LocalAws, clock: SimClock, folder: Path) -> None:
        self.server, self.clock, self.folder = server, clock, folder

    def until(self, text: str) -> None:
        """Let time pass until "21 08:05" UTC of October 2026, by the minute."""
        day, hours = text.split()
        hour, minute = hours.split(":")
        end = datetime(2026, 10, int(day), int(hour), int(minute), tzinfo=UTC).timestamp()
        while self.clock.now() < end:
            self.clock.jump(min(60.0, end - self.clock.now()))
            with self.server.world.lock:
                self.server.world.catch_up()

    @property
    def minimum(self) -> int:
        with self.server.world.lock:
            return self.server.world.scaling.targets[f"endpoint/{NAME}/variant/AllTraffic"].bounds.min

    @property
    def instances(self) -> int:
        with self.server.world.lock:
            return self.server.world.fleet.capacity(f"endpoint/{NAME}/variant/AllTraffic")[0]


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[Hands]:
    """An endpoint to which nobody sends anything any more: it sleeps."""
    with small(1.0, every_s=400 * HOUR) as (server, clock):
        found = Hands(server, clock, tmp_path)
        assert (found.minimum, found.instances) == (0, 0)
        yield found


def console(hands: Hands, url: str = "") -> Console:
    return Console.open(Settings(endpoint_url=url or hands.server.url, state_dir=hands.folder))


def wish(*windows: str, **more: object) -> WarmWish:
    return WarmWish(tuple(map(window, windows)), "Europe/Berlin", **more)  # type: ignore[arg-type]


def test_a_window_opens_keeps_an_instance_and_closes_while_ebb_is_away(hands: Hands) -> None:
    with console(hands) as ebb:
        plan = ebb.plan_warm(NAME, wish("mon-fri 08:00-10:00", early=10, off=frozenset({date(2026, 10, 22)})))
        assert plan.kind == "warm"
        assert plan.cost is not None
        assert plan.cost.usd_per_day is not None
        assert plan.cost.usd_per_day > 0
        assert ebb.apply(plan, ME).entry.outcome is Outcome.DONE
    hands.until("21 05:49")
    assert (hands.minimum, hands.instances) == (0, 0)
    hands.until("21 05:51")
    assert hands.minimum == 1
    hands.until("21 06:10")
    assert hands.instances == 1
    hands.until("21 07:59")
    assert (hands.minimum, hands.instances) == (1, 1)
    hands.until("21 08:01")
    assert hands.minimum == 0
    hands.until("21 09:00")
    assert hands.instances == 0
    hands.until("22 07:00")  # a day off opens nothing
    assert (hands.minimum, hands.instances) == (0, 0)
    hands.until("23 06:10")
    assert (hands.minimum, hands.instances) == (1, 1)
    with console(hands) as ebb:
        (view,) = ebb.warm(NAME, BERLIN).plans
        assert view.open_now
        assert view.faults == ()
        assert ebb.drift(NAME) is None  # bounds that its own actions set are nobody's doing


def test_until_ends_with_no_ebb_at_all(hands: Hands) -> None:
    with console(hands) as ebb:
        plan = ebb.plan_keep_warm(NAME, span=timedelta(hours=1))
        receipt = ebb.apply(plan, ME)
        assert receipt.entry.outcome is Outcome.DONE
        assert receipt.missing == ()
    hands.until("20 14:20")
    assert (hands.minimum, hands.instances) == (1, 1)
    hands.until("20 14:59")
    assert hands.minimum == 1
    hands.until("20 15:01")
    assert hands.minimum == 0
    hands.until("20 16:00")
    assert hands.instances == 0
    with console(hands) as ebb:
        assert len(ebb.warm(NAME, BERLIN).spent) == 1
        assert ebb.apply(ebb.plan_warm_clean(NAME), ME).entry.outcome is Outcome.DONE
        assert ebb.setup(NAME).schedules == ()


def test_a_plan_that_is_paused_is_remembered_and_resumed(hands: Hands) -> None:
    with console(hands) as ebb:
        asked = wish("mon-fri 08:00-18:00", holidays="DE-BY", until=date(2027, 3, 31))
        assert ebb.apply(ebb.plan_warm(NAME, asked), ME).entry.outcome is Outcome.DONE
        (before,) = recognised(ebb.setup(NAME).schedules).plans
        hands.until("20 14:10")
        assert hands.minimum == 1  # it was made inside a window
        assert ebb.apply(ebb.plan_warm_paused(NAME, 1), ME).entry.outcome is Outcome.DONE
        assert ebb.setup(NAME).schedules == ()
        assert hands.minimum == 0
        assert ebb.paused_plans(NAME) == (before.plan,)
        (view,) = ebb.warm(NAME, BERLIN).plans
        assert (view.paused, view.open_now) == (True, False)
        assert ebb.apply(ebb.plan_warm_resumed(NAME, 1), ME).entry.outcome is Outcome.DONE
        assert ebb.paused_plans(NAME) == ()
        (after,) = recognised(ebb.setup(NAME).schedules).plans
        assert after.plan == before.plan
        assert hands.minimum == 1
        assert ebb.apply(ebb.plan_warm_off(NAME), ME).entry.outcome is Outcome.DONE
        assert (ebb.setup(NAME).schedules, hands.minimum) == ((), 0)


def test_a_pause_that_does_not_happen_is_not_remembered(hands: Hands) -> None:
    with console(hands) as ebb:
        ebb.apply(ebb.plan_warm(NAME, wish("mon-fri 20:00-22:00")), ME)
        plan = ebb.plan_warm_paused(NAME, 1)
        with pytest.raises(ReadOnly):
            ebb.apply(plan, Actor("vera", "viewer"))
        assert ebb.paused_plans(NAME) == ()
        ebb.apply(ebb.plan_warm(NAME, wish("mon-fri 20:00-23:00"), edit=1), ME)
        with pytest.raises(Stale):
            ebb.apply(plan, ME)
        assert ebb.paused_plans(NAME) == ()
        with gated(hands.server.url) as (url, gate), console(hands, url) as denied:
            gate.shut["DeleteScheduledAction"] = error("AccessDeniedException")
            assert denied.apply(denied.plan_warm_paused(NAME, 1), ME).entry.outcome is Outcome.FAILED
            assert denied.paused_plans(NAME) == ()
        plan = ebb.plan_warm_paused(NAME, 1)
        assert ebb.apply(plan, ME).entry.outcome is Outcome.DONE
        (waiting,) = ebb.paused_plans(NAME)
        ebb.apply(ebb.plan_warm_resumed(NAME, 1), ME)
        assert not ebb.apply(plan, ME).fresh  # the same plan again does nothing, and remembers nothing
        assert ebb.paused_plans(NAME) == ()
        assert ebb.running_plans(NAME) == (waiting,)


def test_who_forgets_a_paused_plan_is_on_record(hands: Hands) -> None:
    with console(hands) as ebb:
        ebb.apply(ebb.plan_warm(NAME, wish("mon-fri 20:00-22:00")), ME)
        ebb.apply(ebb.plan_warm_paused(NAME, 1), ME)
        count = len(ebb.journal(NAME))
        assert not ebb.forget_warm(NAME, 2, ME)
        assert len(ebb.journal(NAME)) == count
        with pytest.raises(ReadOnly, match="operators"):
            ebb.forget_warm(NAME, 1, Actor("vera", "viewer"))
        assert ebb.journal(NAME)[0].outcome is Outcome.REFUSED
        assert len(ebb.paused_plans(NAME)) == 1
        assert ebb.forget_warm(NAME, 1, ME)
        assert ebb.paused_plans(NAME) == ()
        entry = ebb.journal(NAME)[0]
        assert (entry.kind, entry.title, entry.actor, entry.outcome) == (
            "warm",
            "Forget the paused warm plan 1 of doc",
            ME,
            Outcome.DONE,
        )


def test_a_forced_call_of_a_viewer_is_refused_and_on_record(hands: Hands) -> None:
    with console(hands) as ebb:
        plan = ebb.plan_keep_warm(NAME, span=timedelta(hours=1))
        with pytest.raises(ReadOnly):
            ebb.apply(plan, Actor("vera", "viewer"))
        assert ebb.journal(NAME)[0].outcome is Outcome.REFUSED
        assert hands.minimum == 0


# --- the command line ---


@pytest.fixture
def typed(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> Hands:
    monkeypatch.setenv("AWS_ENDPOINT_URL", hands.server.url)
    monkeypatch.setenv("EBB_STATE_DIR", str(hands.folder))
    monkeypatch.delenv("EBB_MODE", raising=False)
    return hands


def test_the_command_plans_applies_and_shows(typed: Hands, capsys: pytest.CaptureFixture[str]) -> None:
    office = [
        "--weekdays",
        "mon-fri",
        "--from",
        "08:00",
        "--to",
        "18:00",
        "--tz",
        "Europe/Berlin",
        "--early",
        "5m",
    ]
    assert main(["warm", NAME, *office]) == 0
    said = capsys.readouterr().out
    assert "put-scheduled-action" in said
    assert "repeat the command with --yes" in said
    assert typed.minimum == 0
    assert main(["warm", NAME, *office, "--holidays", "DE-BY", "--yes", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["applied"], document["entry"]["outcome"]) == (True, "done")
    assert typed.minimum == 1
    assert main(["warm", NAME, "--tz", "Europe/Berlin", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    (plan,) = shown["plans"]
    assert (plan["windows"], plan["holidays"], plan["early_minutes"]) == (
        [{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"}],
        "DE-BY",
        5,
    )
    days = shown["calendar"]["days"]
    assert [day["hours"] for day in days if day["day"] == "2026-10-25"] == [25.0]
    assert days[1]["minimum"] == [0] * 7 + [1] * 11 + [0] * 6
    assert main(["warm", NAME, "--tz", "Europe/Berlin"]) == 0
    text = capsys.readouterr().out
    assert "Plan 1 (open now): Mon-Fri 08:00-18:00 Europe/Berlin: at least 1 instance" in text
    assert "25 hours: the clocks change" in text
    assert main(["warm", NAME, "--pause", "--yes"]) == 0
    assert typed.minimum == 0
    capsys.readouterr()
    assert main(["warm", NAME, "--off", "--plan", "1"]) == 0
    assert "Nothing changes in AWS" in capsys.readouterr().out
    assert main(["warm", NAME, "--off", "--plan", "1", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"applied": True, "endpoint": NAME, "forgotten": 1}
    assert main(["warm", NAME, "--resume"]) == 2
    assert "No warm plan is paused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--for", "soon"], "'soon' is no length of time"),
        (["--for", "2h", "--off"], "different things at once"),
        (["--weekdays", "mon-fri"], "needs --from and --to and --tz too"),
        (["--until", "18:00", "--tz", "Berlin"], "no time zone 'Berlin'"),
        (["--for", "2h", "--floor", "9"], "above the maximum"),
        (["--off"], "does not keep doc warm"),
        (["--resume"], "No warm plan is paused"),
    ],
)
def test_what_is_off_is_said(
    typed: Hands, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["warm", NAME, *words]) == 2
    assert said in capsys.readouterr().err
