"""Calls the services by operation, and puts mutating calls on the trail: for the wire and for the stories alike."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from ops.local_aws import wire
from ops.local_aws.errors import AwsError, NotOffered
from ops.local_aws.trail import Caller

if TYPE_CHECKING:
    from ops.local_aws.world import World

# signing name -> (botocore's service name, module, class)
OWN = {
    "application-autoscaling": ("application-autoscaling", "autoscaling", "AutoScaling"),
    "athena": ("athena", "athena", "Athena"),
    "bcm-data-exports": ("bcm-data-exports", "data_exports", "DataExports"),
    "monitoring": ("cloudwatch", "cloudwatch", "CloudWatch"),
    "ce": ("ce", "ce", "CostExplorer"),
    "pricing": ("pricing", "pricing", "Pricing"),
    "servicequotas": ("service-quotas", "quotas", "ServiceQuotas"),
    "tagging": ("resourcegroupstaggingapi", "tagging", "Tagging"),
    "logs": ("logs", "logs", "Logs"),
    "cloudtrail": ("cloudtrail", "cloudtrail", "CloudTrail"),
    "sagemaker": ("sagemaker", "sagemaker", "SageMaker"),
}


class Dispatcher:
    def __init__(self, world: World) -> None:
        self._world = world
        self._services = {
            service: getattr(importlib.import_module(f"ops.local_aws.services.{module}"), cls)(world)
            for service, module, cls in OWN.values()
        }

    def run(self, caller: Caller, call: wire.Call) -> dict[str, Any]:
        """One operation with checked parameters. Raises AwsError. The caller holds the world's lock."""
        wire.check(call)
        handler = getattr(self._services[call.service], xform_name(call.operation.name), None)
        if handler is None:
            raise NotOffered(f"{call.service}:{call.operation.name}")
        try:
            answer: dict[str, Any] = handler(call.params) or {}
        except AwsError as error:
            self._world.trail.record(caller, call, None, error)
            raise
        self._world.trail.record(caller, call, answer, None)
        self._world.check_shape(call, answer)
        return answer

    def call(self, caller: Caller, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """The same, as a client would write it."""
        model = wire.service_model(service).operation_model(operation)
        return self.run(caller, wire.Call(service, model, params))
