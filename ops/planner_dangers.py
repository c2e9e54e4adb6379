"""What a review at "Take to Capacity" has to say of a candidate's replay: waits now and after, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

from ops.core.change import Caution
from ops.core.types import Severity
from ops.core.views_planner import PlanView, Played
from ops.core.words import count
from ops.replay.advice import keeps
from ops.replay.advice_words import lost, missed, starts, unopened, waits_line


def dangers(found: PlanView, chosen: Played) -> tuple[Caution, ...]:
    """A promise that it breaks first, then the waits now and after, then windows that may stay shut."""
    return tuple(_dangers(found, chosen))


def _dangers(found: PlanView, chosen: Played) -> Iterator[Caution]:
    held = keeps(chosen, found.query.sure)
    if not held:
        yield Caution(Severity.WARNING, _broken(found, chosen))
    today = None if found.today is None else found.played[found.today]
    after = f"by the replay {waits_line(chosen)}; {starts(chosen)}"
    if today is None:
        yield Caution(Severity.INFO, f"Waits after this, {after}.")
    elif today is not chosen:
        now = f"Waits now: {waits_line(today)}; {starts(today)}."
        yield Caution(Severity.INFO, f"{now} After this, {after}.")
    if lost(chosen):
        yield Caution(Severity.WARNING, f"By the replay {lost(chosen)}.")
    if unopened(chosen):
        yield Caution(Severity.WARNING, unopened(chosen))


def _broken(found: PlanView, chosen: Played) -> str:
    parts = [missed(part, chosen) for part in chosen.clauses if not all(part.kept)]
    said = f"This breaks the promise ({found.promise.text}): {'; '.join(parts)}."
    good, of = sum(chosen.kept), len(chosen.kept)
    return f"{said} It is kept in {good} of {count(of, 'expansion')} of the traffic." if good else said
