"""A request in words, as a bar, and as rows to take away."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from components.request_export import as_csv, as_json
from components.request_words import LOOKS, bar, headline, lasted, pill, progress, said, sentence
from ops.core.request_times import Part, Timeline
from ops.core.requests import Batch, RequestState, Sent, Submission
from ops.core.views_requests import RequestsView
from tests.components.samples import EMBEDDED, NOW

S = RequestState
URI = "s3://bucket/in/1.json"
SENT = Sent("b1-00001", "b1", "doc", "ebb-1", URI, S.QUEUED, NOW, sent=NOW, accepted=True)
BATCH = Batch("b1", "doc", Submission("doc", URI, count=10), 10, 10, False, "ann", NOW)
LATER = NOW + timedelta(minutes=10)
NONE = Timeline((), None, None)
COLD = Timeline(
    (
        Part("waiting for the cold start", NOW, NOW + timedelta(minutes=6), cold=True),
        Part("queued or processing", NOW + timedelta(minutes=6), LATER),
    ),
    600.0,
    360.0,
    "c1",
)


def counts(**given: int) -> dict[RequestState, int]:
    return dict.fromkeys(S, 0) | {S(name): number for name, number in given.items()}


def test_every_state_has_an_icon_and_a_tone():
    assert set(LOOKS) == set(S)
    for state in S:
        assert f'class="pill {LOOKS[state][1]}"' in pill(replace(SENT, state=state))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Nothing was sent from here yet."),
        ({"done": 3}, "Nothing is under way; 3 requests on record. Ended: 3 done."),
        ({"queued": 1}, "1 request under way: 1 queued."),
        (
            {"planned": 2, "waking": 4, "done": 1, "failed": 1},
            "6 requests under way: 2 not sent yet and 4 waiting for the cold start. Ended: 1 done and 1 failed.",
        ),
    ],
)
def test_the_headline_counts(given, words):
    assert headline(counts(**given), "").startswith(words)


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        ({"state": S.PLANNED, "sent": None}, NONE, "It is on record and not sent yet: its turn comes."),
        (
            {"state": S.STOPPED, "sent": None},
            NONE,
            "It was never sent: its batch was stopped before its turn.",
        ),
        ({"state": S.SENDING}, NONE, "Whether AWS took it is not known yet"),
        ({"state": S.DONE, "ended": LATER}, COLD, "of which 6 min (60 %) was the cold start."),
        (
            {"state": S.DONE, "ended": LATER},
            replace(COLD, cold_s=0.0),
            "Done 10 min after AWS took it, without a cold start.",
        ),
        ({"state": S.FAILED, "accepted": False, "error": "no"}, NONE, "AWS refused it when it was sent."),
        ({"state": S.FAILED, "ended": LATER}, COLD, "Failed 10 min after AWS took it, of which"),
        ({"state": S.EXPIRED, "ended": LATER}, NONE, "Expired: its 6 h in the queue passed"),
        ({"state": S.UNKNOWN, "ended": LATER}, NONE, "neither a result nor an error"),
        ({"state": S.WAKING}, NONE, "Waiting for the cold start; AWS took it 10 min ago."),
        ({"state": S.PROCESSING}, NONE, "Queued or processing;"),
        ({"state": S.PROCESSING, "processing": NOW}, NONE, "Processing;"),
        (
            {"state": S.DONE, "ended": LATER},
            replace(COLD, cold_s=None),
            "how much of it was a cold start is not known.",
        ),
        (
            {"state": S.WAKING},
            COLD,
            "AWS took it 10 min ago. Of that, 6 min so far was the cold start.",
        ),
    ],
)
def test_what_became_of_it_is_a_sentence(change, line, words):
    assert words in sentence(replace(SENT, **change), line, LATER)


def test_what_went_wrong_is_one_line_of_harmless_text():
    told = said(replace(SENT, text="out of\nmemory\x1b[31m"))
    assert "\n" not in told
    assert "\x1b" not in told
    assert said(SENT) == ""


def test_the_bar_has_its_parts_as_long_as_they_took_and_says_them():
    drawn = bar(COLD)
    assert 'part waking" style="flex-grow:0.6000"' in drawn
    assert 'part warm" style="flex-grow:0.4000"' in drawn
    assert "waiting for the cold start: 6 min" in drawn
    assert bar(NONE) == ""


def test_a_batch_tells_its_running_total():
    drawn = progress(BATCH, counts(planned=3, sending=1, queued=1, done=4, failed=1))
    assert "7 of 10 sent · 4 done · 1 failed · 2 under way" in drawn
    assert 'aria-valuenow="50"' in drawn
    stopped = progress(BATCH, counts(stopped=6, done=4))
    assert "4 of 10 sent · 4 done · 6 not sent" in stopped


def view(*rows: Sent) -> RequestsView:
    return RequestsView(EMBEDDED, NOW, rows, len(rows), counts(), {"b1": BATCH})


def test_an_export_has_a_row_for_each_of_all_pages():
    pages = [view(SENT), view(SENT, replace(SENT, id="b1-00002", state=S.DONE, ended=LATER))]
    rows = list(csv.DictReader(io.StringIO(as_csv(pages))))
    assert [row["id"] for row in rows] == ["b1-00001", "b1-00002"]
    assert rows[0]["actor"] == "ann"
    assert rows[0]["planned"] == "2026-11-20T14:02:10.000Z"
    assert rows[0]["ended"] == ""
    found = json.loads(as_json(pages))
    assert found[1]["state"] == "done"
    assert found[0]["ended"] is None


def test_text_of_others_is_no_formula_in_a_spreadsheet():
    rows = list(csv.DictReader(io.StringIO(as_csv([view(replace(SENT, text="=HYPERLINK(1)"))]))))
    assert rows[0]["text"] == "'=HYPERLINK(1)"


def test_of_an_open_request_the_length_is_so_far():
    assert lasted(SENT, NOW + timedelta(seconds=63)) == "so far 1 min 3 s"
    done = replace(SENT, state=S.DONE, ended=NOW + timedelta(seconds=63))
    assert lasted(done, LATER) == "1 min 3 s"
    assert lasted(replace(SENT, state=S.PLANNED, sent=None), LATER) == "–"
