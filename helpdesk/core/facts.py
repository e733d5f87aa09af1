"""What is asked of the store before a message is decided, and what it answers: one read, by indexes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.directory import Entry
from helpdesk.core.file_letters import MailFiles
from helpdesk.core.incident import Incident, Report
from helpdesk.core.message import KeptMail
from helpdesk.core.outgoing import SentLetter
from helpdesk.core.report import Figures
from helpdesk.core.search import Found
from helpdesk.core.sender import Contact, LetterCounts, Opened
from helpdesk.core.ticket import Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Everything that the store is asked for before a message is decided, in one read.

    `references` are the ids to look up, newest first. `tokens` come from a reply address. `tags` are ticket numbers in
    the subject, `numbers` those named in commands. `agent` is where letters go to the agent whom the From names.
    `queue` asks for the open tickets (an agent's #queue), `told` for the mail that the answered letter told of
    (#split), `searches` for the tickets that speak of such words (#search), `request` for what their requesters wrote
    first (#forward), `files` for those of these tickets (#files), `figures` for what these desks (none named: all) have
    done from a moment on (#stats). `reports_between` asks for the outages that came between these two moments (None:
    for none).
    """

    sha256: str
    fingerprint: str
    message_id: str | None
    references: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    tags: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    sender: str | None = None
    agent: str | None = None
    bounced_message_id: str | None = None
    queue: bool = False
    told: bool = False
    customer: bool = False
    rows: bool = False  # the tickets of the list that is answered
    request: bool = False
    files: tuple[int, ...] = ()
    figures: tuple[datetime, tuple[str, ...]] | None = None
    searches: tuple[str, ...] = ()
    invited: str | None = None
    reports_between: tuple[datetime, datetime] | None = None
    entries: tuple[tuple[str, str], ...] = ()  # (directory, folded key)
    entries_by: tuple[tuple[str, str], ...] = ()  # (field of the tickets that are loaded, directory)
    companies: bool = False  # whom the sender, and the requesters of the tickets, speak for
    directories: tuple[str, ...] = ()  # these as a whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """All that `decide` may look at.

    `duplicate` is the ticket number (or NEW when it has none) of the stored message that has the same Message-ID and
    content, else None. `letters` are our own letters whose Message-ID or reply token the mail shows, newest first.
    `by_reference` are tickets in the order of the references that led to them, newest first. `bounced` is our letter
    that a bounce speaks of. `incidents` and `reports` are the newest open outages: those that gather others, and of
    those that hang on none the ones that were asked for. `gathered` is, for an agent's mail, the incident that it is
    about and then every ticket that hangs on it.
    """

    duplicate: int | None = None
    letters: tuple[SentLetter, ...] = ()
    by_reference: tuple[tuple[str, Ticket], ...] = ()  # (the id that matched, the ticket)
    by_number: tuple[Ticket, ...] = ()  # tags and numbers of commands
    contact: Contact | None = None
    entries: tuple[tuple[str, Entry], ...] = ()  # of directories, with their names
    customer: Entry | None = None  # what the directory of customers says of the sender, or of his domain
    counts: LetterCounts = LetterCounts()
    opened: Opened = Opened()
    bounced: SentLetter | None = None
    queue: tuple[Ticket, ...] = ()
    told: KeptMail | None = None
    request: tuple[tuple[int, str], ...] = ()  # of each ticket: what its requester wrote first
    found: tuple[tuple[str, tuple[Found, ...]], ...] = ()  # for each of the searches
    files: tuple[tuple[int, tuple[MailFiles, ...]], ...] = ()  # of each ticket
    figures: Figures | None = None
    invited: LetterCounts | None = None  # what was written of late to whom the sender would have take part
    incidents: tuple[Incident, ...] = ()
    reports: tuple[Report, ...] = ()
    gathered: tuple[Ticket, ...] = ()

    @property
    def organisation(self) -> str:
        """Whose customer the sender is, by the directory of customers; empty for strangers."""
        return (self.customer.value("organisation") or self.customer.value("name")) if self.customer else ""
