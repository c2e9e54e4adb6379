"""The Price List API, for AmazonSageMaker alone. Items are JSON strings, as on AWS.

AWS serves it in us-east-1, ap-south-1 and eu-central-1; here every region of a signature is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ops.local_aws import tokens
from ops.local_aws.errors import AwsError
from ops.local_aws.price_book import SERVICE, Product, products

if TYPE_CHECKING:
    from ops.local_aws.world import World

FORMAT = "aws_v1"
PAGE = 100
_BAD_TOKEN = ("InvalidNextTokenException", "The pagination token is invalid.")


class Pricing:
    def __init__(self, world: World) -> None:
        self._world = world

    def get_products(self, params: Mapping[str, Any]) -> dict[str, Any]:
        _check_service(params["ServiceCode"])
        _check_format(params)
        filters = params.get("Filters") or []
        for each in filters:
            if each["Type"] not in _FILTERS:
                raise AwsError("InvalidParameterException", f"{each['Type']} is not a type of filter.")
        found = [product for product in products() if all(_passes(product, each) for each in filters)]
        shown, token = tokens.page(
            found, params.get("NextToken"), params.get("MaxResults", PAGE), *_BAD_TOKEN
        )
        answer: dict[str, Any] = {"FormatVersion": FORMAT, "PriceList": [product.item() for product in shown]}
        return answer | ({"NextToken": token} if token else {})

    def get_attribute_values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        _check_service(params["ServiceCode"])
        name = params["AttributeName"]
        if name not in _attribute_names():
            raise AwsError("NotFoundException", f"{SERVICE} has no attribute {name}.")
        values = sorted({value for product in products() if (value := product.field(name)) is not None})
        shown, token = tokens.page(
            values, params.get("NextToken"), params.get("MaxResults", PAGE), *_BAD_TOKEN
        )
        answer: dict[str, Any] = {"AttributeValues": [{"Value": value} for value in shown]}
        return answer | ({"NextToken": token} if token else {})

    def describe_services(self, params: Mapping[str, Any]) -> dict[str, Any]:
        _check_format(params)
        if params.get("ServiceCode"):
            _check_service(params["ServiceCode"])
        services = [{"ServiceCode": SERVICE, "AttributeNames": _attribute_names()}]
        shown, token = tokens.page(
            services, params.get("NextToken"), params.get("MaxResults", PAGE), *_BAD_TOKEN
        )
        answer: dict[str, Any] = {"Services": shown, "FormatVersion": FORMAT}
        return answer | ({"NextToken": token} if token else {})


def _attribute_names() -> list[str]:
    return sorted({"productFamily", *(name for product in products() for name in product.attributes)})


def _passes(product: Product, each: Mapping[str, str]) -> bool:
    return _FILTERS[each["Type"]](product.field(each["Field"]), each["Value"])


def _several(text: str) -> list[str]:
    """The values of ANY_OF and NONE_OF, separated by commas."""
    return [item.strip() for item in text.split(",")]


_FILTERS: dict[str, Callable[[str | None, str], bool]] = {
    "TERM_MATCH": lambda value, wanted: value == wanted,
    "EQUALS": lambda value, wanted: value == wanted,
    "CONTAINS": lambda value, wanted: value is not None and wanted in value,
    "ANY_OF": lambda value, wanted: value in _several(wanted),
    "NONE_OF": lambda value, wanted: value not in _several(wanted),
}


def _check_service(code: str) -> None:
    if code != SERVICE:
        raise AwsError(
            "NotFoundException", f"The embedded AWS lists prices of {SERVICE} only, not of {code}."
        )


def _check_format(params: Mapping[str, Any]) -> None:
    if params.get("FormatVersion", FORMAT) != FORMAT:
        raise AwsError("InvalidParameterException", f"The only format version is {FORMAT}.")
