"""Where a line belongs: hosting, storage or data of endpoints, or left out, with the reason. Plain rules, in order."""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, StringValue, Table

from ops.billing import cells
from ops.core.bill import Charge

HOSTING, STORAGE, DATA, FREE = "hosting", "storage", "data", "free tier"
OTHER_CURRENCY = "other currency"
"""Places that are no reason to leave a line out. FREE is both: hosting that the free tier paid."""

BY_CHARGE = (
    (Charge.TAX, "tax"),
    (Charge.CREDIT, "credits"),
    (Charge.REFUND, "refunds and corrections"),
    (Charge.NEGATION, "savings plan negation"),
    (Charge.RECURRING_FEE, "savings plan and other recurring fees"),
    (Charge.FEE, "one-time fees"),
    (Charge.OTHER, "charges of another kind"),
)
OTHER_SERVICES, OTHER_SAGEMAKER, DISCOUNTS = "other services", "other SageMaker", "discounts"

_HOSTING = r"(?:^|-)(AsyncInf|Host|Hosting):ml\."
_HOSTING_WORDS = (
    r"\b(?:hosting|for endpoint|endpoint instance|async(?:hronous)?[ -]?inf(?:erence)?|real-?time inference)"
    r"(?: instance| endpoint| on)?:? ml\.[a-z0-9-]+\.[a-z0-9]+"
)
_STORAGE = r"(?:^|-)(AsyncInf|Host|Hosting|Hst|Endpoint):VolumeUsage"
_STORAGE_WORDS = r"\b(?:endpoint|hosting)(?: instance)? ml storage"
_DATA = r"(?:^|-)(AsyncInf|Host|Hosting|Hst|Endpoint):Data-Bytes"
_DATA_WORDS = r"\b(?:endpoint|hosting) data (?:in|out)\b"
_SAGEMAKER_WORDS = r"sagemaker|\bml\.[a-z0-9-]+\.[a-z0-9]+|\bml storage\b|endpoint data (?:in|out)\b"

# reason, family of the usage type (without case), words of a description. The first that fits counts.
OTHERS = (
    ("training warm pools", r"warm-?pool", r"warm ?pool"),
    ("debugger rules", r"debug", r"debugger"),
    ("serverless inference", r"^serverlessinf", r"serverless"),
    ("batch transform", r"^tsform", r"batch ?transform"),
    ("processing", r"^process", r"\bprocessing\b"),
    ("spot training", r"^trspt", r"spot training|managed spot"),
    ("training", r"^train", r"\btraining\b"),
    ("studio", r"^(?:studio|canvas|rstudio)", r"\bstudio\b|\bcanvas\b"),
    ("notebooks", r"^notebk", r"\bnotebook"),
    ("HyperPod clusters", r"^cluster", r"hyperpod|\bcluster\b"),
)


def placed(lines: Table, currency: str) -> Table:
    """The same lines with `place` (HOSTING, STORAGE, DATA, FREE, OTHER_CURRENCY or a reason) and `asynchronous`."""
    usage_type, operation = lines.usage_type, lines.operation.lower()
    said = lines.description.lower()
    typed = usage_type.notnull() & cells.has(usage_type, ":")
    sagemaker = cells.has(lines.service.lower(), "sagemaker")
    known = lines.service.notnull()
    hosting = cells.has(usage_type, _HOSTING) | (~typed & cells.has(said, _HOSTING_WORDS))
    storage = cells.has(usage_type, _STORAGE) | (~typed & cells.has(said, _STORAGE_WORDS))
    data = cells.has(usage_type, _DATA) | (~typed & cells.has(said, _DATA_WORDS))
    ours = sagemaker | cells.has(said, _SAGEMAKER_WORDS) | cells.has(usage_type, r":ml\.")
    no_family = lines.family.isnull()
    storage = storage | (no_family & sagemaker & cells.has(operation, "createvolume") & _of_endpoint(lines))
    data = data | (no_family & sagemaker & cells.has(operation, "^invoke-?endpoint"))
    other_service = ibis.ifelse(known, ~sagemaker, ~(ours | hosting | storage | data))
    free = (lines.charge == Charge.FREE_TIER.value).fill_null(False)
    discount = (lines.charge == Charge.DISCOUNT.value).fill_null(False)
    place = ibis.cases(
        (lines.currency != currency, OTHER_CURRENCY),
        *((lines.charge == charge.value, reason) for charge, reason in BY_CHARGE),
        (other_service, OTHER_SERVICES),
        (hosting & free, FREE),
        (hosting, HOSTING),
        (storage, STORAGE),
        (data, DATA),
        *((_another(lines, typed, said, *patterns), reason) for reason, *patterns in OTHERS),
        (discount, DISCOUNTS),
        else_=OTHER_SAGEMAKER,
    )
    return lines.mutate(place=place, asynchronous=_asynchronous(lines, typed, said))


def _another(lines: Table, typed: BooleanValue, said: StringValue, family: str, words: str) -> BooleanValue:
    return cells.has(lines.family.lower(), family) | (~typed & cells.has(said, words))


def _of_endpoint(lines: Table) -> BooleanValue:
    """Storage without a family in its usage type: an endpoint's where the line names one, or names nothing else."""
    words = lines.description.lower()
    return lines.endpoint.notnull() | ~cells.has(
        words, r"notebook|training|processing|studio|transform|debugger"
    )


def _asynchronous(lines: Table, typed: BooleanValue, said: StringValue) -> BooleanValue:
    """By the usage type; of words only "async" tells, for "hosting" may mean either."""
    by_words = ibis.ifelse(cells.has(said, r"\basync"), ibis.literal(True), cells.nothing("boolean"))
    return ibis.ifelse(typed, lines.family.lower() == "asyncinf", by_words)
