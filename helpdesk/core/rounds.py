"""What goes out by the clock of the desk: every agent's morning digest, and the leads' weekly report.

`day_of_digest` and `day_of_report` say for which day one is due now; whoever sends it notes that day in the same
transaction, so that none comes twice, however often a daemon starts and wherever its clock jumps. A daemon that was
down at the hour catches up on the same day; later, nobody needs yesterday's morning. What they say: `digests` here,
`reports` in `report`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.policy import Agent, Policy
from helpdesk.core.subject_tag import tag
from helpdesk.core.texts import Wording
from helpdesk.core.ticket import State, Ticket

# Of each part of a digest; the queue shows the rest.
MAX_LINES = 20

_LATE = Wording.read("Late: | Просрочено: | Прострочено: | Po terminie: ")
_TODAY = Wording.read("Due today: | До конца дня: | До кінця дня: | Na dziś: ")
_OPEN = Wording.read("Open: | В работе: | У роботі: | Otwarte: ")
_FREE = Wording.read("Nobody's yet: | Пока ничьи: | Поки нічиї: | Jeszcze niczyje: ")
_BY = Wording.read("by {when} | до {when} | до {when} | do {when}")
_WAITING = Wording.read("Waiting for customers: | Ждут клиента: | Чекають на клієнта: | Czekają na klienta: ")


@dataclass(frozen=True, slots=True)
class Part:
    """Tickets of one kind in a digest."""

    title: Wording
    tickets: tuple[Ticket, ...]

    @property
    def shown(self) -> tuple[Ticket, ...]:
        """Those that the letter names."""
        return self.tickets[:MAX_LINES]


def day_of_digest(policy: Policy, now: datetime) -> date | None:
    """The business day whose morning digest is due; None before the hour, on days off, or where there is none."""
    at = policy.rounds.digest
    if at is None:
        return None
    return _day(policy, at, now)


def day_of_report(policy: Policy, now: datetime) -> date | None:
    """The day whose weekly report is due, or None."""
    at = policy.rounds.report
    if at is None:
        return None
    local = now.astimezone(_zone(policy))
    return local.date() if local.weekday() == at.weekday and local.time() >= at.time else None


def digests(tickets: Sequence[Ticket], policy: Policy, now: datetime, day: date) -> tuple[Letter, ...]:
    """A letter to every agent for whom there is something; `tickets` in the order in which to work on them."""
    letters = ((agent, _parts(agent, tickets, policy, now)) for agent in policy.agents if _reads(agent, policy))
    return tuple(_letter(agent, parts, policy, day) for agent, parts in letters if parts)


def _reads(agent: Agent, policy: Policy) -> bool:
    return not policy.is_muted(agent) and policy.away_until(agent) is None


def _parts(agent: Agent, tickets: Iterable[Ticket], policy: Policy, now: datetime) -> tuple[Part, ...]:
    """What the agent should know of, each ticket in the first part that it belongs to."""
    mine = [ticket for ticket in tickets if _concerns(ticket, agent)]
    zone = _zone(policy)
    late = [ticket for ticket in mine if _due_at(ticket) and _due_at(ticket) <= now]  # type: ignore[operator]
    rest = [ticket for ticket in mine if ticket not in late]
    today = [
        ticket
        for ticket in rest
        if (at := _due_at(ticket)) and at.astimezone(zone).date() == now.astimezone(zone).date()
    ]
    rest = [ticket for ticket in rest if ticket not in today]
    waiting = [ticket for ticket in rest if ticket.state is State.WAITING or ticket.wake_at is not None]
    busy = [ticket for ticket in rest if ticket not in waiting]
    parts = (
        Part(_LATE, tuple(late)),
        Part(_TODAY, tuple(today)),
        Part(_OPEN, tuple(ticket for ticket in busy if ticket.assignee)),
        Part(_FREE, tuple(ticket for ticket in busy if not ticket.assignee)),
        Part(_WAITING, tuple(waiting)),
    )
    return tuple(part for part in parts if part.tickets)


def _concerns(ticket: Ticket, agent: Agent) -> bool:
    """Is it the agent's, or nobody's on a desk of his? What hangs on an incident is the incident's business."""
    if ticket.incident is not None and ticket.assignee != agent.name:
        return False
    return ticket.assignee == agent.name or (ticket.assignee is None and agent.serves(ticket.desk))


def _due_at(ticket: Ticket) -> datetime | None:
    """What was promised, or when a ticket that was put aside wakes."""
    return (ticket.clock.due_at if ticket.clock else None) or ticket.wake_at


def _letter(agent: Agent, parts: tuple[Part, ...], policy: Policy, day: date) -> Letter:
    language = policy.desk(agent.desks[0] if agent.desks else "").language
    zone = _zone(policy)
    rows = tuple(ticket.number for part in parts for ticket in part.shown)
    return Letter(
        event=Event.MORNING,
        ticket=None,
        to=Address(agent.addresses[0], agent.name),
        audience=Audience.NOBODY,
        language=language,
        dedupe_key=f"{Event.MORNING}:{day}:{agent.addresses[0]}",
        body="\n\n".join("\n".join(_lines(part, rows, language, zone)) for part in parts),
        rows=rows,
    )


def _lines(part: Part, rows: tuple[int, ...], language: str, zone: ZoneInfo) -> list[str]:
    """The title and a line for each ticket; a number counts through the whole letter, so that a reply may name it."""
    shown = [f"  {rows.index(ticket.number) + 1}. {_line(ticket, language, zone)}" for ticket in part.shown]
    left = len(part.tickets) - MAX_LINES
    return [f"{part.title.of(language).strip()} {len(part.tickets)}", *shown, *([f"  … +{left}"] if left > 0 else [])]


def _line(ticket: Ticket, language: str, zone: ZoneInfo) -> str:
    due_at = _due_at(ticket)
    due = " · " + _BY.of(language).strip().format(when=f"{due_at.astimezone(zone):%d.%m %H:%M}") if due_at else ""
    who = str(ticket.requester) if ticket.requester else f"×{ticket.gathers or 0}"
    mark = "‼ " if ticket.outranks else ""
    return f"{mark}{tag(ticket.number)} {ticket.subject} · {who}{due}"


def _day(policy: Policy, at: time, now: datetime) -> date | None:
    local = now.astimezone(_zone(policy))
    works = any(desk.calendar.is_business_day(local.date()) for desk in policy.desks)
    return local.date() if works and local.time() >= at else None


def _zone(policy: Policy) -> ZoneInfo:
    """All calendars of a helpdesk are in one zone."""
    return ZoneInfo(policy.desks[0].calendar.timezone)
