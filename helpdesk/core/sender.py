"""What we remember of an address: of whoever wrote, of his colleagues, of our own people whom letters do not reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from helpdesk.core.message import Address


class Settled(StrEnum):
    """How firmly the language of an address is known."""

    LETTERS = "letters"  # its letters show it
    DOUBTED = "doubted"  # they did, and the last one showed another
    CHOSEN = "chosen"  # its owner asked for it


@dataclass(frozen=True, slots=True)
class Contact:
    """What we remember of an address."""

    address: str
    name: str = ""
    language: str | None = None
    blocked: bool = False
    failing: bool = False  # a permanent bounce came and no good mail since
    settled: Settled = Settled.LETTERS


@dataclass(frozen=True, slots=True)
class LetterCounts:
    """Automatic letters to requesters and strangers so far, for the bounds of interface.md section 3."""

    address_3h: int = 0
    address_24h: int = 0
    domain_1h: int = 0
    total_1h: int = 0
    held_notices_1h: int = 0  # letters of the event `held` to anybody of ours
    unproven_1h: int = 0  # letters of the event `unproven` to this sender


@dataclass(frozen=True, slots=True)
class Opened:
    """Tickets that the sender has opened within the last hour: all of them, and those that are outages.

    `incident` is the newest incident that an open ticket of the sender hangs on.
    """

    tickets_1h: int = 0
    outages_1h: int = 0
    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Remember:
    """What is now known of an address; None leaves a value as it was."""

    address: str
    name: str | None = None
    language: str | None = None
    blocked: bool | None = None
    failing: bool | None = None
    settled: Settled | None = None


# --- changes of a decision that outlive its ticket ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class CameBack:
    """A letter to one of ours was refused for good."""

    address: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Reached:
    """Letters arrive at this address of one of ours again."""

    address: str


@dataclass(frozen=True, slots=True)
class SetAway:
    """An agent (by name) gets no new tickets until then; None: he is back."""

    agent: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class AddColleague:
    """Somebody may write on every ticket of this requester."""

    requester: str
    colleague: Address


@dataclass(frozen=True, slots=True)
class RemoveColleague:
    """Somebody may not write on every ticket of this requester any longer."""

    requester: str
    address: str
