"""Which export it is, told from its columns, and which column says what. Names are compared without case and signs.

`line_item_usage_type`, `lineItem/UsageType` and `LineItemUsageType` are one name: `lineitemusagetype`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ops.core.errors import BadInput

CUR2, CUR, FOCUS, CSV = "cur2", "cur", "focus", "csv"
TITLES: Mapping[str, str] = MappingProxyType(
    {CUR2: "CUR 2.0", CUR: "legacy CUR", FOCUS: "FOCUS", CSV: "plain bill"}
)
AUTO = "auto"

_CUR: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "start": ("lineitemusagestartdate",),
        "end": ("lineitemusageenddate",),
        "account": ("lineitemusageaccountid",),
        "region": ("productregioncode", "productregion"),
        "usage_type": ("lineitemusagetype",),
        "operation": ("lineitemoperation",),
        "resource": ("lineitemresourceid",),
        "instance_type": ("productinstancename", "productinstancetype"),
        "service": ("lineitemproductcode", "productservicecode"),
        "kind": ("lineitemlineitemtype",),
        "quantity": ("lineitemusageamount",),
        "unit": ("pricingunit",),
        "billed": ("lineitemunblendedcost",),
        "effective": ("savingsplansavingsplaneffectivecost",),
        "listed": ("pricingpublicondemandcost",),
        "currency": ("lineitemcurrencycode",),
        "description": ("lineitemlineitemdescription",),
        "invoice": ("billinvoiceid",),
        "product": ("product",),
        "identity": ("identitylineitemid",),
        "interval": ("identitytimeinterval",),
    }
)
_FOCUS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "start": ("chargeperiodstart",),
        "end": ("chargeperiodend",),
        "account": ("subaccountid", "billingaccountid"),
        "region": ("regionid", "region"),
        "usage_type": ("xusagetype", "skumeter"),
        "operation": ("xoperation",),
        "resource": ("resourceid",),
        "service": ("xservicecode", "servicename"),
        "kind": ("chargecategory",),
        "class": ("chargeclass", "chargesubcategory"),
        "frequency": ("chargefrequency",),
        "commitment": ("commitmentdiscountstatus",),
        "pricing": ("pricingcategory",),
        "quantity": ("consumedquantity", "usagequantity", "pricingquantity"),
        "unit": ("consumedunit", "usageunit", "pricingunit"),
        "billed": ("billedcost",),
        "effective": ("effectivecost",),
        "listed": ("listcost",),
        "currency": ("billingcurrency",),
        "description": ("chargedescription",),
        "invoice": ("invoiceid",),
    }
)
_CSV: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "start": (
            "usagestartdate", "startdate", "start", "date", "day", "usagedate", "billingperiodstartdate", "month",
        ),
        "end": ("usageenddate", "enddate", "end", "billingperiodenddate"),
        "account": ("linkedaccountid", "usageaccountid", "accountid", "account", "linkedaccount", "payeraccountid"),
        "region": ("regioncode", "region", "location"),
        "usage_type": ("usagetype", "usagetypes"),
        "operation": ("operation",),
        "resource": ("resourceid", "resourcearn", "resource", "arn", "endpointarn"),
        "instance_type": ("instancetype",),
        "service": ("productcode", "servicecode", "productname", "servicename", "service", "product"),
        "kind": ("lineitemtype", "chargetype", "recordtype"),
        "quantity": (
            "usagequantity", "quantity", "usageamount", "usage", "qty", "hours", "instancehours", "usagehours",
            "consumedquantity", "amountused",
        ),
        "unit": ("unit", "usageunit", "units", "pricingunit"),
        "billed": (
            "totalcost", "unblendedcost", "billedcost", "cost", "costusd", "costinusd", "costus", "totalcostusd",
            "costamount", "charges", "charge", "amount", "amountusd", "amountinusd", "usd", "total", "totalusd",
            "costbeforetax", "costeur", "costineur",
        ),
        "currency": ("currencycode", "currency"),
        "description": (
            "itemdescription", "lineitemdescription", "chargedescription", "description", "descriptionusagetype",
            "usagetypedescription", "item", "lineitem", "details", "name",
        ),
        "invoice": ("invoiceid",),
        "tax": ("taxamount",),
        "credits": ("credits",),
    }
)  # fmt: skip
ROLES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {CUR2: _CUR, CUR: _CUR, FOCUS: _FOCUS, CSV: _CSV}
)
_NEEDED_OF_CUR: Mapping[str, str] = MappingProxyType(
    {
        "usage_type": "line_item_usage_type",
        "kind": "line_item_line_item_type",
        "quantity": "line_item_usage_amount",
        "billed": "line_item_unblended_cost",
    }
)
_NEEDED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        CUR2: _NEEDED_OF_CUR,
        CUR: _NEEDED_OF_CUR,
        FOCUS: MappingProxyType(
            {"billed": "BilledCost", "kind": "ChargeCategory", "quantity": "ConsumedQuantity"}
        ),
        CSV: MappingProxyType({"quantity": "quantity", "billed": "cost"}),
    }
)
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        CUR2: "Add it to the query of the data export (COST_AND_USAGE_REPORT, in Data Exports), and export again.",
        CUR: "Export the Cost and Usage Report anew; all of its line_item columns are part of it.",
        FOCUS: "Export FOCUS 1.2 with AWS columns (Billing, Data Exports), which has them all.",
        CSV: "Ebb reads a CUR 2.0, legacy CUR or FOCUS export, or a CSV with the columns "
        "description or usage type, quantity and cost.",
    }
)
_ONLY_CUR2 = {
    "product", "resourcetags", "costcategory", "discount", "billpayeraccountname", "lineitemusageaccountname",
}  # fmt: skip
_FOCUS_1_2 = {
    "billingaccounttype", "subaccounttype", "invoiceid", "pricingcurrency", "pricingcurrencyeffectivecost",
}  # fmt: skip
_FOCUS_1_1 = {
    "capacityreservationid", "capacityreservationstatus", "commitmentdiscountquantity", "commitmentdiscountunit",
    "servicesubcategory", "skumeter", "skupricedetails",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """An export's format and the real name of the column for each role it has."""

    format: str
    title: str
    of: Mapping[str, str]
    cost_header: str = ""

    def renamed(self, of: Mapping[str, str]) -> Layout:
        """The same with the names that the columns have in the engine."""
        return replace(self, of=MappingProxyType(dict(of)))


def squeezed(name: str) -> str:
    """A name without case, signs, and a byte order mark."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def layout(names: Sequence[str], wanted: str = AUTO, where: str = "The file") -> Layout:
    """How to read a table with these columns. Raises BadInput for an unknown or incomplete one."""
    keys: dict[str, list[str]] = {}
    for name in names:
        keys.setdefault(squeezed(name), []).append(name)
    kind = _kind(set(keys)) if wanted == AUTO else _named(wanted)
    roles, of = ROLES[kind], {}
    for role, candidates in roles.items():
        present = [key for key in candidates if key in keys]
        if not present:
            continue
        if len(keys[present[0]]) > 1:
            twice = " and ".join(repr(name) for name in keys[present[0]])
            raise BadInput(
                f"{where} has a column twice: {twice}.", "Which of them counts is not known. Export it again."
            )
        of[role] = keys[present[0]][0]
    _complete(kind, of, names, where)
    return Layout(kind, _title(kind, set(keys)), MappingProxyType(of), of["billed"])


def _kind(keys: set[str]) -> str:
    if "lineitemunblendedcost" in keys or {"lineitemusagetype", "lineitemlineitemtype"} & keys:
        return CUR2 if keys & _ONLY_CUR2 else CUR
    if "billedcost" in keys or {"chargecategory", "chargeperiodstart"} <= keys:
        return FOCUS
    return CSV


def _named(wanted: str) -> str:
    named = {"cur2": CUR2, "cur20": CUR2, "cur": CUR, "curlegacy": CUR, "legacycur": CUR, "legacy": CUR}
    named |= {"focus": FOCUS, "focus10": FOCUS, "focus11": FOCUS, "focus12": FOCUS, "csv": CSV, "plain": CSV}
    kind = named.get(squeezed(wanted))
    if kind is None:
        raise BadInput(f"{wanted!r} is not a format of a bill.", "Give auto, cur2, cur, focus or csv.")
    return kind


def _complete(kind: str, of: Mapping[str, str], names: Sequence[str], where: str) -> None:
    missing = [title for role, title in _NEEDED[kind].items() if role not in of]
    if kind in (FOCUS, CSV) and not {"usage_type", "description"} & set(of):
        missing.append("x_UsageType or ChargeDescription" if kind == FOCUS else "description or usage type")
    if not missing:
        return
    some = ", ".join(repr(name[:40]) for name in names[:6]) + (" …" if len(names) > 6 else "")
    unknown = kind == CSV and len(missing) > 1
    what = (
        f"{where} is no bill export that Ebb knows: its columns are {some or 'none'}"
        if unknown
        else f"{where} ({TITLES[kind]}) lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    )
    raise BadInput(f"{what}.", _HINTS[kind])


def _title(kind: str, keys: set[str]) -> str:
    if kind == FOCUS:
        version = "1.2" if keys & _FOCUS_1_2 else "1.1" if keys & _FOCUS_1_1 else "1.0"
        return f"FOCUS {version}" + (" with AWS columns" if "xusagetype" in keys else "")
    return "AWS bill CSV" if kind == CSV and "recordtype" in keys else TITLES[kind]
