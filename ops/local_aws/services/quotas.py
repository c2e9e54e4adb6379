"""Service Quotas of SageMaker endpoints: "<type> for endpoint usage"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.local_aws import tokens
from ops.local_aws.errors import AwsError
from ops.local_aws.quota_book import default_limit, quota_code, quota_name

if TYPE_CHECKING:
    from ops.local_aws.world import World

PAGE = 100
SERVICE = "sagemaker"


class ServiceQuotas:
    def __init__(self, world: World) -> None:
        self._world = world
        self._book = world.quotas

    def list_service_quotas(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The values that hold now. Quotas of single resources do not exist here."""
        if params.get("QuotaAppliedAtLevel") == "RESOURCE":
            _check_service(params)
            return {"Quotas": []}
        return self._listed(params, applied=True)

    def list_aws_default_service_quotas(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._listed(params, applied=False)

    def get_service_quota(self, params: Mapping[str, Any]) -> dict[str, Any]:
        tokens.only(params, frozenset({"ServiceCode", "QuotaCode"}), "GetServiceQuota")
        return {"Quota": self._quota(self._type(params), applied=True)}

    def get_aws_default_service_quota(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"Quota": self._quota(self._type(params), applied=False)}

    def _listed(self, params: Mapping[str, Any], *, applied: bool) -> dict[str, Any]:
        _check_service(params)
        size = params.get("MaxResults", PAGE)
        types = self._book.types()
        if params.get("QuotaCode"):
            types = [self._type(params)]
        shown, token = tokens.page(types, params.get("NextToken"), size, "InvalidPaginationTokenException")
        answer: dict[str, Any] = {"Quotas": [self._quota(item, applied=applied) for item in shown]}
        return answer | ({"NextToken": token} if token else {})

    def _type(self, params: Mapping[str, Any]) -> str:
        """The instance type of a quota code."""
        _check_service(params)
        for instance_type in self._book.types():
            if quota_code(instance_type) == params["QuotaCode"]:
                return instance_type
        raise AwsError("NoSuchResourceException", f"There is no quota {params['QuotaCode']} of {SERVICE}.")

    def _quota(self, instance_type: str, *, applied: bool) -> dict[str, Any]:
        code = quota_code(instance_type)
        value = self._book.limit(instance_type) if applied else default_limit(instance_type)
        answer: dict[str, Any] = {
            "ServiceCode": SERVICE,
            "ServiceName": "Amazon SageMaker",
            "QuotaArn": self._world.arn("servicequotas", f"{SERVICE}/{code}"),
            "QuotaCode": code,
            "QuotaName": quota_name(instance_type),
            "Value": float(value),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
        return answer | ({"QuotaAppliedAtLevel": "ACCOUNT"} if applied else {})


def _check_service(params: Mapping[str, Any]) -> None:
    if params["ServiceCode"] != SERVICE:
        message = f"The embedded AWS has quotas of {SERVICE} only, not of {params['ServiceCode']}."
        raise AwsError("NoSuchResourceException", message)
