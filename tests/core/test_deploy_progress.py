"""Which deployments are unfinished, by the journal alone; and where each step of one stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.core import resources
from ops.core.change import Actor, Entry, Made, Outcome
from ops.core.deploy_progress import At, compared, open_ends, ordered, root_of, steps, under_way
from ops.core.setup import Setup
from ops.core.types import EndpointRef

T = datetime(2026, 11, 20, 9, tzinfo=UTC)
REF = EndpointRef("123456789012", "us-east-1", "doc")
CONFIG = resources.endpoint_config(
    "doc", {"VariantName": "AllTraffic", "ModelName": "m", "InitialInstanceCount": 1}
)
WANTED = Setup(resources=(CONFIG, resources.endpoint("doc", "doc")))


def entry(identity: str, minutes: int, outcome: Outcome, kind: str = "deploy", **more: object) -> Entry:
    at = T + timedelta(minutes=minutes)
    made = Entry(identity, at, Actor("kim", "admin"), REF, kind, "Deploy doc", "", Setup(), WANTED, outcome)
    return replace(made, **more)  # type: ignore[arg-type]


FIRST = entry("a", 0, Outcome.PARTLY)
AGAIN = entry("b", 5, Outcome.PARTLY, continues="a")
BACK = entry("c", 9, Outcome.PARTLY, "cleanup", undo_of="a")


def ids(*journal: Entry) -> list[tuple[str, str]]:
    return [(root.id, last.id) for root, last in open_ends(journal)]


def test_the_newest_attempt_counts_and_belongs_to_the_first() -> None:
    assert [root_of(e) for e in (FIRST, AGAIN, BACK)] == ["a", "a", "a"]
    assert ids(FIRST) == [("a", "a")]
    assert ids(AGAIN, FIRST) == [("a", "b")]
    assert ids(FIRST, BACK, AGAIN) == [("a", "c")]
    for end in (Outcome.DONE, Outcome.BEGUN):
        assert ids(FIRST, replace(AGAIN, outcome=end)) == []
        assert ids(FIRST, replace(BACK, outcome=end)) == []
    for never in (Outcome.REFUSED, Outcome.STALE):
        assert ids(FIRST, replace(AGAIN, outcome=never)) == [("a", "a")]


def test_a_later_deployment_of_the_name_overtakes_and_other_changes_do_not_count() -> None:
    assert ids(FIRST, entry("d", 30, Outcome.DONE)) == []
    assert ids(FIRST, entry("d", 30, Outcome.FAILED)) == [("d", "d")]
    bounds = entry("e", 30, Outcome.DONE, "bounds", before=Setup(), after=Setup())
    assert ids(FIRST, bounds) == [("a", "a")]
    other = entry("f", 30, Outcome.UNCLEAR, ref=replace(REF, name="other"))
    assert ids(FIRST, other) == [("f", "f"), ("a", "a")]
    assert [e.id for e in under_way([FIRST, entry("g", 1, Outcome.BEGUN)])] == ["g"]


def test_what_exists_is_told_against_what_was_wanted() -> None:
    found = compared(FIRST, FIRST, Setup(resources=(CONFIG,)))
    assert found is not None
    assert (found.exist, found.missing) == (("endpoint-config doc",), ("endpoint doc",))
    assert found.there == ("endpoint-config doc",)
    assert compared(FIRST, FIRST, Setup()) is None
    assert compared(FIRST, FIRST, WANTED) is None
    cleaning = compared(FIRST, BACK, Setup(resources=(CONFIG,)))
    assert cleaning is not None
    assert cleaning.cleans
    assert cleaning.missing == ("endpoint-config doc",)
    broken = Setup(resources=(CONFIG, replace(WANTED.resources[1], status="Failed", reason="no capacity")))
    failed = compared(FIRST, FIRST, broken)
    assert failed is not None
    assert failed.missing == ("endpoint doc",)
    assert failed.exist == ("endpoint-config doc", "endpoint doc")


def test_steps_of_one_under_way_and_of_one_from_before_steps_were_on_record() -> None:
    made = Made("sagemaker", "CreateEndpointConfig", {}, at=T + timedelta(minutes=1))
    going = entry(
        "h", 0, Outcome.BEGUN, made=(made,), planned=("one", "two", "three"), said="doc is Creating."
    )
    assert [(s.words, s.at) for s in steps(going)] == [
        ("one", At.DONE),
        ("two", At.UNDER_WAY),
        ("three", At.TO_COME),
    ]
    assert (steps(going)[1].said, steps(going)[1].since) == ("doc is Creating.", made.at)
    failed = replace(going, outcome=Outcome.PARTLY, made=(made, replace(made, error="no")))
    assert [s.at for s in steps(failed)] == [At.DONE, At.FAILED, At.NOT_DONE]
    assert [s.words for s in steps(replace(failed, planned=()))] == ["sagemaker CreateEndpointConfig"] * 2


def test_parts_stand_in_the_order_in_which_they_are_made() -> None:
    keys = ("alarm a", "bounds", "policy p", "endpoint e", "endpoint-config e", "model m")
    assert ordered(keys) == ("model m", "endpoint-config e", "endpoint e", "bounds", "policy p", "alarm a")
