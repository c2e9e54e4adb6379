"""What the form makes of what was typed, and what it says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.request_draft import (
    ADDRESS,
    BURST,
    NOT_YET,
    ONCE,
    PACED,
    PASTE,
    UPLOAD,
    Draft,
    not_json,
    type_of,
)
from ops.core.errors import BadInput

DRAFT = Draft("doc", pasted='{"a": 1}')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', ""),
        ("3", ""),
        ('{"a": 1', "line 1, column 8"),
        ('{\n "a": x}', "line 2, column 7"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_where_it_stops_to_be_json_is_said(text, said):
    assert said in not_json(text)
    assert bool(not_json(text)) == bool(said)


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (replace(DRAFT, pasted=" "), "There is no input"),
        (replace(DRAFT, pasted="{"), "This is no JSON"),
        (replace(DRAFT, source=UPLOAD), "No file was uploaded yet"),
    ],
)
def test_without_an_input_it_is_said(draft, said):
    with pytest.raises(BadInput, match=said):
        draft.input_uri()


@pytest.mark.parametrize(
    ("draft", "uri"),
    [
        (DRAFT, NOT_YET),
        (replace(DRAFT, pasted="{", as_is=True), NOT_YET),
        (replace(DRAFT, pasted="a,b", content_type="text/csv"), NOT_YET),
        (replace(DRAFT, pasted='{"a":1}\n{"b":2}', content_type="application/jsonlines"), NOT_YET),
        (replace(DRAFT, source=UPLOAD, uploaded="s3://b/k"), "s3://b/k"),
        (replace(DRAFT, source=ADDRESS, address=" s3://b/k "), "s3://b/k"),
    ],
)
def test_where_the_input_is(draft, uri):
    assert draft.input_uri() == uri
    assert draft.ready


@pytest.mark.parametrize("source", [PASTE, UPLOAD, ADDRESS])
def test_a_form_without_an_input_is_not_ready(source):
    assert not Draft("doc", source=source).ready


def test_what_is_sent_follows_the_way_that_was_chosen():
    many = replace(DRAFT, count=40, per_minute=10.0)
    assert (many.submission("s3://b/k").count, many.submission("s3://b/k").per_minute) == (1, None)
    burst = replace(many, how=BURST).submission("s3://b/k")
    assert (burst.count, burst.per_minute) == (40, None)
    paced = replace(many, how=PACED).submission("s3://b/k")
    assert (paced.count, paced.per_minute) == (40, 10.0)


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (replace(DRAFT, how=PACED, count=4), "The pace is empty"),
        (replace(DRAFT, how=BURST, count=None), "number of requests cannot be 0"),
        (replace(DRAFT, ttl_s=None), "A time is empty"),
        (replace(DRAFT, ttl_s=5), "time to live cannot be 5 seconds"),
    ],
)
def test_an_empty_or_impossible_field_is_said(draft, said):
    with pytest.raises(BadInput, match=said):
        draft.submission("s3://b/k")


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (replace(DRAFT, how=ONCE), "sent at once"),
        (replace(DRAFT, how=BURST, count=5), "sent as fast as AWS takes them, a few at a time"),
        (replace(DRAFT, how=PACED, count=41, per_minute=10.0), "sent in about 4 min"),
    ],
)
def test_how_long_the_sending_takes_is_said(draft, said):
    assert draft.lasts() == said


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page 1.JSON", "application/json"),
        ("rows.jsonl", "application/jsonlines"),
        ("rows.csv", "text/csv"),
        ("scan.pdf", "application/pdf"),
        ("photo.jpeg", "image/jpeg"),
        ("array.npy", "application/x-npy"),
        ("rows.csv.gz", "application/octet-stream"),
        ("weights.zzz", "application/octet-stream"),
        ("noend", "application/octet-stream"),
    ],
)
def test_a_files_name_tells_its_content_type(name, kind):
    assert type_of(name) == kind
