"""SageMaker's runtime: InvokeEndpointAsync, with the headers of botocore's model."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.validate import ParamValidator

from ops.local_aws.constraints import check_constraints
from ops.local_aws.errors import AwsError, NotOffered
from ops.local_aws.physics import Request
from ops.local_aws.wire import service_model

if TYPE_CHECKING:
    from ops.local_aws.physics import AsyncSettings
    from ops.local_aws.world import World

SECONDS = (12.0, 40.0)
"""What a request takes in the container, uniformly, unless the endpoint has a profile of its own."""
_SERVING = ("InService", "Updating", "SystemUpdating", "RollingBack")
_OPERATION = "InvokeEndpointAsync"
_validator = ParamValidator()


class Runtime:
    def __init__(self, world: World) -> None:
        self._world = world

    def invoke_endpoint_async(
        self, name: str, environ: Mapping[str, Any]
    ) -> tuple[int, list[tuple[str, str]], dict[str, Any]]:
        """Queue one request: (HTTP status, headers, body). Raises AwsError (ValidationError)."""
        asked = _read(name, environ)
        settings = self._settings_of(name)
        inference_id = asked.get("InferenceId") or str(uuid.uuid4())
        request = self._request(name, inference_id, asked)
        result = str(uuid.uuid4())
        headers = []
        if settings.output_path:
            request.output_location = _join(
                settings.output_path,
                asked.get("S3OutputPathExtension", ""),
                asked.get("Filename", f"{result}.out"),
            )
            headers.append(("X-Amzn-SageMaker-OutputLocation", request.output_location))
        if settings.failure_path:
            request.failure_location = _join(settings.failure_path, "", f"{result}-error.out")
            headers.append(("X-Amzn-SageMaker-FailureLocation", request.failure_location))
        self._world.fleet.invoke(name, request, self._world.now())
        return 202, headers, {"InferenceId": inference_id}

    def _settings_of(self, name: str) -> AsyncSettings:
        status = self._world.fleet.describe(name)
        if status is None:
            raise _invalid(f"Endpoint {name} of account {self._world.account} not found.")
        if status.spec.async_settings is None:
            raise _invalid(
                f"Endpoint {name} is not an asynchronous endpoint: it has no AsyncInferenceConfig."
            )
        if status.status not in _SERVING:
            raise _invalid(f"Endpoint {name} is not in service: its status is {status.status}.")
        return status.spec.async_settings

    def _request(self, name: str, inference_id: str, asked: Mapping[str, Any]) -> Request:
        draw = random.Random(f"{self._world.options.seed}:{inference_id}")
        low, high, error_rate = self._world.fleet.profile(name) or (*SECONDS, 0.0)
        request = Request(
            id=inference_id,
            received=self._world.now(),
            service_s=draw.uniform(low, high),
            ttl_s=float(asked.get("RequestTTLSeconds", 21600)),
            timeout_s=float(asked.get("InvocationTimeoutSeconds", 900)),
            input_location=asked["InputLocation"],
            content_type=asked.get("ContentType", ""),
            accept=asked.get("Accept", ""),
            custom_attributes=asked.get("CustomAttributes", ""),
        )
        if draw.random() < error_rate:
            request.outcome = "model_error"
        return request


def _read(name: str, environ: Mapping[str, Any]) -> dict[str, Any]:
    """The operation's parameters from path and headers, checked against the model."""
    shape = service_model("sagemaker-runtime").operation_model(_OPERATION).input_shape
    asked: dict[str, Any] = {"EndpointName": name}
    for member, kind in shape.members.items():
        if kind.serialization.get("location") != "header":
            continue
        value = environ.get("HTTP_" + kind.serialization["name"].upper().replace("-", "_"))
        if value is None:
            continue
        try:
            asked[member] = int(value) if kind.type_name == "integer" else value
        except ValueError:
            raise _invalid(f"{member} must be a whole number, not {value!r}.") from None
    if int(environ.get("CONTENT_LENGTH") or 0):
        raise NotOffered("an inline Body; put the input into S3 and pass its InputLocation")
    report = _validator.validate(asked, shape)
    if report.has_errors():
        raise _invalid(report.generate_report())
    check_constraints("sagemaker-runtime", _OPERATION, asked, "ValidationError")
    where = asked.get("InputLocation")
    if not where:
        raise _invalid("InputLocation is required.")
    if not where.startswith("s3://"):
        raise NotOffered("an InputLocation outside s3://")
    return asked


def _join(base: str, extension: str, name: str) -> str:
    return "/".join(part for part in (base.rstrip("/"), extension.strip("/"), name) if part)


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)
