"""How a saving was counted, in words: formulas, prices with their dates, what is not known. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from ops.core.baselines import Kind
from ops.core.cost import COST_EXPLORER_USD, Basis
from ops.core.places import all_told
from ops.core.savings_merge import lines_elsewhere
from ops.core.savings_parts import known_minutes, levels
from ops.core.savings_story import billed_days, settled
from ops.core.savings_words import hours, named, share, stamp, usd
from ops.core.types import Price
from ops.core.views_savings import SavingsView
from ops.core.words import count

RARE = 0.05
"""Counts of instances with less of the time stand together."""
NOT_COUNTED, ASSUMED = "not counted", "not on record"
NOT_IN_IT = {
    Basis.ESTIMATED: "storage, data transfer, queues, logs, tax and credits; discounts, unless set as own prices",
    Basis.BILLED: "storage, data transfer, queues, logs, tax, credits and fees",
}
FORMULAS = {
    Kind.PEAK: "the number of instances that 99 of 100 known minutes stayed at or below (asleep = 0), always on",
    Kind.ONE: "one instance in every known minute",
    Kind.MAX: "the present maximum of instances in every known minute",
    Kind.HOURS: "the peak (99 of 100 known minutes) in the business hours of Monday to Friday",
    Kind.NUMBER: "that number of instances in every known minute",
}


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
    told = [f"{a:g}{'' if a == b else f' to {b:g}'} for {share(part)}" for a, b, part in groups]
    first, one = told[0].split(" for ", 1), found[0][0] == 1
    return ", ".join([f"{first[0]} instance{'' if one else 's'} for {first[1]} of the time", *told[1:]])


def period(view: SavingsView) -> str:
    """ "1 Oct 2026 00:00 to 1 Nov 2026 00:00, Europe/Berlin"."""
    chosen = view.query.period
    info = ZoneInfo(chosen.zone)
    return f"{stamp(chosen.start, info)} to {stamp(chosen.until, info)}, {chosen.zone}"


def counting(view: SavingsView) -> list[tuple[str, str]]:
    """The formula and the numbers behind the headline, in pairs of name and words."""
    whole, chosen = view.total, view.query
    basis = whole.basis
    known, lived, coarse = known_minutes(view.rows)
    out = [("period", f"{period(view)}; {settled(view)}"), *places(view)]
    if whole.hours is not None and whole.baseline_hours is not None:
        out.append(
            (
                "actual",
                f"{hours(whole.hours)} instance-hours, {usd(whole.usd, basis)} {basis.value}",
            )
        )
        out.append(
            (
                "baseline",
                f"{hours(whole.baseline_hours)} instance-hours, {usd(whole.baseline_usd, basis)}",
            )
        )
    if len(view.rows) == 1:
        out.append(("formula", view.rows[0].against.formula))
    else:
        out.append(
            ("formula", f"{FORMULAS[chosen.baseline.kind]}; of each endpoint by itself (see the table)")
        )
    by = (
        " (by metrics, also on days that are not billed)"
        if basis is Basis.BILLED and billed_days(view)
        else ""
    )
    out.append(("instances in service", f"{instances(view)}{by}"))
    if basis is Basis.BILLED:
        out.append(("billed", f"{billed_days(view) or 'on every day of the period'}"))
    out.append(
        (
            "minutes known" if basis is Basis.ESTIMATED else "minutes known by metrics",
            f"{known:,.0f} of {lived:,.0f} ({share(known / lived if lived else None)})",
        )
    )
    if known < lived and basis is Basis.ESTIMATED:
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
                "while that is made ready and removed; the upper end counts both"
                + (", and the dearest type where nobody saw which of a pool ran" if _spread(view) else ""),
            )
        )
    if basis is Basis.BILLED and (view.bill is not None or view.places):
        notes = view.bill.notes if view.bill is not None else (*view.bill_notes, lines_elsewhere(view))
        out.append(("bill", f"{view.bill_source}, in whole UTC days; {' '.join(notes)}".rstrip("; ")))
    if paid(view):
        out.append(("paid for it", paid(view)))
    out += [(NOT_COUNTED, f"{each.name}: {each.why}") for each in whole.left_out]
    out += [(NOT_COUNTED, f"{row.key}: {row.only}") for row in view.rows if row.only]
    return out + assumed(view)


def places(view: SavingsView) -> list[tuple[str, str]]:
    """Which accounts and regions it is of, and which are missing, where Ebb knows of more than one."""
    if len(view.known_places) <= 1 and not view.places:
        return []
    out = [("accounts and regions", all_told(view.of_places) or "none of those asked for")]
    out += [("missing from all sums", f"{words}, not read") for words in view.missing_places]
    out += [("missing from all sums", f"{words}, still being read") for words in view.awaited_places]
    return out + [("of accounts and regions", told) for told in view.place_notes]


def assumed(view: SavingsView) -> list[tuple[str, str]]:
    """What is only taken to hold, in pairs; what is said of several endpoints alike is said once."""
    notes: dict[str, list[str]] = {}
    for row in view.rows:
        for note in (*row.notes, row.unseen) if row.unseen else row.notes:
            notes.setdefault(note, []).append(row.key)
    alone = len(view.rows) == 1
    return [(ASSUMED, note if alone else f"{named(names)}: {note}") for note, names in notes.items()]


def upper_usd(view: SavingsView) -> Decimal | None:
    """The estimate of all counted endpoints with provisioning and removal as billed; None where one has none."""
    found = []
    for name in view.total.counted:
        detail = view.details.get(name)
        if detail is None or detail.upper_usd is None:
            return None
        found.append(detail.upper_usd)
    return sum(found, Decimal(0)) if found else None


def _spread(view: SavingsView) -> bool:
    return any(row.spread_usd for row in view.rows)


def paid(view: SavingsView) -> str:
    """What asking for the bill cost; empty where nothing, and beside an estimate, for which nothing was asked."""
    if not view.paid_calls or view.query.basis is not Basis.BILLED:
        return ""
    calls = f"{count(view.paid_calls, 'call')} to Cost Explorer"
    return f"The bill was read with {calls}, for which AWS bills {usd(view.paid_calls * COST_EXPLORER_USD)}."


def price(found: Price) -> str:
    """ "ml.g5.xlarge $1.4084 an hour: AWS Price List (…), as of 28 Sep 2026"."""
    note = f". {found.note}" if found.note else ""
    return f"{price_alone(found)}{note}"


def prices(view: SavingsView) -> list[tuple[str, str]]:
    """Every price, in pairs of name and words: of several regions, each with its own."""
    several = len({each.region for each in view.prices}) > 1
    return [(f"price in {each.region}" if several else "price", price(each)) for each in view.prices]


def price_alone(found: Price) -> str:
    """The same without the note."""
    each = f"{found.usd_per_hour.normalize():f}"
    day = f"{found.as_of.day} {found.as_of:%b %Y}"
    return f"{found.instance_type} ${each} an hour: {found.source}, as of {day}"


def prices_alone(found: Sequence[Price]) -> list[str]:
    """The same of several, those of one source and day in one line: a usage type without its instance type."""
    alike: dict[str, list[str]] = {}
    for each in found:
        amount, source = price_alone(each).split(" an hour: ", 1)
        alike.setdefault(source.replace(f":{each.instance_type}", ""), []).append(amount)
    return [f"{', '.join(amounts)} an hour: {source}" for source, amounts in alike.items()]


def where(view: SavingsView) -> str:
    """ "account 123456789012, us-east-1"; of several places, all of them."""
    if view.places:
        return f"accounts and regions: {all_told(view.places)}"
    return f"account {view.connection.account}, {view.connection.region}"


def made(view: SavingsView) -> str:
    """From what and when: "from CloudWatch's instance counts and list prices of account …, as of …"."""
    known, info = view.connection, ZoneInfo(view.query.period.zone)
    source = "instance counts in CloudWatch, times list price"
    if view.total.basis is Basis.BILLED:
        read = "" if view.bill_at is None else f", read {stamp(view.bill_at, info)}"
        source = f"AWS's bill ({view.bill_source}{read})"
    kind = "the simulated AWS" if known.kind == "embedded" else "AWS"
    return (
        f"Made by Ebb from {source}: {kind}, {where(view)}, "
        f"as of {stamp(view.as_of, info)} {view.query.period.zone}"
    )
