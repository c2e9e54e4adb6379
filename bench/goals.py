"""Lines of a benchmark's report: a figure, and whether a goal was reached."""

from __future__ import annotations


def row(what: str, figure: str, note: str = "") -> None:
    """One line: what was measured, the figure with its unit, a remark."""
    print(f"  {what:<58} {figure:>12}  {note}".rstrip(), flush=True)


def goal(what: str, figure: str, reached: bool) -> None:
    """One line that says whether a goal was reached; a missed one does not end the run."""
    print(f"  goal {what}: {figure}, {'reached' if reached else 'MISSED'}", flush=True)
