"""The ledger as CSV and as JSON: times in UTC, lengths in seconds. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime

from ops.core.requests import Batch, Sent
from ops.core.views_requests import RequestsView

COLUMNS = tuple(field.name for field in fields(Sent))
OF_BATCH = ("actor", "via", "content_type", "attributes")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(pages: Iterable[RequestsView]) -> str:
    """One row for each request; text that a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*COLUMNS, *OF_BATCH))
    for row in _rows(pages):
        writer.writerow([_safe(value) for value in row.values()])
    return out.getvalue()


def as_json(pages: Iterable[RequestsView]) -> str:
    """A list of objects; what is not known is null."""
    return json.dumps(list(_rows(pages)), indent=1, ensure_ascii=False)


def _rows(pages: Iterable[RequestsView]) -> Iterable[Mapping[str, object]]:
    told: set[str] = set()
    for page in pages:
        for sent in page.rows:
            if sent.id in told:  # new ones move the others down a page
                continue
            told.add(sent.id)
            yield _row(sent, page.batches.get(sent.batch))


def _row(sent: Sent, batch: Batch | None) -> Mapping[str, object]:
    row: dict[str, object] = {name: _plain(getattr(sent, name)) for name in COLUMNS}
    known = batch is not None
    row |= {
        "actor": batch.actor if known else None,
        "via": batch.via if known else None,
        "content_type": batch.submission.content_type if known else None,
        "attributes": batch.submission.attributes if known else None,
    }
    return row


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value) if isinstance(value, str) else value


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
