"""Cold starts in words: the sentence, durations, who woke it, and the file for other tools. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, tzinfo

from components import format as fmt
from components.format import took
from ops.core.cold_start import ColdStart, Counted, Step, served
from ops.core.cold_start_stats import FEW, compared, spread, waited_s, waits
from ops.core.cold_starts import Outcome, WokenBy
from ops.core.views_cold import ColdStartsView


def sentence(view: ColdStartsView, zone: tzinfo, span: str) -> tuple[str, str]:
    """The verdict on a range (`span`: "the last 30 days"), and what else is to be said of it."""
    starts = view.starts
    if not starts and view.whole < len(view.names):
        return "Cold starts are still being looked for.", _so_far(view)
    if not starts:
        return f"No cold start in {span}.", _nothing(view, zone)
    waited, good = waits(starts), served(starts)
    length = spread(s.total_s for s in waited)
    first = f"{fmt.plural(len(good), 'cold start')} in {span}"
    if length is None:
        alone = all(s.waited == 0 for s in good)
        verdict = f"{first}{'; nobody waited' if alone else ''}." if good else f"No instance came in {span}."
    elif length.few:
        verdict = f"{first}; the longest wait for a first result was {took(length.worst)}."
    else:
        verdict = f"{first}: half of the waits for a first result took under {took(length.p50)}, "
        verdict += f"the worst {took(length.worst)}."
    return verdict, " ".join(_more(view, waited, zone))


def _nothing(view: ColdStartsView, zone: tzinfo) -> str:
    if not view.usual:
        return "None is on record. A cold start is written down each time an endpoint goes from no instance to one."
    newest = view.usual[0]
    return f"The newest was {newest.endpoint}'s, {fmt.moment(newest.ordered, zone, view.as_of)}."


def _more(view: ColdStartsView, waited: Sequence[ColdStart], zone: tzinfo) -> list[str]:
    starts, said = view.starts, []
    if waited:
        worst = max(waited, key=lambda s: s.total_s or 0.0)
        said.append(
            f"The worst was {worst.endpoint}'s, {fmt.moment(worst.ordered, zone, view.as_of)}. "
            f"Together, the first requests waited {took(waited_s(waited))}"
            f" in {fmt.plural(len(waited), 'cold start')}."
        )
    unasked = [s for s in served(starts) if s.counted is Counted.START and s.waited == 0]
    if unasked:
        half = spread(s.start_s for s in unasked)
        usual = f", in service after {took(half.p50)} (median)" if half is not None else ""
        said.append(f"{fmt.count(len(unasked))} more found nobody waiting{usual}.")
    blind = sum(s.counted is Counted.START and s.waited is None for s in served(starts))
    if blind:
        said.append(f"Of {blind}, no metrics are kept: whether somebody waited is not known.")
    bad = [s for s in starts if s.outcome in (Outcome.FAILED, Outcome.NOTHING)]
    if bad:
        said.append(f"{fmt.plural(len(bad), 'wake')} brought no instance.")
    running = [s.endpoint for s in starts if s.outcome is Outcome.RUNNING]
    if running:
        said.append(
            f"{', '.join(sorted(set(running)))} {'is' if len(set(running)) == 1 else 'are'} waking now."
        )
    if view.whole < len(view.names):
        said.append(_so_far(view))
    return said


def _so_far(view: ColdStartsView) -> str:
    done, of = view.whole, len(view.names)
    return f"The past of {done} of {fmt.plural(of, 'endpoint')} has been gone through; the rest follows by itself."


def woken_by(start: ColdStart) -> str:
    """Who or what ordered the first instance."""
    if start.woken_by is WokenBy.SCHEDULE:
        return f"the schedule {start.who}" if start.who else "a schedule"
    if start.woken_by is WokenBy.OPERATOR:
        return "its bounds"
    if start.woken_by is WokenBy.UNKNOWN:
        return "not known"
    return "requests"


def beside(start: ColdStart, view: ColdStartsView) -> str:
    """How it compares: "2.4 × slower than usual"; empty where it has no length."""
    if start.total_s is None or start.counted is Counted.ATTEMPT:
        return ""
    found = compared(start, view.usual)
    return f"fewer than {FEW} others to compare with" if found.times is None else found.words


HEADS = (
    "endpoint",
    "id",
    "ordered_at",
    "outcome",
    "woken_by",
    "who",
    "counted",
    "total_s",
    "usual_s",
    "times_usual",
    "order_to_service_s",
    "waited",
    "expired",
    "longest_wait_s",
    "longest_wait_source",
    "peak_backlog",
    "failed_attempts",
    "warm_until",
    "warm_instance_hours",
    "warm_usd_estimated",
    "final",
)
_OF_PHASE = ("at", "kind", "earliest", "latest", "source")


def as_csv(view: ColdStartsView) -> str:
    """One line for each cold start, newest first: times ISO 8601 in UTC, lengths in seconds, empty = not known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    steps = [f"{step.value.replace(' ', '_')}_{part}" for step in Step for part in _OF_PHASE]
    writer.writerow((*HEADS, *steps))
    for start in view.starts:
        writer.writerow(_safe(cell) for cell in (*_cells(start, view), *_phases(start)))
    return out.getvalue()


def _cells(start: ColdStart, view: ColdStartsView) -> tuple[object, ...]:
    beside_others = compared(start, view.usual)
    cost = view.costs.get((start.endpoint, start.id))
    return (
        start.endpoint,
        start.id,
        _iso(start.ordered),
        start.outcome.value,
        start.woken_by.value,
        start.who,
        start.counted.value,
        _number(start.total_s),
        _number(beside_others.usual_s),
        "" if beside_others.times is None else f"{beside_others.times:.2f}",
        _number(start.start_s),
        start.waited,
        start.expired,
        _number(start.longest_wait_s),
        start.longest_wait_source,
        start.peak_backlog,
        start.failed_attempts,
        _iso(start.warm_until),
        start.warm_hours,
        "" if cost is None else f"{cost.usd:.4f}",
        "yes" if start.final else "no",
    )


def _phases(start: ColdStart) -> list[object]:
    found: list[object] = []
    for step in Step:
        phase = start.phase(step)
        if phase is None:
            found += [""] * len(_OF_PHASE)
        else:
            times = (_iso(phase.at), phase.kind.value, _iso(phase.earliest), _iso(phase.latest))
            found += [*times, phase.source]
    return found


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _safe(value: object) -> str:
    """A text that no spreadsheet takes for a formula; None is empty."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
