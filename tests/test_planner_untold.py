"""What the planner says of an endpoint of which next to nothing can be measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ops import compiled
from ops.config import Settings
from ops.console import Console
from ops.core.errors import BadInput
from ops.core.views_planner import PlanQuery
from tests.living import living
from tests.small_worlds import NAME, small


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    compiled.warm()
    with small(1.0) as (server, _):
        settings = Settings(endpoint_url=server.url, state_dir=tmp_path_factory.mktemp("state"))
        with Console.open(settings) as opened:
            yield opened


def test_one_whose_creation_failed_was_never_in_service(tmp_path: Path) -> None:
    with (
        living(scenarios=("failed-deploy",)) as (server, _),
        Console.open(Settings(endpoint_url=server.url, state_dir=tmp_path)) as opened,
    ):
        for ask in (
            lambda: opened.find_traffic("failed-deploy", 30),
            lambda: opened.find_plan(PlanQuery("failed-deploy", "p95<=120s")),
        ):
            with pytest.raises(BadInput) as refused:
                ask()
            assert refused.value.what.startswith("failed-deploy was never in service: its creation failed")
            assert "python -m ops doctor failed-deploy" in refused.value.hint


def test_seconds_that_a_request_takes_can_be_typed_and_are_said_to_be_assumed(console: Console) -> None:
    asked = PlanQuery(NAME, "p95<=15min", days=1, most=6)
    measured = console.find_plan(asked)
    typed = console.plan(replace(asked, service_s=400.0))
    assert "A request takes 400 s: assumed as typed, not measured." in typed.notes
    assert not any("assumed as typed" in note for note in measured.notes)
    assert typed.played[0].hours_month.mid > measured.played[0].hours_month.mid
    with pytest.raises(BadInput, match="cannot take -1 s"):
        console.plan(replace(asked, service_s=-1.0))
