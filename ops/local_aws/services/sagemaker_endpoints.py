"""Endpoints: create, describe, update, scale by hand, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ops.local_aws.constraints import check_constraints
from ops.local_aws.errors import AwsError, NotOffered, validation
from ops.local_aws.pools import types_of
from ops.local_aws.services.sagemaker_lists import Listed, page

if TYPE_CHECKING:
    from ops.local_aws.physics import EndpointStatus
    from ops.local_aws.registry import Config, Endpoint
    from ops.local_aws.world import World

Params = dict[str, Any]

_UNOFFERED = {
    "ShadowProductionVariants": "shadow variants",
    "ExplainerConfig": "explainers",
    "DataCaptureConfig": "data capture",
    "CrossRegionTrafficConfig": "cross-region traffic",
}
_UNOFFERED_VARIANT = {
    "ServerlessConfig": "serverless variants",
    "ManagedInstanceScaling": "managed instance scaling (inference components)",
    "CapacityReservationConfig": "capacity reservations",
}


class Endpoints:
    def __init__(self, world: World) -> None:
        self._world = world
        self._registry = world.registry

    def create_endpoint(self, params: Params) -> Params:
        check_constraints("sagemaker", "CreateEndpoint", params)
        name, now = params["EndpointName"], self._world.now()
        config = self._registry.config(params["EndpointConfigName"])
        self._check_offered(config)
        deployment = self._registry.deployment(config, now, None, params.get("DeploymentConfig", {}))
        self._registry.add_endpoint(name, deployment, now, params.get("Tags", ()))
        return {"EndpointArn": self._registry.arn("endpoint", name)}

    def describe_endpoint(self, params: Params) -> Params:
        check_constraints("sagemaker", "DescribeEndpoint", params)
        endpoint = self._registry.endpoint(params["EndpointName"])
        status = self._status(endpoint)
        answer = {
            "EndpointName": endpoint.name,
            "EndpointArn": self._registry.arn("endpoint", endpoint.name),
            "EndpointConfigName": endpoint.config.name,
            "ProductionVariants": [self._variant(endpoint, status)],
            "EndpointStatus": status.status,
            "CreationTime": endpoint.created,
            "LastModifiedTime": status.modified,
        }
        if status.failure_reason:
            answer["FailureReason"] = status.failure_reason
        if endpoint.config.async_config is not None:
            answer["AsyncInferenceConfig"] = endpoint.config.async_config
        if endpoint.deployment.how:
            answer["LastDeploymentConfig"] = endpoint.deployment.how
        if "MetricsConfig" in endpoint.config.params:
            answer["MetricsConfig"] = endpoint.config.params["MetricsConfig"]
        return answer

    def list_endpoints(self, params: Params) -> Params:
        check_constraints("sagemaker", "ListEndpoints", params)
        items = []
        for endpoint in self._registry.endpoints():
            status = self._status(endpoint)
            summary = {
                "EndpointName": endpoint.name,
                "EndpointArn": self._registry.arn("endpoint", endpoint.name),
                "CreationTime": endpoint.created,
                "LastModifiedTime": status.modified,
                "EndpointStatus": status.status,
            }
            items.append(Listed(endpoint.name, endpoint.created, status.modified, summary, status.status))
        shown, token = page(items, params)
        return {"Endpoints": shown} | ({"NextToken": token} if token else {})

    def update_endpoint(self, params: Params) -> Params:
        check_constraints("sagemaker", "UpdateEndpoint", params)
        endpoint = self._registry.endpoint(params["EndpointName"])
        config = self._registry.config(params["EndpointConfigName"])
        self._check_settled(endpoint)
        self._check_offered(config)
        self._check_change(endpoint, config)
        excluded = {
            item["VariantPropertyType"] for item in params.get("ExcludeRetainedVariantProperties", ())
        }
        if excluded and not params.get("RetainAllVariantProperties"):
            raise validation("ExcludeRetainedVariantProperties needs RetainAllVariantProperties.")
        retain = bool(params.get("RetainAllVariantProperties"))
        old, now = endpoint.deployment, self._world.now()
        weight = old.weight if retain and "DesiredWeight" not in excluded else None
        how = params.get("DeploymentConfig", old.how if params.get("RetainDeploymentConfig") else {})
        pending = self._registry.deployment(config, now, weight, how)
        spec = self._registry.spec(endpoint.name, config)
        self._world.fleet.update(spec, retain and "DesiredInstanceCount" not in excluded, now)
        endpoint.pending = pending
        return {"EndpointArn": self._registry.arn("endpoint", endpoint.name)}

    def update_endpoint_weights_and_capacities(self, params: Params) -> Params:
        check_constraints("sagemaker", "UpdateEndpointWeightsAndCapacities", params)
        endpoint = self._registry.endpoint(params["EndpointName"])
        arn = self._registry.arn("endpoint", endpoint.name)
        status = self._check_settled(endpoint)
        changes = params["DesiredWeightsAndCapacities"]
        names = [change["VariantName"] for change in changes]
        unknown = sorted(set(names) - {status.spec.variant})
        if unknown:
            raise validation(f'The variant(s) "{", ".join(unknown)}" do not exist within endpoint "{arn}".')
        if len(names) > 1:
            raise validation("A variant can be named only once.")
        change = changes[0]
        if "ServerlessUpdateConfig" in change:
            raise validation("ServerlessUpdateConfig applies to serverless variants only.")
        count = change.get("DesiredInstanceCount")
        if count == 0 and status.spec.async_settings is None:
            raise validation("DesiredInstanceCount must be at least 1 for a real-time endpoint.")
        if "DesiredWeight" not in change and count is None:
            raise validation("DesiredWeight or DesiredInstanceCount is required.")
        if count is None:
            self._world.delivery.test_notification(status.spec, self._world.now())
        else:
            resource = f"endpoint/{endpoint.name}/variant/{status.spec.variant}"
            self._world.fleet.set_desired(resource, count, self._world.now(), None)
        if "DesiredWeight" in change:
            endpoint.deployment = replace(endpoint.deployment, weight=float(change["DesiredWeight"]))
        return {"EndpointArn": arn}

    def delete_endpoint(self, params: Params) -> None:
        check_constraints("sagemaker", "DeleteEndpoint", params)
        endpoint = self._registry.endpoint(params["EndpointName"])
        if self._status(endpoint).status in (
            "Creating",
            "Updating",
            "Deleting",
            "SystemUpdating",
            "RollingBack",
        ):
            raise self._in_progress(endpoint)
        self._world.fleet.delete(endpoint.name, self._world.now())
        self._world.scaling.endpoint_deleted(endpoint.name)

    # Checks

    def _check_offered(self, config: Config) -> None:
        for name, what in _UNOFFERED.items():
            if config.params.get(name):
                raise NotOffered(what)
        if len(config.params["ProductionVariants"]) > 1:
            raise NotOffered("endpoints with more than one production variant")
        for name, what in _UNOFFERED_VARIANT.items():
            if config.variant.get(name):
                raise NotOffered(what)
        output = (config.async_config or {}).get("OutputConfig", {})
        topics = output.get("NotificationConfig", {})
        for name in ("SuccessTopic", "ErrorTopic"):
            topic = topics.get(name)
            if topic and not self._world.delivery.topic_exists(topic):
                raise validation(
                    f'The SNS topic "{topic}" of {name} does not exist, '
                    "or the execution role may not publish to it."
                )

    def _check_change(self, endpoint: Endpoint, config: Config) -> None:
        old, new = endpoint.config.variant, config.variant
        if (endpoint.config.async_config is None) != (config.async_config is None):
            raise NotOffered("turning an asynchronous endpoint into a real-time one, or back")
        resource = f"endpoint/{endpoint.name}/variant/{old['VariantName']}"
        same = old["VariantName"] == new["VariantName"] and types_of(old) == types_of(new)
        if not same and resource in self._world.scaling.targets:
            raise validation(
                f'The variant(s) "[{old["VariantName"]}]" must be deregistered as scalable targets with '
                "AWS Auto Scaling before they can be removed or have their instance type updated."
            )

    def _check_settled(self, endpoint: Endpoint) -> EndpointStatus:
        """The status, if the endpoint may be changed now."""
        status = self._status(endpoint)
        if status.status == "Failed":
            arn = self._registry.arn("endpoint", endpoint.name)
            raise validation(f'Endpoint "{arn}" has failed and can only be deleted.')
        if status.status != "InService":
            raise self._in_progress(endpoint)
        return status

    def _in_progress(self, endpoint: Endpoint) -> AwsError:
        arn = self._registry.arn("endpoint", endpoint.name)
        return validation(f'Cannot update in-progress endpoint "{arn}".')

    def _status(self, endpoint: Endpoint) -> EndpointStatus:
        status = self._world.fleet.describe(endpoint.name)
        if status is None:
            raise validation(f'Could not find endpoint "{self._registry.arn("endpoint", endpoint.name)}".')
        return status

    def _variant(self, endpoint: Endpoint, status: EndpointStatus) -> Params:
        variant: Params = {
            "VariantName": status.spec.variant,
            "CurrentWeight": endpoint.deployment.weight,
            "DesiredWeight": endpoint.deployment.weight,
            "CurrentInstanceCount": status.current,
            "DesiredInstanceCount": status.desired,
        }
        if status.spec.pools:
            variant["InstancePools"] = [
                {"InstanceType": kind, "CurrentInstanceCount": count} for kind, count in status.mix
            ]
        running = endpoint.deployment
        if running.images and status.status != "Creating":
            variant["DeployedImages"] = [
                {"SpecifiedImage": asked, "ResolvedImage": found, "ResolutionTime": running.resolved}
                for asked, found in running.images
            ]
        if status.variant_status:
            variant["VariantStatus"] = [
                {"Status": state, "StatusMessage": message, "StartTime": start}
                for state, message, start in status.variant_status
            ]
        return variant
