"""What an agent may order by mail, as values: a frozen dataclass for each command that is carried out.

`Command` is the closed union of them, so that whoever carries them out can match exhaustively.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.duration import Duration
from helpdesk.core.ticket import Priority


@dataclass(frozen=True, slots=True)
class Take:
    """The agent takes the ticket."""


@dataclass(frozen=True, slots=True)
class Assign:
    """The ticket goes to the agent called `name`, as written."""

    name: str


@dataclass(frozen=True, slots=True)
class Release:
    """The ticket goes back to the desk."""


@dataclass(frozen=True, slots=True)
class Away:
    """The agent is away for so long, or until the end of a day, as written; None: he is back."""

    until: Duration | str | None


@dataclass(frozen=True, slots=True)
class Accept:
    """A held mail becomes part of the ticket; `always`: this sender may write on every ticket of its requester."""

    always: bool = False


@dataclass(frozen=True, slots=True)
class Reject:
    """A held mail does not become part of the ticket."""


@dataclass(frozen=True, slots=True)
class Spam:
    """Close without a letter and block the sender."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the ticket."""

    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class MoveToStage:
    """The ticket enters the state of the desk's own that is called `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Reopen:
    """Open a closed ticket."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The ticket sleeps for so long."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Note:
    """This text, and the rest of the mail, are for colleagues only."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class SetPriority:
    """The place within the lane."""

    priority: Priority


@dataclass(frozen=True, slots=True)
class Outage:
    """The ticket goes to the outage lane; `situation` is the key of a rule, as written."""

    situation: str | None = None


@dataclass(frozen=True, slots=True)
class Normal:
    """The ticket goes to the normal lane."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The requester is asked for these items of the checklist, as written."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Got:
    """These items of the checklist, as written, came by other means."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetField:
    """A field of the ticket gets a value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class AddCc:
    """Somebody becomes a participant; the address is normalised."""

    address: str


@dataclass(frozen=True, slots=True)
class RemoveCc:
    """Somebody is a participant no longer; the address is normalised."""

    address: str


@dataclass(frozen=True, slots=True)
class MoveToDesk:
    """The ticket goes to the desk called `name`, as written."""

    name: str


@dataclass(frozen=True, slots=True)
class Undo:
    """The agent's last answer is taken back while it still waits."""


@dataclass(frozen=True, slots=True)
class ShowQueue:
    """The open tickets come by mail."""


@dataclass(frozen=True, slots=True)
class ShowTicket:
    """A ticket comes by mail."""

    number: int


@dataclass(frozen=True, slots=True)
class Search:
    """The tickets that speak of these words come by mail."""

    words: str


@dataclass(frozen=True, slots=True)
class SendFiles:
    """The files of a ticket come by mail."""

    number: int


@dataclass(frozen=True, slots=True)
class ShowStats:
    """What was done within the week comes by mail."""


@dataclass(frozen=True, slots=True)
class LinkTo:
    """The ticket is linked with another one."""

    number: int


@dataclass(frozen=True, slots=True)
class MergeInto:
    """The ticket goes into another one."""

    number: int


@dataclass(frozen=True, slots=True)
class Split:
    """The mail whose notification is answered becomes a ticket of its own."""


@dataclass(frozen=True, slots=True)
class SetRequester:
    """The ticket is somebody else's; the address is normalised."""

    address: str


@dataclass(frozen=True, slots=True)
class SendReady:
    """The requester gets the ready reply called `name`, as written, and the rest of the mail below it."""

    name: str


@dataclass(frozen=True, slots=True)
class CarryOutCase:
    """The routing case called `name`, as written, is carried out; `partner`, where one is named, is asked."""

    name: str
    partner: str = ""


@dataclass(frozen=True, slots=True)
class ForwardTo:
    """A partner (by name or address, as written) is asked: the rest of the mail and, unless `only`, the request."""

    to: str
    only: bool = False


@dataclass(frozen=True, slots=True)
class BeginIncident:
    """The ticket becomes an incident; `situation` is the key of a rule, as written."""

    situation: str | None = None


@dataclass(frozen=True, slots=True)
class JoinIncident:
    """The ticket hangs on an incident, which is named by its own number or that of a ticket on it."""

    number: int


@dataclass(frozen=True, slots=True)
class Broadcast:
    """The rest of the mail goes to every requester on the incident."""


@dataclass(frozen=True, slots=True)
class GiveRma:
    """The return gets its RMA number or, where `number` is somebody else's, that one, as written."""

    number: str | None = None


@dataclass(frozen=True, slots=True)
class Ship:
    """A parcel leaves on the next shipping day, or has left already (`now`); `tracking` is its number."""

    tracking: str
    now: bool = False


@dataclass(frozen=True, slots=True)
class Help:
    """The list of commands comes by mail."""


Command = (
    Take
    | Assign
    | Release
    | Away
    | Accept
    | Reject
    | Spam
    | Close
    | MoveToStage
    | Reopen
    | Wait
    | Note
    | SetPriority
    | Outage
    | Normal
    | Ask
    | Got
    | SetField
    | AddCc
    | RemoveCc
    | MoveToDesk
    | Undo
    | ShowQueue
    | ShowTicket
    | Search
    | SendFiles
    | ShowStats
    | LinkTo
    | MergeInto
    | Split
    | SetRequester
    | ForwardTo
    | CarryOutCase
    | SendReady
    | BeginIncident
    | JoinIncident
    | Broadcast
    | GiveRma
    | Ship
    | Help
)
