"""Log lines and objects that others wrote, shown letter by letter; and what was and was not searched for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from components import format as fmt
from components.failure_cards import when
from components.markup import Html, html, joined
from ops.core.log_lines import is_data_log, log_group
from ops.core.plain_text import visible
from ops.core.records import LogLine
from ops.core.views_failures import ContextLine, LogSearch, ObjectText, ProbableObject, RequestLog

MOST_LETTERS = 4000
"""Of one log line; the rest is counted."""


def lines(found: Sequence[LogLine], zone: tzinfo, now: datetime) -> Html:
    """Log lines in the order given."""
    return _list(_line(line, zone, now) for line in found)


def context(found: Sequence[ContextLine], zone: tzinfo, now: datetime) -> Html:
    """The same around one request: what carries its id stands out."""
    return _list(_line(each.line, zone, now, mentions=each.mentions) for each in found)


def _list(items: Iterable[Html]) -> Html:
    return html('<ol class="log">{items}</ol>', items=joined(items))


def _line(line: LogLine, zone: tzinfo, now: datetime, *, mentions: bool = False) -> Html:
    return html(
        '<li class="{css}"><span class="muted small">{at} · {stream}{mark}</span><pre>{text}</pre></li>',
        css="mine" if mentions else "",
        at=when(line.at, zone, now),
        stream=_stream(line.stream),
        mark=" · names this request" if mentions else "",
        text=_cut(line.message),
    )


def _stream(name: str) -> str:
    parts = name.split("/")
    instance = parts[1] if len(parts) > 1 else name
    return f"{instance} · {'platform' if is_data_log(name) else 'container'}"


def _cut(message: str) -> str:
    text = visible(message[: MOST_LETTERS + 1]).rstrip("\n")
    if len(message) <= MOST_LETTERS:
        return text
    return f"{text[:MOST_LETTERS]} … {fmt.count(len(message) - MOST_LETTERS)} more characters"


def searched(found: LogSearch, name: str, zone: tzinfo, now: datetime) -> Html:
    """What was searched, and what was not and why."""
    if found.missing:
        return html(
            "<p>There is no log group <code>{group}</code>. It appears when the first instance writes; a deleted "
            "one takes its lines along.</p>",
            group=log_group(name),
        )
    span = _span(found.start, found.end, zone, now)
    if found.complete:
        return html('<p class="muted small">Searched: {span}, all of it.</p>', span=span)
    gaps = ", ".join(_span(begin, end, zone, now) for begin, end in found.unsearched)
    return html(
        '<p class="small"><span class="waking">Not searched: {gaps}</span>, because {why}. A shorter range or a '
        "rarer text reaches further back.</p>",
        gaps=gaps,
        why=found.why,
    )


def _span(start: datetime, end: datetime, zone: tzinfo, now: datetime) -> str:
    return f"{fmt.moment(start, zone, now)} – {fmt.moment(end, zone, now)}"


def object_text(found: ObjectText, zone: tzinfo, now: datetime) -> Html:
    """The beginning of an object: escaped, in monospace, with what it is and how much of it is shown."""
    content, each = found.content, found.object
    parts = [f"{size(each.size)}, written {when(each.modified, zone, now)}"]
    if content.binary:
        parts.append("not text: its first bytes in hexadecimal")
    elif content.truncated:
        parts.append("only the first 64 KB are shown")
    body = (
        html('<pre class="object">{text}</pre>', text=content.text)
        if content.text
        else html('<p class="muted">It is empty.</p>')
    )
    return html(
        '<p class="small"><code>{uri}</code><br><span class="muted">{said}</span></p>{body}',
        uri=each.uri,
        said="; ".join(parts),
        body=body,
    )


def request_detail(found: RequestLog, name: str, zone: tzinfo, now: datetime) -> Html:
    """All that is on record of one request: its lines and the object that is probably its own."""
    if found.lines:
        own = sum(each.mentions for each in found.lines)
        which = f"{fmt.plural(own, 'line')} that {'names' if own == 1 else 'name'} it"
        said = f"{which}, and what its instance wrote around that time"
        body = context(found.lines, zone, now)
    elif any(p.action for p in found.problems):
        said, body = "Log lines: not shown.", Html("")
    else:
        said, body = "No log line names this request.", Html("")
    return html(
        '<div class="stack detail"><p class="small">Request <code>{id}</code></p><h3>{said}</h3>{lines}{searched}'
        "{object}{denied}</div>",
        id=found.inference_id,
        said=said,
        lines=body,
        searched=Html("") if found.search.complete else searched(found.search, name, zone, now),
        object=_probable(found, zone, now),
        denied=joined(
            html("<p>Not shown: {part}. {what} {hint}</p>", part=p.part, what=p.what, hint=p.hint)
            for p in found.problems
        ),
    )


def _probable(found: RequestLog, zone: tzinfo, now: datetime) -> Html:
    if found.object is None:
        return (
            html('<p class="muted">{why}</p>', why=found.without_object) if found.without_object else Html("")
        )
    return html(
        '<h3>{title}</h3><p class="small muted">{why}</p>{text}',
        title="Its failure object" if found.object.certain else "Probably its failure object",
        why=_how_sure(found.object),
        text=object_text(found.object.found, zone, now),
    )


def _how_sure(probable: ProbableObject) -> str:
    if probable.certain:
        return "It names the inference id."
    near = (
        f"Written {fmt.wait(probable.apart_s)} from the log line"
        if probable.apart_s >= 1
        else ("Written within a second of the log line")
    )
    also = f"; {fmt.plural(probable.others, 'other')} within a minute and a half" if probable.others else ""
    return f"{near}{also}. The uuid in its key is not the inference id, so only the time connects them."


def size(count: int) -> str:
    """122 bytes, 1.4 KB, 3.1 MB."""
    if count < 1000:
        return f"{count} bytes" if count != 1 else "1 byte"
    for unit, length in (("KB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if count < 999.5 * length:
            return f"{count / length:.3g} {unit}"
    return f"{count / 1e12:.3g} TB"
