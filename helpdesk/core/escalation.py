"""An outage that nobody has taken is told to the leads, again and again, until somebody has.

`watch` sets the clock when an outage begins or is nobody's again; `escalate` decides what happens when it runs out. An
agent who takes, answers, closes or puts it aside ends it, an answer of the requester does not, nor does a rule that
names an agent: as long as the clock runs, he has not taken it. What hangs on an incident has no clock of its own: the
incident has one. The clock is a follow-up, gone with the letter that it leads to
in one transaction, so no restart repeats it; and what comes late counts its next step from now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.core.decision import Change, Record, Schedule, Unschedule
from helpdesk.core.message import Address, Reason
from helpdesk.core.notices import alerts
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.policy import Desk, Policy
from helpdesk.core.subject_tag import tag
from helpdesk.core.texts import Wording
from helpdesk.core.ticket import Lane, State, Ticket

ESCALATE = "escalate"
UNTAKEN = "untaken"

# Characters of one text message, as gateways count them.
PAGE_LENGTH = 160

_PAGE = Wording.read(
    "Nobody has taken this outage since {since}: {what} "
    "| Аварию никто не взял с {since}: {what} "
    "| Аварію ніхто не взяв від {since}: {what} "
    "| Nikt nie wziął awarii od {since}: {what}"
)


def watch(ticket: Ticket, policy: Policy, now: datetime) -> tuple[Schedule, ...]:
    """The clock of an outage that waits for somebody; none for everything else.

    It runs from when the outage was reported or, when that time is over already, from now.
    """
    after = policy.escalation.after
    if after is None or ticket.assignee is not None or not _is_up(ticket):
        return ()
    desk = policy.desk(ticket.desk)
    due_at = _later(desk, ticket.opened_at, after)
    return (Schedule(ticket.number, ESCALATE, due_at if due_at > now else _later(desk, now, after)),)


def watch_anew(ticket: Ticket, policy: Policy, now: datetime) -> tuple[Schedule, ...]:
    """The clock of an outage that is nobody's again: it begins to wait now."""
    return watch(replace(ticket, opened_at=now), policy, now)


def calm(ticket: Ticket) -> tuple[Change, ...]:
    """What stops the clock of a ticket, where one runs or an order before in the same mail may have set one."""
    may_run = ticket.lane is Lane.OUTAGE or _clock_runs(ticket)
    return (Unschedule(ticket.number, (ESCALATE,)),) if may_run else ()


def is_taken(ticket: Ticket) -> bool:
    """Has an agent taken it, rather than a rule given it to him?"""
    return ticket.assignee is not None and not _clock_runs(ticket)


def escalate(ticket: Ticket, policy: Policy, now: datetime) -> tuple[tuple[Change, ...], tuple[Letter, ...]] | None:
    """What happens when the clock has run out: the changes and the letters; None when it is over."""
    if not _is_up(ticket):
        return None
    desk = policy.desk(ticket.desk)
    due_at = next((one.due_at for one in ticket.follow_ups if one.kind == ESCALATE), now)
    cause = f"{UNTAKEN}:{ticket.number}@{due_at:%Y-%m-%dT%H:%M:%S}"
    told = tuple(
        replace(letter, urgent=True, reasons=(Reason(UNTAKEN),))
        for letter in alerts(policy, _what(ticket), cause, ticket=ticket)
    )
    changes: list[Change] = [Record(ticket.number, "helpdesk", "escalated", "nobody has taken it")]
    if policy.escalation.again is not None:
        changes.append(Schedule(ticket.number, ESCALATE, _later(desk, now, policy.escalation.again)))
    return tuple(changes), (*told, *_page(ticket, desk, policy, cause))


def _clock_runs(ticket: Ticket) -> bool:
    return any(one.kind == ESCALATE for one in ticket.follow_ups)


def _is_up(ticket: Ticket) -> bool:
    """Is it an open outage, which hangs on no incident and does not sleep?"""
    alone = ticket.incident is None and ticket.wake_at is None
    return ticket.lane is Lane.OUTAGE and alone and ticket.state is not State.CLOSED


def _later(desk: Desk, at: datetime, duration: timedelta) -> datetime:
    return at + duration if desk.around_the_clock else desk.calendar.add_business_time(at, duration)


def _what(ticket: Ticket) -> str:
    who = f"×{ticket.gathers}" if ticket.gathers is not None else str(ticket.requester or "?")
    return f"{tag(ticket.number)} {ticket.subject} · {who}"


def _page(ticket: Ticket, desk: Desk, policy: Policy, cause: str) -> tuple[Letter, ...]:
    """The text message, where there is somewhere to send one."""
    if policy.escalation.page is None:
        return ()
    since = f"{ticket.opened_at.astimezone(ZoneInfo(desk.calendar.timezone)):%H:%M}"
    text = " ".join(_PAGE.of(desk.language).format(since=since, what=_what(ticket)).split())
    page = Letter(
        event=Event.PAGE,
        ticket=ticket.number,
        to=Address(policy.escalation.page),
        audience=Audience.NOBODY,
        language=desk.language,
        dedupe_key=f"{Event.PAGE}:{cause}",
        urgent=True,
        body=text if len(text) <= PAGE_LENGTH else text[: PAGE_LENGTH - 1] + "…",
    )
    return (page,)
