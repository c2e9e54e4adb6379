"""One endpoint before the doctor: all as it should be, but for what a test changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ops.core.doctor import Case, Topic, examine
from ops.core.findings import Finding
from ops.core.fixes import Calls, Change, HumanStep
from ops.core.states import judge
from ops.core.types import Alarm, AsyncConfig, Bounds, Endpoint, ScalableTarget, Suspended
from tests.core import observed
from tests.core.observed import DONE, EMPTY, GOOD, HIGH, LOW, NOW, Run, endpoint

SUCCESS, ERROR = "arn:aws:sns:us-east-1:123456789012:done", "arn:aws:sns:us-east-1:123456789012:failed"
CONFIG = AsyncConfig("s3://b/out", "s3://b/fail", SUCCESS, ERROR, 4)
HEARD = {arn: Topic(arn, 1, 0) for arn in (SUCCESS, ERROR)}
ASLEEP = endpoint(async_config=CONFIG)
AWAKE = endpoint(async_config=CONFIG, current=1, desired=1)
REF = ASLEEP.ref
AT_WORK = EMPTY | {DONE: ((30, 4, 1.0),)}
"""Something finished a moment ago."""
SNS = "arn:aws:sns:us-east-1:123456789012:ops-alarms"
POLICY_ARN = (
    "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:0c:resource/sagemaker/endpoint/{}:policyName/p"
)
STATES = frozenset({observed.WAKE_ARN, observed.TRACK_ARN})
AROUND = ("topics", "quota", "refusals", "policy_arns", "usual_wake_s", "longest_job_s", "ttl_s", "left")


def case(runs: Mapping[str, tuple[Run, ...]] = EMPTY, *, at: Endpoint = ASLEEP, **changes: Any) -> Case:
    """`changes` are fields of the doctor's case, or of what was seen (see tests.core.observed.Case)."""
    around = {"topics": HEARD, "policy_arns": STATES}
    around |= {name: changes.pop(name) for name in AROUND if name in changes}
    seen = observed.look(observed.Case("", "", (), runs, at, **changes))
    return Case(seen, judge(seen), **around)  # type: ignore[arg-type]


def target(low: int = 0, high: int = 8, **suspended: bool) -> ScalableTarget:
    return ScalableTarget(Bounds(low, high), Suspended(**suspended))


def wake_alarm(**changes: Any) -> tuple[Alarm, ...]:
    """The alarms of a healthy endpoint, the first of them changed."""
    return replace(GOOD[0], **changes), LOW, HIGH


def said(each: Case) -> dict[str, Finding]:
    """The findings by code, each well said."""
    found = examine(each).findings
    for finding in found:
        _well_said(finding)
    return {f.code: f for f in found}


def calls(finding: Finding) -> tuple[Change, ...]:
    """The changes that mend it."""
    assert isinstance(finding.fix, Calls), finding.fix
    return finding.fix.changes


def step(finding: Finding) -> str:
    """What only a person can do."""
    assert isinstance(finding.fix, HumanStep), finding.fix
    return finding.fix.step


def shows(finding: Finding, words: str) -> bool:
    return any(words in line for line in finding.evidence)


def _well_said(finding: Finding) -> None:
    told = (finding.sentence, finding.why, _how(finding))
    for text in told:
        assert text.endswith("."), text
        assert not text.endswith(".."), text
        assert "!" not in text
        assert "  " not in text
        assert "nan" not in text.lower()
        assert "None" not in text
    assert finding.evidence
    assert finding.since is None or finding.since <= NOW


def _how(finding: Finding) -> str:
    if isinstance(finding.fix, Calls):
        assert finding.fix.changes
        return finding.fix.effect
    return finding.fix.step
