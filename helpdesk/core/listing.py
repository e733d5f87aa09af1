"""Tickets as lines of plain text, for the answers to #queue, #show and #search."""

from __future__ import annotations

from helpdesk.core.command_table import Wording
from helpdesk.core.command_values import Command, Help, Search, ShowQueue, ShowTicket
from helpdesk.core.commands import help_text
from helpdesk.core.facts import Facts
from helpdesk.core.order_words import Words
from helpdesk.core.policy import Agent
from helpdesk.core.search import Found
from helpdesk.core.subject_tag import tag
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


def listed(
    command: Command, facts: Facts, agent: Agent, *, after: Ticket | None, language: str, words: Words
) -> list[str]:
    """What a command prints, nothing for most; `after` is its ticket as the other commands have left it."""

    def as_it_is(ticket: Ticket) -> Ticket:
        return after if after and after.number == ticket.number else ticket

    match command:
        case ShowQueue():
            mine = (as_it_is(ticket) for ticket in facts.queue if agent.serves(ticket.desk))
            return queue_list(tuple(order(ticket for ticket in mine if ticket.state is not State.CLOSED)), language)
        case ShowTicket(number):
            found = [as_it_is(ticket) for ticket in facts.by_number if ticket.number == number]
            return one_ticket(found[0], language) if found else [words.no_ticket.format(number=number)]
        case Search(asked):
            hits = tuple(hit for hit in dict(facts.found).get(asked, ()) if agent.serves(hit.ticket.desk))
            return found_list(hits, language) or [words.nothing_found.format(words=asked)]
        case Help():
            return help_text(language).splitlines()
        case _:
            return []


def rows_of(command: Command, facts: Facts, agent: Agent) -> tuple[int, ...]:
    """The tickets of the list that a command prints, row by row."""
    match command:
        case ShowQueue():
            mine = (ticket for ticket in facts.queue if agent.serves(ticket.desk) and ticket.state is not State.CLOSED)
            return tuple(ticket.number for ticket in with_incidents_as_one(tuple(order(mine)))[:MAX_LINES])
        case Search(asked):
            hits = (hit for hit in dict(facts.found).get(asked, ()) if agent.serves(hit.ticket.desk))
            return tuple(hit.ticket.number for hit in hits)[:MAX_FOUND]
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
