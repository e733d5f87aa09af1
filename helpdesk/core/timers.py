"""What happens by itself when its time has come: reminder, closing, waking up, telling the leads.

`ask_schedule` sets the chain when something is asked; `happen` decides what a due follow-up does to a
ticket as it is then. Any answer of the requester cancels the chain before (see `decide`), so a follow-up
that no longer fits does nothing but end. At most one follow-up of a ticket happens in one pass, and the
next ones keep their distance: a clock that jumps ten years ahead sends one letter, not three.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from helpdesk.core.checklist import questions
from helpdesk.core.decision import Change, Done, Outcome, Record, Schedule, SetState, Unschedule
from helpdesk.core.escalation import UNTAKEN, escalate, watch
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_agents, to_requester
from helpdesk.core.outgoing import Event, Letter
from helpdesk.core.policy import Desk, Policy
from helpdesk.core.ticket import Lane, State, Ticket

REMINDER = "reminder"
AUTO_CLOSE = "auto-close"
WAKE = "wake"

# What waits for the requester: any answer of his ends it.
ENDED_BY_ANSWER = (REMINDER, AUTO_CLOSE, WAKE)


def ask_schedule(ticket: int, desk: Desk, now: datetime) -> tuple[Schedule, ...]:
    """The chain that starts when missing facts are asked for: a reminder, then closing."""
    chain = []
    if desk.remind_after is not None:
        chain.append(Schedule(ticket, REMINDER, desk.calendar.add(now, desk.remind_after)))
    if desk.close_after is not None:
        chain.append(Schedule(ticket, AUTO_CLOSE, desk.calendar.add(now, desk.close_after)))
    return tuple(chain)


def happen(ticket: Ticket, kind: str, policy: Policy, now: datetime) -> Outcome:
    """What the due follow-up `kind` does to `ticket` now."""
    desk = policy.desk(ticket.desk)
    waits = ticket.state is State.WAITING
    match kind:
        case "reminder" if waits:
            return _remind(ticket, desk, now)
        case "auto-close" if waits and ticket.lane is Lane.NORMAL:
            return _close(ticket, desk, now)
        case "wake" if ticket.state is State.OPEN:
            return _wake(ticket, policy, now)
        case "escalate" if (escalated := escalate(ticket, policy, now)) is not None:
            return _outcome(ticket, kind, *escalated, Reason(UNTAKEN))
        case _:
            return _outcome(ticket, kind, (), (), Reason("follow-up-void", f"{kind}: the ticket is {ticket.state}"))


def _remind(ticket: Ticket, desk: Desk, now: datetime) -> Outcome:
    """Ask again. A reminder that comes late pushes the closing away: it keeps its distance."""
    changes: list[Change] = [Record(ticket.number, "helpdesk", "reminded")]
    closing = next((one.due_at for one in ticket.follow_ups if one.kind == AUTO_CLOSE), None)
    if closing is not None and desk.close_after is not None and desk.remind_after is not None:
        asked_at = desk.calendar.add(now, desk.close_after) - desk.calendar.add(now, desk.remind_after) + now
        closing = max(closing, asked_at)
        changes.append(Schedule(ticket.number, AUTO_CLOSE, closing))
    letters = to_requester(
        Event.REMINDER,
        ticket,
        f"{REMINDER}@{_due(ticket, REMINDER, now):%Y-%m-%dT%H:%M}",
        missing=questions(desk.checklists, ticket.checklist, ticket.missing, ticket.language),
        due_at=closing,
        in_reply_to=ticket.thread[-1] if ticket.thread else None,
    )
    return _outcome(ticket, REMINDER, tuple(changes), letters, Reason("reminder", "no answer yet"))


def _close(ticket: Ticket, desk: Desk, now: datetime) -> Outcome:
    changes = (
        Record(ticket.number, "helpdesk", "closed", "nobody answered"),
        Unschedule(ticket.number, (REMINDER,)),
        SetState(ticket.number, State.CLOSED, resolution=desk.close_resolution),
    )
    letters = to_requester(
        Event.CLOSED,
        ticket,
        f"{AUTO_CLOSE}@{_due(ticket, AUTO_CLOSE, now):%Y-%m-%dT%H:%M}",
        in_reply_to=ticket.thread[-1] if ticket.thread else None,
    )
    return _outcome(ticket, AUTO_CLOSE, changes, letters, Reason("auto-close", "no answer came"))


def _wake(ticket: Ticket, policy: Policy, now: datetime) -> Outcome:
    clock = watch(replace(ticket, wake_at=None), policy, now)
    woke = (SetState(ticket.number, State.OPEN), Record(ticket.number, "helpdesk", "woke up"))
    why = Reason("woke-up")
    letters = to_agents(
        Event.NOTIFY, ticket, policy, f"{WAKE}@{_due(ticket, WAKE, now):%Y-%m-%dT%H:%M}", reasons=(why,)
    )
    return _outcome(ticket, WAKE, (*woke, *clock), letters, why)


def _due(ticket: Ticket, kind: str, now: datetime) -> datetime:
    return next((one.due_at for one in ticket.follow_ups if one.kind == kind), now)


def _outcome(
    ticket: Ticket, kind: str, changes: tuple[Change, ...], letters: tuple[Letter, ...], why: Reason
) -> Outcome:
    return Outcome(ticket=ticket.number, changes=(Done(ticket.number, kind), *changes), letters=letters, reasons=(why,))
