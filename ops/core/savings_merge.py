"""Savings of several places as one view: rows side by side, sums over all of them. Pure.

Merging is associative. Every total is made anew of all rows, so it is the sum of them in Decimal; what two places
call by one name stays two rows (`Saving.key`). Billed and estimated views are never merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

from ops.core.bill import total as all_known
from ops.core.cost import Basis
from ops.core.places import Place
from ops.core.savings import Saving, Total, total
from ops.core.savings_waits import waits_of
from ops.core.types import Price, Problem
from ops.core.views_savings import Candidate, Details, Elsewhere, Fit, Forecast, SavingsView
from ops.core.words import count

T = TypeVar("T")
NOT_LOOKED_AT = "are of other accounts or regions and not looked at here"
"""How the note of a bill ends that says so of its lines."""
SUMMED = "Of several accounts or regions: the sum, and as its range the sum of their ranges."


def merged(views: Sequence[SavingsView]) -> SavingsView:
    """One view of all of them; of one alone, that one. `connection` and `query` are the first's.

    Raises ValueError for none, for two of one place, and where billed and estimated ones meet.
    """
    if len(views) == 1:
        return views[0]
    found = [placed(view) for view in views]
    places = tuple(sorted(place for view in found for place in view.places))
    if not found or len(set(places)) < len(places):
        raise ValueError("each place counts once")
    first, basis = found[0], found[0].total.basis
    rows = tuple(sorted(_all(found, lambda v: v.rows), key=_by_saved))
    before_rows = _all(found, lambda v: v.before_rows)
    details: dict[str, Details] = {}
    for view in found:
        details |= view.details
    heard = _all(found, lambda v: v.heard)
    told = {place: lines for view in found for place, lines in view.bill_elsewhere}
    return replace(
        first,
        as_of=min(view.as_of for view in found),
        rows=rows,
        total=_total(rows, [view.total for view in found], basis),
        before=_before(before_rows, found, basis),
        details=details,
        waits=waits_of(heard, first.query.period) if heard else None,
        candidates=tuple(sorted(_all(found, lambda v: v.candidates), key=_by_worth)),
        forecast=_forecast([v.forecast for v in found if v.forecast is not None and _has_end(v)]),
        reconciled=tuple(
            sorted(_all(found, lambda v: v.reconciled), key=lambda r: (-r.day.toordinal(), r.endpoint))
        ),
        prices=tuple(sorted(dict.fromkeys(_all(found, lambda v: v.prices)), key=_by_type)),
        months=tuple(sorted(dict.fromkeys(_all(found, lambda v: v.months)), reverse=True)),
        tag_values=_tags(view.tag_values for view in found),
        history=(sum(view.history[0] for view in found), sum(view.history[1] for view in found)),
        never_slept=_never_slept(_all(found, lambda v: v.never_slept), details),
        bill=None,
        bill_at=min((view.bill_at for view in found if view.bill_at is not None), default=None),
        bill_source=next((view.bill_source for view in found if view.bill_source), ""),
        paid_calls=sum(view.paid_calls for view in found),
        problems=tuple(dict.fromkeys(_all(found, lambda v: v.problems))),
        bill_others=_elsewhere([view.bill_others for view in found]),
        bill_gone=_elsewhere([view.bill_gone for view in found]),
        first=min((view.first for view in found if view.first is not None), default=None),
        heard=heard,
        before_rows=before_rows,
        places=places,
        bill_notes=tuple(dict.fromkeys(_all(found, lambda v: v.bill_notes))),
        bill_elsewhere=tuple(sorted((place, n) for place, n in told.items() if place not in places)),
    )


def placed(view: SavingsView) -> SavingsView:
    """The view with its place written on everything in it; one of several places, or of none, is as it was."""
    if view.places or view.empty:
        return view
    here = view.here

    def named(found: Total) -> Total:
        return replace(
            found,
            counted=tuple(here.of(name) for name in found.counted),
            left_out=tuple(replace(each, name=here.of(each.name)) for each in found.left_out),
        )

    notes = view.bill.notes if view.bill is not None else ()
    return replace(
        view,
        rows=tuple(replace(row, place=here) for row in view.rows),
        total=named(view.total),
        before=None if view.before is None else named(view.before),
        details={here.of(name): each for name, each in view.details.items()},
        candidates=tuple(replace(each, place=here) for each in view.candidates),
        forecast=_forecast_of(view, here),
        reconciled=tuple(replace(each, endpoint=here.of(each.endpoint)) for each in view.reconciled),
        never_slept=tuple(here.of(name) for name in view.never_slept),
        problems=tuple(_problem(each, here) for each in view.problems),
        bill_others=_elsewhere([view.bill_others], here),
        bill_gone=_elsewhere([view.bill_gone], here),
        before_rows=tuple(replace(row, place=here) for row in view.before_rows),
        places=(here,),
        bill_notes=tuple(f"{here.words}: {note}" for note in notes if not note.endswith(NOT_LOOKED_AT)),
    )


def emptied(view: SavingsView) -> SavingsView:
    """A view of no place at all, that says for whom, of when and against what it was asked."""
    return SavingsView(
        view.connection,
        view.as_of,
        view.query,
        (),
        total((), view.query.basis),
        None,
        months=view.months,
        tag_values=view.tag_values,
        empty=True,
    )


def lines_elsewhere(view: SavingsView) -> str:
    """That a bill holds lines of places which a view of several places is not of; empty where none."""
    lines = sum(n for _, n in view.bill_elsewhere)
    if not lines or not view.places:
        return ""
    of = ", ".join(f"{place.words} ({n:,})" for place, n in view.bill_elsewhere)
    return f"{count(lines, 'line')} {NOT_LOOKED_AT}: {of}"


def _all(found: Iterable[SavingsView], of: Callable[[SavingsView], Iterable[T]]) -> tuple[T, ...]:
    return tuple(each for view in found for each in of(view))


def _by_saved(row: Saving) -> tuple[bool, Decimal, str]:
    return row.saved is None, -(row.saved or Decimal(0)), row.key


def _by_worth(each: Candidate) -> tuple[bool, bool, Decimal, str, str]:
    where = each.place.words if each.place is not None else ""
    return each.fit is Fit.POOR, each.saved is None, -(each.saved or Decimal(0)), each.name, where


def _by_type(price: Price) -> tuple[str, str]:
    return price.instance_type, price.region


def _total(rows: Sequence[Saving], found: Sequence[Total], basis: Basis) -> Total:
    """Of all rows, with what has none and is named all the same."""
    if any(each.basis is not basis for each in found):
        raise ValueError("billed and estimated costs are never added to each other")
    whole = total(rows, basis)
    others = [e for each in found for e in each.left_out if e not in whole.left_out]
    if not others:
        return whole
    return replace(whole, left_out=(*whole.left_out, *others), final=False)


def _before(rows: Sequence[Saving], found: Sequence[SavingsView], basis: Basis) -> Total | None:
    """None where nothing is known of it; on a bill also where one place has none, and endpoints in it now."""
    if basis is Basis.BILLED and any(view.before is None and view.rows for view in found):
        return None
    whole = _total(rows, [view.before for view in found if view.before is not None], basis)
    return whole if whole.coverage or whole.left_out else None


def _has_end(view: SavingsView) -> bool:
    return view.forecast is not None and (bool(view.rows) or view.forecast.expected is not None)


def _forecast(found: Sequence[Forecast]) -> Forecast | None:
    """Sums; not known where one is not. A budget is for all together, and compared where each is of all it has."""
    if len(found) < 2:
        return found[0] if found else None
    days = [{day: rest for day, *rest in each.by_day} for each in found]
    common = sorted(set.intersection(*(set(each) for each in days)))
    told = " ".join(each.basis.removeprefix(SUMMED).strip() for each in found)
    expected = all_known(each.expected for each in found)
    budgets = {each.budget for each in found}
    return Forecast(
        found[0].month,
        all_known(each.spent for each in found),
        expected,
        all_known(each.low for each in found),
        all_known(each.high for each in found),
        budgets.pop() if len(budgets) == 1 else None,
        min(each.days_left for each in found),
        f"{SUMMED} {told}" if expected is not None else told,
        tuple(_day(day, [each[day] for each in days]) for day in common) if expected is not None else (),
        any(each.part for each in found),
    )


def _forecast_of(view: SavingsView, here: Place) -> Forecast | None:
    found = view.forecast
    return None if found is None else replace(found, basis=f"{here.words}: {found.basis}")


def _day(day: date, found: Sequence[Sequence[Decimal]]) -> tuple[date, Decimal, Decimal, Decimal]:
    sums = [sum((each[i] for each in found), Decimal(0)) for i in range(3)]
    return day, sums[0], sums[1], sums[2]


def _tags(found: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, tuple[str, ...]]:
    out: dict[str, set[str]] = {}
    for values in found:
        for key, each in values.items():
            out.setdefault(key, set()).update(each)
    return {key: tuple(sorted(out[key])) for key in sorted(out)}


def _never_slept(names: Iterable[str], details: Mapping[str, Details]) -> tuple[str, ...]:
    def cost(name: str) -> tuple[bool, Decimal, str]:
        idle = details[name].idle if name in details else None
        usd = idle.usd if idle is not None else None
        return usd is None, -(usd or Decimal(0)), name

    return tuple(sorted(names, key=cost))


def _problem(found: Problem, here: Place) -> Problem:
    return replace(found, what=f"{here.words}: {found.what}")


def _elsewhere(found: Sequence[Elsewhere | None], here: Place | None = None) -> Elsewhere | None:
    known = [each for each in found if each is not None]
    if not known:
        return None
    names = sorted(name if here is None else here.of(name) for each in known for name in each.names)
    hours = sum((each.hours for each in known), Decimal(0))
    return Elsewhere(tuple(names), hours, all_known(each.usd for each in known))
