"""Wire protocols, driven by botocore's service models: bytes -> (operation, parameters) and back.

Services give and take plain dicts; timestamps are seconds since the epoch.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import botocore.loaders
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

from ops.local_aws.errors import AwsError, NotOffered

_validator = ParamValidator()


@cache
def service_model(name: str) -> ServiceModel:
    return ServiceModel(botocore.loaders.Loader().load_service_model(name, "service-2"), name)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood."""

    service: str
    operation: OperationModel
    params: dict[str, Any]


def json_call(service: str, target: str, body: bytes) -> Call:
    """A request of the JSON protocol (X-Amz-Target: Prefix.Operation)."""
    operation = _operation(service, target.rpartition(".")[2])
    try:
        params = json.loads(body or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", "The request body is not JSON.") from error
    if not isinstance(params, dict):
        raise AwsError("SerializationException", "The request body is not a JSON object.")
    return Call(service, operation, params)


def check(call: Call) -> None:
    """Validate the parameters against the model: unknown, missing, wrong type, out of range."""
    shape = call.operation.input_shape
    if shape is None:
        return
    report = _validator.validate(call.params, shape)
    if report.has_errors():
        code = "ValidationException" if call.service != "cloudwatch" else "InvalidParameterValue"
        raise AwsError(code, report.generate_report())


def json_answer(answer: Mapping[str, Any] | None) -> bytes:
    return json.dumps(answer or {}, default=_plain, separators=(",", ":")).encode()


def json_error(error: AwsError) -> bytes:
    return json.dumps({"__type": error.code, "message": error.message, "Message": error.message, **error.fields}).encode()


def _operation(service: str, name: str) -> OperationModel:
    model = service_model(service)
    if name not in model.operation_names:
        raise NotOffered(f"{service}:{name}")
    return model.operation_model(name)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    item = getattr(value, "item", None)
    if item is not None:
        return item()  # numpy scalars
    raise TypeError(f"cannot send {type(value).__name__}")


def protocol_of(environ: Mapping[str, Any]) -> str:
    """json, query or cbor, as the request itself says."""
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return "cbor"
    return "json" if environ.get("HTTP_X_AMZ_TARGET") else "query"


def read(service: str, protocol: str, environ: Mapping[str, Any], body: bytes) -> Call:
    if protocol == "json":
        return json_call(service, environ.get("HTTP_X_AMZ_TARGET", ""), body)
    raise NotOffered(f"the {protocol} protocol for {service}")


def write(protocol: str, call: Call, answer: Mapping[str, Any] | None) -> tuple[bytes, str]:
    return json_answer(answer), f"application/x-amz-json-{service_model(call.service).metadata.get('jsonVersion', '1.1')}"


def write_error(protocol: str, service: str, error: AwsError) -> tuple[bytes, str]:
    return json_error(error), f"application/x-amz-json-{service_model(service).metadata.get('jsonVersion', '1.1')}"
