"""The follow-ups that an occasion begins and an answer ends: when each step of a chain comes.

(ticket, desk, occasion, now) -> Schedule and Unschedule. What a step does when its time has come: `timers`.
"""

from __future__ import annotations

from datetime import datetime

from helpdesk.core.chains import AUTO_CLOSE, Occasion
from helpdesk.core.decision import Change, Schedule, Unschedule
from helpdesk.core.escalation import ESCALATE
from helpdesk.core.policy import Desk
from helpdesk.core.ticket import COMPLETE, SHIP, WAKE, WATCH, FollowUp, State, Ticket


def start(ticket: int, desk: Desk, occasion: str, now: datetime) -> tuple[Schedule, ...]:
    """The follow-ups that come after `occasion` now, in their order; none where the desk has no such chain."""
    chain = desk.chain(occasion)
    if chain is None:
        return ()
    return tuple(
        Schedule(ticket, kind, desk.calendar.add(now, step.after))
        for kind, step in zip(chain.kinds, chain.steps, strict=True)
    )


def begin_anew(answered: Ticket, desk: Desk, now: datetime) -> tuple[Change, ...]:
    """Whoever got an answer has the whole time again before the ticket, as it was before that, closes."""
    owes_facts = answered.missing and answered.state is State.WAITING and answered.follow_ups
    occasion = Occasion.MISSING if owes_facts else Occasion.ANSWERED
    if answered.stage is not None and desk.chain(answered.stage) is not None:
        return (stop(answered.number), *start(answered.number, desk, answered.stage, now))
    return (stop(answered.number), *start(answered.number, desk, occasion, now))


def closes_at(schedules: tuple[Schedule | FollowUp, ...]) -> datetime | None:
    """When the ticket closes by itself, if these follow-ups end with that."""
    return next((one.due_at for one in schedules if AUTO_CLOSE in one.kind), None)


def answered(ticket: int) -> Unschedule:
    """What waited for the requester is over, sleep included; whether anybody takes an outage is still watched."""
    return Unschedule(ticket, kept=(ESCALATE, SHIP, WATCH, COMPLETE))


def stop(ticket: int) -> Unschedule:
    """No letter of a chain reaches the requester, and nothing closes; a sleeping ticket still wakes."""
    return Unschedule(ticket, kept=(ESCALATE, SHIP, WATCH, WAKE))
