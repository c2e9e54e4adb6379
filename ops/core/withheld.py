"""Values of environment variables may be secrets: no record keeps them, and no text shows them to others. Pure.

A value that is withheld stands as None, which no value that AWS holds is; it counts as equal to any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ops.core.errors import BadInput
from ops.core.fix_left_out import MAPS
from ops.core.fixes import Change, Create, Delete
from ops.core.resources import Resource
from ops.core.words import listed

SHORT = 4
"""Characters of a value that is not looked for in what AWS says: it would be found in any text."""
FEW = 5
"""Variables that a sentence names."""


def withheld(value: Any) -> Any:
    """Without the values of environment variables, however deep they stand."""
    if isinstance(value, Mapping):
        return {k: _withheld(v) if _is_environment(k, v) else withheld(v) for k, v in value.items()}
    return [withheld(each) for each in value] if isinstance(value, list | tuple) else value


def of_resources(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    return tuple(replace(each, parameters=withheld(each.parameters)) for each in resources)


def of_change(change: Change) -> Change:
    """A change without them."""
    return Create(of_resources((change.resource,))[0]) if isinstance(change, Create) else change


def filled(value: Any, whole: Any) -> Any:
    """With the values of `whole` in the place of those that are withheld. KeyError: they are not known there."""
    if isinstance(value, Mapping):
        known = whole if isinstance(whole, Mapping) else {}
        return {
            k: {name: known[k][name] if v is None else v for name, v in part.items()}
            if _is_environment(k, part)
            else filled(part, known.get(k))
            for k, part in value.items()
        }
    if isinstance(value, list | tuple):
        beside = (
            whole if isinstance(whole, list | tuple) and len(whole) == len(value) else [None] * len(value)
        )
        return [filled(part, other) for part, other in zip(value, beside, strict=True)]
    return value


def given(changes: Iterable[Change], typed: Mapping[str, str]) -> tuple[Change, ...]:
    """Changes with values that somebody gives anew, by the names of their variables. Raises BadInput for another."""
    made = tuple(changes)
    missing = names([c.resource.parameters for c in made if isinstance(c, Create)], lacking=True)
    other = next((name for name in typed if name not in missing), None)
    if other is not None:
        hint = f"Missing are those of {_few(missing)}." if missing else "No value is missing: leave it out."
        raise BadInput(f"{other!r} is no variable whose value is missing.", hint)
    return tuple(
        Create(replace(c.resource, parameters=_given(c.resource.parameters, typed)))
        if isinstance(c, Create)
        else c
        for c in made
    )


def _given(value: Any, typed: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {
            k: {name: typed.get(name) if v is None else v for name, v in part.items()}
            if _is_environment(k, part)
            else _given(part, typed)
            for k, part in value.items()
        }
    return [_given(each, typed) for each in value] if isinstance(value, list | tuple) else value


def replaced(value: Any) -> Any:
    """With words in the place of values that are withheld, for a text that somebody is to fill in."""
    if isinstance(value, Mapping):
        return {
            k: {name: f"<value of {name}>" if v is None else v for name, v in part.items()}
            if _is_environment(k, part)
            else replaced(part)
            for k, part in value.items()
        }
    return [replaced(each) for each in value] if isinstance(value, list | tuple) else value


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two environments are the same as far as their values are known."""
    return one.keys() == other.keys() and all(
        None in (one[name], other[name]) or one[name] == other[name] for name in one
    )


def names(value: Any, *, lacking: bool = False) -> tuple[str, ...]:
    """The variables of all environments in it; `lacking`: only those whose values are withheld."""
    found = (name for name, known in _pairs(value) if not lacking or known is None)
    return tuple(dict.fromkeys(found))


def values(value: Any) -> tuple[str, ...]:
    """The values that are known, the longest first."""
    found = {known for _, known in _pairs(value) if isinstance(known, str) and len(known) >= SHORT}
    return tuple(sorted(found, key=len, reverse=True))


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """A text without values that AWS may repeat in what it says."""
    for each in secrets:
        text = text.replace(each, "…")
    return text


def lacks(changes: Iterable[Change]) -> bool:
    """Whether something is to be made of which values are withheld."""
    return any(isinstance(c, Create) and names(c.resource.parameters, lacking=True) for c in changes)


def told(changes: Iterable[Change], before: Iterable[Resource]) -> Iterator[tuple[bool, str]]:
    """(whether it needs care, what to know) before something with environment variables is made or deleted."""
    there = {each.key: each for each in before}
    for change in changes:
        if isinstance(change, Create):
            made = change.resource
            missing, every = names(made.parameters, lacking=True), names(made.parameters)
            if missing:
                yield (
                    True,
                    f"The values of {_few(missing)} of the {_called(made)} are on no record. They are filled in "
                    "while the process of Ebb runs that had them; else nothing is done.",
                )
            elif every:
                yield (
                    False,
                    f"The journal keeps no values of environment variables ({_few(every)}): should this end before the "
                    f"{_called(made)} is made, and Ebb be started anew, they have to be given again.",
                )
        elif isinstance(change, Delete) and f"{change.kind} {change.name}" in there:
            gone = there[f"{change.kind} {change.name}"]
            if names(gone.parameters):
                yield (
                    True,
                    f"The journal keeps no values of environment variables: once the {_called(gone)} is deleted and "
                    f"Ebb was started anew, nobody knows those of {_few(names(gone.parameters))}. Note them first.",
                )


def unknown(resource: Resource) -> BadInput:
    """Why something cannot be made anew."""
    return BadInput(
        f"Nothing was done: the values of {_few(names(resource.parameters, lacking=True))} of the {_called(resource)} "
        "are on no record, and this process of Ebb never had them.",
        "Give them anew: `ops undo` and `ops deploy --continue` take --env NAME=value. Before an undo you may also "
        "make it yourself with all its variables (`aws sagemaker create-model`), and plan this anew.",
    )


def _called(resource: Resource) -> str:
    return f"{resource.kind.replace('-', ' ')} {resource.name}"


def _few(found: tuple[str, ...]) -> str:
    more = [f"{len(found) - FEW} more"] if len(found) > FEW else []
    return listed([*found[:FEW], *more])


def _is_environment(key: str, value: Any) -> bool:
    return key in MAPS and isinstance(value, Mapping)


def _withheld(environment: Mapping[str, Any]) -> dict[str, None]:
    return dict.fromkeys(environment)


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if _is_environment(key, part):
                yield from part.items()
            else:
                yield from _pairs(part)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _pairs(each)
