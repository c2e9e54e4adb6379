"""CBOR as the rpc-v2-cbor protocol has it; long lists of numbers are written in one go."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.parsers import ResponseParserError, RpcV2CBORParser

from ops.local_aws.errors import AwsError

_READER = RpcV2CBORParser(timestamp_parser=float)
_DOUBLES = np.dtype([("head", "u1"), ("value", ">f8")])
_TIMES = np.dtype([("tag", "u1"), ("head", "u1"), ("value", ">f8")])
_BATCH = 16
"""From so many numbers on, a list is written in one go."""


def decode(body: bytes) -> dict[str, Any]:
    """The map that `body` holds; timestamps as epoch seconds. Raises AwsError SerializationException."""
    if not body:
        return {}
    try:
        value = _READER.parse_data_item(_READER.get_peekable_stream_from_bytes(body))
    except (ResponseParserError, ValueError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        raise AwsError("SerializationException", "The request body is not CBOR.") from error
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "The request body is not a CBOR map.")
    return value


def encode(shape: Shape | None, value: Mapping[str, Any]) -> bytes:
    """`value` as the model's shape says; keys that the shape does not know are left out."""
    out = bytearray()
    if shape is not None:
        _write(out, shape, value)
    return bytes(out)


def encode_error(fields: Mapping[str, Any]) -> bytes:
    """A flat map of strings."""
    out = bytearray()
    known = {k: str(v) for k, v in fields.items() if v is not None}
    _head(out, 5, len(known))
    for key, value in known.items():
        _text(out, key)
        _text(out, value)
    return bytes(out)


def _write(out: bytearray, shape: Shape, value: Any) -> None:
    kind = shape.type_name
    if isinstance(shape, StructureShape):
        members = shape.members
        known = [(k, v) for k, v in value.items() if v is not None and k in members]
        _head(out, 5, len(known))
        for key, item in known:
            _text(out, members[key].serialization.get("name", key))
            _write(out, members[key], item)
    elif isinstance(shape, ListShape):
        _list(out, shape.member, value)
    elif isinstance(shape, MapShape):
        _head(out, 5, len(value))
        for key, item in value.items():
            _text(out, key)
            _write(out, shape.value, item)
    elif kind in ("double", "float"):
        out += b"\xfb" + struct.pack(">d", value)
    elif kind == "timestamp":
        seconds = value.timestamp() if isinstance(value, datetime) else float(value)
        out += b"\xc1\xfb" + struct.pack(">d", seconds)
    elif kind in ("integer", "long"):
        number = int(value)
        _head(out, 0 if number >= 0 else 1, number if number >= 0 else -1 - number)
    elif kind == "boolean":
        out.append(0xF5 if value else 0xF4)
    elif kind == "blob":
        raw = value.encode() if isinstance(value, str) else bytes(value)
        _head(out, 2, len(raw))
        out += raw
    else:
        _text(out, str(value))


def _list(out: bytearray, member: Shape, value: Any) -> None:
    n = len(value)
    _head(out, 4, n)
    if n >= _BATCH and member.type_name in ("double", "float", "timestamp"):
        times = member.type_name == "timestamp"
        block = np.empty(n, _TIMES if times else _DOUBLES)
        if times:
            block["tag"] = 0xC1
        block["head"] = 0xFB
        block["value"] = value
        out += block.tobytes()
        return
    for item in value:
        _write(out, member, item)


def _head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major << 5 | number)
    elif number < 0x100:
        out += bytes((major << 5 | 24, number))
    elif number < 0x10000:
        out.append(major << 5 | 25)
        out += number.to_bytes(2, "big")
    elif number < 0x100000000:
        out.append(major << 5 | 26)
        out += number.to_bytes(4, "big")
    else:
        out.append(major << 5 | 27)
        out += number.to_bytes(8, "big")


def _text(out: bytearray, text: str) -> None:
    raw = text.encode()
    _head(out, 3, len(raw))
    out += raw
