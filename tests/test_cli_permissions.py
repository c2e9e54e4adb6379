"""`python -m ops policy` and `preflight`: bare documents, exit codes, and words for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from ops.__main__ import main
from ops.core.permissions import READS, of_role
from ops.core.permissions.policy import actions
from tests.limited import deny
from tests.roles import make, trusting
from tests.small_worlds import small


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with small(0.25) as (server, _):
        yield server.url


@pytest.fixture
def here(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))
    yield url
    deny(url)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No AWS at all: nothing listens there, and there are no credentials."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("role", READS)
def test_stdout_is_the_bare_document(capsys: pytest.CaptureFixture[str], role: str) -> None:
    assert main(["policy", "--role", role, "--account", "123456789012", "--region", "eu-central-1"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert set(document) == {"Version", "Statement"}
    needed = {row.action for row in of_role(role) if row.scope.action_needed}
    assert actions(document) == needed - {"sts:AssumeRole"}  # no role is named
    assert "arn:aws:sagemaker:eu-central-1:123456789012:" in out or role == "billing"
    assert "stands for what was not named" in err


@pytest.mark.usefixtures("nowhere")
def test_names_come_from_options_and_else_from_the_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EBB_NOTIFY_TOPIC", "arn:aws:sns:eu-central-1:123456789012:on-call")
    monkeypatch.setenv("EBB_BILL_TABLE", "billing.cur2")
    monkeypatch.setenv("EBB_ATHENA_OUTPUT", "s3://answers/")
    assert main(["policy", "--bucket", "one", "--bucket", "two"]) == 0
    out, err = capsys.readouterr()
    assert "arn:aws:s3:::one/*" in out
    assert "arn:aws:s3:::two/*" in out
    assert ":on-call" in out
    assert "stands for" not in err
    assert main(["policy", "--role", "billing", "--bill-export", "s3://exports/cur"]) == 0
    out, err = capsys.readouterr()
    assert ":table/billing/cur2" in out
    assert "arn:aws:s3:::answers/*" in out
    assert "stands for" not in err


ROLES = ("arn:aws:iam::210987654321:role/ebb", "arn:aws:iam::345678901234:role/teams/ebb")
CALLER = "arn:aws:iam::123456789012:role/ebb-server"


@pytest.mark.usefixtures("nowhere")
def test_roles_to_assume_are_named_and_nothing_else_changes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "--role", "operator"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert main(["policy", "--role", "operator", *(f"--assume={r}" for r in (*ROLES, ROLES[0]))]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    (added,) = [s for s in document["Statement"] if s not in before["Statement"]]
    assert [s for s in document["Statement"] if s is not added] == before["Statement"]
    assert (added["Action"], added["Resource"]) == (["sts:AssumeRole"], list(ROLES))
    assert "--trust" in err


@pytest.mark.usefixtures("nowhere")
def test_the_trust_policy_is_a_bare_document_that_the_embedded_aws_obeys(
    capsys: pytest.CaptureFixture[str], url: str
) -> None:
    me = "arn:aws:sts::123456789012:assumed-role/ebb-server/ebb"
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
    iam = boto3.client("iam", "us-east-1", endpoint_url=url, **keys)
    make(iam, trusting("123456789012"), "ebb-server")
    assert main(["policy", "--trust", CALLER, "--external-id", "e-1"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    role = make(iam, json.loads(out), "ebb-reader")
    sts = boto3.client("sts", "us-east-1", endpoint_url=url, **keys)
    given = sts.assume_role(RoleArn=CALLER, RoleSessionName="ebb")
    assert given["AssumedRoleUser"]["Arn"] == me
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    other = boto3.client("sts", "us-east-1", None, True, None, url, *(given["Credentials"][n] for n in names))
    other.assume_role(RoleArn=role, RoleSessionName="ebb", ExternalId="e-1")
    for client, external_id in ((other, "e-2"), (sts, "e-1")):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.assume_role(RoleArn=role, RoleSessionName="ebb", ExternalId=external_id)


@pytest.mark.usefixtures("nowhere")
def test_what_to_know_of_a_trust_policy_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "--trust", "123456789012", "--trust", CALLER]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["Statement"][0]["Principal"] == {"AWS": ["123456789012", CALLER]}
    assert "trusts everybody in that account" in err
    assert "no external id" in err


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--assume", "ebb"], "is not the ARN of a role"),
        (["--assume", "arn:aws:sts::123456789012:assumed-role/ebb/me"], "is not the ARN of a role"),
        (["--assume", ROLES[0], "--role", "billing"], "assumes no roles"),
        (["--trust", "*"], "nobody whom a role can trust"),
        (["--trust", CALLER, "--external-id", "two words"], "cannot be an external id"),
        (["--external-id", "e-1"], "belongs to --trust"),
        (
            ["--trust", CALLER, "--role", "admin", "--bucket", "one"],
            "to which --role, --bucket means nothing",
        ),
        (["--trust", CALLER, "--assume", ROLES[0]], "to which --assume means nothing"),
        (["--role", "boss"], "The roles are viewer, operator, admin, billing."),
        (["--account", "12"], "twelve digits"),
        (["--bucket", "s3://one"], "without s3://"),
        (["--bucket", "one", "--part", "2"], "There is no part 2"),
    ],
)
def test_what_cannot_be_is_said(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["policy", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


@pytest.mark.usefixtures("nowhere")
def test_a_long_policy_comes_in_parts(capsys: pytest.CaptureFixture[str]) -> None:
    buckets = [word for n in range(200) for word in ("--bucket", f"the-results-of-team-{n:03}")]
    assert main(["policy", *buckets]) == 2
    assert "--part 1 to --part" in capsys.readouterr().err
    assert main(["policy", *buckets, "--part", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["Statement"]


@pytest.mark.usefixtures("here")
def test_preflight_is_fine_where_all_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight"]) == 0
    out = capsys.readouterr().out
    assert "Everything that was tried for the role viewer is allowed." in out
    assert "✓  cloudwatch:GetMetricData" in out
    assert "– not tried: It changes something." in out


def test_preflight_tells_what_is_denied_and_what_lives_without_it(
    here: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deny(here, "cloudwatch:GetMetricData", "logs:FilterLogEvents")
    assert main(["preflight"]) == 1
    out = capsys.readouterr().out
    assert "✕ cloudwatch:GetMetricData  denied" in out
    assert "Lives without it: all charts" in out
    assert main(["preflight", "--json", "--role", "operator"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["role"] == "operator"
    assert document["fine"] is False
    lines = {line["call"] or line["action"]: line for line in document["calls"]}
    assert len(lines) == len(of_role("operator"))
    assert lines["logs:FilterLogEvents"]["answer"] == "denied"
    assert lines["logs:FilterLogEvents"]["lives_without_it"].startswith("Failures")
    assert lines["sagemaker:ListEndpoints"]["answer"] == "allowed"
    assert lines["s3:PutObject"]["why"] == "It changes something."


@pytest.mark.usefixtures("here")
def test_paid_calls_are_made_only_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight", "--role", "billing", "--json"]) == 0
    lines = {line["action"]: line for line in json.loads(capsys.readouterr().out)["calls"]}
    assert lines["ce:GetCostAndUsage"]["answer"] == "not tried"
    assert "$0.01 a call" in lines["ce:GetCostAndUsage"]["why"]
    assert main(["preflight", "--role", "billing", "--paid", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    lines = {line["action"]: line for line in document["calls"]}
    assert lines["ce:GetCostAndUsage"]["answer"] == "allowed"
    assert "2 calls of these with $0.01 each" in document["sentence"]


@pytest.mark.usefixtures("nowhere")
def test_preflight_without_an_aws_is_an_error_and_no_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight"]) == 2
    assert "cannot be reached" in capsys.readouterr().err
    assert main(["preflight", "--role", "boss"]) == 2


@pytest.mark.usefixtures("here")
def test_preflight_of_a_role_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight", "--role", "boss"]) == 2
    assert "The roles are viewer, operator, admin, billing." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--bucket", "Bad_B"], "No new bucket can be named Bad_B"),
        (["--region", "us-mars-1"], "knows no region us-mars-1: nothing would be allowed anywhere else"),
        (["--bucket", "results-eu.1", "--region", "eu-central-1"], ""),
    ],
)
def test_what_is_more_likely_a_slip_is_doubted_beside_the_document(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", *words]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["Statement"]
    told = " ".join(err.split())
    assert said in told if said else "slip" not in told and "No new bucket" not in told


@pytest.mark.parametrize("region", ["mars-1", "mars-west-1", "Bad"])
def test_what_has_not_the_form_of_a_region_makes_no_policy(
    region: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "--region", region]) == 2
    assert "is not a region" in capsys.readouterr().err
