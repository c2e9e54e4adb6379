"""Values of environment variables, in the memory of this process alone: no file keeps them (`ops.core.withheld`).

What a plan made, or is about to delete, can be made anew with them until the process ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cachetools import LRUCache

from ops.core import withheld
from ops.core.fixes import Change, Create
from ops.core.resources import Resource
from ops.core.types import EndpointRef

MOST = 1_000
"""Models that are remembered, the ones that were used last."""
_lock = threading.Lock()
_known: LRUCache[tuple[str, str, str], Mapping[str, Any]] = LRUCache(MOST)


def keep(ref: EndpointRef, resources: Iterable[Resource]) -> None:
    """Remember what has values that are known. `ref`: says of which account and region."""
    for each in resources:
        if withheld.names(each.parameters) and not withheld.names(each.parameters, lacking=True):
            with _lock:
                _known[ref.account, ref.region, each.key] = each.parameters


def filled(ref: EndpointRef, change: Change) -> Change:
    """A change with the values that are withheld in it. Raises BadInput where they are not known here."""
    if not isinstance(change, Create) or not withheld.lacks((change,)):
        return change
    made = change.resource
    with _lock:
        whole = _known.get((ref.account, ref.region, made.key))
    try:
        return Create(replace(made, parameters=withheld.filled(made.parameters, whole)))
    except KeyError:
        raise withheld.unknown(made) from None


def forget() -> None:
    """As after a start of the process."""
    with _lock:
        _known.clear()
