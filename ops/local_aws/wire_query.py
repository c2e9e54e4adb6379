"""The query protocol of older clients: form fields in, XML out."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from ops.local_aws.errors import AwsError

Fields = dict[str, str]


def fields_of(body: bytes, query_string: str) -> Fields:
    """The form fields of a request."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise AwsError("MalformedInput", "The request body is not text.") from error
    return dict(parse_qsl(query_string, keep_blank_values=True) + parse_qsl(text, keep_blank_values=True))


def decode(shape: Shape | None, fields: Fields) -> dict[str, Any]:
    """The parameters that `fields` hold; timestamps as epoch seconds. Raises AwsError MalformedInput."""
    if shape is None:
        return {}
    try:
        return dict(_read(shape, fields, "") or {})
    except (ValueError, TypeError) as error:
        raise AwsError("MalformedInput", f"The parameters cannot be read: {error}") from error


def encode(operation: OperationModel, value: Mapping[str, Any] | None, request_id: str) -> bytes:
    """The answer of an operation as XML."""
    name = operation.name
    result = ""
    shape = operation.output_shape
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        result = f"<{wrapper}>{_members(shape, value or {})}</{wrapper}>"
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    space = operation.service_model.metadata.get("xmlNamespace", "")
    return f'<{name}Response xmlns="{space}">{result}{metadata}</{name}Response>'.encode()


def encode_error(error: AwsError, request_id: str, space: str) -> bytes:
    who = "Receiver" if error.status >= 500 else "Sender"
    detail = f"<Type>{who}</Type><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    return (
        f'<ErrorResponse xmlns="{space}"><Error>{detail}</Error><RequestId>{request_id}</RequestId>'
        "</ErrorResponse>"
    ).encode()


def _read(shape: Shape, fields: Fields, prefix: str) -> Any:
    if isinstance(shape, StructureShape):
        found = {}
        for name, member in shape.members.items():
            key = member.serialization.get("name", name)
            value = _read(member, fields, f"{prefix}.{key}" if prefix else key)
            if value is not None:
                found[name] = value
        return found if found or prefix in fields else None
    if isinstance(shape, ListShape):
        if fields.get(prefix) == "":
            return []
        flat = bool(shape.serialization.get("flattened"))
        stem = prefix if flat else f"{prefix}.{shape.member.serialization.get('name', 'member')}"
        return _numbered(fields, stem, lambda at: _read(shape.member, fields, at))
    if isinstance(shape, MapShape):
        stem = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
        pairs = _numbered(
            fields, stem, lambda at: (fields[f"{at}.key"], _read(shape.value, fields, f"{at}.value"))
        )
        return dict(pairs) if pairs is not None else None
    text = fields.get(prefix)
    return None if text is None else _scalar(shape.type_name, text)


def _numbered(fields: Fields, stem: str, read: Any) -> list[Any] | None:
    numbers = {
        int(head)
        for key in fields
        if key.startswith(f"{stem}.") and (head := key[len(stem) + 1 :].partition(".")[0]).isdigit()
    }
    return [read(f"{stem}.{i}") for i in sorted(numbers)] if numbers else None


def _scalar(kind: str, text: str) -> Any:
    if kind in ("integer", "long"):
        return int(text)
    if kind in ("double", "float"):
        return float(text)
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{text!r} is not a boolean")
        return text.lower() == "true"
    if kind == "timestamp":
        moment = parse_timestamp(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return base64.b64decode(text) if kind == "blob" else text


def _members(shape: StructureShape, value: Mapping[str, Any]) -> str:
    return "".join(
        _element(shape.members[name].serialization.get("name", name), shape.members[name], item)
        for name, item in value.items()
        if item is not None and name in shape.members
    )


def _element(tag: str, shape: Shape, value: Any) -> str:
    if isinstance(shape, StructureShape):
        inner = _members(shape, value)
    elif isinstance(shape, ListShape):
        name = shape.member.serialization.get("name", "member")
        if shape.serialization.get("flattened"):
            return "".join(_element(tag, shape.member, item) for item in value)
        inner = "".join(_element(name, shape.member, item) for item in value)
    elif isinstance(shape, MapShape):
        inner = "".join(
            f"<entry>{_element('key', shape.key, k)}{_element('value', shape.value, v)}</entry>"
            for k, v in value.items()
        )
    else:
        inner = escape(_plain(shape.type_name, value))
    return f"<{tag}>{inner}</{tag}>"


def _plain(kind: str, value: Any) -> str:
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        moment = value if isinstance(value, datetime) else datetime.fromtimestamp(float(value), UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    if kind in ("double", "float"):
        return repr(float(value))
    if kind == "blob":
        return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
    return str(value)
