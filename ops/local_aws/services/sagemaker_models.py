"""Models and endpoint configurations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.local_aws import pools
from ops.local_aws.constraints import check_constraints
from ops.local_aws.errors import NotOffered, validation
from ops.local_aws.services.sagemaker_lists import Listed, page

if TYPE_CHECKING:
    from ops.local_aws.world import World

Params = dict[str, Any]

PUBLISH_INTERVALS = (10, 30, 60, 120, 180, 240, 300)
"""Seconds between host metrics that MetricsConfig accepts."""
VARIANT_DEFAULTS = {"InitialVariantWeight": 1.0}


class Models:
    def __init__(self, world: World) -> None:
        self._world = world
        self._registry = world.registry

    def create_model(self, params: Params) -> Params:
        check_constraints("sagemaker", "CreateModel", params)
        if not params.get("ExecutionRoleArn"):
            raise validation("ExecutionRoleArn is required to create a model.")
        primary, several = params.get("PrimaryContainer"), params.get("Containers")
        if (primary is None) == (several is None):
            raise validation("Exactly one of PrimaryContainer and Containers must be specified.")
        for container in [primary] if primary is not None else several or []:
            if not container.get("Image") and not container.get("ModelPackageName"):
                raise validation("A container definition needs an Image or a ModelPackageName.")
        model = self._registry.add_model(params, self._world.now())
        return {"ModelArn": self._registry.arn("model", model.name)}

    def describe_model(self, params: Params) -> Params:
        check_constraints("sagemaker", "DescribeModel", params)
        model = self._registry.model(params["ModelName"])
        return {
            "EnableNetworkIsolation": False,
            **_told(model.params),
            "ModelArn": self._registry.arn("model", model.name),
            "CreationTime": model.created,
            "DeploymentRecommendation": {
                "RecommendationStatus": "COMPLETED",
                "RealTimeInferenceRecommendations": [],
            },
        }

    def list_models(self, params: Params) -> Params:
        check_constraints("sagemaker", "ListModels", params)
        items = []
        for model in self._registry.models():
            summary = {
                "ModelName": model.name,
                "ModelArn": self._registry.arn("model", model.name),
                "CreationTime": model.created,
            }
            items.append(Listed(model.name, model.created, model.created, summary))
        shown, token = page(items, params)
        return {"Models": shown} | ({"NextToken": token} if token else {})

    def delete_model(self, params: Params) -> None:
        check_constraints("sagemaker", "DeleteModel", params)
        self._registry.remove_model(params["ModelName"])

    def create_endpoint_config(self, params: Params) -> Params:
        check_constraints("sagemaker", "CreateEndpointConfig", params)
        self._check_variants(params["ProductionVariants"])
        if "AsyncInferenceConfig" in params:
            _check_async(params)
        interval = params.get("MetricsConfig", {}).get("MetricPublishFrequencyInSeconds", 60)
        if interval not in PUBLISH_INTERVALS:
            raise validation(
                f"MetricPublishFrequencyInSeconds must be one of {list(PUBLISH_INTERVALS)}, not {interval}."
            )
        variants = [VARIANT_DEFAULTS | variant for variant in params["ProductionVariants"]]
        config = self._registry.add_config(params | {"ProductionVariants": variants}, self._world.now())
        return {"EndpointConfigArn": self._registry.arn("endpoint-config", config.name)}

    def describe_endpoint_config(self, params: Params) -> Params:
        check_constraints("sagemaker", "DescribeEndpointConfig", params)
        config = self._registry.config(params["EndpointConfigName"])
        return {
            "EnableNetworkIsolation": False,
            **config.params,
            "EndpointConfigArn": self._registry.arn("endpoint-config", config.name),
            "CreationTime": config.created,
        }

    def list_endpoint_configs(self, params: Params) -> Params:
        check_constraints("sagemaker", "ListEndpointConfigs", params)
        items = []
        for config in self._registry.configs():
            summary = {
                "EndpointConfigName": config.name,
                "EndpointConfigArn": self._registry.arn("endpoint-config", config.name),
                "CreationTime": config.created,
            }
            items.append(Listed(config.name, config.created, config.created, summary))
        shown, token = page(items, params)
        return {"EndpointConfigs": shown} | ({"NextToken": token} if token else {})

    def delete_endpoint_config(self, params: Params) -> None:
        check_constraints("sagemaker", "DeleteEndpointConfig", params)
        self._registry.remove_config(params["EndpointConfigName"])

    def _check_variants(self, variants: list[Params]) -> None:
        names = [variant["VariantName"] for variant in variants]
        if len(set(names)) < len(names):
            raise validation("Variant names must be unique within an endpoint configuration.")
        for variant in variants:
            if "ModelName" not in variant:
                raise NotOffered("inference components: a production variant without ModelName")
            self._registry.model(variant["ModelName"])
            if "ServerlessConfig" in variant:
                if any(each in variant for each in ("InstanceType", "InstancePools", "InitialInstanceCount")):
                    raise validation(
                        "ServerlessConfig excludes InstanceType, InstancePools and InitialInstanceCount."
                    )
                continue
            if "InstancePools" in variant:
                pools.check(variant)
                for pool in variant["InstancePools"]:
                    if "ModelNameOverride" in pool:
                        self._registry.model(pool["ModelNameOverride"])
            own_type = () if "InstancePools" in variant else ("InstanceType",)
            for needed in (*own_type, "InitialInstanceCount"):
                if needed not in variant:
                    raise validation(f"{needed} is required for the variant {variant['VariantName']}.")


def _told(params: Mapping[str, Any]) -> Params:
    """A model as DescribeModel tells it: each container with its mode, its variables, and a URL of data as a source."""
    told = dict(params)
    if "PrimaryContainer" in told:
        told["PrimaryContainer"] = _container(told["PrimaryContainer"])
    if "Containers" in told:
        told["Containers"] = [_container(each) for each in told["Containers"]]
    return told


def _container(given: Params) -> Params:
    told: Params = {"Mode": "SingleModel", "Environment": {}} | given
    url = given.get("ModelDataUrl")
    if url and told["Mode"] == "SingleModel":
        lies = {"S3Uri": url, "S3DataType": "S3Object", "CompressionType": "Gzip"}
        told.setdefault("ModelDataSource", {"S3DataSource": lies})
    return told


def _check_async(params: Params) -> None:
    output = params["AsyncInferenceConfig"]["OutputConfig"]
    for name in ("S3OutputPath", "S3FailurePath"):
        uri = output.get(name)
        if uri is not None and (not uri.startswith("s3://") or not uri[len("s3://") :].split("/")[0]):
            raise validation(
                f"{name} must be an S3 URI that starts with s3:// and names a bucket, not {uri}."
            )
    if any("ServerlessConfig" in variant for variant in params["ProductionVariants"]):
        raise validation("Asynchronous inference is not supported for serverless variants.")
