"""What Ebb made by its journal, also where the answer never came; what others use of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.core import resources
from ops.core.change import Actor, Entry, Made, Outcome
from ops.core.deploy_owned import Using, foreign, in_use, made_by, names
from ops.core.resources import Container, Resource
from ops.core.setup import Setup
from ops.core.types import Bounds, EndpointRef, ScalableTarget

T = datetime(2026, 11, 20, 9, tzinfo=UTC)
REF = EndpointRef("123456789012", "us-east-1", "doc")
MODEL = resources.model("m", Container("image:1"), "arn:aws:iam::123456789012:role/r")
CONFIG = resources.endpoint_config("doc", {"VariantName": "AllTraffic", "ModelName": "m"})
ENDPOINT = resources.endpoint("doc", "doc")
WANTED = Setup(resources=(MODEL, CONFIG, ENDPOINT))
PLANNED = (
    "Create the model m",
    "Create the endpoint configuration doc",
    "Create the endpoint doc",
    "Wait until doc is in service",
)


def minute(number: float) -> datetime:
    return T + timedelta(minutes=number)


def call(operation: str, at: float, error: str = "", **parameters: str) -> Made:
    return Made("sagemaker", operation, parameters, error=error, at=minute(at))


def attempt(*made: Made, begins: float = 0, ends: float | None = 9, **more: object) -> Entry:
    first = Entry(
        "a",
        minute(begins),
        Actor("kim", "admin"),
        REF,
        "deploy",
        "Deploy doc",
        "",
        Setup(),
        WANTED,
        Outcome.PARTLY,
    )
    ended = None if ends is None else minute(ends)
    return replace(first, made=made, ended=ended, **({"planned": PLANNED} | more))  # type: ignore[arg-type]


def there(resource: Resource, at: float) -> Resource:
    return replace(resource, created=minute(at))


MADE = call("CreateModel", 1, ModelName="m")


@pytest.mark.parametrize(
    ("attempts", "born", "mine"),
    [
        ([attempt(MADE)], 1, True),
        ([attempt(MADE)], 3, False),
        ([attempt(call("CreateModel", 1, "denied", ModelName="m"), ends=1)], 5, False),
        ([attempt(call("CreateModel", 1, "no answer", ModelName="m"), ends=1)], 1, True),
        ([attempt(ends=9)], 4, True),
        ([attempt(ends=9)], 12, False),
        ([attempt(ends=9, planned=())], 4, False),
        ([attempt(MADE), attempt(call("DeleteModel", 11, ModelName="m"), begins=10, ends=11)], 1, False),
        ([attempt(), attempt(call("CreateModel", 11, ModelName="m"), begins=10, ends=19)], 11, True),
        ([], 1, False),
    ],
)
def test_a_model_is_its_own_where_the_journal_says_so(attempts: list[Entry], born: float, mine: bool) -> None:
    present = Setup(resources=(there(MODEL, born),))
    assert made_by(reversed(attempts), present) == ({"model m"} if mine else set())


def test_what_is_there_without_an_answer_must_be_as_it_was_to_be() -> None:
    other = resources.model("m", Container("image:2"), "arn:aws:iam::123456789012:role/r")
    assert made_by([attempt()], Setup(resources=(there(other, 4),))) == set()
    later = Setup(resources=(there(MODEL, 1), there(CONFIG, 4)))
    assert made_by([attempt(MADE)], later) == {"model m", "endpoint-config doc"}
    failed = replace(there(ENDPOINT, 4), status="Failed")
    configured = call("CreateEndpointConfig", 2, EndpointConfigName="doc")
    held = Setup(resources=(failed,))
    assert made_by([attempt(MADE, configured)], held) == {"endpoint doc"}


def test_what_others_made_under_its_names_is_foreign_with_the_scaling_of_their_endpoint() -> None:
    root = replace(attempt(MADE), after=replace(WANTED, target=ScalableTarget(Bounds(0, 3))))
    present = Setup(resources=(MODEL, ENDPOINT))
    assert foreign(root, present, {"model m", "endpoint doc"}) == set()
    assert foreign(root, present, {"endpoint doc"}) == {"model m"}
    assert foreign(root, present, {"model m"}) == {"endpoint doc", "bounds", "suspended"}
    held = replace(root, before=Setup(resources=(MODEL,)))
    assert foreign(held, present, {"endpoint doc"}) == set()


ALL = {"model m", "endpoint-config doc", "endpoint doc"}


@pytest.mark.parametrize(
    ("going", "using", "kept"),
    [
        (ALL, Using({"doc": ("doc",)}, {"m": ("doc",)}), {}),
        (
            ALL,
            Using({"doc": ("doc", "prod")}, {"m": ("doc",)}),
            {"endpoint-config doc": "prod", "model m": "doc"},
        ),
        (ALL, Using({"doc": ("doc",)}, {"m": ("doc", "two")}), {"model m": "two"}),
        (ALL, Using({}, {}, whole=False), {"model m": "not known"}),
        (ALL - {"endpoint doc"}, Using({"doc": ("doc",)}, {}), {"endpoint-config doc": "doc"}),
    ],
)
def test_what_others_use_stays(going: set[str], using: Using, kept: dict[str, str]) -> None:
    found = in_use(going, using)
    assert found.keys() == kept.keys()
    assert all(kept[key] in found[key] for key in kept)


def test_parts_are_named_in_a_sentence() -> None:
    assert names(["model m", "endpoint-config doc"]) == "the model m and the endpoint configuration doc"
