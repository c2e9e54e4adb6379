"""What alike lines of an export are, whatever it calls them: usage type, endpoint, instance type, family, charge."""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, StringValue, Table

from ops.billing import cells
from ops.billing.columns import CSV, FOCUS
from ops.core.bill import Charge

FAMILY = r"(?:^|-)([A-Za-z][A-Za-z0-9]*):"
INSTANCE = r"(ml\.[a-z0-9-]+\.[a-z0-9]+)"
_ENDPOINT = r":endpoint/([^/]+)$"
_REGION = r"^arn:aws[a-z-]*:sagemaker:([a-z0-9-]+):"
_LIKE_A_USAGE_TYPE = r"^[A-Za-z0-9-]*[A-Za-z0-9]+:[A-Za-z0-9.:_-]+$"
_TAX = r"^(?:sales |us )?(?:tax|vat|gst)\b|\btax(?:es)?$"
"""Of a plain bill, in whichever column names a line: its words, its usage type, its service."""
_KINDS = r"^(?:discountedusage|savingsplan[a-z]+|rifee|fee|tax|credit|refund|[a-z]*discount)$"


def lines(gathered: Table, kind_of_export: str) -> Table:
    """The groups of ops.billing.gathering with usage_type, endpoint, region, instance_type, family and charge.

    `effective` becomes what a line costs with the savings plan's rate, `no_effective` how many lines lack it.
    """
    charge = ibis.coalesce(gathered.part, _charge(gathered, kind_of_export))
    usage_type = gathered.usage_type
    endpoint = cells.found(gathered.resource, _ENDPOINT)
    if kind_of_export == CSV:
        described = ibis.ifelse(
            cells.has(gathered.description, _LIKE_A_USAGE_TYPE), gathered.description, cells.nothing("string")
        )
        usage_type = ibis.coalesce(usage_type, described)
        name = ibis.ifelse(cells.has(gathered.resource, r"^[A-Za-z0-9-]+$"), gathered.resource, _none())
        endpoint = ibis.coalesce(endpoint, name)
    covered = charge == Charge.COVERED.value
    own = kind_of_export not in (FOCUS, CSV)
    said = (usage_type, gathered.instance_type, gathered.description)
    return gathered.mutate(
        usage_type=usage_type,
        endpoint=endpoint,
        region=ibis.coalesce(gathered.region, cells.found(gathered.resource, _REGION)),
        instance_type=ibis.coalesce(*(cells.found(each, INSTANCE) for each in said)),
        family=cells.found(usage_type, FAMILY),
        charge=charge,
        # in a CUR only covered lines have an effective cost of their own; others cost what is billed
        effective=ibis.ifelse(covered, gathered.effective, gathered.billed) if own else gathered.effective,
        no_effective=ibis.ifelse(covered, gathered.no_effective, gathered.no_billed)
        if own
        else gathered.no_effective,
    )


def _charge(of: Table, kind_of_export: str) -> StringValue:
    said = of.description.lower()
    free = cells.has(said, "free tier") & (of.sign == 0).fill_null(False)
    usage = ibis.ifelse(free, Charge.FREE_TIER.value, Charge.USAGE.value)
    if kind_of_export == FOCUS:
        return _charge_of_focus(of, usage)
    if kind_of_export == CSV:
        return _charge_of_plain(of, said, usage)
    return _by_kind(of.kind.lower(), usage)


def _by_kind(kind: StringValue, usage: StringValue) -> StringValue:
    """The line item types of a CUR."""
    return ibis.cases(
        (kind.isin(("usage", "discountedusage")), usage),
        (kind == "savingsplancoveredusage", Charge.COVERED.value),
        (kind == "savingsplannegation", Charge.NEGATION.value),
        (kind.isin(("savingsplanrecurringfee", "rifee")), Charge.RECURRING_FEE.value),
        (kind.isin(("savingsplanupfrontfee", "fee")), Charge.FEE.value),
        (kind == "tax", Charge.TAX.value),
        (kind == "credit", Charge.CREDIT.value),
        (kind == "refund", Charge.REFUND.value),
        (cells.has(kind, "discount$"), Charge.DISCOUNT.value),
        else_=Charge.OTHER.value,
    )


def _charge_of_focus(of: Table, usage: StringValue) -> StringValue:
    kind, commitment = of.kind.lower(), of.commitment.lower()
    corrected = _is(of["class"], "correction", "refund")
    used = ibis.ifelse(commitment.isnull(), _is(of.pricing, "committed"), commitment == "used")
    return ibis.cases(
        (kind == "tax", Charge.TAX.value),
        (kind == "credit", Charge.CREDIT.value),
        (corrected, Charge.REFUND.value),
        ((kind == "purchase") & _is(of.frequency, "one-time"), Charge.FEE.value),
        (kind == "purchase", Charge.RECURRING_FEE.value),
        ((kind == "usage") & (commitment == "unused").fill_null(False), Charge.RECURRING_FEE.value),
        ((kind == "usage") & used, Charge.COVERED.value),
        (kind == "usage", usage),
        else_=Charge.OTHER.value,
    )


def _charge_of_plain(of: Table, said: StringValue, usage: StringValue) -> StringValue:
    """By its kind where there is such a column, else by its words."""
    below = (of.sign == -1).fill_null(False)
    kind, named = of.kind.lower(), of.usage_type.lower()
    return ibis.cases(
        (cells.has(kind, _KINDS), _by_kind(kind, usage)),
        (cells.has(said, r"savings ?plan.*negation"), Charge.NEGATION.value),
        (cells.has(said, r"covered by .*savings ?plan"), Charge.COVERED.value),
        (cells.has(said, r"savings ?plan.*(?:fee|commitment)"), Charge.RECURRING_FEE.value),
        (
            cells.has(said, _TAX) | cells.has(named, _TAX) | cells.has(of.service.lower(), _TAX),
            Charge.TAX.value,
        ),
        (cells.has(said, r"\bcredits?\b") & below, Charge.CREDIT.value),
        (cells.has(said, r"\brefund") & below, Charge.REFUND.value),
        (cells.has(said, r"discount") & below, Charge.DISCOUNT.value),
        else_=usage,
    )


def _is(said: StringValue, *words: str) -> BooleanValue:
    return said.lower().isin(words).fill_null(False)


def _none() -> StringValue:
    return cells.nothing("string")
