"""Scenarios of the planner that are kept by name, and the files of arrivals that go with them."""

from __future__ import annotations

import uuid
from dataclasses import replace

from ops.arrival_files import files
from ops.core.change import Actor, may
from ops.core.errors import BadInput, ReadOnly
from ops.core.plan_source import FILE_KIND, TRAFFIC
from ops.core.views_planner import SavedScenario
from ops.warm_console import WarmConsole

LONGEST_NAME = 80
MOST_FILES = 20
"""Of arrivals, beside the scenarios of one account and region: that bounds the history."""


class KeptScenarios(WarmConsole):
    """The part of the façade that keeps scenarios. Every method raises OpsError."""

    def scenarios(self, name: str | None = None) -> tuple[SavedScenario, ...]:
        """Those that are kept, of one endpoint or all, the newest first."""
        return self.records().scenarios().all(name)

    def save_scenario(self, wanted: SavedScenario, actor: Actor) -> SavedScenario:
        """Keep a scenario; one without an id is new. As it is kept: with its id, who, and when."""
        name = " ".join(wanted.name.split())
        if not name or len(name) > LONGEST_NAME:
            raise BadInput(
                f"A scenario needs a name of up to {LONGEST_NAME} characters.", 'Such as "Max 4, warm 8-18".'
            )
        others = (s for s in self.scenarios(wanted.endpoint) if s.id != wanted.id)
        if any(s.name.casefold() == name.casefold() for s in others):
            raise BadInput(
                f"A scenario of {wanted.endpoint} is saved as “{name}” already.",
                "Give it another name, or delete that one first.",
            )
        if wanted.id:
            self._insist_on_own(wanted.id, actor)
        arrivals = self._arrivals(wanted)
        kept = replace(
            wanted,
            id=wanted.id or uuid.uuid4().hex,
            name=name,
            who=actor.name,
            at=self.warm_now(wanted.endpoint) if wanted.endpoint else self._gatherer().state().now,
        )
        self.records().scenarios().keep(kept, arrivals)
        return kept

    def delete_scenario(self, identity: str, actor: Actor) -> bool:
        """Forget a scenario; False where there is none of that id."""
        self._insist_on_own(identity, actor)
        return self.records().scenarios().forget(identity)

    def _insist_on_own(self, identity: str, actor: Actor) -> None:
        """Raises ReadOnly for a viewer who did not keep it."""
        owner = next((s.who for s in self.scenarios() if s.id == identity), actor.name)
        if owner != actor.name and not may(actor.role, "operator"):
            raise ReadOnly(f"{owner} keeps this scenario.", "Ask an operator, or keep one of your own.")

    def bring_arrivals(self, digest: str) -> bool:
        """Whether a file of arrivals is at hand: it may have been saved with a scenario."""
        if digest in files:
            return True
        body = self.records().scenarios().arrivals(digest)
        return body is not None and files.keep(body) == digest

    def _arrivals(self, wanted: SavedScenario) -> bytes | None:
        """The file that a scenario is of; None where it is of none. Raises BadInput where it is not here any more."""
        digest = wanted.traffic.get("file", "")
        if wanted.traffic.get(TRAFFIC) != FILE_KIND or not digest:
            return None
        kept = self.records().scenarios().files()
        if digest not in kept and len(kept) >= MOST_FILES:
            raise BadInput(
                f"{MOST_FILES} files of arrivals are kept with scenarios already.",
                "Delete scenarios of a file that is not needed any more.",
            )
        self.bring_arrivals(digest)
        return files.body(digest)
