"""The little of Terraform's language that a fix is written in: blocks, attributes, comments, safe text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ops.core.quoting import one_line, quoted

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value`, the value as text of the language."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Block:
    """A block inside a block; a plain string is a comment."""

    head: str
    lines: tuple[Attribute | Block | str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """An expression that names something else of the same code."""

    to: str


def reference(to: str) -> Reference:
    return Reference(to)


def attribute(name: str, value: object, *, raw: bool = False) -> Attribute:
    """`raw`: the value is text of the language already."""
    return Attribute(name, str(value) if raw else _written(value))


def text(value: str) -> str:
    """A string literal: whatever it holds, nothing in it is code."""
    return quoted(value).replace("${", "$${").replace("%{", "%%{")


def comment(*sentences: str) -> str:
    """Comment lines, wrapped; sentences that begin with spaces stand as they are."""
    lines: list[str] = []
    for sentence in sentences:
        flat = one_line(sentence)
        lines += (
            [flat]
            if flat.startswith(" ")
            else textwrap.wrap(flat, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
        )
    return "\n".join(f"# {line}" for line in lines)


def block(head: str, *lines: Attribute | Block | str) -> str:
    """A block in the layout of `terraform fmt`."""
    return "\n".join(_block(Block(head, lines), ""))


def _block(found: Block, indent: str) -> list[str]:
    inner = indent + "  "
    out = [f"{indent}{found.head} {{"]
    run: list[Attribute] = []
    for line in found.lines:
        if isinstance(line, Attribute):
            run.append(line)
            continue
        out += _aligned(run, inner)
        run = []
        if isinstance(line, str):
            out += [inner + part for part in line.splitlines()]
        else:
            out += [*([""] if len(out) > 1 else []), *_block(line, inner)]
    return [*out, *_aligned(run, inner), f"{indent}}}"]


def _aligned(run: Sequence[Attribute], indent: str) -> list[str]:
    """Attributes in a row, their equal signs below each other."""
    wide = max((len(a.name) for a in run), default=0)
    return [f"{indent}{a.name:<{wide}} = {a.value}" for a in run]


def _written(value: object) -> str:
    if isinstance(value, Reference):
        return value.to
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{text(str(k))} = {_written(v)}' for k, v in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_written(v) for v in value)}]"
    return text(str(value))
