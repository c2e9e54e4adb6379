"""What a preflight says of its lines: in a sentence, and put together by action."""

from __future__ import annotations

from ops.core.permissions import declared
from ops.core.preflight import Answer, Preflight, Tried, grouped, needed_for, without
from ops.core.types import Connection, utc

HERE = Connection("aws", "123456789012", "eu-central-1", "", None, False)
METRICS = declared("cloudwatch", "GetMetricData")[0]
READ, HEAD = declared("s3", "GetObject")[0], declared("s3", "HeadObject")[0]


def found(*tried: Tried, role: str = "viewer", paid: str = "") -> Preflight:
    return Preflight(HERE, utc(1_790_000_000), role, tried, paid)


def test_all_allowed_is_fine() -> None:
    one = found(Tried(METRICS, Answer.ALLOWED), Tried(READ, Answer.ALLOWED), Tried(HEAD, Answer.ALLOWED))
    assert one.fine
    assert (
        one.sentence
        == "Everything that was tried for the role viewer is allowed. 2 actions allowed, 0 not tried."
    )


def test_what_was_not_tried_does_not_spoil_it_and_is_counted() -> None:
    one = found(Tried(METRICS, Answer.NOT_TRIED, "why"), role="billing", paid="AWS bills 2 calls.")
    assert one.fine
    assert one.sentence.startswith("Everything that was tried for reading bills is allowed.")
    assert one.sentence.endswith("0 actions allowed, 1 not tried. AWS bills 2 calls.")


def test_denied_actions_are_named_also_where_aws_wants_another_than_the_calls_own() -> None:
    one = found(Tried(METRICS, Answer.DENIED, "no"), Tried(READ, Answer.DENIED, "no", "kms:Decrypt"))
    assert not one.fine
    assert "needs: cloudwatch:GetMetricData and kms:Decrypt." in one.sentence
    assert [t.action for t in one.lacking] == ["cloudwatch:GetMetricData", "kms:Decrypt"]


def test_no_clear_answer_is_not_fine() -> None:
    one = found(Tried(METRICS, Answer.UNCLEAR, "a page of a proxy"))
    assert not one.fine
    assert one.sentence.startswith("No clear answer for cloudwatch:GetMetricData.")


def test_lines_of_one_action_and_answer_are_one() -> None:
    allowed, other = Tried(READ, Answer.ALLOWED), Tried(HEAD, Answer.ALLOWED)
    groups = grouped([allowed, Tried(METRICS, Answer.ALLOWED), other])
    assert groups == ((allowed, other), (Tried(METRICS, Answer.ALLOWED),))
    assert needed_for(groups[0]) == f"{READ.needed_for}; {HEAD.needed_for}"
    assert without(groups[0]) == f"{READ.without}; {HEAD.without}"
    reasons = [Tried(READ, Answer.NOT_TRIED, "a"), Tried(HEAD, Answer.NOT_TRIED, "b")]
    assert len(grouped(reasons)) == 2
