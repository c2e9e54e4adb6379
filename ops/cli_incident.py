"""An incident summary as one JSON document, for scripts."""

from __future__ import annotations

import json

from ops.cli_show import plain
from ops.core import incident, notices
from ops.core.incident import Incident
from ops.core.moments import written

_WRITTEN = "%Y-%m-%dT%H:%MZ"


def link(found: Incident, base: str | None, place: str = "") -> str:
    """The page of the endpoint over the minutes of the summary, where Ebb's own address (EBB_URL) is known.

    `place`: of EBB_PLACES, the one that the endpoint is in.
    """
    window = found.view.window
    page = notices.link(base, found.view.row.endpoint.ref.name, place) if base else ""
    return f"{page}&from={window.start:{_WRITTEN}}&to={window.end:{_WRITTEN}}" if page else ""


def document(found: Incident, link: str = "") -> str:
    """Everything the text says as values, and the text itself under `markdown`. Times are UTC."""
    view = found.view
    row = view.row
    findings = None
    if found.findings is not None:
        findings = [
            {
                "severity": finding.severity.value,
                "code": finding.code,
                "sentence": written(finding.sentence),
                "evidence": [written(text) for text in finding.evidence],
            }
            for finding in found.findings
        ]
    told = {
        "name": row.endpoint.ref.name,
        "state": row.verdict.state.value,
        "severity": row.verdict.severity.value,
        "sentence": row.verdict.sentence,
        "since": plain(row.verdict.since),
        "as_of": plain(view.as_of),
        "hurt": list(incident.hurt(view)),
        "evidence": list(row.verdict.evidence),
        "findings": findings,
        "changes_since": plain(found.begin),
        "changes": [
            {
                "at": plain(mark.at),
                "kind": mark.kind.value,
                "what": mark.sentence,
                "who": mark.who or None,
                "refused": mark.refused or None,
            }
            for mark in found.changes
        ],
        "problems": plain((*view.problems, *found.unchecked)),
        "link": link or None,
        "markdown": incident.text(found, link=link),
    }
    return json.dumps(told, ensure_ascii=False, allow_nan=False)
