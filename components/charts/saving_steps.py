"""From the baseline to the actual, and what of the actual was idle: a waterfall whose parts add up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import plotly.graph_objects as go

from components import format as fmt
from components.charts import still
from components.charts.panels import trace
from components.theme import colour, tint
from ops.core.cost import cents
from ops.core.savings_parts import Part, Spent, Step

ROW = 46
_TOP, _BOTTOM = 6, 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a sum that stands on the axis (`whole`), or what was taken from it or put on it."""

    name: str
    begin: Decimal
    end: Decimal
    tone: str
    whole: bool = False
    hatched: bool = False

    @property
    def usd(self) -> Decimal:
        return self.end if self.whole else self.end - self.begin

    @property
    def shown(self) -> Decimal:
        """In cents, from cent to cent: the parts that are shown add up to the sums that are."""
        return cents(self.end) if self.whole else cents(self.end) - cents(self.begin)


NAMES = {
    Step.ASLEEP: "asleep: no instance",
    Step.FEWER: "fewer instances than the baseline",
    Step.MORE: "more instances than the baseline",
    Step.OUTSIDE: "outside business hours",
    Step.PRICES: "other instance types or prices",
    Step.BILL: "what the bill says besides",
}


def bars(
    baseline: Decimal, parts: Sequence[Part], actual: Decimal, spent: Spent | None, words: str
) -> tuple[Bar, ...]:
    """The rows from top to bottom. `words`: what the baseline is, in a few words."""
    at = baseline
    found = [Bar(words, Decimal(0), baseline, "fine", whole=True)]
    for part in parts:
        found.append(Bar(NAMES[part.step], at, at - part.usd, "fine" if part.usd >= 0 else "waking"))
        at -= part.usd
    if parts:  # at the actual, to the last digit: half a cent would be rounded the other way
        found[-1] = replace(found[-1], end=actual)
    found.append(Bar("actual", Decimal(0), actual, "money", whole=True))
    if spent is not None and spent.idle is not None:
        at = actual
        for name, usd in (("of it idle", spent.idle), ("of it kept warm, idle", spent.warm)):
            if usd:
                found.append(Bar(name, at, at - usd, "money", hatched=True))
                at -= usd
        if at != actual:
            found.append(Bar("of it in work", Decimal(0), at, "money", whole=True))
    return tuple(found)


def steps_chart(rows: Sequence[Bar]) -> go.Figure:
    """A row for each bar, its words above it, its dollars behind it."""
    most = max((float(max(row.begin, row.end)) for row in rows), default=1.0) or 1.0
    height = ROW * len(rows) + _TOP + _BOTTOM
    lefts = [float(min(row.begin, row.end)) for row in rows]
    lengths = [abs(float(row.end - (Decimal(0) if row.whole else row.begin))) for row in rows]
    paints = [_paint(row) for row in rows]
    field = trace(
        "bar",
        orientation="h",
        x=lengths,
        y=list(range(len(rows))),
        base=[0.0 if row.whole else left for row, left in zip(rows, lefts, strict=True)],
        width=[0.38] * len(rows),
        offset=[0.02] * len(rows),
        marker={
            "color": [paint[0] for paint in paints],
            "line": {"width": 1, "color": [paint[1] for paint in paints]},
            "pattern": {
                "shape": ["/" if row.hatched else "" for row in rows],
                "fgcolor": [paint[1] for paint in paints],
                "size": 6,
                "fillmode": "overlay",
            },
        },
        text=[f"{row.name}<br>{money(row)}" for row in rows],
        hovertemplate="%{text}<extra></extra>",
        textposition="none",
        name="dollars",
    )
    notes = [_name(i, row, most) for i, row in enumerate(rows)]
    blank = {"visible": False, "showgrid": False, "zeroline": False}
    layout = still.layout(
        height,
        (2, 2, _TOP, _BOTTOM),
        blank | {"range": [0, most * 1.002]},
        blank | {"range": [len(rows) - 0.5, -0.5]},
        barmode="overlay",
        annotations=notes,
    )
    return go.Figure({"data": [field], "layout": layout})


def money(row: Bar) -> str:
    """$1,031 for a sum; − $560 and + $20 for what leads from one to the next; $30 for a share of the sum above."""
    if row.whole or row.hatched:
        return fmt.money(abs(row.shown))
    return f"{'−' if row.usd < 0 else '+'} {fmt.money(abs(row.shown))}"


def described(rows: Sequence[Bar]) -> str:
    """The same for those who do not see it."""
    return f"From the baseline to the actual: {'; '.join(f'{row.name} {money(row)}' for row in rows)}."


def _paint(row: Bar) -> tuple[str, str]:
    """(fill, edge)."""
    if row.hatched:
        return tint(row.tone, 0.18), colour(row.tone)
    if row.whole and row.tone == "fine":
        return tint("muted", 0.35), tint("muted", 0.60)
    return colour(row.tone), colour(row.tone)


def _name(index: int, row: Bar, most: float) -> dict[str, object]:
    """The words above a bar, from the left edge on, with the dollars at the right one."""
    return {
        "text": f"{row.name} <b>{money(row)}</b>",
        "xref": "paper",
        "yref": "y",
        "x": 0,
        "y": index - 0.02,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 13, "color": colour("text")},
    }
