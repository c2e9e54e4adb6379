"""The sentence of a saving that a manager repeats, and what has to stand beside it. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ops.core.baselines import Kind
from ops.core.cost import Basis
from ops.core.places import all_told, in_words
from ops.core.savings import Saving
from ops.core.savings_earlier import counted_h
from ops.core.savings_parts import known_minutes
from ops.core.savings_words import dollars, named, plural_s, said, share, usd
from ops.core.views_savings import SavingsView
from ops.core.words import count

READ = 0.999
"""A choice of which so much is known is not said to be still being read."""
MOSTLY, ALL = 0.98, 0.995
"""With a smaller share known the first sentence says so; from the second on nothing is said of it."""
FEW_MORE = Decimal("0.005")
"""A smaller share of the cost that depends on unseen types of a pool is not said beside the headline."""
LONG = 100
"""Names that take more letters are not said in a sentence, but their number."""


def counted(view: SavingsView) -> tuple[Saving, ...]:
    """The rows that are in the total."""
    return tuple(row for row in view.rows if row.key in view.total.counted)


def who(view: SavingsView) -> str:
    rows = counted(view)
    found = rows[0].name if len(rows) == 1 else f"{len(view.total.counted)} endpoints"
    return f"{found}{over(view)}"


def over(view: SavingsView) -> str:
    """ " in us-east-1 of 111111111111": where the counted ones are, where Ebb knows of more than one; else empty."""
    several = len(view.known_places) > 1 or len(view.places) > 1
    counts = sorted({row.place for row in counted(view) if row.place is not None})
    return f" in {in_words(counts or view.of_places)}" if several and not view.empty else ""


def label(view: SavingsView) -> str:
    """ "in October 2026", "so far in November 2026"."""
    period = view.query.period
    return period.label if period.over else f"so far {period.label}"


def when(view: SavingsView) -> str:
    """The time that the numbers are of, with how much of it is known where that is not nearly all.

    "in October 2026"; "in the 12 of the last 30 days that are billed"; "in the last 30 days, of which 71 % is known".
    """
    if view.total.basis is Basis.BILLED:
        return billed_days(view) or label(view)
    known = known_share(view)
    return (
        label(view)
        if known is None or known >= MOSTLY
        else f"{label(view)}, of which {share(known)} is known"
    )


def known_share(view: SavingsView) -> float | None:
    """The share of the minutes of what is counted that is known; None where nothing is counted."""
    known, lived, _ = known_minutes(counted(view))
    return known / lived if lived else None


def billed_days(view: SavingsView) -> str:
    """ "in the 12 of the last 30 days that are billed"; empty where all of them are, or nothing is counted."""
    rows = counted(view)
    told = [(row.days_known or 0, row.days_lived or 0) for row in rows]
    known, lived = sum(a for a, _ in told), sum(b for _, b in told)
    if not rows or known >= lived:
        return ""
    period = view.query.period
    days = len(period.days())
    n, of = max(told, key=lambda each: each[1])
    if any(b - a != of - n for a, b in told):
        return f"on the days that are billed, {share(known / lived)} of those {label(view)}"
    if of < days:
        of_words = f"{'its' if len(rows) == 1 else 'their'} first {of} days"
    elif period.month:
        of_words = f"the {'' if period.over else 'first '}{of} days of {period.label.removeprefix('in ')}"
    else:
        of_words = period.label.removeprefix("in ")
    return f"in the {n} of {of_words} that {'is' if n == 1 else 'are'} billed"


def headline(view: SavingsView) -> tuple[str, str]:
    """Two sentences that a manager can repeat: what it cost beside the baseline, and what that saved."""
    found = said(view.total)
    if view.empty or not view.rows:
        return none(view), ""
    if found is None:
        return f"What was saved{over(view)} {label(view)} is not known.", ""
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


def none(view: SavingsView) -> str:
    """Why there is no endpoint to count."""
    if view.empty:
        return nowhere(view)
    untagged = nobody_has(view)
    if untagged:
        return untagged
    period, first = view.query.period, view.first
    if first is not None and first >= period.until:
        local = first.astimezone(ZoneInfo(period.zone))
        chosen = " of this choice" if view.query.names or view.query.tags else ""
        none_was = f"{label(view)[0].upper()}{label(view)[1:]} no asynchronous endpoint{chosen} was there"
        return f"{none_was}: the first was created on {local.day} {local:%B %Y}."
    if view.query.names or view.query.tags:
        return "No asynchronous endpoint fits this choice."
    if view.candidates:
        return f"{label(view)[0].upper()}{label(view)[1:]} no asynchronous endpoint was there: nothing sleeps yet."
    return f"{label(view)[0].upper()}{label(view)[1:]} no asynchronous endpoint was there."


def nowhere(view: SavingsView) -> str:
    """Why a view is of no place at all."""
    if view.awaited_places or view.missing_places:
        return f"What was saved {label(view)} is not known{'' if view.missing_places else ' yet'}."
    return f"Nothing Ebb knows fits this account and region. It knows {all_told(view.known_places)}."


def nobody_has(view: SavingsView) -> str:
    """Which of the tags asked for no endpoint has; empty where all are had, or the tags are not known."""
    if not view.tag_values or any(problem.part == "tags" for problem in view.problems):
        return ""
    lacking = [f"{k}={v}" for k, v in view.query.tags if v not in view.tag_values.get(k, ())]
    whose = "No endpoint" if view.query.names is None else "No endpoint of this choice"
    return f"{whose} has the tag {' or '.join(lacking)}." if lacking else ""


def lead(view: SavingsView) -> list[str]:
    """What has to stand beside the number: what is missing from it, and how it was before."""
    out = [missing(view), nobody_has(view) if view.rows else "", born(view)]
    whole = view.total
    if whole.left_out and whole.usd is None:
        reasons = dict.fromkeys(each.why for each in whole.left_out)
        out += [f"{why[:1].upper()}{why[1:]}." for why in list(reasons)[:2]]
    elif whole.left_out:
        names, them = named([e.name for e in whole.left_out]), "it" if len(whole.left_out) == 1 else "them"
        names = names if len(names) <= LONG else f"{len(whole.left_out)} endpoints"
        out.append(f"Not counted: {names}; of {them} not enough is known.")
    if whole.usd is not None:
        out += [unknown(view), unseen(view)]
    out.append(other_variants(view))
    if view.before is not None:
        out.append(before(view))
    return [sentence for sentence in out if sentence]


def unseen(view: SavingsView) -> str:
    """How much more it may have cost where nobody saw which type of a pool ran; empty where that is next to nothing."""
    rows = counted(view)
    hours = sum((row.unseen_hours for row in rows), Decimal(0))
    spread = sum((row.spread_usd for row in rows), Decimal(0))
    whole = view.total
    if whole.usd is None or not whole.hours or spread < whole.usd * FEW_MORE:
        return ""
    return (
        f"The cost may be up to {usd(whole.usd + spread, whole.basis)}: which type of an instance pool ran was not "
        f"seen for {hours:,.0f} of {whole.hours:,.0f} instance-hours, and they are counted as the cheapest."
    )


def other_variants(view: SavingsView) -> str:
    """Said where endpoints have variants that no estimate holds."""
    names = [row.key for row in view.rows if row.only]
    if not names:
        return ""
    return f"Of {named(names)} only the first production variant is counted by metrics."


def unknown(view: SavingsView) -> str:
    """What becomes of the time that is not known; empty where there is next to none, or it is still being read."""
    if view.total.basis is Basis.BILLED:
        return "The other days are in neither sum." if billed_days(view) else ""
    known = known_share(view)
    if known is None or known >= ALL or reading(view):
        return ""
    if known < MOSTLY:
        return "What is not known is in neither sum."
    return f"{share(known)} of the minutes are known; the others are in neither sum."


def born(view: SavingsView) -> str:
    """That what is counted is younger than the period; empty where it is not."""
    rows = counted(view)
    first = min((row.time.first for row in rows), default=0)
    if first - view.query.period.start.timestamp() < 86_400:
        return ""
    local = datetime.fromtimestamp(first, ZoneInfo(view.query.period.zone))
    them = "it was" if len(rows) == 1 else "the first of them was"
    return f"Counted from {local.day} {local:%B %Y} on, when {them} created."


def before(view: SavingsView) -> str:
    """The same over the period before; empty where nothing is known of it."""
    found = None if view.before is None else said(view.before)
    if found is None or view.before is None:
        return ""
    earlier = view.query.period.previous()
    time = earlier.label if earlier.over else f"by this time of {earlier.label.removeprefix('in ')}"
    if found.saved < 0:
        told = f"{found.about}{dollars(-found.saved)} more than the baseline"
    else:
        told = f"{found.about}{dollars(found.saved)} ({share(found.ratio)}) saved"
    part = "days billed" if view.before.basis is Basis.BILLED else "minutes known"
    of = f", with {share(view.before.coverage)} of its {part}" if view.before.coverage < ALL else ""
    period = view.query.period
    hours, then = counted_h(view.total.days, period), counted_h(view.before.days, earlier)
    if not of and then < hours - 24:
        of = f", in the {count(max(1, round(then / 24)), 'day')} of it that are counted"
    return f"{time[:1].upper()}{time[1:]}: {told}{of}."


def reading(view: SavingsView) -> str:
    """That the past is still being read, and the numbers will move; empty when it is all there."""
    return " ".join(part for part in (_awaited(view), _reading(view)) if part)


def missing(view: SavingsView) -> str:
    """Which accounts and regions are in no sum because they could not be read; empty where none."""
    names = named(view.missing_places)
    return f"Missing from all sums, because it could not be read: {names}." if names else ""


def _awaited(view: SavingsView) -> str:
    names, one = named(view.awaited_places), len(view.awaited_places) == 1
    if not names:
        return ""
    their = "its" if one else "their"
    return f"Being read for the first time: {names}. Until then {their} endpoints are missing from all sums."


def _reading(view: SavingsView) -> str:
    done, total = view.history
    minutes, lived, _ = known_minutes(view.rows)
    known = minutes / lived if lived else 0.0
    if done >= total or known >= READ or not view.rows:
        return ""
    return (
        f"The past is still being read: {done} of {total} endpoint{plural_s(total)} done, "
        f"{share(known)} of the minutes of this choice known. The numbers will move."
    )


def settled(view: SavingsView) -> str:
    """Whether the numbers may still change. An estimate is never final: it is made at the price of the day."""
    whole, billed = view.total, view.total.basis is Basis.BILLED
    if whole.final:
        return "final" if billed else f"complete: {complete(view)}"
    word = "not final" if billed else "not complete"
    if view.missing_places or view.awaited_places:
        return f"{word}: accounts or regions are missing"
    if not view.query.period.over:
        return f"{word}: the period is still under way"
    known = None if billed else known_share(view)
    return word if known is None or known >= 1 else f"{word}: {share(known)} of the minutes known"


def complete(view: SavingsView) -> str:
    """What an estimate rests on that is complete."""
    most = " and maximum" if view.query.baseline.kind is Kind.MAX else ""
    return f"all minutes known; at today's price{most}"
