"""What an outcome means for the service levels of its tickets, and what happens when one is about to be missed.

`keep_clocks` adds to an outcome what it means for the clocks: a ticket that opens starts one, a requester who owes us
something stops it, an agent's answer keeps the first promise, opening again begins anew. `alarm` decides what a due
alarm does. A ticket has one alarm scheduled, the next one, and the clock says what was told: nothing is told twice,
and a clock that jumps ahead tells everything in one letter. What hangs on an incident raises no alarm: the
incident does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from helpdesk.core.calendar import Calendar
from helpdesk.core.decision import (
    CancelLetters,
    Change,
    OpenTicket,
    Outcome,
    Record,
    Schedule,
    SetDesk,
    SetPlace,
    SetState,
    Unschedule,
)
from helpdesk.core.incident import HangOn, SetNews
from helpdesk.core.message import Reason
from helpdesk.core.notices import alerts, concerned, leads
from helpdesk.core.outgoing import Audience, Letter
from helpdesk.core.policy import Policy
from helpdesk.core.regrouping import Merge
from helpdesk.core.service_levels import Alarm, ServiceLevel, SetClock, alarms, begin, next_due, paused, untold
from helpdesk.core.subject_tag import tag
from helpdesk.core.ticket import NEW, NEW_INCIDENT, Clock, State, Ticket

ALARMS = tuple(alarm.value for alarm in Alarm)

AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)


def keep_clocks(outcome: AnyOutcome, tickets: Iterable[Ticket], policy: Policy, now: datetime) -> AnyOutcome:
    """The outcome with what it means for the clocks of `tickets`, which are as they were before, and of a new one."""
    if not any(desk.service_levels for desk in policy.desks):
        return outcome
    before = {ticket.number: ticket for ticket in tickets}
    after = dict(before)
    touched = dict.fromkeys(letter.ticket for letter in outcome.letters if _is_answer(letter))
    for change in outcome.changes:
        number = _carry_out(change, after)
        if number is not None:
            touched[number] = None
    answered = {letter.ticket for letter in outcome.letters if _is_answer(letter)}
    answered |= {change.incident for change in outcome.changes if isinstance(change, SetNews) and change.news}
    undone = {change.ticket for change in outcome.changes if isinstance(change, CancelLetters)}
    more: list[Change] = []
    for number in touched:
        if number is not None and number in after:
            clocked = _clocked(before.get(number), after[number], policy, now)
            clocked = _answered(clocked, policy, now, yes=number in answered, undone=number in undone)
            more += _changes(after[number], clocked, policy)
    return replace(outcome, changes=(*outcome.changes, *more)) if more else outcome


def alarm(ticket: Ticket, policy: Policy, now: datetime) -> tuple[tuple[Change, ...], tuple[Letter, ...], Reason]:
    """What a due alarm of the ticket does: changes, letters to whom it concerns, and why."""
    level, calendar, clock = _level(ticket, policy), _calendar(ticket, policy), ticket.clock
    if clock is None or level is None or clock.running_since is None or ticket.incident is not None:
        return (), (), Reason("follow-up-void", "no service level counts here now")
    open_at = calendar.next_opening(now)
    moments = untold(clock, alarms(clock, level, calendar))
    due = tuple(one for one in Alarm if one in moments and moments[one] <= now)
    if not due or open_at > now:
        later = {one: max(at, open_at) for one, at in moments.items()}
        return _next(ticket.number, later), (), Reason("follow-up-waits", "not yet")
    told = replace(clock, told=(*clock.told, *due), due_at=next_due(clock, level, calendar))
    changes = (
        Record(ticket.number, "helpdesk", "alarm", ", ".join(due)),
        SetClock(ticket.number, told),
        *_next(ticket.number, untold(told, moments)),
    )
    return changes, _tell(ticket, due, policy, clock), Reason(due[0])


def _tell(ticket: Ticket, due: tuple[Alarm, ...], policy: Policy, clock: Clock) -> tuple[Letter, ...]:
    """Whoever works on it is warned; of a broken promise the leads hear as well."""
    told = concerned(ticket, policy)
    if due[0].late:
        told = (*told, *(agent for agent in leads(policy) if agent not in told))
    cause = f"{due[0]}:{ticket.number}@{clock.begun_at:%Y-%m-%dT%H:%M:%S}"
    what = f"{tag(ticket.number)} {ticket.subject} · {ticket.requester or f'×{ticket.gathers or 0}'}"
    return tuple(
        replace(letter, reasons=tuple(Reason(one) for one in due))
        for letter in alerts(policy, what, cause, ticket=ticket, agents=told)
    )


def _carry_out(change: Change, tickets: dict[int, Ticket]) -> int | None:
    """The ticket that the change moves, now as it is afterwards; None where no clock depends on it."""
    match change:
        case OpenTicket():
            number = NEW_INCIDENT if change.gathers else NEW
            tickets[number] = _begun(number, change)
            return number
        case SetState(number, state):
            moved: dict[str, Any] = {"state": state}
        case SetPlace(number, lane, priority):
            moved = {"lane": lane, "priority": priority}
        case SetDesk(number, desk):
            moved = {"desk": desk}
        case HangOn(number, incident):
            moved = {"incident": incident}
        case Merge(number):
            moved = {"state": State.CLOSED}
        case Unschedule(number) | CancelLetters(number) | SetNews(number):
            moved = {}
        case _:
            return None
    if number in tickets:
        tickets[number] = replace(tickets[number], **moved)
    return number


def _begun(number: int, opening: OpenTicket) -> Ticket:
    """What a clock depends on, of a ticket that begins."""
    return Ticket(
        number=number,
        subject=opening.subject,
        requester=opening.requester,
        desk=opening.desk,
        state=opening.state,
        lane=opening.lane,
        priority=opening.priority,
        opened_at=opening.opened_at,
        active_at=opening.opened_at,
    )


def _clocked(before: Ticket | None, after: Ticket, policy: Policy, now: datetime) -> Ticket:
    """The ticket with its clock as it runs or stands from now on; None: none counts, and none did."""
    level, clock = _level(after, policy), after.clock
    if clock is None and (level is None or after.state is State.CLOSED):
        return after
    if before is None:
        clock = begin(after.opened_at)
    elif clock is None:
        # What was promised of late begins to count now.
        clock = begin(now)
    elif before.state is State.CLOSED and after.state is not State.CLOSED:
        clock = replace(begin(now), answered_at=clock.answered_at, told=_of_first_answer(clock))
    elif _calendar(before, policy) != _calendar(after, policy):
        clock = paused(clock, _calendar(before, policy), now)
    if level is None or after.state not in (State.NEW, State.OPEN):
        clock = paused(clock, _calendar(after, policy), now)
    elif clock.running_since is None:
        clock = replace(clock, running_since=now)
    return replace(after, clock=clock)


def _answered(ticket: Ticket, policy: Policy, now: datetime, *, yes: bool, undone: bool) -> Ticket:
    clock = ticket.clock
    if clock is None:
        return ticket
    if yes and clock.answered_at is None:
        clock = replace(clock, answered_at=now)
    if undone and clock.answered_at is not None and now - clock.answered_at <= policy.undo_window:
        clock = replace(clock, answered_at=None)
    return replace(ticket, clock=clock)


def _changes(before: Ticket, ticket: Ticket, policy: Policy) -> tuple[Change, ...]:
    """What makes the clock of `before` that of `ticket`, with the next alarm."""
    level, calendar, clock = _level(ticket, policy), _calendar(ticket, policy), ticket.clock
    if clock is None:
        return ()
    clock = replace(clock, due_at=next_due(clock, level, calendar) if level else None)
    kept = () if clock == before.clock else (SetClock(ticket.number, clock),)
    quiet = level is None or ticket.incident is not None
    moments = {} if quiet or level is None else untold(clock, alarms(clock, level, calendar))
    return (*kept, *_next(ticket.number, moments))


def _next(number: int, moments: dict[Alarm, datetime]) -> tuple[Change, ...]:
    """The next of these alarms, in place of whichever was to come."""
    following = sorted((at, one) for one, at in moments.items())[:1]
    return (Unschedule(number, ALARMS), *(Schedule(number, one, at) for at, one in following))


def _level(ticket: Ticket, policy: Policy) -> ServiceLevel | None:
    return policy.desk(ticket.desk).service_level(ticket.lane, ticket.priority)


def _calendar(ticket: Ticket, policy: Policy) -> Calendar:
    return policy.desk(ticket.desk).calendar_of(ticket.lane)


def _of_first_answer(clock: Clock) -> tuple[str, ...]:
    return tuple(one for one in clock.told if one in (Alarm.ANSWER_LATE, Alarm.ANSWER_SOON))


def _is_answer(letter: Letter) -> bool:
    return not letter.automatic and letter.audience is Audience.REQUESTER
