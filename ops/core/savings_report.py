"""The summary of a saving that a manager mails: one self-contained page of HTML that prints on one sheet of A4. Pure.

No script and nothing from outside; light colours, because it is made for paper. The same view gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape
from zoneinfo import ZoneInfo

from ops.core import savings_aside as aside
from ops.core import savings_counted as counted
from ops.core import savings_story as story
from ops.core import savings_words as words
from ops.core.cost import Basis, cents
from ops.core.savings import Saving, total
from ops.core.savings_earlier import beside
from ops.core.savings_earlier import words as earlier
from ops.core.savings_parts import asleep, calendar
from ops.core.savings_svg import CARD, FINE, GRID, MONEY, MUTED, TEXT, calendar_svg, days_svg
from ops.core.views_savings import SavingsView

NEWLINE = "\n"
ROWS, PRICES, REASONS = 9, 8, 2
"""The sheet has room for so many lines of endpoints, so many prices, and reasons why some are not counted."""
HEADS = ("endpoint", "saved", "actual", "baseline", "saved", "asleep", "instance-hours", "baseline is")
TEXTS = ("endpoint", "account", "region")
NAME, LONG = 30, 120
"""A longer name of an endpoint takes two lines; what is said of a part that could not be read is cut here."""

_CSS = f"""
@page {{ size: A4; margin: 11mm 12mm; }}
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: 11mm 0; width: 186mm; max-width: calc(100vw - 24px);
  background: #FFFFFF; color: {TEXT};
  font: 9pt/1.32 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums;
  -webkit-print-color-adjust: exact; print-color-adjust: exact; }}
@media print {{ body {{ padding: 0; width: auto; max-width: none; }} }}
h1 {{ font-size: 14pt; line-height: 1.2; font-weight: 600; margin: 0 0 3pt; overflow-wrap: anywhere; }}
h1 b {{ font-weight: 600; }}
h2 {{ font-size: 9pt; font-weight: 600; margin: 6pt 0 2pt; }}
p {{ margin: 0 0 3pt; }}
h2 span {{ font-weight: 400; }}
.muted, th, dt, small {{ color: {MUTED}; }}
.cards {{ display: grid; grid-template-columns: repeat(4, 1fr); gap: 6pt; margin: 5pt 0; }}
.card {{ background: {CARD}; border: 1px solid {GRID}; border-radius: 4pt; padding: 3pt 7pt; }}
.card b {{ display: block; font-size: 13pt; line-height: 1.2; font-weight: 600; }}
.card small {{ display: block; font-size: 8pt; }}
.fine {{ color: {FINE}; }} .money {{ color: {MONEY}; }}
svg {{ display: block; }}
table {{ border-collapse: collapse; width: 100%; font-size: 8pt; line-height: 1.25; }}
th {{ font-weight: 400; text-align: left; }}
th, td {{ padding: 1pt 4pt 1pt 0; border-bottom: 1px solid {GRID}; vertical-align: top;
  overflow-wrap: anywhere; }}
.num {{ text-align: right; white-space: nowrap; }}
dl {{ display: grid; grid-template-columns: 31mm 1fr; gap: 1pt 8pt; margin: 0; font-size: 7.5pt;
  line-height: 1.25; }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
footer {{ margin-top: 5pt; font-size: 7.5pt; color: {MUTED}; }}
@media screen {{ .wide {{ overflow-x: auto; }} }}
@media screen and (max-width: 560px) {{
  .cards {{ grid-template-columns: 1fr 1fr; }} dl {{ grid-template-columns: 1fr; }} dd {{ margin-bottom: 3pt; }}
  .wide thead {{ display: none; }} .wide table, .wide tbody {{ display: block; }}
  .wide tr {{ display: grid; grid-template-columns: 1fr 1fr; gap: 0 12pt; padding: 3pt 0;
    border-bottom: 1px solid {GRID}; }}
  .wide td {{ display: flex; justify-content: space-between; gap: 6pt; padding: 0; border: 0; }}
  .wide td:empty {{ display: none; }}
  .wide td:first-child {{ grid-column: 1 / -1; display: block; font-weight: 600; }}
  .wide td::before {{ content: attr(data-name); color: {MUTED}; }}
}}
"""


def report(view: SavingsView) -> str:
    """The whole document."""
    first, second = story.headline(view)
    known = view.total.usd is not None and view.total.baseline_usd is not None
    body = [
        f"<h1>{escape(first)} <b{_SAVED if second.startswith('Saved') else ''}>{escape(second)}</b></h1>",
        _paragraph(
            [
                _status(view),
                aside.waited(view.waits, ZoneInfo(view.query.period.zone)),
                *story.lead(view),
                aside.idle(view),
            ]
        ),
        *([_cards(view), *_charts(view), _table(view)] if known else [_unknown(view)]),
        _counting(view),
        f"<footer>{escape(counted.made(view))}.</footer>",
    ]
    title = escape(f"Savings {view.query.period.label}")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_CSS}</style></head>\n<body>\n{NEWLINE.join(body)}\n"
        "</body></html>\n"
    )


def _status(view: SavingsView) -> str:
    if view.total.usd is None:
        return ""
    basis = (
        "From the bill"
        if view.total.basis is Basis.BILLED
        else "Estimated from instance time and list prices"
    )
    return f"{basis}, {story.settled(view)}."


def _paragraph(sentences: Iterable[str]) -> str:
    return f'<p class="muted">{escape(" ".join(s for s in sentences if s))}</p>'


def _cards(view: SavingsView) -> str:
    found = words.said(view.total)
    if found is None:
        return ""
    slept = asleep(view.rows)
    hours = "" if view.total.hours is None else f"{words.hours(view.total.hours)} instance-hours"
    based = (
        ""
        if view.total.baseline_hours is None
        else f"{words.hours(view.total.baseline_hours)} instance-hours"
    )
    cards = (
        ("saved", words.dollars(found.saved), f"{words.share(found.ratio)} of the baseline", "fine"),
        ("actual", words.dollars(found.actual), hours, "money"),
        ("baseline", words.dollars(found.baseline), based, ""),
        ("asleep", words.share(slept), "of the known time", ""),
    )
    return f'<div class="cards">{"".join(_card(*card) for card in cards)}</div>'


def _card(label: str, value: str, note: str, tone: str) -> str:
    return (
        f'<div class="card"><small>{escape(label)}</small><b class="{tone}">{escape(value)}</b>'
        f"<small>{escape(note)}</small></div>"
    )


def _charts(view: SavingsView) -> list[str]:
    period = view.query.period
    before = beside(view.total.days, view.before.days, period) if view.before is not None else ()
    dotted = f", dotted: {escape(earlier(period))}" if sum(d is not None for d in before) > 1 else ""
    return [
        f'<h2>Cost by day <span class="muted">· US dollars; filled: actual, pale: baseline{dotted}; '
        "hatched: not all known</span></h2>",
        days_svg(view.total.days, before),
        '<h2>When instances ran <span class="muted">· a column a day, a row an hour, '
        f"{escape(view.query.period.zone)}; empty: asleep, hatched: not known</span></h2>",
        calendar_svg(calendar(view.rows, view.query.period)),
    ]


def _table(view: SavingsView) -> str:
    rows = [row for row in view.rows if row.usd is not None and row.baseline_usd is not None]
    most = _fit(rows)
    lines = [_row(row, view) for row in rows[:most]]
    rest = rows[most:]
    if rest:
        more = total(rest, view.total.basis)
        sums = (_exact(more.saved), _exact(more.usd), _exact(more.baseline_usd))
        lines.append(_cells(_heads(view), (f"and {len(rest)} more", *_place(None, view), *sums), 4))
    head = "".join(f"<th{'' if name in TEXTS else _NUM}>{name}</th>" for name in _heads(view))
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    return f'<h2>By endpoint</h2><div class="wide">{body}</div>'


_NUM, _SAVED = ' class="num"', ' class="fine"'


def _fit(rows: Sequence[Saving]) -> int:
    """How many endpoints the sheet has room for: a long name takes two lines."""
    lines = 0
    for count, row in enumerate(rows):
        lines += 1 + (len(row.name) > NAME)
        if lines > ROWS:
            return count
    return len(rows)


def _heads(view: SavingsView) -> tuple[str, ...]:
    return (HEADS[0], *(("account", "region") if view.places else ()), *HEADS[1:])


def _place(row: Saving | None, view: SavingsView) -> tuple[str, ...]:
    """What stands in the columns of account and region, where there are any."""
    if not view.places:
        return ()
    return (row.place.account, row.place.region) if row is not None and row.place is not None else ("", "")


def _row(row: Saving, view: SavingsView) -> str:
    on = row.against.instances
    return _cells(
        _heads(view),
        (
            row.name,
            *_place(row, view),
            _exact(row.saved),
            _exact(row.usd),
            _exact(row.baseline_usd),
            words.share(row.ratio),
            words.share(row.time.asleep),
            words.DASH if row.hours is None else words.hours(row.hours),
            words.DASH if on is None else f"{on.normalize():f} instance{'' if on == 1 else 's'}",
        ),
    )


def _cells(heads: Sequence[str], values: Iterable[str], empty: int = 0) -> str:
    """A row; on a phone each cell is named by itself, and the endpoint is its heading."""
    inner = "".join(
        f'<td{"" if heads[i] in TEXTS else _NUM} data-name="{heads[i]}">{escape(each)}</td>'
        if i
        else f"<td>{escape(each)}</td>"
        for i, each in enumerate(values)
    )
    return f"<tr>{inner}{'<td></td>' * empty}</tr>"


def _exact(amount: Decimal | None) -> str:
    return words.DASH if amount is None else words.dollars(cents(amount))


def _some(names: Sequence[str]) -> str:
    """The first name, and how many more."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG].rstrip()} …"


def _unknown(view: SavingsView) -> str:
    """Why there is no number."""
    items = "".join(f"<li>{escape(e.name)}: {escape(e.why)}</li>" for e in view.total.left_out[: ROWS * 2])
    more = len(view.total.left_out) - ROWS * 2
    return f"<ul>{items}{f'<li>and {more} more</li>' if more > 0 else ''}</ul>"


def _counting(view: SavingsView) -> str:
    """The formula, the numbers behind the headline, the prices, and what is not known."""
    pairs = [pair for pair in counted.counting(view) if pair[0] not in (counted.NOT_COUNTED, counted.ASSUMED)]
    assumed = counted.assumed(view)
    pairs += [(name, _cut(told)) for name, told in assumed[:REASONS]]
    if len(assumed) > REASONS:
        pairs.append((counted.ASSUMED, f"and {len(assumed) - REASONS} more (see the JSON)"))
    reasons: dict[str, list[str]] = {}
    for left in view.total.left_out:
        reasons.setdefault(left.why, []).append(left.name)
    pairs += [
        (counted.NOT_COUNTED, f"{_some(names)}: {why}") for why, names in list(reasons.items())[:REASONS]
    ]
    if len(reasons) > REASONS:
        others = sum(len(names) for names in list(reasons.values())[REASONS:])
        pairs.append((counted.NOT_COUNTED, f"and {others} more, for other reasons (see the CSV)"))
    shown = view.prices[:PRICES]
    pairs += [("price", each) for each in counted.prices_alone(shown)]
    hidden = len(view.prices) - PRICES
    if hidden > 0:
        pairs.append(("price", f"and {hidden} more instance type{words.plural_s(hidden)} (see the CSV)"))
    notes: dict[str, list[str]] = {}
    for each in shown:
        notes.setdefault(each.note, []).append(each.instance_type)
    pairs += [("of these prices", f"{', '.join(kinds)}: {note}") for note, kinds in notes.items() if note]
    if view.problems:
        parts = _some([p.part for p in view.problems])
        pairs.append(("not read", f"{parts}. {_cut(view.problems[0].what)}"))
    pairs.append(("not in it", counted.NOT_IN_IT[view.total.basis]))
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(told)}</dd>" for name, told in pairs)
    return f"<h2>How it was counted</h2><dl>{items}</dl>"
