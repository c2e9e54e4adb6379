"""The generated policies: IAM's grammar, what each role may, how it is scoped, and IAM's limit of length."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import boto3
import pytest

from ops.core.errors import BadInput
from ops.core.permissions import READS, of_role
from ops.core.permissions.places import Places, checked, places_of
from ops.core.permissions.policy import MOST, Document, actions, documents, missing, notes, policy, size
from ops.local_aws.iam_policy import Policy
from tests.living import living

HERE = Places(
    "123456789012",
    "eu-central-1",
    ("results", "more-results"),
    "arn:aws:sns:eu-central-1:123456789012:on-call",
    "s3://exports/cur/",
    "s3://answers/ebb",
    "billing.cur2",
    roles=("arn:aws:iam::123456789012:role/sagemaker-execution",),
    assume=("arn:aws:iam::210987654321:role/ebb", "arn:aws:iam::345678901234:role/ebb"),
)
ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9*-]*:(\d{12}|\*|):[^\s]+")
ALL = [(role, places) for role in READS for places in (Places(), HERE)]


def statement(document: Document, sid: str) -> dict[str, Any]:
    found: dict[str, Any] = next(s for s in document["Statement"] if s["Sid"] == sid)
    return found


@pytest.mark.parametrize(("role", "places"), ALL)
def test_a_document_is_of_iams_grammar_and_short_enough(role: str, places: Places) -> None:
    document = policy(role, places)
    assert set(document) == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    sids = [s["Sid"] for s in document["Statement"]]
    assert len(sids) == len(set(sids))
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
    for each in document["Statement"]:
        assert set(each) - {"Condition"} == {"Sid", "Effect", "Action", "Resource"}
        assert each["Effect"] == "Allow"
        assert each["Action"] == sorted(set(each["Action"]))
        assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]+", action) for action in each["Action"])
        reached = each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]]
        assert all(one == "*" or ARN.fullmatch(one) for one in reached)
    assert size(document) < MOST
    Policy(document)


@pytest.fixture(scope="module")
def iam() -> Iterator[Any]:
    with living(empty=True) as (server, _):
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
        yield boto3.client("iam", "us-east-1", endpoint_url=server.url, **keys)


@pytest.mark.parametrize(("role", "places"), ALL)
def test_iam_takes_it_as_a_managed_policy(iam: Any, role: str, places: Places) -> None:
    name = f"ebb-{role}-{'here' if places.buckets else 'bare'}"
    iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(policy(role, places)))


@pytest.mark.parametrize("role", READS)
def test_it_allows_what_the_table_says_and_nothing_else(role: str) -> None:
    needed = {row.action for row in of_role(role) if row.scope.action_needed}
    assert actions(policy(role, HERE)) == needed
    assert not any("*" in action for action in needed)


def test_roles_hold_what_those_below_hold() -> None:
    viewer, operator, admin = (actions(policy(r, Places())) for r in ("viewer", "operator", "admin"))
    assert viewer < operator < admin
    changing = re.compile(
        r":(Create|Delete|Put|Register|Deregister|Update|Invoke|Pass|Add|Set|Subscribe|Unsub)"
    )
    assert not [action for action in viewer if changing.search(action)]
    assert not [action for action in admin if action.startswith(("ce:", "athena:", "glue:"))]


def reference() -> dict[str, Any]:
    """AWS's own list of actions and the resources that each takes, as cfn-lint ships it."""
    file = resources.files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


@pytest.mark.parametrize("role", READS)
def test_every_action_exists_and_takes_the_resources_it_is_given(role: str) -> None:
    known, wrong = reference(), []
    for each in policy(role, HERE)["Statement"]:
        reached = each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]]
        for action in each["Action"]:
            service, _, name = action.partition(":")
            said = {k.lower(): v for k, v in known[service]["Actions"].items()}.get(name.lower())
            if said is None:
                wrong.append(f"{action} does not exist")
                continue
            takes = [known[service]["Resources"][r.lower()] for r in said.get("Resources", ())]
            patterns = [pattern(arn) for kind in takes for arn in kind["ARNFormats"]]
            if reached != ["*"] and not any(p.fullmatch(one) for p in patterns for one in reached):
                wrong.append(f"{action} does not take {reached}")
    assert not wrong, "\n".join(wrong)


def pattern(arn: str) -> re.Pattern[str]:
    for name in ("Partition", "Region", "Account"):
        arn = arn.replace(f"${{{name}}}", "[a-z0-9*-]*")
    return re.compile(arn)


def test_what_must_not_be_scoped_stands_on_everything_and_nothing_else_does() -> None:
    """Facts G.1: these take `*` alone; DescribeAlarms and its history are read of all alarms at once."""
    whole = {
        *(
            "sagemaker:ListEndpoints",
            "sagemaker:ListModels",
            "sagemaker:ListEndpointConfigs",
            "cloudwatch:GetMetricData",
            "cloudtrail:LookupEvents",
            "tag:GetResources",
        ),
        *("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory", "pricing:GetProducts"),
        *(
            f"application-autoscaling:DescribeScal{what}"
            for what in ("ableTargets", "ingPolicies", "ingActivities")
        ),
        *("application-autoscaling:DescribeScheduledActions", "servicequotas:ListServiceQuotas"),
    }
    unscoped = [s for s in policy("admin", HERE)["Statement"] if s["Resource"] == "*"]
    assert [set(s["Action"]) for s in unscoped] == [whole]
    costs = [s for s in policy("billing", HERE)["Statement"] if s["Resource"] == "*"]
    assert [set(s["Action"]) for s in costs] == [{"ce:GetCostAndUsage", "ce:GetCostAndUsageWithResources"}]


def test_rights_reach_what_was_named() -> None:
    document = policy("admin", HERE)
    assert statement(document, "EbbResults")["Resource"] == [
        "arn:aws:s3:::results/*",
        "arn:aws:s3:::more-results/*",
    ]
    assert statement(document, "EbbInputs")["Resource"][0] == "arn:aws:s3:::results/ebb-input/*"
    assert statement(document, "EbbQueues")["Resource"] == "arn:aws:sqs:eu-central-1:123456789012:ebb-*"
    assert statement(document, "EbbNotices")["Resource"] == HERE.topic
    passes = statement(document, "EbbPassExecutionRole")
    assert passes["Resource"] == HERE.roles[0]
    assert passes["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    scaling = statement(document, "EbbScaling")
    assert (
        scaling["Resource"] == "arn:aws:application-autoscaling:eu-central-1:123456789012:scalable-target/*"
    )
    assert scaling["Condition"]["StringEquals"] == {
        "application-autoscaling:service-namespace": "sagemaker",
        "application-autoscaling:scalable-dimension": "sagemaker:variant:DesiredInstanceCount",
    }
    linked = statement(document, "EbbServiceLinkedRole")
    assert linked["Condition"]["StringEquals"]["iam:AWSServiceName"].startswith(
        "sagemaker.application-autoscaling"
    )
    bills = policy("billing", HERE)
    assert statement(bills, "EbbExport")["Resource"] == "arn:aws:s3:::exports/cur/*"
    assert statement(bills, "EbbAthenaResults")["Resource"] == "arn:aws:s3:::answers/ebb/*"
    assert statement(bills, "EbbTables")["Resource"][-1].endswith(":table/billing/cur2")


def test_roles_are_assumed_only_where_they_are_named() -> None:
    for role in ("viewer", "operator", "admin"):
        assert statement(policy(role, HERE), "EbbAssumeRoles") == {
            "Sid": "EbbAssumeRoles",
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Resource": list(HERE.assume),
        }
        assert "sts:" not in json.dumps(policy(role, Places()))


def test_what_was_not_named_has_a_stand_in_that_is_told() -> None:
    assert missing(policy("viewer", HERE)) == ()
    assert missing(policy("viewer", Places())) == ("YOUR-RESULT-BUCKET", "YOUR-TOPIC-OF-NOTICES")
    assert any("iam:PassRole reaches every role" in note for note in notes(policy("admin", Places())))
    assert not any("iam:PassRole" in note for note in notes(policy("admin", HERE)))
    assert places_of(export="/srv/bills").export == ""


def test_china_and_govcloud_have_arns_of_their_own() -> None:
    for region, partition in (("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")):
        text = json.dumps(policy("admin", Places(region=region, buckets=("results",))))
        assert f"arn:{partition}:sagemaker:{region}:" in text
        assert "arn:aws:" not in text


def test_a_policy_that_is_too_long_comes_in_parts_that_lack_nothing() -> None:
    many = Places(buckets=tuple(f"the-results-of-team-{n:03}" for n in range(250)))
    parts = documents("admin", many)
    assert len(parts) > 2
    assert all(size(part) <= MOST for part in parts)
    assert frozenset().union(*map(actions, parts)) == actions(policy("admin", Places()))
    sids = [s["Sid"] for part in parts for s in part["Statement"]]
    assert len(sids) == len(set(sids))
    text = json.dumps(parts)
    assert all(f"arn:aws:s3:::{bucket}/*" in text for bucket in many.buckets)
    with pytest.raises(BadInput, match="comes in") as caught:
        policy("admin", many)
    assert f"--part {len(parts)}" in caught.value.hint
    assert policy("admin", many, 2) == parts[1]
    with pytest.raises(BadInput, match="no part 9"):
        policy("viewer", HERE, 9)


@pytest.mark.parametrize(
    "places",
    [
        Places(account="12"),
        Places(region="Frankfurt"),
        Places(buckets=("s3://results",)),
        Places(buckets=("my results",)),
        Places(topic="on-call"),
        Places(export="s3:///x"),
        Places(table="cur2"),
        Places(roles=("sagemaker-execution",)),
        Places(assume=("ebb",)),
        Places(assume=("arn:aws:sts::123456789012:assumed-role/ebb/me",)),
    ],
)
def test_what_cannot_be_is_refused_with_a_way_out(places: Places) -> None:
    with pytest.raises(BadInput) as caught:
        checked(places)
    assert caught.value.hint


def test_an_old_bucket_may_have_capitals() -> None:
    assert "arn:aws:s3:::Old_Results/*" in json.dumps(policy("viewer", Places(buckets=("Old_Results",))))


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(BadInput, match="no role 'boss'"):
        documents("boss", Places())
