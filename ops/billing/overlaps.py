"""Files that hold the same lines, as two versions of one month do: refused, for their sums would be twice as high.

Only lines of SageMaker are compared: they are few in the largest export, and they are what is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import ibis
from ibis.expr.types import Table

from ops.billing.engine import Engine
from ops.billing.gathering import Part, shape_of
from ops.core.errors import BadInput
from ops.core.words import count

FILE = "ebb_file"
"""The column in which an engine tells which file a line is of."""
_LINE = ("identity", "interval", "usage_type", "resource")


def shared(named: Sequence[Part]) -> Table:
    """How many lines of SageMaker two files both hold, of the two that share the most."""
    asked = []
    for part in named:
        ours = part.filtered(~part.of_another_service(), part.text("identity").notnull())
        asked.append(ours.table.select(file=ours.table[FILE], **{role: ours.cell(role) for role in _LINE}))
    lines = ibis.union(*asked) if len(asked) > 1 else asked[0]
    by_line = lines.group_by(*_LINE).agg(one=lines.file.min(), other=lines.file.max())
    twice = by_line.filter(by_line.one != by_line.other)
    return twice.group_by("one", "other").agg(lines=twice.count()).order_by(ibis.desc("lines")).limit(1)


def refuse_shared(opened: Engine, parts: Sequence[Part]) -> None:
    """Raises BadInput where two files hold the same lines, as far as the export names its lines."""
    named = [p for p in parts if p.has("identity") and p.has("interval") and FILE in p.table.columns]
    if not named:
        return
    for row in opened.rows(partial(shared, named), shape_of(named, "shared")):
        one, other = sorted(opened.names.get(row[name] or "", row[name] or "") for name in ("one", "other"))
        number = int(row["lines"] or 0)
        raise BadInput(
            f"{one} and {other} hold the same {count(number, 'line')}: they would be counted twice.",
            "They look like two versions of one month. Name the newer one alone.",
        )
