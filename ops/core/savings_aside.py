"""What is told beside the sentence of a saving: who waited, what was idle, where the month ends. Pure."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

from ops.core.cost import Basis
from ops.core.savings_parts import spent
from ops.core.savings_words import WEEKDAYS, hours, month_words, named, plural_s, rough, share, stamp, usd
from ops.core.views_savings import Candidate, Elsewhere, Forecast, SavingsView, Waits
from ops.core.words import took


def waited(found: Waits | None, zone: ZoneInfo) -> str:
    """What the saving cost those who waited; empty where nothing is known of it."""
    if found is None or found.cold_starts is None:
        return ""
    since = f" since {stamp(found.since, zone)}" if found.since is not None else ""
    expired = (
        ""
        if not found.expired
        else f" {found.expired:,} request{plural_s(found.expired)} expired in the queue."
    )
    blind = (
        ""
        if not found.left_out
        else f" Of {found.left_out} endpoint{plural_s(found.left_out)} nothing is known yet."
    )
    if not found.cold_starts:
        return f"No request had to wait for a cold start{since}.{expired}{blind}"
    parts = [f"In return, {found.cold_starts:,} cold start{plural_s(found.cold_starts)}{since}"]
    if found.requests is not None:
        parts.append(f"{found.requests:,} requests or more waited for them")
    if found.request_minutes:
        parts.append(f"{minutes(found)} in all")
    if found.p95_s is not None:
        worst = ""
        if found.worst_day is not None and found.worst_p95_s is not None:
            worst = f" ({took(found.worst_p95_s)} on {WEEKDAYS[found.worst_day]})"
        parts.append(f"{found.p95_words} {took(found.p95_s)}{worst}")
    return f"{', '.join(parts)}.{expired}{blind}"


def minutes(found: Waits) -> str:
    """ "about 950 request-minutes": all waits until an instance was in service, added up; empty where not known."""
    if found.request_minutes is None:
        return ""
    about = "" if 0 < found.request_minutes < 1 else "about "
    return f"{about}{rough(found.request_minutes)} request-minute{plural_s(found.request_minutes)}"


def has_end(view: SavingsView) -> bool:
    """Whether there is something to tell of the month's end: not where no endpoint is counted and none is expected."""
    return view.forecast is not None and (bool(view.rows) or view.forecast.expected is not None)


def forecast(found: Forecast) -> str:
    """Where the month ends, beside its budget; or that nobody can say."""
    month, estimated = month_words(found.month), Basis.ESTIMATED
    if found.expected is None or found.low is None or found.high is None:
        so_far = "" if found.spent is None else f"; about {usd(found.spent, estimated)} so far"
        return f"Where {month} ends is not known yet{so_far}."
    told = (
        f"{month} ends at about {usd(found.expected, estimated)} "
        f"({usd(found.low, estimated)} to {usd(found.high, estimated)})"
    )
    if found.budget is None:
        return f"{told}."
    budget = usd(found.budget)
    beside = {
        "yes": f"above the budget of {budget}",
        "likely": f"probably above the budget of {budget}",
        "possibly": f"the budget of {budget} may not be enough",
        "no": f"within the budget of {budget}",
    }
    return f"{told}, {beside[found.passes]}."


def idle(view: SavingsView) -> str:
    """What of the actual was paid while nothing was in work; empty where nobody knows."""
    found = spent(view.rows, view.details)
    if found is None or found.idle is None:
        return ""
    whole = found.work + found.idle + (found.warm or Decimal(0))
    paid = found.idle + (found.warm or Decimal(0))
    if not whole or not paid:
        return ""
    warm = f", {usd(found.warm, Basis.ESTIMATED)} of it in warm windows" if found.warm else ""
    return (
        f"Of the actual, about {usd(paid, Basis.ESTIMATED)} ({share(paid / whole)}) was paid while nothing was "
        f"in work{warm}."
    )


CANDIDATES = (
    "Real-time endpoints, if they were asynchronous and slept while no request comes: a first estimate."
)


def candidate(found: Candidate) -> str:
    """One real-time endpoint in a sentence: what asynchronous inference that scales to zero would save."""
    name = found.name if found.place is None else found.place.of(found.name)
    if found.saved is None:
        return f"{name}: not known. {' '.join(found.why)}".rstrip()
    known = "" if found.coverage >= 0.995 else f", of {share(found.coverage)} of its time"
    more = found.saved < 0
    return (
        f"{name}: {found.fit.value} fit. It cost about {usd(found.usd, Basis.ESTIMATED)}{known}, and would save "
        f"{'nothing' if more else f'about {usd(found.saved, Basis.ESTIMATED)}'}. {' '.join(found.why)}"
    ).rstrip()


def elsewhere(view: SavingsView) -> str:
    """What the bill at hand holds for endpoints that are not on show, or gone; empty where nothing."""
    found = [
        f"{_amount(each)} to {named(each.names)}{where}"
        for each, where in ((view.bill_others, ", not on show here"), (view.bill_gone, ", gone since"))
        if each is not None and (each.hours or each.usd)
    ]
    return f"Billed besides, in none of these sums: {'; '.join(found)}." if found else ""


def _amount(found: Elsewhere) -> str:
    """Dollars; where the bill names no amount, hours."""
    return f"{hours(found.hours)} instance-hours at no amount" if found.usd is None else usd(found.usd)
