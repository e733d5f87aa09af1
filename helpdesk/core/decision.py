"""What `decide` gives: what shall happen with a message, and why.

A Decision holds a closed union of inert changes; the store applies them in one transaction. The
same Decision is printed by `explain`, kept by the history and compared by tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from helpdesk.core.directory import AddEntry, RemoveEntry
from helpdesk.core.incident import HangOn, SetNews
from helpdesk.core.message import Address, Bounce, Kind, Reason
from helpdesk.core.outgoing import Letter
from helpdesk.core.regrouping import Merge, MoveMail, SetRequester
from helpdesk.core.sender import (
    AddColleague,
    CameBack,
    Reached,
    Remember,
    RemoveColleague,
    SetAway,
)
from helpdesk.core.service_levels import SetClock
from helpdesk.core.ticket import SHIP, Lane, Part, Priority, State, Ticket
from helpdesk.core.wishes import SetLanguage, SetQuiet, SetSatisfaction


class Disposition(StrEnum):
    """Where a message goes (interface.md section 1)."""

    OPEN = "open"
    APPEND = "append"
    COMMAND = "command"
    RECORD = "record"
    HOLD = "hold"
    IGNORE = "ignore"
    QUARANTINE = "quarantine"


class Role(StrEnum):
    """Who the sender is to us."""

    AGENT = "agent"
    LEAD = "lead"
    PARTNER = "partner"
    REQUESTER = "requester"
    CC = "cc"
    STRANGER = "stranger"
    NOBODY = "nobody"  # no single From: no identity at all


class Proof(StrEnum):
    """How it is proven that the sender is who the From says."""

    NONE = "none"
    REPLY = "reply"
    DMARC = "dmarc"
    PGP = "pgp"


# --- what shall happen ----------------------------------------------------------------------------


class Filing(StrEnum):
    """How the incoming message itself is kept."""

    VISIBLE = "visible"  # part of the conversation
    NOTE = "note"  # for colleagues only
    HELD = "held"  # on the ticket, unverified, unseen by the requester
    RECORDED = "recorded"  # on the ticket or the delivery log, not part of the conversation
    COMMAND = "command"  # commands alone


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenTicket:
    """A ticket begins, or an incident (`gathers`): its number, NEW or NEW_INCIDENT until then, is given at commit.

    `over` is the ticket that was made of the headers of the same mail when it was given up: it becomes this one.
    """

    subject: str
    requester: Address | None
    desk: str
    state: State
    lane: Lane
    priority: Priority
    situation: str | None
    language: str
    checklist: str | None
    missing: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    cc: tuple[Address, ...]
    opened_at: datetime
    reasons: tuple[str, ...]
    words: bool = True
    forged: bool = False
    gathers: bool = False
    over: int | None = None

    @classmethod
    def of(cls, ticket: Ticket) -> OpenTicket:
        """What begins `ticket`, as it is meant to be before it has a number."""
        return cls(
            subject=ticket.subject,
            requester=ticket.requester,
            desk=ticket.desk,
            state=ticket.state,
            lane=ticket.lane,
            priority=ticket.priority,
            situation=ticket.situation,
            language=ticket.language,
            checklist=ticket.checklist,
            missing=ticket.missing,
            fields=ticket.fields,
            cc=tuple(person.address for person in ticket.participants if person.part is Part.CC),
            opened_at=ticket.opened_at,
            reasons=ticket.reasons,
            words=ticket.words,
            forged=ticket.forged,
            gathers=ticket.gathers is not None,
        )


@dataclass(frozen=True, slots=True)
class SetState:
    """A ticket changes its state, and leaves its stage or enters `stage`; `wake_at` puts an open one to sleep."""

    ticket: int
    state: State
    resolution: str | None = None
    wake_at: datetime | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class SetPlace:
    """A ticket changes its place in the queue."""

    ticket: int
    lane: Lane
    priority: Priority
    situation: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assign:
    """A ticket gets an agent (by name) or goes back to the desk (None)."""

    ticket: int
    agent: str | None


@dataclass(frozen=True, slots=True)
class SetDesk:
    """A ticket moves to another desk."""

    ticket: int
    desk: str


@dataclass(frozen=True, slots=True)
class SetFacts:
    """Fields read from a letter or set by an agent, and what is still missing afterwards."""

    ticket: int
    fields: tuple[tuple[str, str], ...]  # added or replaced
    missing: tuple[str, ...]  # the whole list afterwards
    checklist: str | None


@dataclass(frozen=True, slots=True)
class Join:
    """Somebody becomes a participant."""

    ticket: int
    address: Address
    part: Part


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody is a participant no longer."""

    ticket: int
    address: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something will happen by itself unless it is cancelled first."""

    ticket: int
    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Unschedule:
    """Waiting follow-ups of these kinds (empty: all) are cancelled, save those `kept`."""

    ticket: int
    kinds: tuple[str, ...] = ()
    kept: tuple[str, ...] = (SHIP,)


@dataclass(frozen=True, slots=True)
class Done:
    """A follow-up that was due has happened."""

    ticket: int
    kind: str


@dataclass(frozen=True, slots=True)
class SettleHeld:
    """A held mail (the row `id`) becomes part of its ticket, `aside` for the agents alone, or it does not."""

    ticket: int
    id: int
    accepted: bool
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Two tickets are linked. `a` may be NEW."""

    a: int
    b: int
    kind: str


@dataclass(frozen=True, slots=True)
class SpendSecret:
    """The secret of one of our letters proves nothing any longer."""

    message_id: str


@dataclass(frozen=True, slots=True)
class CancelLetters:
    """Queued answers of an agent on a ticket are taken back (#undo)."""

    ticket: int
    agent: str


@dataclass(frozen=True, slots=True)
class MarkBounced:
    """A delivery report came for one of our letters."""

    message_id: str
    bounce: Bounce


@dataclass(frozen=True, slots=True)
class Record:
    """A line of a ticket's history."""

    ticket: int
    by: str
    what: str
    why: str = ""


Change = (
    OpenTicket
    | HangOn
    | SetNews
    | SetState
    | SetPlace
    | Assign
    | SetDesk
    | SetQuiet
    | SetLanguage
    | SetFacts
    | Join
    | SetRequester
    | Leave
    | Schedule
    | Unschedule
    | SetClock
    | SetSatisfaction
    | Done
    | SettleHeld
    | Link
    | Merge
    | MoveMail
    | Remember
    | SpendSecret
    | CancelLetters
    | MarkBounced
    | CameBack
    | Reached
    | SetAway
    | AddColleague
    | AddEntry
    | RemoveEntry
    | RemoveColleague
    | Record
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What shall happen, and why: of a message, of a follow-up that is due, of an administrator's command.

    `ticket` is NEW when a ticket is opened, None when none is concerned.
    """

    ticket: int | None = None
    changes: tuple[Change, ...] = ()
    letters: tuple[Letter, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision(Outcome):
    """What shall happen with one message, and why."""

    disposition: Disposition
    kind: Kind
    role: Role
    proof: Proof
    evidence: str = "none"  # secret, references, tag or none
    filing: Filing = Filing.RECORDED
    text: str | None = None  # what is kept as the message's text when it differs from what was written
    author: Address | None = None  # whose words that is, when they are not the sender's: the mail was forwarded
    language: str = ""
