"""The folders of the board, where cards lie and are moved by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from helpdesk.core.board import Seen, Spot


@dataclass(frozen=True, slots=True)
class LyingMail:
    """A mail in a folder of the board: its Message-ID as it was written, and whether it is marked as deleted."""

    at: Spot
    uid: int
    message_id: str
    deleted: bool


class Board(Protocol):
    """The folders of the board. Used by one thread; `wake` alone may be called from another."""

    def open(self) -> None:
        """Connect, and make the folders that are missing."""

    def look(self) -> Sequence[LyingMail]:
        """Every mail in every folder, whoever put it there."""

    def put(self, at: Spot, raw: bytes, marks: Sequence[str], arrived_at: datetime) -> None:
        """Lay a card there, with these flags and keywords."""

    def remove(self, cards: Sequence[Seen]) -> None:
        """Take exactly these cards away; those that are gone already are no trouble."""

    def wait(self, timeout_s: float) -> None:
        """Block until a folder may have changed, `wake` was called or the time is over."""

    def wake(self) -> None:
        """End a `wait` of another thread soon."""

    def close(self) -> None:
        """Leave the server; never raises."""
