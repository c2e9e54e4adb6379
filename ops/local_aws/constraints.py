"""Patterns, enumerations and upper bounds of botocore's models, which its own validator leaves to AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ops.local_aws.errors import AwsError
from ops.local_aws.wire import service_model

# Java's character classes, which Python's re does not know
_CLASSES = {
    r"\p{L}\p{Z}\p{N}_": r"\w\s",
    r"\p{L}\p{N}\p{Z}-_": r"\w\s\-",
    r"\p{ASCII}": r"[\x00-\x7f]",
    r"\p{Print}": r"\x20-\x7e",
    r"\z": r"\Z",
}


def check_constraints(
    service: str, operation: str, params: Mapping[str, Any], code: str = "ValidationException"
) -> None:
    """Raise AwsError in AWS's words for every value outside its pattern, enumeration or upper bound."""
    shape = service_model(service).operation_model(operation).input_shape
    faults = [] if shape is None else list(_faults(shape, params, ""))
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        raise AwsError(code, count + "; ".join(faults))


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    yield from _too_much(shape, value, path)
    if isinstance(shape, StructureShape):
        for name, item in value.items():
            if name in shape.members:
                yield from _faults(shape.members[name], item, f"{path}{'.' if path else ''}{_lower(name)}")
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value, start=1):
            yield from _faults(shape.member, item, f"{path}.{index}.member")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _faults(shape.value, item, f"{path}.{key}.member")
    elif isinstance(value, str):
        told = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy "
        enum = shape.metadata.get("enum")
        if enum and value not in enum:
            yield f"{told}enum value set: [{', '.join(enum)}]"
        pattern = shape.metadata.get("pattern")
        if pattern and _compiled(pattern).fullmatch(value) is None:
            yield f"{told}regular expression pattern: {pattern}"


def _too_much(shape: Shape, value: Any, path: str) -> Iterator[str]:
    top = shape.metadata.get("max")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if top is None or isinstance(value, bool) or (value if number else len(value)) <= top:
        return
    what = "value" if number else "length"
    yield (
        f"Value '{value}' at '{path}' failed to satisfy constraint: "
        f"Member must have {what} less than or equal to {top}"
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in _CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
