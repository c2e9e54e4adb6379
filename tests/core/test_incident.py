"""An incident in Markdown: word for word, with what AWS may hold at its worst."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from ops.core.findings import Finding
from ops.core.fixes import Calls, HumanStep
from ops.core.incident import Incident, begin_of, escaped, hurt, text
from ops.core.marks import Audit, Mark, MarkKind
from ops.core.moments import mark
from ops.core.types import Problem, Severity
from ops.core.views import EndpointView
from tests.components.samples import NOW, endpoint_view

BERLIN = ZoneInfo("Europe/Berlin")
SINCE = NOW - timedelta(minutes=21)


def hostile() -> Incident:
    """An endpoint whose every word from AWS tries to be Markdown."""
    view = endpoint_view("ocr-legacy")
    sentence = f"Cannot wake: 3 requests wait since {mark(SINCE, NOW)}, *no* policy [starts](http://x) it."
    verdict = replace(view.row.verdict, marked=sentence, marked_evidence=("# HasBacklog `is` 1 | <b>",))
    endpoint = replace(
        view.row.endpoint, config_name="cfg\n\n# heading", failure_reason="- list @channel ~~gone~~"
    )
    row = replace(view.row, verdict=verdict, endpoint=endpoint, expired_1h=2.0, failures_1h=None)
    problem = Problem("alarms", "AWS denied it.", "", "cloudwatch:DescribeAlarms")
    audit = Audit(NOW - timedelta(days=90))
    changes = (
        Mark(SINCE, MarkKind.DEPLOY, "deploy of <script>\nx", "eve](http://evil) **"),
        Mark(NOW, MarkKind.BOUNDS, "bounds to 1–4", "sam", "AccessDenied"),
    )
    broke = f"1. It broke at {mark(SINCE, NOW)}."
    findings = (
        Finding(
            "no-wake", Severity.CRITICAL, broke, ("+ evidence",), "why", HumanStep("Ask www.aws for #3.")
        ),
        Finding("b", Severity.INFO, "Fine.", (), "why", Calls((), "It wakes.")),
    )
    return Incident(
        replace(view, row=row, audit=audit, problems=(problem,)),
        changes,
        begin_of(replace(view, row=row)),
        (Mark(NOW - timedelta(days=11), MarkKind.BOUNDS, "minimum to 1", "jane"),),
        findings,
        (problem, Problem("quotas", "AWS denied them.")),
    )


GOLDEN = r"""# ocr-legacy: cannot wake

**Cannot wake: 3 requests wait since 13:41 UTC (14:41 CET), \*no\* policy \[starts\](http\://x) it.**

- Endpoint: ocr-legacy, us-east-1, account 123456789012 (simulated AWS)
- State: cannot wake, needs someone now
- Since: 2026-11-20 13:41 UTC (14:41 CET), 21 min ago
- As of: 2026-11-20 14:02 UTC (15:02 CET)

## Who is hurt

- 3 requests wait or are in work; the oldest for 21 min, of 6 h before it expires unserved.
- How many requests failed in the last hour is not known.
- 2 requests expired in the last hour; only the metric ExpiredRequests tells for certain.

## Evidence

- \# HasBacklog \`is\` 1 \| \<b\>

## What the doctor finds

- critical: 1{zero}. It broke at 13:41 UTC (14:41 CET).
  - \+ evidence
  - What to do: Ask www\.aws for \#3.
- info: Fine.
  - After the doctor's fix: It wakes.

## What was changed since 2026-11-20 12:41 UTC (13:41 CET)

- 2026-11-20 13:41 UTC (14:41 CET): deploy of \<script\> x by eve\](http\://evil) \*\*
- 2026-11-20 14:02 UTC (15:02 CET): bounds to 1–4 by sam (refused by AWS: AccessDenied)
- Before that, 2026-11-09 14:02 UTC (15:02 CET): minimum to 1 by jane

## Numbers now

- Instances: 0 in service, 0 wanted, bounds 0–4 of ml.g5.xlarge
- Configuration: cfg \# heading; status InService
- AWS says: \- list \@channel \~\~gone\~\~

## Not known

- alarms: AWS denied it. Allow cloudwatch:DescribeAlarms.
- quotas: AWS denied them.

[Open the same view in Ebb](<https://ebb.example/endpoint?endpoint=ocr-legacy&zone=Europe%2FBerlin>)
""".replace("{zero}", "\u200b")


def test_the_whole_text_word_for_word() -> None:
    link = "https://ebb.example/endpoint?endpoint=ocr-legacy&zone=Europe%2FBerlin"
    assert text(hostile(), BERLIN, link + "> \n<x") == GOLDEN.replace("Berlin>", "Berlinx>")
    assert text(hostile(), BERLIN, link) == GOLDEN


def test_what_the_log_says_is_evidence_and_only_text() -> None:
    said = text(replace(hostile(), said="The log says of 3 of 4 failed requests: “<b>#boom</b>”"), UTC)
    assert "- The log says of 3 of 4 failed requests: “\\<b\\>\\#boom\\</b\\>”" in said


def test_in_utc_each_time_stands_once_and_without_a_link_none_is_made_up() -> None:
    said = text(hostile(), UTC)
    assert "13:41 UTC," in said
    assert "CET" not in said
    assert "Open the same view" not in said


def test_a_day_that_differs_in_the_zone_is_written_out() -> None:
    late = replace(hostile(), begin=NOW.replace(hour=23, minute=30))
    assert "since 2026-11-20 23:30 UTC (2026-11-21 00:30 CET)" in text(late, BERLIN)


@pytest.mark.parametrize(
    ("audit", "says"),
    [
        (Audit(), "Who changed what is not known: CloudTrail could not be read."),
        (Audit(NOW, problem=Problem("who", "Denied.", "", "cloudtrail:X")), "Allow cloudtrail:X."),
        (Audit(NOW - timedelta(days=90)), "nothing that CloudTrail tells by now"),
    ],
)
def test_what_nobody_could_read_is_not_said_to_be_nothing(audit: Audit, says: str) -> None:
    view = replace(endpoint_view(), audit=audit)
    said = text(Incident(view, (), begin_of(view)))
    assert says in said
    assert "What the doctor finds" not in said
    assert "Nothing that it knows of" in text(Incident(view, (), begin_of(view), findings=()))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"backlog": None}, "How many requests wait is not known."),
        ({"backlog": 0.0}, "No request waits."),
        (
            {"backlog": 1.0, "oldest_s": None},
            "1 request waits or is in work; the age of the oldest is not known",
        ),
        ({"failures_1h": 1.0}, "1 request failed in the last hour"),
        ({"failures_1h": 0.0}, "No request failed in the last hour."),
        ({"expired_1h": 1.0}, "1 request expired in the last hour"),
    ],
)
def test_who_is_hurt(changed: dict[str, float | None], says: str) -> None:
    view = endpoint_view()
    assert says in " ".join(hurt(replace(view, row=replace(view.row, **changed))))  # type: ignore[arg-type]


def direct() -> EndpointView:
    return endpoint_view("chat-live")


@pytest.mark.parametrize(
    ("errors", "says"),
    [(0.0, "No request was answered"), (2.0, "2 requests answered with 5xx"), (None, "Errors: not known.")],
)
def test_an_endpoint_without_a_queue_has_none_that_waits(errors: float | None, says: str) -> None:
    view = direct()
    (said,) = hurt(replace(view, row=replace(view.row, failures_1h=errors)))
    assert says in said


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("plain text, 4 min (50 %).", "plain text, 4 min (50 %)."),
        ("a_b*c`d", r"a\_b\*c\`d"),
        ("back\\slash", r"back\\slash"),
        ("![x](javascript:1)", r"\!\[x\](javascript:1)"),
        ("&lt;", r"\&lt;"),
        ("- x", r"\- x"),
        ("=====", r"\====="),
        ("2) x", "2\u200b) x"),
        ("a\u2028b\x00c\td", "a b c d"),
        ("", ""),
    ],
)
def test_words_stay_words(words: str, shown: str) -> None:
    assert escaped(words) == shown


def test_changes_are_told_from_shortly_before_it_began_and_not_from_months_ago() -> None:
    view = endpoint_view()

    def begun(since_h: float | None) -> float:
        since = None if since_h is None else NOW - timedelta(hours=since_h)
        row = replace(view.row, verdict=replace(view.row.verdict, since=since))
        return round((NOW - begin_of(replace(view, row=row))).total_seconds() / 3600, 1)

    assert [begun(h) for h in (0, 2, 24 * 60, None)] == [1.0, 3.0, 168.0, 6.0]
