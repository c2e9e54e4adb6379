"""List prices of SageMaker hosting as the embedded Price List serves them: US dollars for an instance-hour.

Numbers and dates: docs/model.md names the sources. Where only a plain list or the pattern "EC2 x 1.4" was at
hand, the trust is lower; the console shows source and date either way.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

SERVICE = "AmazonSageMaker"
PUBLISHED = "2026-09-28"
"""Where no other day is known."""
TERM, RATE = "JRTCKXETXF", "6YS6EN2CT7"

# us-east-1; AsyncInf and Host cost the same where both were seen.
_VIRGINIA = {
    "ml.m5.large": "0.115", "ml.m5.xlarge": "0.23", "ml.m5.2xlarge": "0.461",
    "ml.c5.large": "0.102", "ml.c5.xlarge": "0.204", "ml.c5.2xlarge": "0.408",
    "ml.g4dn.xlarge": "0.7364", "ml.g4dn.2xlarge": "0.94", "ml.g4dn.12xlarge": "4.89",
    "ml.g5.xlarge": "1.4084", "ml.g5.2xlarge": "1.515", "ml.g5.4xlarge": "2.03",
    "ml.g5.12xlarge": "7.09", "ml.g5.24xlarge": "10.18", "ml.g5.48xlarge": "20.36",
    "ml.g6.xlarge": "1.1267", "ml.g6.2xlarge": "1.222", "ml.g6.12xlarge": "5.752",
    "ml.g6.16xlarge": "4.246", "ml.g6.24xlarge": "8.344", "ml.g6.48xlarge": "16.688",
    "ml.g6e.xlarge": "2.6054", "ml.g6e.2xlarge": "2.8026",
    "ml.inf2.xlarge": "0.99", "ml.inf2.8xlarge": "2.36", "ml.inf2.24xlarge": "7.79",
    "ml.inf2.48xlarge": "15.58",
    "ml.trn1.32xlarge": "28.497", "ml.p3.2xlarge": "3.825", "ml.p4d.24xlarge": "37.688",
    "ml.p5.48xlarge": "113.068",
}  # fmt: skip
# Single prices known exactly elsewhere: region -> type -> (price, usage families).
_ELSEWHERE = {
    "us-east-2": {"ml.g4dn.2xlarge": ("0.94", "both"), "ml.g4dn.12xlarge": ("4.89", "both")},
    "eu-west-1": {"ml.m5.xlarge": ("0.257", "Host"), "ml.g4dn.xlarge": ("0.821", "Host")},
    "eu-west-3": {"ml.g4dn.2xlarge": ("1.0990", "both"), "ml.g6.xlarge": ("1.4302", "both")},
    "ap-northeast-1": {"ml.g6.xlarge": ("1.6341", "both")},
}
# Whether this type is offered for asynchronous inference is contradictory: listed for hosting only.
_HOST_ONLY = frozenset({"ml.g4dn.xlarge"})
_DATED = {
    ("us-east-1", "ml.m5.xlarge"): "2026-06-27",
    ("us-east-1", "ml.g6e.2xlarge"): "2026-09-20",
    ("eu-west-1", "ml.m5.xlarge"): "2023-12-01",
    ("eu-west-1", "ml.g4dn.xlarge"): "2023-12-01",
    ("eu-west-3", "ml.g4dn.2xlarge"): "2026-10-01",
    ("eu-west-3", "ml.g6.xlarge"): "2026-10-01",
}
_SKUS = {("us-east-1", "ml.m5.xlarge", "Host"): "JDZQJFUVUR8SUWHS"}
REGIONS = {
    "us-east-1": ("USE1", "US East (N. Virginia)"),
    "us-east-2": ("USE2", "US East (Ohio)"),
    "eu-west-1": ("EU", "EU (Ireland)"),
    "eu-west-3": ("EUW3", "EU (Paris)"),
    "ap-northeast-1": ("APN1", "Asia Pacific (Tokyo)"),
}
# The usage type's family -> the component. Hosting is AWS's own text; the text for AsyncInf is unverified, so
# clients go by the usage type.
_COMPONENTS = {"AsyncInf": "AsyncInf", "Host": "Hosting"}
# vCPU, GiB, GPUs.
_SIZES = {
    "m5.large": (2, 8, 0), "m5.xlarge": (4, 16, 0), "m5.2xlarge": (8, 32, 0),
    "c5.large": (2, 4, 0), "c5.xlarge": (4, 8, 0), "c5.2xlarge": (8, 16, 0),
    "g4dn.xlarge": (4, 16, 1), "g4dn.2xlarge": (8, 32, 1), "g4dn.12xlarge": (48, 192, 4),
    "g5.xlarge": (4, 16, 1), "g5.2xlarge": (8, 32, 1), "g5.4xlarge": (16, 64, 1),
    "g5.12xlarge": (48, 192, 4), "g5.24xlarge": (96, 384, 4), "g5.48xlarge": (192, 768, 8),
    "g6.xlarge": (4, 16, 1), "g6.2xlarge": (8, 32, 1), "g6.12xlarge": (48, 192, 4),
    "g6.16xlarge": (64, 256, 1), "g6.24xlarge": (96, 384, 4), "g6.48xlarge": (192, 768, 8),
    "g6e.xlarge": (4, 32, 1), "g6e.2xlarge": (8, 64, 1),
    "inf2.xlarge": (4, 16, 0), "inf2.8xlarge": (32, 128, 0), "inf2.24xlarge": (96, 384, 0),
    "inf2.48xlarge": (192, 768, 0), "trn1.32xlarge": (128, 512, 0),
    "p3.2xlarge": (8, 61, 1), "p4d.24xlarge": (96, 1152, 8), "p5.48xlarge": (192, 2048, 8),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the Price List. `usd` is a decimal string, `published` a day (ISO)."""

    sku: str
    family: str
    attributes: dict[str, str]
    usd: str
    published: str

    def field(self, name: str) -> str | None:
        """The value that a filter looks at; None where the product has none of that name."""
        if name in ("sku", "productFamily"):
            return self.sku if name == "sku" else self.family
        return self.attributes.get("servicecode" if name == "ServiceCode" else name)

    def item(self) -> str:
        """The JSON text of a PriceList item."""
        a = self.attributes
        code = f"{self.sku}.{TERM}"
        rate = {
            "unit": "Hrs",
            "beginRange": "0",
            "endRange": "Inf",
            "rateCode": f"{code}.{RATE}",
            "description": f"${self.usd} per {a['component']} {a['instanceName']} hour in {a['location']}",
            "pricePerUnit": {"USD": f"{self.usd}{'0' * (10 - len(self.usd.partition('.')[2]))}"},
            "appliesTo": [],
        }
        term = {
            "offerTermCode": TERM,
            "sku": self.sku,
            "effectiveDate": f"{self.published[:8]}01T00:00:00Z",
            "priceDimensions": {f"{code}.{RATE}": rate},
            "termAttributes": {},
        }
        whole: dict[str, Any] = {
            "product": {"productFamily": self.family, "attributes": a, "sku": self.sku},
            "serviceCode": SERVICE,
            "terms": {"OnDemand": {code: term}},
            "version": f"{self.published.replace('-', '')}000000",
            "publicationDate": f"{self.published}T00:00:00Z",
        }
        return json.dumps(whole, separators=(",", ":"))


@cache
def products() -> tuple[Product, ...]:
    """Every product, by SKU."""
    return tuple(sorted(_products(), key=lambda product: product.sku))


def usage_prefix(region: str) -> str:
    """What the usage types of a region begin with; where it is not known, the region's own name."""
    return REGIONS[region][0] if region in REGIONS else region


def location(region: str) -> str:
    return REGIONS[region][1] if region in REGIONS else region


def price(region: str, instance_type: str, usage: str) -> Decimal | None:
    """US dollars for an instance-hour of usage "AsyncInf" or "Host"; where only hosting is listed, the host price."""
    for family in (usage, "Host"):
        found = _rates().get((region, instance_type, family))
        if found is not None:
            return found
    return None


@cache
def _rates() -> dict[tuple[str, str, str], Decimal]:
    found = {}
    for product in products():
        a = product.attributes
        usage = a["usagetype"].partition("-")[2].partition(":")[0]
        found[a["regionCode"], a["instanceName"], usage] = Decimal(product.usd)
    return found


def _products() -> Iterator[Product]:
    for instance_type, usd in _VIRGINIA.items():
        for usage in ("Host",) if instance_type in _HOST_ONLY else ("AsyncInf", "Host"):
            yield _product("us-east-1", instance_type, usage, usd)
    for region, prices in _ELSEWHERE.items():
        for instance_type, (usd, usages) in prices.items():
            for usage in ("AsyncInf", "Host") if usages == "both" else (usages,):
                yield _product(region, instance_type, usage, usd)


def _product(region: str, instance_type: str, usage: str, usd: str) -> Product:
    prefix, location = REGIONS[region]
    component = _COMPONENTS[usage]
    cpu, memory, gpu = _SIZES[instance_type.removeprefix("ml.")]
    usagetype = f"{prefix}-{usage}:{instance_type}"
    digest = base64.b32encode(hashlib.sha256(usagetype.encode()).digest()).decode()[:16]
    attributes = {
        "instanceName": instance_type,
        "instanceType": f"{instance_type}-{component}",
        "component": component,
        "regionCode": region,
        "location": location,
        "locationType": "AWS Region",
        "usagetype": usagetype,
        "operation": "RunInstance",
        "vCpu": str(cpu),
        "memory": f"{memory} GiB",
        "gpu": str(gpu) if gpu else "N/A",
        "computeType": "GPU" if gpu else "Standard",
        "servicecode": SERVICE,
        "servicename": "Amazon SageMaker",
    }
    sku = _SKUS.get((region, instance_type, usage), digest)
    return Product(sku, "ML Instance", attributes, usd, _DATED.get((region, instance_type), PUBLISHED))
