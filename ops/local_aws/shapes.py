"""Checks an answer against botocore's output shape: boto3 silently drops keys that it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

if TYPE_CHECKING:
    from ops.local_aws.wire import Call

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),
    "blob": (bytes, str),
}


class ShapeError(AssertionError):
    """The embedded AWS answered something that AWS's model does not know."""


def check_answer(call: Call, answer: Mapping[str, Any] | None) -> None:
    shape = call.operation.output_shape
    if shape is None:
        if answer:
            raise ShapeError(f"{call.operation.name}: the model has no output, got {sorted(answer)}")
        return
    _check(shape, answer or {}, call.operation.name)


def _check(shape: Shape, value: Any, path: str) -> None:
    if isinstance(shape, StructureShape):
        if not isinstance(value, Mapping):
            raise ShapeError(f"{path}: expected a structure, got {type(value).__name__}")
        unknown = set(value) - set(shape.members)
        if unknown:
            raise ShapeError(f"{path}: unknown members {sorted(unknown)}")
        missing = set(shape.required_members) - set(value)
        if missing:
            raise ShapeError(f"{path}: required members missing {sorted(missing)}")
        for name, member in value.items():
            _check(shape.members[name], member, f"{path}.{name}")
    elif isinstance(shape, ListShape):
        if isinstance(value, str | bytes | Mapping):
            raise ShapeError(f"{path}: expected a list, got {type(value).__name__}")
        for i, item in enumerate(value):
            _check(shape.member, item, f"{path}[{i}]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            _check(shape.value, item, f"{path}.{key}")
    else:
        kinds = _TYPES.get(shape.type_name)
        value = value.item() if hasattr(value, "item") else value
        if kinds and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise ShapeError(f"{path}: expected {shape.type_name}, got {value!r}")
        enum = getattr(shape, "enum", None)
        if enum and value not in enum:
            raise ShapeError(f"{path}: {value!r} is not one of {enum}")
