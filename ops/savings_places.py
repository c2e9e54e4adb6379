"""Savings of more accounts and regions than the console's own: profiles beside it, read only, for savings alone.

Each has a console of its own, read in the background, once for all who ask, and kept for minutes. What cannot be read
is a sentence in the view, never zero; while it is read for the first time the view says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import TracebackType
from typing import Self

from ops import clock
from ops.config import Settings
from ops.console import Console
from ops.consoles import Consoles, added
from ops.core.cost import Basis
from ops.core.errors import BadInput, CredentialsProblem, OpsError, UnknownEndpoint, Unreachable
from ops.core.places import EVERYWHERE, Place, PlaceChoice, all_told
from ops.core.savings_merge import emptied, merged
from ops.core.types import Connection, Problem
from ops.core.views import Usage
from ops.core.views_savings import SavingsQuery, SavingsView
from ops.opened import Opened
from ops.savings import Tell
from ops.savings_ahead import NO_BUDGET
from ops.savings_found import Found
from ops.savings_sources import Borrowed, Lead, all_of

KEEP_S, KEEP_FAILURE_S = 300.0, 60.0
"""So long what was read serves, and so long a failure stands before the next attempt."""
AT_ONCE = 2
"""So many places are read at the same time."""
ENDS_S = 5.0
Ask = Callable[[SavingsQuery], SavingsView]


@dataclass(slots=True)
class _Beside:
    """One profile or place, and what is known of where it leads."""

    lead: Lead
    consoles: Consoles | Borrowed
    broken: OpsError | None = None
    """Why it makes no sense in itself."""
    place: Place | None = None
    """None: its account is not known yet."""
    done: dict[Hashable, float] = field(default_factory=dict)
    failed: dict[Hashable, tuple[OpsError, float]] = field(default_factory=dict)
    flying: set[Hashable] = field(default_factory=set)

    @property
    def words(self) -> str:
        return self.place.words if self.place is not None else self.lead.words


class SavingsPlaces:
    """Thread-safe. Close it, or use it in a `with` block."""

    def __init__(
        self,
        leads: Sequence[tuple[Lead, OpsError | None]],
        open_console: Callable[[Lead], Console],
        lender: Callable[[], Opened | None],
        monotonic: Callable[[], float] = clock.monotonic,
        present: Callable[[str], Console | None] | None = None,
    ) -> None:
        """`leads`: each with why it makes no sense; `open_console`: of one; `lender`: whose bill exports serve all.

        `present`: the console with which a place is read anyway, by its name; None: each has its own.
        """
        self._monotonic = monotonic
        self._change = threading.Condition()
        self._slots = threading.Semaphore(AT_ONCE)
        self._stopping = False

        def opener(lead: Lead) -> Callable[[], Console]:
            def opened() -> Console:
                console = open_console(lead)
                console.borrow_bills(lender)
                return console

            return opened

        self._beside = [
            _Beside(
                lead,
                Consoles(opener(lead))
                if present is None or not lead.own
                else Borrowed(partial(present, lead.name)),
                broken,
                Place(lead.account, lead.region) if lead.account and lead.region else None,
            )
            for lead, broken in leads
        ]

    @classmethod
    def of(
        cls,
        settings: Settings,
        lender: Callable[[], Opened | None],
        *,
        keep: bool,
        alone: bool = False,
        present: Callable[[str], Console | None] | None = None,
    ) -> Self:
        """Those that the settings name, or none of them where one place is asked for `alone`.

        `keep`: what is read goes into Ebb's own history. `present`: see above.
        """
        return cls(
            [] if alone else all_of(settings),
            lambda lead: Console.open(settings, keep=keep, where=lead.where()),
            lender,
            present=present,
        )

    def close(self) -> None:
        """End what is under way, and the connections. A second call does nothing."""
        with self._change:
            self._stopping = True
        self.quiet(ENDS_S)
        for each in self._beside:
            each.consoles.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def quiet(self, timeout_s: float) -> bool:
        """Wait until nothing is being read; whether that is so."""
        with self._change:
            return self._change.wait_for(lambda: not any(each.flying for each in self._beside), timeout_s)

    def known(self, here: Connection) -> tuple[Place, ...]:
        """That of the console itself, and those whose account is known by now."""
        found = {each.place for each in self._beside if each.place is not None}
        return tuple(sorted(found | {Place(here.account, here.region)}))

    def names(self) -> tuple[str, ...]:
        """The asynchronous endpoints that were read beside the console's own."""
        found: set[str] = set()
        for each in self._beside:
            console = each.consoles.present
            if console is not None:
                with suppress(OpsError):  # nothing was read of it yet
                    found |= console.names_of_memory()
        return tuple(sorted(found))

    def usage(self, own: Usage | None) -> Usage | None:
        """What was asked of AWS for all places, with what the console itself asked."""
        found = (each.consoles.usage() for each in self._beside)
        return added([usage for usage in (own, *found) if usage is not None])

    def together(self, console: Console, query: SavingsQuery, own: Ask | None = None) -> SavingsView:
        """The savings of all places that are asked for, as far as they were read; the others are read meanwhile.

        `own`: how the console itself is asked; without it from memory. Raises UnknownEndpoint, and what that raises.
        """
        if not self._beside and not query.places:
            return (own or console.savings)(query)
        here, asked, found = console.connection(), replace(query, places=EVERYWHERE), Found()
        if query.places.takes(here.account, here.region):
            try:
                found.views.append((own or console.savings)(asked))
            except UnknownEndpoint as error:
                found.unknown = error
            except OpsError as error:
                found.own = error
        seen = {Place(here.account, here.region): "the console itself"}
        for each in self._beside:
            self._ask(each, asked, query.places, here, seen, found)
        if not found.views and found.own is not None:
            raise found.own
        if not found.views and found.unknown is not None and not (found.awaited or found.missing):
            raise found.unknown
        if found.own is not None:
            found.lacks(Place(here.account, here.region).words, found.own)
        if found.views:
            view = merged(found.views)
        else:  # nothing of it is there to be told: its time and its words alone
            view = emptied(console.savings(replace(asked, names=(), basis=Basis.ESTIMATED)))
        return self._whole(view, query, here, found)

    def now(self, console: Console, query: SavingsQuery, tell: Tell) -> SavingsView:
        """The same, with all that is asked for read now, in the caller's thread: for the command line.

        Raises BadInput for an account or region that nobody knows.
        """
        here, asked = console.connection(), replace(query, places=EVERYWHERE)
        self._meet(here, query.places)
        for each in self._beside:
            if each.broken is None and _same_kind(each, here) and self._taken(each, query.places):
                self._read(each, _key(asked, here), asked, here, partial(_at, tell, each.words))

        def own(wanted: SavingsQuery) -> SavingsView:
            return console.find_savings(wanted, tell)

        return self.together(console, query, own)

    def _whole(self, view: SavingsView, query: SavingsQuery, here: Connection, found: Found) -> SavingsView:
        """With what is missing from it, and no budget beside a part."""
        lacking, known = bool(found.missing or found.awaited), self.known(here)
        forecast = view.forecast
        if forecast is not None and (lacking or len(view.of_places) < len(known)) and not forecast.part:
            basis = f"{forecast.basis} {NO_BUDGET}" if forecast.budget is not None else forecast.basis
            forecast = replace(forecast, budget=None, part=True, basis=basis)
        return replace(
            view,
            query=query,
            total=replace(view.total, final=view.total.final and not lacking),
            forecast=forecast,
            problems=(*view.problems, *found.problems),
            known_places=known,
            missing_places=tuple(found.missing),
            awaited_places=tuple(found.awaited),
            place_notes=tuple(found.notes),
        )

    def _ask(
        self,
        each: _Beside,
        asked: SavingsQuery,
        choice: PlaceChoice,
        here: Connection,
        seen: dict[Place, str],
        found: Found,
    ) -> None:
        """What is there of one profile or place, into `found`."""
        if each.broken is not None:
            found.lacks(each.words, each.broken)
            return
        if not self._taken(each, choice):
            return
        if each.place is not None and each.place in seen:
            if not each.lead.own:
                called = f"{each.lead.called[:1].upper()}{each.lead.called[1:]}"
                found.notes.append(
                    f"{called} leads to {each.place.words} like {seen[each.place]}: it counts once."
                )
            return
        if each.place is not None:
            seen[each.place] = each.lead.called
        if not _same_kind(each, here):
            kinds = ("real", "simulated") if here.kind == "embedded" else ("simulated", "real")
            what = "It is the {} AWS, and this console shows the {} one.".format(*kinds)
            found.lacks(each.words, OpsError(what, "Take it out of EBB_SAVINGS_PROFILES."))
            return
        key = _key(asked, here)
        self._start(each, key, replace(asked, names=None, tags=()), here)
        with self._change:
            done, failed = key in each.done, each.failed.get(key)
        console = each.consoles.present
        if not done or console is None:
            if failed is None:
                found.awaited.append(each.words)
            else:
                found.lacks(each.words, failed[0])
            return
        try:
            view = console.savings(asked)
        except UnknownEndpoint as error:
            found.unknown = error
        except OpsError as error:
            found.lacks(each.words, error)
        else:
            older = () if failed is None else (_older(failed[0]),)
            found.views.append(replace(view, history=(0, 0), problems=(*view.problems, *older)))

    def _start(self, each: _Beside, key: Hashable, query: SavingsQuery, here: Connection) -> None:
        """Read it in the background where that is due and nobody does."""
        with self._change:
            now = self._monotonic()
            _, failed_at = each.failed.get(key, (None, None))
            done_at = each.done.get(key)
            waits = failed_at is not None and now - failed_at < KEEP_FAILURE_S
            good = done_at is not None and now - done_at < KEEP_S
            if self._stopping or key in each.flying or waits or (good and failed_at is None):
                return
            each.flying.add(key)

        def fly() -> None:
            try:
                with self._slots:
                    self._read(each, key, query, here, _nobody)
            finally:
                with self._change:
                    each.flying.discard(key)
                    self._change.notify_all()

        threading.Thread(target=fly, name=f"savings of {each.lead.name}", daemon=True).start()

    def _read(
        self,
        each: _Beside,
        key: Hashable,
        query: SavingsQuery,
        here: Connection,
        tell: Tell,
    ) -> None:
        """Read what savings lack, and remember how that went."""
        error: OpsError | None = None
        try:
            if not self._stopping:
                console = self._console(each)
                if self._counts(each, here):
                    console.find_savings(query, tell)
        except UnknownEndpoint:  # it may be another's
            error = None
        except OpsError as failure:
            error = failure
        with self._change:
            if error is None:
                each.done[key] = self._monotonic()
                each.failed.pop(key, None)
            else:
                each.failed[key] = error, self._monotonic()

    def _console(self, each: _Beside) -> Console:
        """Its console; a new one where the last attempt found no way to AWS: keys may have been renewed. OpsError."""
        console = each.consoles.present
        away = any(isinstance(error, Unreachable | CredentialsProblem) for error, _ in each.failed.values())
        if console is None or away:
            console, _ = each.consoles.open_anew()
        found = console.connection()
        each.place = Place(found.account, found.region)
        return console

    def _counts(self, each: _Beside, here: Connection) -> bool:
        """Whether no place before it is the same."""
        before = {one.place for one in self._beside[: self._beside.index(each)]}
        return each.place is None or each.place not in before | {Place(here.account, here.region)}

    def _taken(self, each: _Beside, choice: PlaceChoice) -> bool:
        """Whether it is asked for, or may be: of an account that is not known yet nobody can say."""
        account = each.place.account if each.place is not None else (choice.accounts or ("",))[0]
        return choice.takes(account, each.lead.region)

    def _meet(self, here: Connection, choice: PlaceChoice) -> None:
        """Raises BadInput where an account or a region is asked for that nobody knows."""
        dark = []
        for each in self._beside if choice.accounts else ():
            if each.place is None and each.broken is None:
                try:
                    self._console(each)
                except OpsError:
                    dark.append(each.lead.name)
        known = self.known(here)
        regions = {p.region for p in known} | {each.lead.region for each in self._beside}
        told = "; ".join([all_told(known), *(each.words for each in self._beside if each.place is None)])
        blind = f" The account of {', '.join(dark)} cannot be told now." if dark else ""
        more = " More come with EBB_PLACES or EBB_SAVINGS_PROFILES." if not self._beside else ""
        for what, given, there in (
            ("account", choice.accounts, {p.account for p in known}),
            ("region", choice.regions, regions),
        ):
            for value in given:
                if value not in there:
                    raise BadInput(f"Ebb knows no {what} {value}.", f"Known: {told}.{blind}{more}")


def _key(query: SavingsQuery, here: Connection) -> Hashable:
    """Alike for all that one reading serves, asked from the same place."""
    period = query.period
    length = period.month or round((period.end - period.start).total_seconds() / 86_400)
    asker = here.account, here.region
    return (
        asker,
        length,
        period.zone,
        query.basis,
        period.until.date() if query.basis is Basis.BILLED else None,
    )


def _same_kind(each: _Beside, here: Connection) -> bool:
    """Simulated money and real money are never added."""
    return each.lead.kind == here.kind


def _at(tell: Tell, words: str, name: str, done: int, of: int) -> None:
    tell(f"{name} in {words}", done, of)


def _nobody(name: str, done: int, of: int) -> None:
    """In the background nobody listens to how far a reading is."""


def _older(error: OpsError) -> Problem:
    what = f"The numbers are older, because they could not be read anew: {error.what}"
    return Problem("newer numbers", what, error.hint, retryable=error.retryable)
