"""Wire protocols, driven by botocore's service models: bytes -> (operation, parameters) and back.

Services give and take plain dicts; timestamps are seconds since the epoch.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import botocore.loaders
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from ops.local_aws import wire_cbor, wire_query
from ops.local_aws.errors import AwsError, NotOffered

MOST_BYTES = 32 * 1024 * 1024
"""Of a compressed request, unpacked."""
_validator = ParamValidator()
_RPC_PATH = re.compile(r"^/service/[^/]+/operation/([A-Za-z0-9]+)$")
_SHORT = {"smithy-rpc-v2-cbor": "cbor"}


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
    code = "ValidationError" if call.service in ("cloudwatch", "sts") else "ValidationException"
    report = _validator.validate(call.params, shape)
    if report.has_errors():
        raise AwsError(code, report.generate_report())
    found = list(_constraints(shape, call.params, "", call.service == "cloudwatch"))
    if found:
        errors = "error" if len(found) == 1 else "errors"
        raise AwsError(code, f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def _constraints(shape: Shape, value: Any, path: str, enums: bool) -> Iterator[str]:
    """What botocore's own validation leaves out: upper limits and, with `enums`, enumerations."""
    if value is None:
        return
    most = shape.metadata.get("max")
    if isinstance(shape, StructureShape):
        for name, item in value.items():
            if name in shape.members:
                at = name[:1].lower() + name[1:]
                yield from _constraints(shape.members[name], item, f"{path}.{at}" if path else at, enums)
        return
    failed = f"Value {value!r} at '{path}' failed to satisfy constraint: Member must"
    if isinstance(shape, ListShape):
        if most is not None and len(value) > most:
            yield f"Value at '{path}' failed to satisfy constraint: Member must have length <= {most}"
        if not isinstance(shape.member, StructureShape | ListShape | MapShape) and not shape.member.metadata:
            return
        for n, item in enumerate(value, 1):
            yield from _constraints(shape.member, item, f"{path}.{n}.member", enums)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _constraints(shape.value, item, f"{path}.{key}", enums)
    elif shape.type_name == "string":
        if most is not None and len(value) > most:
            yield f"{failed} have length less than or equal to {most}"
        if enums and shape.enum and value not in shape.enum:
            yield f"{failed} satisfy enum value set: [{', '.join(shape.enum)}]"
    elif most is not None and shape.type_name in ("integer", "long", "float", "double") and value > most:
        yield f"{failed} have value less than or equal to {most}"


def json_answer(answer: Mapping[str, Any] | None) -> bytes:
    return json.dumps(answer or {}, default=_plain, separators=(",", ":")).encode()


def json_error(error: AwsError) -> bytes:
    return json.dumps(
        {"__type": error.code, "message": error.message, "Message": error.message, **error.fields}
    ).encode()


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
    plain = getattr(value, "tolist", None)
    if plain is not None:
        return plain()  # numpy arrays and scalars
    raise TypeError(f"cannot send {type(value).__name__}")


def protocol_of(environ: Mapping[str, Any]) -> str:
    """json, query or cbor, as the request itself says."""
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return "cbor"
    return "json" if environ.get("HTTP_X_AMZ_TARGET") else "query"


def read(service: str, protocol: str, environ: Mapping[str, Any], body: bytes) -> Call:
    """The call that a request makes. Raises AwsError where it cannot be understood."""
    if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
        body = _unzipped(body)
    if protocol == "json":
        return json_call(service, environ.get("HTTP_X_AMZ_TARGET", ""), body)
    if protocol not in _protocols(service):
        raise NotOffered(f"the {protocol} protocol for {service}")
    if protocol == "cbor":
        found = _RPC_PATH.match(environ.get("PATH_INFO", ""))
        if found is None:
            raise AwsError("UnknownOperationException", "The path names no operation.", 404)
        return Call(service, _operation(service, found.group(1)), wire_cbor.decode(body))
    fields = wire_query.fields_of(body, environ.get("QUERY_STRING", ""))
    if "Action" not in fields:
        raise AwsError("MissingAction", "The request names no Action.")
    operation = _operation(service, fields["Action"])
    return Call(service, operation, wire_query.decode(operation.input_shape, fields))


def write(protocol: str, call: Call, answer: Mapping[str, Any] | None) -> tuple[bytes, str]:
    """(body, content type) of an answer."""
    if protocol == "cbor":
        return wire_cbor.encode(call.operation.output_shape, answer or {}), "application/cbor"
    if protocol == "query":
        return wire_query.encode(call.operation, answer, str(uuid.uuid4())), "text/xml"
    return json_answer(answer), _json_type(call.service)


def write_error(protocol: str, service: str, error: AwsError) -> tuple[bytes, str]:
    """(body, content type) of an error."""
    if protocol == "cbor":
        fields = {"__type": error.code, "message": error.message, "Message": error.message}
        return wire_cbor.encode_error(fields | error.fields), "application/cbor"
    if protocol == "query":
        space = service_model(service).metadata.get("xmlNamespace", "")
        return wire_query.encode_error(error, str(uuid.uuid4()), space), "text/xml"
    return json_error(error), _json_type(service)


def _json_type(service: str) -> str:
    return f"application/x-amz-json-{service_model(service).metadata.get('jsonVersion', '1.1')}"


def _protocols(service: str) -> list[str]:
    metadata = service_model(service).metadata
    known = metadata.get("protocols") or [metadata["protocol"]]
    return [_SHORT.get(name, name) for name in known]


def _unzipped(body: bytes) -> bytes:
    """Clients of PutMetricData compress what is long."""
    unzip = zlib.decompressobj(wbits=31)
    try:
        plain = unzip.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise AwsError("SerializationException", "The request body is not gzip.") from error
    if unzip.unconsumed_tail:
        raise AwsError("RequestEntityTooLarge", f"The request is larger than {MOST_BYTES} bytes.", 413)
    return plain


def xml_error(error: AwsError, *, ec2: bool = False) -> bytes:
    """An error as clients of XML services read it; EC2 has a form of its own."""
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if ec2:
        return f"<Response><Errors><Error>{inner}</Error></Errors></Response>".encode()
    return f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error></ErrorResponse>".encode()
