"""Resource Groups Tagging over SageMaker's resources. Those never tagged are absent, as on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.local_aws import tokens
from ops.local_aws.errors import AwsError, NotOffered

if TYPE_CHECKING:
    from ops.local_aws.world import World

Params = Mapping[str, Any]
PAGE = 50
MOST = 100
_PAGING = ("PaginationToken", "ResourcesPerPage", "TagsPerPage")


class Tagging:
    def __init__(self, world: World) -> None:
        self._world = world

    def get_resources(self, params: Params) -> dict[str, Any]:
        """Resources of SageMaker by type, by tags (all keys, any of a key's values) or by ARN."""
        known = frozenset(
            {"PaginationToken", "TagFilters", "ResourcesPerPage", "ResourceTypeFilters", "ResourceARNList"}
        )
        tokens.only(params, known, "GetResources")
        arns = params.get("ResourceARNList")
        if arns and any(params.get(name) for name in _PAGING):
            raise _invalid("ResourceARNList cannot be combined with parameters of paging.")
        for arn in arns or ():
            if not arn.startswith("arn:"):
                raise _invalid(f"{arn} is not an ARN.")
        types = [_kind(text) for text in params.get("ResourceTypeFilters") or ()]
        filters = params.get("TagFilters") or ()
        if any("Key" not in each for each in filters):
            raise _invalid("A tag filter needs a Key.")
        size = params.get("ResourcesPerPage", PAGE)
        if not 1 <= size <= MOST:
            raise _invalid(f"ResourcesPerPage must lie between 1 and {MOST}.")
        found = [
            (arn, tags)
            for arn, tags in sorted(self._world.registry.tagged())
            if (not arns or arn in arns)
            and (not types or any(arn.split(":", 5)[5].startswith(kind) for kind in types))
            and all(_has(tags, each) for each in filters)
        ]
        shown, token = tokens.page(found, params.get("PaginationToken"), size, "InvalidParameterException")
        mappings = [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            for arn, tags in shown
        ]
        return {"PaginationToken": token or "", "ResourceTagMappingList": mappings}

    def get_tag_keys(self, params: Params) -> dict[str, Any]:
        keys = sorted({key for _, tags in self._world.registry.tagged() for key in tags})
        shown, token = tokens.page(keys, params.get("PaginationToken"), MOST, "InvalidParameterException")
        return {"PaginationToken": token or "", "TagKeys": shown}

    def get_tag_values(self, params: Params) -> dict[str, Any]:
        key = params["Key"]
        values = sorted({tags[key] for _, tags in self._world.registry.tagged() if key in tags})
        shown, token = tokens.page(values, params.get("PaginationToken"), MOST, "InvalidParameterException")
        return {"PaginationToken": token or "", "TagValues": shown}


def _kind(text: str) -> str:
    """The start of the ARN's last part: "sagemaker:endpoint" -> "endpoint/", "sagemaker" -> ""."""
    service, colon, kind = text.partition(":")
    if not service or (colon and not kind):
        raise _invalid(f"{text!r} is not a resource type like sagemaker:endpoint.")
    if service != "sagemaker":
        raise NotOffered(f"resource tagging of {service}")
    return f"{kind}/" if kind else ""


def _has(tags: Mapping[str, str], each: Mapping[str, Any]) -> bool:
    """Whether the tags pass one filter; no values means any value."""
    key, values = each["Key"], each.get("Values") or ()
    return key in tags and (not values or tags[key] in values)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
