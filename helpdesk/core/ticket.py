"""The ticket and what hangs on it, as snapshots; rows of the database never leave the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from helpdesk.core.message import Address

# The first number (interface.md section 3): six digits from the start.
FIRST_NUMBER = 100001

# The resolution of a ticket that went into another one.
MERGED = "merged"

# The rule by which a stranger's mail was held that belongs to what a partner is asked.
OF_PARTNER = "of-partner"

# A follow-up: a sleeping ticket wakes up.
WAKE = "wake"

# A follow-up: the parcel of a return leaves. Nothing that is said in the meantime holds it back.
SHIP = "ship"

# A follow-up: a partner who was asked should have answered by then.
WATCH = "partner-answer"

# A follow-up: a form came complete with the first letter, whose ticket has its number only now.
COMPLETE = "complete"

# In a Decision, "the ticket that this decision opens": the store gives it its number at commit.
NEW = 0

# The same for the incident that this decision begins.
NEW_INCIDENT = -1


class State(StrEnum):
    """The four general states."""

    NEW = "new"  # nobody of us has looked at it yet
    OPEN = "open"  # it waits for us (also while it sleeps: then `wake_at` is set)
    WAITING = "waiting"  # the requester owes us something
    CLOSED = "closed"


class Lane(StrEnum):
    """Outages are worked on out of turn, whatever the priority."""

    OUTAGE = "outage"
    NORMAL = "normal"


class Priority(StrEnum):
    """Order within a lane."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class PriorityRank(IntEnum):
    """Sort key of a priority: lower comes first."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


class Satisfaction(StrEnum):
    """What a requester answered when asked whether we have helped."""

    SOLVED = "solved"
    NOT_SOLVED = "not-solved"
    CALL_ME = "call-me"


class Part(StrEnum):
    """The part that somebody plays in a ticket."""

    REQUESTER = "requester"
    CC = "cc"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody outside the desk who takes part in a ticket."""

    address: Address
    part: Part


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something that happens by itself at `due_at` unless it is cancelled first."""

    kind: str  # reminder, auto-close, wake, first-answer-late
    due_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """How long we have worked on a ticket, in business time: `worked`, and more from `running_since` on.

    None there: it stands, because the requester owes us something or the ticket is closed. It began to count
    at `begun_at`: when the ticket was opened, or opened again. `due_at` is the next promise to keep; `told`
    names what somebody was told of.
    """

    begun_at: datetime
    worked: timedelta = timedelta()
    running_since: datetime | None = None
    answered_at: datetime | None = None  # by an agent, for the first time
    due_at: datetime | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A mail that waits for an agent's #accept or #reject. `id` is the row of the message."""

    id: int
    sender: Address | None
    subject: str
    at: datetime
    text: str = ""  # what the sender wrote
    parts: tuple[int, ...] = ()  # its attachments, by part number
    aside: bool = False  # its sender belongs to a partner: once accepted it is for the agents alone


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """A ticket as of one moment. `thread` holds Message-IDs visible to the requester, newest last."""

    number: int
    subject: str
    requester: Address | None
    desk: str
    state: State = State.NEW
    lane: Lane = Lane.NORMAL
    priority: Priority = Priority.NORMAL
    situation: str | None = None
    assignee: str | None = None
    language: str = "en"
    resolution: str | None = None
    stage: str | None = None  # the state of the desk's own that it is in (see `stages`)
    checklist: str | None = None
    missing: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    participants: tuple[Participant, ...] = ()
    colleagues: tuple[str, ...] = ()  # addresses that may write on every ticket of this requester
    follow_ups: tuple[FollowUp, ...] = ()
    held: tuple[Held, ...] = ()
    thread: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()  # agents (by name) whose answers still wait out their undo window
    forged: bool = False  # the trusted server said so of the first mail: no automatic letter goes to the requester
    quiet: bool = False  # the requester wants no automatic letters
    words: bool = True  # may automatic letters repeat the requester's words (they were proven, or nobody proves)?
    opened_at: datetime
    active_at: datetime
    closed_at: datetime | None = None
    wake_at: datetime | None = None
    incident: int | None = None  # the incident that it hangs on
    gathers: int | None = None  # of an incident: how many tickets hang on it; None: it is none
    merged_into: int | None = None  # the ticket that it went into; that one went into no other
    satisfaction: Satisfaction | None = None
    clock: Clock | None = None  # None: no service level counts
    regrouped_at: datetime | None = None  # when #merge or #requester last changed whom an answer reaches

    def part_of(self, address: str) -> Part | None:
        """The part that `address` (normalised) plays here, or None for a stranger."""
        return next((p.part for p in self.participants if p.address.address == address), None)

    @property
    def due_at(self) -> datetime | None:
        """The next service level or, failing that, follow-up."""
        if self.clock is not None and self.clock.due_at is not None:
            return self.clock.due_at
        return min((one.due_at for one in self.follow_ups), default=None)

    @property
    def partners(self) -> tuple[Address, ...]:
        """The partners who were asked for help, in order."""
        return tuple(p.address for p in self.participants if p.part is Part.PARTNER)

    @property
    def outranks(self) -> bool:
        """Is it worked on out of turn?"""
        return self.lane is Lane.OUTAGE
