"""One table of languages: every plan and every fix is written in all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import hcl2
import pytest

from ops.core import deploy_planning
from ops.core.deployment import wanted
from ops.core.fix_calls import calls
from ops.core.fix_cloudformation import cloudformation
from ops.core.fix_terraform import terraform
from ops.core.fix_texts import CODE, LABELS, Language, of_plan, texts
from ops.core.fixes import Calls, Change, DeleteAlarms, PutAlarm, PutPolicy
from ops.core.setup import Setup
from ops.core.setup_steps import steps
from ops.core.types import TargetTrackingPolicy
from tests.core.fix_samples import REGION, WISHES, every_kind
from tests.core.templates import mistakes

WISH = WISHES["everything"]
REF = WISH.ref("123456789012", REGION)


def plan(*changes: Change, before: Setup | None = None) -> object:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return deploy_planning.make(
        "1", "deploy", "Deploy", changes, before or Setup(), REF, at, effect="It is so."
    )


def test_every_language_has_a_label_and_a_text() -> None:
    found = texts(every_kind("wake"), REGION)
    assert list(found) == list(Language) == list(LABELS) == list(CODE)
    assert all(found.values())
    of = "123456789012"  # as its changes tell
    assert found[Language.CLOUDFORMATION] == cloudformation(every_kind("wake"), REGION, None, of)


def test_a_plan_knows_what_is_new() -> None:
    changes = steps(Setup(), wanted(WISH, REF), REF)
    found = of_plan(plan(*changes))
    assert "import" not in found[Language.TERRAFORM]
    assert "xists" not in found[Language.CLOUDFORMATION]
    fix = Calls((changes[-1],), "")
    assert "import" in terraform(fix)
    assert "import" not in of_plan(plan(changes[-1], before=Setup()))[Language.TERRAFORM]


QUERIES = [
    {
        "Id": "waiting",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SageMaker",
                "MetricName": "ApproximateBacklogSize",
                "Dimensions": [{"Name": "EndpointName", "Value": "doc"}],
            },
            "Stat": "Sum",
        },
        "ReturnData": False,
    },
    {"Id": "each", "Expression": "waiting / 2", "Label": "for each", "ReturnData": True},
]
TRACKS = TargetTrackingPolicy("tracks", "", 5.0, None, expression={"Metrics": QUERIES})
ALARM_QUERIES = [QUERIES[0] | {"MetricStat": QUERIES[0]["MetricStat"] | {"Period": 60}}, QUERIES[1]]  # type: ignore[operator]
WATCHES = PutAlarm(
    "watches",
    None,
    3.0,
    "GreaterThanThreshold",
    60,
    2,
    2,
    "missing",
    (),
    expression={"Metrics": ALARM_QUERIES},
)


@pytest.mark.parametrize(
    ("change", "blocks"),
    [
        (PutPolicy(REF, TRACKS), ["metrics {", "metric_stat {", "metric {", "dimensions {"]),
        (WATCHES, ["metric_query {", "metric {"]),
    ],
)
def test_an_expression_is_written_in_every_language(change: Change, blocks: list[str]) -> None:
    found = of_plan(plan(change))
    for text in found.values():
        assert "waiting / 2" in text
        assert "ApproximateBacklogSize" in text
    code = found[Language.TERRAFORM]
    assert hcl2.loads(code + "\n")["resource"]
    assert all(each in code for each in blocks)
    assert mistakes(found[Language.CLOUDFORMATION], REGION) == []
    (made,) = calls(Calls((change,), ""))
    assert "Namespace" not in made.parameters
    assert "Period" not in made.parameters


@pytest.mark.parametrize(
    "change", [PutPolicy(REF, replace(TRACKS, expression=None)), replace(WATCHES, expression=None)]
)
def test_what_cannot_be_written_is_said_and_nothing_is_raised(change: Change) -> None:
    for text in of_plan(plan(change)).values():
        assert "it cannot be written anew" in text.replace("\n# ", " ")
        assert all(line.startswith("#") for line in text.splitlines())


def test_without_changes_there_is_nothing_to_copy() -> None:
    assert set(of_plan(plan()).values()) == {""}


def test_every_language_begins_with_account_and_region_where_they_are_known() -> None:
    for found in (
        texts(every_kind("wake"), "eu-central-1"),
        texts(Calls((DeleteAlarms(("old",)),), ""), "eu-central-1", account="123456789012"),
        of_plan(plan(DeleteAlarms(("old",)))),
    ):
        for text in found.values():
            assert text.startswith("# For account 123456789012, region eu-central-1.")
    code = texts(every_kind("wake"), "eu-central-1")[Language.TERRAFORM]
    provider = [line[2:] for line in code.split("\n\n")[0].splitlines() if line.startswith("#   ")]
    assert hcl2.loads("\n".join(provider) + "\n")["provider"]
    assert any('allowed_account_ids = ["123456789012"]' in line for line in provider)
    for unknown in ("", "123", "a; rm -r *"):
        alone = texts(Calls((DeleteAlarms(("old",)),), ""), REGION, account=unknown)
        assert all("account" not in text and "sts" not in text for text in alone.values())


def test_every_language_names_the_region_and_terraform_the_account_where_a_change_tells_it() -> None:
    found = texts(every_kind("wake"), "eu-central-1")
    assert all("eu-central-1" in text for text in found.values())
    code = of_plan(plan(*steps(Setup(), wanted(WISH, REF), REF)))[Language.TERRAFORM]
    first = code.split("\n\n")[0]
    assert all(line.startswith("# ") for line in first.splitlines())
    assert REGION in first
    assert "123456789012" in first
    assert 'provider "aws"' in first
    alone = texts(Calls((DeleteAlarms(("old",)),), ""), REGION)[Language.TERRAFORM]
    assert REGION in alone
    assert "account" not in alone
