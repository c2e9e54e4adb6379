"""Views of savings on the basis of a bill, and of a bill beside the estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from ops.bill_source import ReadBill
from ops.core import billed
from ops.core.bill_days import BillDays, bill_days
from ops.core.cost import Basis
from ops.core.errors import BadInput
from ops.core.instance_time import InstanceTime
from ops.core.periods import Period
from ops.core.reconcile import reconciled
from ops.core.savings import CURRENCY, Saving, Total, total
from ops.core.savings_upper import Moving, moving
from ops.core.types import Connection
from ops.core.views_savings import SavingsView
from ops.instance_past import Asked
from ops.known import State
from ops.savings_details import activities_of
from ops.savings_gone import lost, with_lost
from ops.savings_memo import Memo, shared_times
from ops.type_past import recalled


def on_a_bill(
    state: State,
    memo: Memo,
    view: SavingsView,
    read: ReadBill,
    source: str,
    earlier: ReadBill | None = None,
) -> SavingsView:
    """The view with what was billed in place of estimates. `view`: the estimates by UTC day. Raises BadInput.

    `earlier`: a bill that may hold the period before. What the saving cost, idle time and the forecast stay
    estimates, which their own words say.
    """
    bill = read.bill
    if bill.currency != CURRENCY:
        raise BadInput(
            f"The bill is in {bill.currency}, and Ebb counts savings in {CURRENCY}.",
            "Look at it with `python -m ops bill`, or choose the estimate.",
        )
    told = _told(read, view.connection)
    rows = tuple(_row(state, view, row, row.time, view.query.period, told) for row in view.rows)
    ordered = sorted(rows, key=lambda row: (row.saved is None, -(row.saved or 0), row.name))
    whole, names = total(rows, Basis.BILLED), {row.name for row in rows}
    others = [each for each in view.total.left_out if each.name not in names]
    before, before_rows = (None, ()) if earlier is None else _before(state, memo, view, earlier)
    shown = replace(
        view,
        query=replace(view.query, basis=Basis.BILLED),
        rows=tuple(ordered),
        total=replace(whole, left_out=(*whole.left_out, *others)),
        before=before,
        before_rows=before_rows,
        bill_source=source,
        problems=(*view.problems, *read.problems),
    )
    return beside(state, shown, view, read)


def beside(state: State, view: SavingsView, by_utc_day: SavingsView, read: ReadBill) -> SavingsView:
    """The view with the bill beside it. `by_utc_day`: the estimates, as a bill counts days."""
    upper: dict[tuple[str, date], Moving] = {}
    for row in by_utc_day.rows:
        upper |= _unseen(state, row, by_utc_day)
    told, period = _told(read, view.connection), by_utc_day.query.period
    there = [name for name, known in state.known.items() if known.endpoint.created < period.until]
    others, gone = billed.elsewhere(told, by_utc_day.rows, there, period)
    return replace(
        view,
        reconciled=reconciled(told, by_utc_day.rows, upper),
        bill=read.bill,
        bill_at=read.at,
        paid_calls=view.paid_calls + read.calls,
        bill_others=others,
        bill_gone=gone,
        bill_elsewhere=read.elsewhere,
    )


def _told(read: ReadBill, connection: Connection) -> BillDays:
    """The days of a bill; what the free tier paid in other accounts and regions is not looked at here."""
    here = tuple(
        d
        for d in read.bill.free
        if d.account in (connection.account, "") and d.region in (connection.region, "")
    )
    return bill_days(replace(read.bill, free=here), read.at, read.written, live=read.calls > 0)


def _before(
    state: State, memo: Memo, view: SavingsView, earlier: ReadBill
) -> tuple[Total | None, tuple[Saving, ...]]:
    """What was billed in the period before, also for endpoints gone since, and the rows that it is the sum of.

    None where no day of it is in full.
    """
    period = view.query.period.previous()
    if earlier.bill.currency != CURRENCY:
        return None, ()
    memory = recalled(state)
    chosen = [(row, state.known[row.name].endpoint) for row in view.rows if row.name in state.known]
    lived = [(row, endpoint) for row, endpoint in chosen if endpoint.created < period.until]
    asked = [Asked(e, period.start, period.until, memory.intervals(e, state.now)) for _, e in lived]
    gone = tuple(memory.gone({name: k.endpoint for name, k in state.known.items()}, state.now))
    left = lost(state, memo, view.query, period, gone, {p.instance_type: p for p in view.prices})
    told = _told(earlier, view.connection)
    rows = [
        _row(state, view, row, time, period, told)
        for (row, _), time in zip(lived, shared_times(state.past, memo, asked), strict=True)
    ]
    rows += [_row(state, view, row, row.time, period, told) for row in left.rows]
    found = with_lost(total(rows, Basis.BILLED), left)
    return (found, tuple(rows)) if found.days_known else (None, ())


def _row(
    state: State, view: SavingsView, row: Saving, time: InstanceTime, period: Period, told: BillDays
) -> Saving:
    known = state.known.get(row.name)
    target = state.scaling.targets.get(known.endpoint.ref.resource_id) if known is not None else None
    pool = known.endpoint.pools if known is not None else ()
    kinds = known.endpoint.kinds if known is not None else tuple(t.instance_type for t in row.by_type[-1:])
    found = billed.saving(
        row.name,
        told,
        time,
        period,
        view.query.baseline,
        most=target.bounds.max if target is not None else None,
        listed=next((p for p in view.prices if kinds and p.instance_type == kinds[0]), None),
        pool=pool,
        is_async=row.is_async,
        tags=row.tags,
    )
    return replace(found, notes=row.notes, only=row.only, since=row.since, gone=row.gone)


def _unseen(state: State, row: Saving, view: SavingsView) -> Mapping[tuple[str, date], Moving]:
    """What was on its way in or out, by UTC day, as far as scaling activities are on record."""
    known = state.known.get(row.name)
    if known is None:
        return {}
    moves = activities_of(state, known.endpoint, view.query.period)
    out = {}
    for each in row.days:
        begin = datetime.combine(each.day, datetime.min.time(), UTC)
        out[row.name, each.day] = moving(moves, begin, begin + timedelta(days=1))
    return out
