"""How the kernels are compiled: without the GIL, never `parallel`: that aborts a threaded server.

The rules of `ops.core.scaling_rules` are compiled as they stand: a kernel calls these very functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.extending import register_jitable

from ops.core import scaling_rules

F = TypeVar("F", bound=Callable[..., Any])

Record = Any
"""A record of one of the layouts in `ops.replay.layout`; its fields are read and set by name."""


KERNELS: list[Any] = []
"""Every kernel. `ops.compiled` lets them be kept on disk before the first call; else each process compiles anew."""
_njit: Any = numba.njit


def part(function: F) -> F:
    """A part of a kernel that makes no array. Without counting references it is quick to call; Python cannot."""
    made = _njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy", _nrt=False)
    return cast(F, made(function))


def inlined(function: F) -> F:
    """A part that becomes part of its caller: arrays are costly to hand over."""
    made = _njit(
        nogil=True,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        error_model="numpy",
        _nrt=False,
        forceinline=True,
    )
    return cast(F, made(function))


def maker(function: F) -> F:
    """A part of a kernel that makes arrays."""
    made = _njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")
    return cast(F, made(function))


def kernel(function: F) -> F:
    """What Python calls."""
    made = _njit(nogil=True, no_cfunc_wrapper=True, error_model="numpy")(function)
    KERNELS.append(made)
    return cast(F, made)


for _rule in (
    scaling_rules.breaches,
    scaling_rules.alarm_code,
    scaling_rules.tracked,
    scaling_rules.keeps,
    scaling_rules.percent,
    scaling_rules.stepped,
    scaling_rules.may_grow,
    scaling_rules.may_shrink,
    scaling_rules.step_base,
):
    register_jitable(_rule)
