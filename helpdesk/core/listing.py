"""What an agent asks for by mail, as lines of plain text: #queue, #show, #search, #files, #stats and #help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.core import file_letters
from helpdesk.core.command_values import Command, Help, Search, SendFiles, ShowQueue, ShowStats, ShowTicket
from helpdesk.core.commands import help_text
from helpdesk.core.facts import Facts
from helpdesk.core.order_words import Words
from helpdesk.core.outgoing import Letter
from helpdesk.core.policy import Agent, Policy
from helpdesk.core.report import stats
from helpdesk.core.search import Found
from helpdesk.core.subject_tag import tag
from helpdesk.core.texts import Wording
from helpdesk.core.ticket import Lane, Priority, State, Ticket
from helpdesk.core.triage import order, with_incidents_as_one

# Longer queues are cut in a letter; `helpdesk queue` shows the whole.
MAX_LINES = 200

_STATES = {
    State.NEW: Wording.read("new | новое | нове | nowe"),
    State.OPEN: Wording.read("open | в работе | у роботі | w toku"),
    State.WAITING: Wording.read("waiting | ждём клиента | чекаємо на клієнта | czekamy na klienta"),
    State.CLOSED: Wording.read("closed | закрыто | закрито | zamknięte"),
}
_PRIORITIES = {
    Priority.LOW: Wording.read("low | не к спеху | не горить | niepilne"),
    Priority.HIGH: Wording.read("high | важное | важливе | ważne"),
}
_HELD = Wording.read("held | ждут решения: | чекають рішення: | czekają na decyzję:")
_NOTHING = Wording.read("Nothing waits. | Ничего не ждёт. | Нічого не чекає. | Nic nie czeka.")

# Whoever sees so many says more words.
MAX_FOUND = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is known of whoever asks and of what he asks for; `after` is his ticket as other commands have left it."""

    facts: Facts
    agent: Agent
    policy: Policy
    now: datetime
    language: str
    words: Words
    after: Ticket | None = None

    def as_it_is(self, ticket: Ticket) -> Ticket:
        """The ticket after the commands of the same mail."""
        return self.after if self.after and self.after.number == ticket.number else ticket

    def queue(self) -> tuple[Ticket, ...]:
        """The open tickets of his desks, in the order in which to work on them."""
        mine = (self.as_it_is(ticket) for ticket in self.facts.queue if self.agent.serves(ticket.desk))
        return tuple(order(ticket for ticket in mine if ticket.state is not State.CLOSED))

    def found(self, words: str) -> tuple[Found, ...]:
        """What was found for these words on his desks."""
        return tuple(hit for hit in dict(self.facts.found).get(words, ()) if self.agent.serves(hit.ticket.desk))

    def with_files(self, number: int) -> Ticket | None:
        """The ticket of one of his desks whose files he may have, or the one that it went into."""
        known = {ticket.number: ticket for ticket in self.facts.by_number}
        ticket = known.get(number)
        if ticket is not None and ticket.merged_into is not None:
            ticket = known.get(ticket.merged_into)
        return ticket if ticket is not None and self.agent.serves(ticket.desk) else None


def listed(command: Command, asked: Asked) -> list[str]:
    """What a command prints, nothing for most."""
    language, facts = asked.language, asked.facts
    match command:
        case ShowQueue():
            return queue_list(asked.queue(), language)
        case ShowTicket(number):
            found = [asked.as_it_is(ticket) for ticket in facts.by_number if ticket.number == number]
            return one_ticket(found[0], language) if found else [asked.words.no_ticket.format(number=number)]
        case Search(words):
            return found_list(asked.found(words), language) or [asked.words.nothing_found.format(words=words)]
        case SendFiles(number):
            ticket = asked.with_files(number)
            if ticket is None:
                return [asked.words.no_ticket.format(number=number)]
            return file_letters.told(ticket, dict(facts.files).get(number, ()), asked.policy, language)
        case ShowStats():
            return stats(facts.figures, asked.policy, asked.now, language) if facts.figures else []
        case Help():
            return help_text(language).splitlines()
        case _:
            return []


def file_letters_of(command: Command, asked: Asked, cause: str) -> tuple[Letter, ...]:
    """The letters with files that a command asks for."""
    ticket = asked.with_files(command.number) if isinstance(command, SendFiles) else None
    if ticket is None or not isinstance(command, SendFiles):
        return ()
    mails = dict(asked.facts.files).get(command.number, ())
    return file_letters.letters(ticket, mails, asked.agent, asked.policy, f"{cause}:{command.number}", asked.language)


def rows_of(command: Command, asked: Asked) -> tuple[int, ...]:
    """The tickets of the list that a command prints, row by row."""
    match command:
        case ShowQueue():
            return tuple(ticket.number for ticket in with_incidents_as_one(asked.queue())[:MAX_LINES])
        case Search(words):
            return tuple(hit.ticket.number for hit in asked.found(words))[:MAX_FOUND]
        case _:
            return ()


def queue_list(tickets: tuple[Ticket, ...], language: str = "en") -> list[str]:
    """One line per ticket or incident, in the order in which to work on them."""
    rows = with_incidents_as_one(tickets)
    lines = [_line(place, ticket, language) for place, ticket in enumerate(rows[:MAX_LINES], start=1)]
    if len(rows) > MAX_LINES:
        lines.append(f"… {len(rows) - MAX_LINES}")
    return lines or [_NOTHING.of(language)]


def found_list(found: tuple[Found, ...], language: str) -> list[str]:
    """Two lines per ticket: which it is, and where it says what was looked for; empty when nothing was found."""
    lines = [
        line
        for place, one in enumerate(found[:MAX_FOUND], start=1)
        for line in (_line(place, one.ticket, language), f"   {one.at:%Y-%m-%d}: {one.excerpt}")
    ]
    return [*lines, f"… {len(found) - MAX_FOUND}"] if len(found) > MAX_FOUND else lines


def one_ticket(ticket: Ticket, language: str) -> list[str]:
    """A ticket in a few lines."""
    return [
        _line(1, ticket, language).removeprefix("1. "),
        *((f"  → {tag(ticket.merged_into)}",) if ticket.merged_into else ()),
        *(f"  {name}: {value}" for name, value in ticket.fields),
        *(f"  ? {item}" for item in ticket.missing),
        *(f"  ⏰ {one.kind} {one.due_at:%Y-%m-%d %H:%M} UTC" for one in ticket.follow_ups),
        *(f"  – {reason}" for reason in ticket.reasons),
    ]


def _line(place: int, ticket: Ticket, language: str) -> str:
    marks = [_STATES[ticket.state].of(language)]
    if ticket.lane is Lane.OUTAGE:
        marks.insert(0, f"‼ {ticket.situation or ticket.lane.value}")
    if ticket.priority is not Priority.NORMAL:
        marks.append(_PRIORITIES[ticket.priority].of(language))
    if ticket.wake_at:
        marks.append(f"⏰ {ticket.wake_at:%Y-%m-%d}")
    if ticket.clock is not None and ticket.clock.due_at is not None:
        marks.append(f"⏳ {ticket.clock.due_at:%Y-%m-%d %H:%M} UTC")
    if ticket.assignee:
        marks.append(f"@{ticket.assignee}")
    if ticket.held:
        marks.append(f"{_HELD.of(language)} {len(ticket.held)}")
    return f"{place}. {tag(ticket.number)} {ticket.subject} · {_who(ticket)} · {', '.join(marks)}"


def _who(ticket: Ticket) -> str:
    """The requester or, of an incident, how many tickets hang on it."""
    if ticket.gathers is not None:
        return f"×{ticket.gathers}"
    return str(ticket.requester) if ticket.requester else "?"
