"""A store in which everything can be done and nothing stays: for `explain` and `once --dry-run`.

All work happens in one transaction of the real store, which is undone at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from helpdesk.core.outgoing import Letter
from helpdesk.ports import Composed, Store, Unit


class _UndoError(Exception):
    """Raised at the end of a rehearsal, so that its transaction is rolled back."""


class Rehearsal:
    """Stands in for the store while `rehearse` runs. `letters` are those that would have been queued, in order."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self.letters: list[tuple[Letter, int | None, Composed]] = []

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """The one transaction of the rehearsal; errors undo their own part."""
        with self._unit.savepoint():
            yield _Watched(self._unit, self.letters)  # type: ignore[misc]


class _Watched:
    """A unit that also remembers which letters went through it."""

    def __init__(self, unit: Unit, letters: list[tuple[Letter, int | None, Composed]]) -> None:
        self._unit = unit
        self._letters = letters

    def __getattr__(self, name: str) -> object:
        return getattr(self._unit, name)

    def enqueue(self, letter: Letter, ticket: int | None, composed: Composed, now: datetime) -> bool:
        queued = self._unit.enqueue(letter, ticket, composed, now)
        if queued:
            self._letters.append((letter, ticket, composed))
        return queued


@contextmanager
def rehearse(store: Store) -> Iterator[Rehearsal]:
    """A rehearsal on `store`; whatever happened in it is undone when it ends."""
    try:
        with store.unit() as unit:
            yield Rehearsal(unit)
            raise _UndoError
    except _UndoError:
        pass
