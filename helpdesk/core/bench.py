"""What carrying out an agent's command looks at, and what it leaves: the ticket afterwards, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.command_values import Command
from helpdesk.core.decision import Change
from helpdesk.core.incident import Incident
from helpdesk.core.message import Address, KeptMail
from helpdesk.core.order_words import Words
from helpdesk.core.outgoing import Letter
from helpdesk.core.policy import Agent, Policy
from helpdesk.core.ticket import Held, Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """What stands below the commands of a mail: the text without agents' addresses, the files, when it may leave."""

    text: str
    author: Address | None
    parts: tuple[int, ...]
    parts_of: int | None
    send_after: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement(Rest):
    """What #broadcast tells everybody on an incident; `resolution` when everything closes with it."""

    resolution: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """What carrying out commands may look at.

    `rest` is what stands below the commands (without #note), `request` what the requester wrote first.
    `others` are tickets named by number; `held` is the mail whose notice is answered, `told` the one that the answered
    letter told of. `incidents` are the open ones, `gathered` the one that the mail is about and what hangs on it.
    """

    agent: Agent
    policy: Policy
    now: datetime
    cause: str
    words: Words
    others: tuple[Ticket, ...] = ()
    held: tuple[Held, ...] = ()
    told: KeptMail | None = None
    has_answer: bool = False
    incidents: tuple[Incident, ...] = ()
    gathered: tuple[Ticket, ...] = ()
    announcement: Announcement | None = None
    rest: Rest | None = None
    request: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """The ticket after the commands, what makes it so, and the transcript."""

    ticket: Ticket
    changes: tuple[Change, ...] = ()
    letters: tuple[Letter, ...] = ()
    lines: tuple[str, ...] = ()
    settles_state: bool = False  # a command said which state the ticket has: an answer does not change it
    regroups: bool = False  # people who were apart would take part in one ticket
    asked: tuple[str, ...] = ()  # questions that the answer carries, so that they are one letter with it
    due_at: datetime | None = None  # when the ticket closes unless they are answered


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was carried out, in the agent's language."""

    command: Command
    why: str


def changed(after: Ticket, line: str, *changes: Change, letters: tuple[Letter, ...] = ()) -> Carried:
    """One command carried out, with its line of transcript."""
    return Carried(ticket=after, changes=changes, letters=letters, lines=(line,))
