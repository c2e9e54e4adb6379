"""`python -m ops doctor`: text for people, one JSON document for scripts, and when it ends with 1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ops.__main__ import main
from ops.cli_doctor import doctor_json, doctor_text
from ops.core.findings import Examined, Finding, summary
from ops.core.fixes import Calls, ChosenTopic, HumanStep
from ops.core.moments import mark
from ops.core.types import EndpointState, Problem, Severity, Verdict
from ops.core.views import DoctorView
from tests.components.samples import EMBEDDED, NOW
from tests.core.fix_samples import alarm
from tests.living import error, gated, living

STUCK, UNHEARD, LEFT = "no-wake-policy", "topic-without-subscriber", "orphan-alarms"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with living(empty=True, scenarios=(STUCK, UNHEARD, LEFT)) as (server, _):
        yield server.url


@pytest.fixture
def at(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.delenv("EBB_MODE", raising=False)
    return url


def test_the_document_has_every_endpoint_with_its_findings_and_fixes(
    at: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    found = {e["name"]: e for e in document["endpoints"]}
    assert set(found) == {STUCK, UNHEARD, LEFT}
    assert {"name", "state", "verdict", "findings"} <= set(found[STUCK])
    assert [found[name]["state"] for name in (STUCK, UNHEARD, LEFT)] == ["wake_stuck", "asleep", "missing"]
    (finding,) = found[STUCK]["findings"]
    assert {"severity", "code", "sentence", "evidence", "fix"} <= set(finding)
    assert (finding["severity"], finding["code"]) == ("critical", "no-wake-policy")
    fix = finding["fix"]
    assert set(fix) == {"kind", "effect", "calls", "cli", "boto3", "terraform", "cloudformation"}
    assert [(c["service"], c["operation"]) for c in fix["calls"]] == [
        ("application-autoscaling", "PutScalingPolicy"),
        ("cloudwatch", "PutMetricAlarm"),
    ]
    policy, put = (call["parameters"] for call in fix["calls"])
    assert put["AlarmActions"] == [{"policy_arn_of": policy["PolicyName"]}]
    assert fix["cli"].startswith("# For account 123456789012, region us-east-1.\n")
    assert "POLICY_ARN=$(aws application-autoscaling put-scaling-policy" in fix["cli"]
    assert 'resource "aws_cloudwatch_metric_alarm"' in fix["terraform"]
    assert "policy_arn = scaling.put_scaling_policy(" in fix["boto3"]
    assert "Type: AWS::CloudWatch::Alarm" in fix["cloudformation"]
    assert "⟦" not in json.dumps(document, ensure_ascii=False)


def test_a_step_for_people_has_no_command(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", UNHEARD, "--json"]) == 0
    (examined,) = json.loads(capsys.readouterr().out)["endpoints"]
    (fix,) = [f["fix"] for f in examined["findings"] if f["code"] == UNHEARD]
    assert set(fix) == {"kind", "step"}
    assert fix["kind"] == "human"


@pytest.mark.parametrize(("names", "code"), [((), 1), ((STUCK,), 1), ((UNHEARD,), 0), ((LEFT,), 0)])
def test_it_ends_with_1_only_when_a_finding_is_critical(
    at: str, capsys: pytest.CaptureFixture[str], names: tuple[str, ...], code: int
) -> None:
    assert main(["doctor", *names]) == code
    assert capsys.readouterr().out


@pytest.mark.parametrize(("names", "code"), [((), 1), ((UNHEARD,), 2)])
def test_what_could_not_be_read_is_not_well(
    url: str, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], code: int
) -> None:
    with gated(url) as (address, gate):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        gate.shut["ListServiceQuotas"] = error("AccessDeniedException")
        assert main(["doctor", *names]) == code


def test_the_text_tells_cause_evidence_reason_and_fix(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor"])
    out, err = capsys.readouterr()
    assert err == ""
    assert "3 findings on no-wake-policy, topic-without-subscriber and orphan-alarms." in out
    assert out.index(STUCK) < out.index(UNHEARD)
    for words in ("  ▲ It cannot wake", "[no-wake-policy]", "    - ", "Why it matters:", "    Fix: "):
        assert words in out
    assert "What a person can do:" in out
    assert "\naws cloudwatch put-metric-alarm \\\n  --region us-east-1 \\\n" in out
    prose = [line for line in out.splitlines() if "--" not in line and "{" not in line]
    assert max(map(len, prose)) <= 100


def test_an_unknown_endpoint_offers_the_nearest(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "no-wake-polizy", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["nearest"][0] == STUCK
    assert "Did you mean" in err


def test_without_aws_it_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert main(["doctor", "--json"]) == 2
    assert "error" in json.loads(capsys.readouterr().out)


# --- on values


def verdict(severity: Severity = Severity.OK) -> Verdict:
    return Verdict(EndpointState.ASLEEP, severity, "Asleep.")


def finding(**changes: object) -> Finding:
    fresh = Finding("code", Severity.WARNING, "It is odd.", ("Seen.",), "It matters.", HumanStep("Do it."))
    return replace(fresh, **changes)  # type: ignore[arg-type]


def view(*examined: Examined) -> DoctorView:
    return DoctorView(EMBEDDED, NOW, examined)


SUMMARIES: list[tuple[tuple[Examined, ...], str]] = [
    ((), "There is no endpoint here to examine."),
    ((Examined("a", verdict(), ()),), "Nothing wrong was found with a."),
    (
        (Examined("a", verdict(), ()), Examined("b", verdict(), ())),
        "Nothing wrong was found with 2 endpoints.",
    ),
    (
        (Examined("a", verdict(), (), (Problem("alarms", "Denied."),)),),
        "Nothing wrong was found with a in what could be read.",
    ),
    (
        (Examined("a", verdict(Severity.CRITICAL), ()),),
        "No finding on a: none of the doctor's rules applies.",
    ),
    ((Examined("a", verdict(), (finding(),)), Examined("b", verdict(), ())), "1 finding on a."),
    (tuple(Examined(n, verdict(), (finding(), finding())) for n in "abcd"), "8 findings on 4 endpoints."),
]


@pytest.mark.parametrize(("examined", "says"), SUMMARIES)
def test_the_summary(examined: tuple[Examined, ...], says: str) -> None:
    assert summary(examined) == says
    assert says in doctor_text(view(*examined))


def test_what_was_not_read_is_said_with_its_action() -> None:
    denied = Problem("topics", "AWS denied it.", "Allow the IAM action sns:GetTopicAttributes.", "sns:X")
    text = doctor_text(view(Examined("a", verdict(), (), (denied,))))
    assert "Could not read 1 part:" in text
    assert "sns:GetTopicAttributes" in text
    (examined,) = json.loads(doctor_json(view(Examined("a", verdict(), (), (denied,)))))["endpoints"]
    assert examined["unchecked"][0]["action"] == "sns:X"


def test_marks_of_time_are_written_out_and_a_topic_to_choose_stands_for_itself() -> None:
    odd = finding(
        sentence=f"Since {mark(NOW, NOW)}.",
        evidence=(f"At {mark(NOW, NOW)}",),
        fix=Calls((alarm("told", ChosenTopic()),), "It tells."),
    )
    (examined,) = json.loads(doctor_json(view(Examined("a", verdict(), (odd,)))))["endpoints"]
    (told,) = examined["findings"]
    assert told["sentence"] == "Since 14:02 UTC."
    assert told["evidence"] == ["At 14:02 UTC"]
    assert told["fix"]["calls"][0]["parameters"]["AlarmActions"] == [{"topic_arn": "to be chosen"}]
    assert "Since 14:02 UTC." in doctor_text(view(Examined("a", verdict(), (odd,))))
