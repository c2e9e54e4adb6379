"""What a saving says in sentences and numbers: the same on the page, in the report and on the command line. Pure.

Estimates from $100 on are said in whole dollars, and the three of a sentence agree with each other; bills are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ops.core.baselines import Baseline, Kind
from ops.core.cost import COST_EXPLORER_USD, Basis
from ops.core.savings import Saving, Total
from ops.core.savings_parts import known_minutes, levels, spent
from ops.core.types import Price
from ops.core.views_savings import Forecast, SavingsView, Waits
from ops.core.words import listed, percent, took

DASH = "–"
WHOLE_FROM = Decimal(100)
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
READ = 0.999
"""A choice of which so much is known is not said to be still being read."""
LONG = 100
"""Names that take more letters are not said in a sentence, but their number."""
RARE = 0.05
"""Counts of instances with less of the time stand together."""
NAMED = 4
"""So many names stand in a sentence; of more, the number of the others."""


@dataclass(frozen=True, slots=True)
class Said:
    """The three numbers of a sentence, rounded so that they agree."""

    actual: Decimal
    baseline: Decimal
    saved: Decimal
    ratio: Decimal | None
    about: str
    """ "about " before an estimate."""


def said(row: Saving | Total) -> Said | None:
    """None where they are not known."""
    if row.usd is None or row.baseline_usd is None:
        return None
    estimated = row.basis is Basis.ESTIMATED
    unit = Decimal(1) if estimated and max(row.usd, row.baseline_usd) >= WHOLE_FROM else Decimal("0.01")
    actual, baseline = row.usd.quantize(unit), row.baseline_usd.quantize(unit)
    return Said(actual, baseline, baseline - actual, row.ratio, "about " if estimated else "")


def usd(amount: Decimal | None, basis: Basis = Basis.BILLED) -> str:
    """$1,031 for an estimate from $100 on, else $12.40; a dash where not known."""
    if amount is None:
        return DASH
    whole = basis is Basis.ESTIMATED and abs(amount) >= WHOLE_FROM
    return dollars(amount.quantize(Decimal(1) if whole else Decimal("0.01")))


def dollars(amount: Decimal) -> str:
    """As it is rounded: $1,031, $12.40, −$3."""
    return f"{'−' if amount < 0 else ''}${abs(amount):,}"


def share(ratio: Decimal | float | None) -> str:
    """61 %; never 0 % for something, nor 100 % for less than all."""
    if ratio is None:
        return DASH
    value = float(ratio)
    return percent(value) if value >= 0 else f"−{percent(-value)}"


def short(baseline: Baseline) -> str:
    """A baseline in the fewest words."""
    if baseline.kind is Kind.NUMBER:
        return f"always on at {baseline.number:f}"
    if baseline.kind is Kind.HOURS:
        return "business hours only"
    return f"always on at {baseline.kind.value}"


def who(view: SavingsView) -> str:
    counted = view.total.counted
    return counted[0] if len(counted) == 1 else f"{len(counted)} endpoints"


def when(view: SavingsView) -> str:
    """ "in October 2026", "so far in November 2026"."""
    period = view.query.period
    return period.label if period.over else f"so far {period.label}"


def headline(view: SavingsView) -> tuple[str, str]:
    """Two sentences that a manager can repeat: what it cost beside the baseline, and what that saved."""
    found = said(view.total)
    if not view.rows:
        return "No asynchronous endpoint fits this choice.", ""
    if found is None:
        return f"What was saved {when(view)} is not known.", ""
    many = len(view.total.counted) > 1
    baseline = view.query.baseline.words
    first = (
        f"{who(view)} cost {found.about}{dollars(found.actual)} {when(view)}; "
        f"{f'each {baseline}, they' if many else f'{baseline} it'} would have cost {found.about}"
        f"{dollars(found.baseline)}."
    )
    if found.saved < 0:
        return first, f"That is {dollars(-found.saved)} more: nothing was saved."
    if found.saved == 0:
        return first, "Nothing was saved."
    return first, f"Saved {found.about}{dollars(found.saved)} ({share(found.ratio)})."


def lead(view: SavingsView) -> list[str]:
    """What has to stand beside the number: what is missing from it, and how it was before."""
    out = []
    whole = view.total
    if whole.left_out:
        names, them = named([e.name for e in whole.left_out]), "it" if len(whole.left_out) == 1 else "them"
        names = names if len(names) <= LONG else f"{len(whole.left_out)} endpoints"
        out.append(f"Not counted: {names}; of {them} not enough is known.")
    if whole.counted and whole.coverage < 0.995 and not reading(view):
        out.append(f"{share(whole.coverage)} of the minutes are known; the others are in neither sum.")
    if view.before is not None:
        out.append(before(view))
    return [sentence for sentence in out if sentence]


def before(view: SavingsView) -> str:
    """The same over the period before; empty where nothing is known of it."""
    found = None if view.before is None else said(view.before)
    if found is None or view.before is None:
        return ""
    label = view.query.period.previous().label
    if found.saved < 0:
        told = f"{found.about}{dollars(-found.saved)} more than the baseline"
    else:
        told = f"{found.about}{dollars(found.saved)} ({share(found.ratio)}) saved"
    of = f", with {share(view.before.coverage)} of its minutes known" if view.before.coverage < 0.995 else ""
    return f"{label[:1].upper()}{label[1:]}: {told}{of}."


def waited(found: Waits | None, zone: ZoneInfo) -> str:
    """What the saving cost those who waited; empty where nothing is known of it."""
    if found is None or found.cold_starts is None:
        return ""
    since = f" since {stamp(found.since, zone)}" if found.since is not None else ""
    expired = (
        "" if not found.expired else f" {found.expired:,} request{_s(found.expired)} expired in the queue."
    )
    if not found.cold_starts:
        return f"No request had to wait for a cold start{since}.{expired}"
    parts = [f"In return, {found.cold_starts:,} cold start{_s(found.cold_starts)}{since}"]
    if found.requests is not None:
        parts.append(f"{found.requests:,} requests or more waited for them")
    if found.p95_s is not None:
        worst = ""
        if found.worst_day is not None and found.worst_p95_s is not None:
            worst = f" ({took(found.worst_p95_s)} on {WEEKDAYS[found.worst_day]})"
        parts.append(f"95 of 100 waits under {took(found.p95_s)}{worst}")
    blind = (
        ""
        if not found.left_out
        else f" Of {found.left_out} endpoint{_s(found.left_out)} nothing is known yet."
    )
    return f"{', '.join(parts)}.{expired}{blind}"


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def forecast(found: Forecast) -> str:
    """Where the month ends, beside its budget; or that nobody can say."""
    month, estimated = month_words(found.month), Basis.ESTIMATED
    if found.expected is None or found.low is None or found.high is None:
        spent = "" if found.spent is None else f"; about {usd(found.spent, estimated)} so far"
        return f"Where {month} ends is not known yet{spent}."
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


def month_words(month: str) -> str:
    """ "2026-11" → "November 2026"."""
    return f"{date(int(month[:4]), int(month[5:7]), 1):%B %Y}"


def instances(view: SavingsView) -> str:
    """ "0 instances for 61 % of the time, 1 for 24 %, 2 to 4 for 15 %": neighbours that are rare stand together."""
    found = levels(view.rows)
    if not found:
        return "nothing is known"
    groups: list[list[float]] = [[found[0][0], found[0][0], found[0][1]]]
    for n, part in found[1:]:
        if groups[-1][0] == 0 or groups[-1][2] >= RARE:
            groups.append([n, n, part])
        else:
            groups[-1][1], groups[-1][2] = n, groups[-1][2] + part
    words = [f"{a:g}{'' if a == b else f' to {b:g}'} for {share(part)}" for a, b, part in groups]
    first, one = words[0].split(" for ", 1), found[0][0] == 1
    return ", ".join([f"{first[0]} instance{'' if one else 's'} for {first[1]} of the time", *words[1:]])


def period(view: SavingsView) -> str:
    """ "1 Oct 2026 00:00 to 1 Nov 2026 00:00, Europe/Berlin"."""
    chosen = view.query.period
    info = ZoneInfo(chosen.zone)
    return f"{stamp(chosen.start, info)} to {stamp(chosen.until, info)}, {chosen.zone}"


def stamp(at: datetime, zone: ZoneInfo) -> str:
    """ "1 Oct 2026 00:00"."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M}"


def idle(view: SavingsView) -> str:
    """What of the actual was paid while nothing was in work; empty where nobody knows."""
    found = spent(view.rows, view.details)
    if found is None or found.idle is None:
        return ""
    whole = found.work + found.idle + (found.warm or Decimal(0))
    idle = found.idle + (found.warm or Decimal(0))
    if not whole or not idle:
        return ""
    warm = f", {usd(found.warm, Basis.ESTIMATED)} of it in warm windows" if found.warm else ""
    return (
        f"Of the actual, about {usd(idle, Basis.ESTIMATED)} ({share(idle / whole)}) was paid while nothing was "
        f"in work{warm}."
    )


def counting(view: SavingsView) -> list[tuple[str, str]]:
    """The formula and the numbers behind the headline, in pairs of name and words."""
    whole, chosen = view.total, view.query
    basis = whole.basis
    known, lived, coarse = known_minutes(view.rows)
    out = [("period", f"{period(view)}; {settled(view)}")]
    if whole.hours is not None and whole.baseline_hours is not None:
        out.append(("actual", f"{hours(whole.hours)} instance-hours, {usd(whole.usd, basis)} {basis.value}"))
        out.append(
            ("baseline", f"{hours(whole.baseline_hours)} instance-hours, {usd(whole.baseline_usd, basis)}")
        )
    if len(view.rows) == 1:
        out.append(("formula", view.rows[0].against.formula))
    else:
        out.append(
            ("formula", f"{FORMULAS[chosen.baseline.kind]}; of each endpoint by itself (see the table)")
        )
    out.append(("instances in service", instances(view)))
    out.append(("minutes known", f"{known:,.0f} of {lived:,.0f} ({share(known / lived if lived else None)})"))
    if known < lived:
        out.append(
            ("minutes not known", f"{lived - known:,.0f}: in neither sum, neither as asleep nor as paid")
        )
    if coarse:
        out.append(
            (
                "only as means",
                f"{coarse:,.0f} of the known minutes: a short peak in five minutes or an hour shows lower",
            )
        )
    upper = upper_usd(view)
    if basis is Basis.ESTIMATED and upper is not None:
        out.append(
            (
                "range of the actual",
                f"{usd(whole.usd, basis)} to {usd(upper, basis)}: AWS does not say whether it bills an instance "
                "while that is made ready and removed; the upper end counts both",
            )
        )
    if basis is Basis.BILLED and view.bill is not None:
        out.append(
            ("bill", f"{view.bill_source}, in whole UTC days; {' '.join(view.bill.notes)}".rstrip("; "))
        )
    if view.paid_calls:
        out.append(("paid for it", paid(view)))
    for row in view.rows:
        if row.missing:
            out.append((NOT_COUNTED, f"{row.name}: {row.missing}"))
    return out


NOT_COUNTED = "not counted"
NOT_IN_IT = (
    "storage, data transfer, queues, logs, tax and credits; discounts, unless set as prices of your own"
)

FORMULAS = {
    Kind.PEAK: "the number of instances that 99 of 100 known minutes stayed at or below (asleep = 0), always on",
    Kind.ONE: "one instance in every known minute",
    Kind.MAX: "the present maximum of instances in every known minute",
    Kind.HOURS: "the peak (99 of 100 known minutes) in the business hours of Monday to Friday",
    Kind.NUMBER: "that number of instances in every known minute",
}


def upper_usd(view: SavingsView) -> Decimal | None:
    """The estimate of all counted endpoints with provisioning and removal as billed; None where one has none."""
    found = []
    for name in view.total.counted:
        detail = view.details.get(name)
        if detail is None or detail.upper_usd is None:
            return None
        found.append(detail.upper_usd)
    return sum(found, Decimal(0)) if found else None


def paid(view: SavingsView) -> str:
    """What asking for the bill cost; empty where nothing."""
    if not view.paid_calls:
        return ""
    calls = f"{view.paid_calls} call{_s(view.paid_calls)} to Cost Explorer"
    return f"The bill was read with {calls}, for which AWS bills {usd(view.paid_calls * COST_EXPLORER_USD)}."


def price(found: Price) -> str:
    """ "ml.g5.xlarge $1.4084 an hour: AWS Price List (…), as of 28 Sep 2026"."""
    note = f". {found.note}" if found.note else ""
    return f"{price_alone(found)}{note}"


def price_alone(found: Price) -> str:
    """The same without the note."""
    each = f"{found.usd_per_hour.normalize():f}"
    day = f"{found.as_of.day} {found.as_of:%b %Y}"
    return f"{found.instance_type} ${each} an hour: {found.source}, as of {day}"


def hours(amount: Decimal | float) -> str:
    """1,204 or 12.4."""
    return f"{amount:,.0f}" if abs(float(amount)) >= 100 else f"{amount:,.1f}"


def named(names: Sequence[str]) -> str:
    """ "a, b and c"; of many, the first ones and how many more."""
    if len(names) <= NAMED:
        return listed(list(names))
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def reading(view: SavingsView) -> str:
    """That the past is still being read, and the numbers will move; empty when it is all there."""
    done, total = view.history
    if done >= total or view.total.coverage >= READ:
        return ""
    return (
        f"The past is still being read: {done} of {total} endpoint{_s(total)} done, "
        f"{share(view.total.coverage)} of the minutes of this choice known. The numbers will move."
    )


def made(view: SavingsView) -> str:
    """From what and when: "from CloudWatch's instance counts and list prices of account …, as of …"."""
    known, info = view.connection, ZoneInfo(view.query.period.zone)
    source = "instance counts in CloudWatch, times list price"
    if view.total.basis is Basis.BILLED:
        read = "" if view.bill_at is None else f", read {stamp(view.bill_at, info)}"
        source = f"AWS's bill ({view.bill_source}{read})"
    kind = "the simulated AWS" if known.kind == "embedded" else "AWS"
    return (
        f"Made by Ebb from {source}: {kind}, account {known.account}, {known.region}, "
        f"as of {stamp(view.as_of, info)} {view.query.period.zone}"
    )


def settled(view: SavingsView) -> str:
    """Whether the numbers are final, in a word or two."""
    if view.total.final:
        return "final"
    return "not final" if view.query.period.over else "not final: the period is still under way"
