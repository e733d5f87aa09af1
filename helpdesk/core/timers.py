"""What happens by itself when its time has come: letters that ask again, closing, waking up, telling the leads.

`start` sets a chain when something was asked or answered; `happen` decides what a due follow-up does to a ticket as it
is then. Any answer of the requester cancels the chain before (see `decide`), so a follow-up that no longer fits does
nothing but end. At most one follow-up of a ticket happens in one pass, and the next ones keep their distance: a
clock that jumps ten years ahead sends one letter, not three. A step waits while the desk is closed, and while held
mail on the ticket may be the answer. Whoever says to be away is left alone until then (`put_off`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.core.calendar import Calendar
from helpdesk.core.chains import AUTO_CLOSE, Chain, Step
from helpdesk.core.checklist import questions
from helpdesk.core.clocks import ALARMS, alarm, keep_clocks
from helpdesk.core.decision import Change, Done, Outcome, Record, Schedule, SetState
from helpdesk.core.duration import BusinessDays, Duration
from helpdesk.core.escalation import ESCALATE, UNTAKEN, escalate, watch
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_agents, to_requester
from helpdesk.core.outgoing import Event, Letter
from helpdesk.core.policy import Desk, Policy
from helpdesk.core.scheduling import closes_at, stop
from helpdesk.core.shipping import went_out
from helpdesk.core.stage_moves import complete
from helpdesk.core.stages import filled_in, stage_called
from helpdesk.core.texts import text_in
from helpdesk.core.ticket import COMPLETE, SHIP, WAKE, WATCH, Lane, State, Ticket
from helpdesk.core.watching import partner_is_silent

# The clock of the daemon ticks once a minute, so a step is always a little late: the next ones stay where they are.
ON_TIME = timedelta(hours=1)

# While mail is held that may be the answer, a step looks again so much later.
LOOK_AGAIN = BusinessDays(1)


def put_off(ticket: Ticket, desk: Desk, away_until: date) -> tuple[Schedule, ...]:
    """The follow-ups as they come to somebody who is away until the end of that day.

    A letter that would come earlier comes when the desk next opens after it, and closing as long after that moment as
    it was to be after the step before. Later steps keep their distance. Empty: nothing moves.
    """
    zone = ZoneInfo(desk.calendar.timezone)
    back = desk.calendar.next_opening(datetime.combine(away_until + timedelta(days=1), time(), zone))
    for chain in desk.chains:
        waiting = _waiting(ticket, chain)
        if not waiting:
            continue
        index, due_at = waiting[0]
        step = chain.steps[index]
        before = chain.steps[index - 1].after if index else timedelta()
        at = back if step.send else _later(desk.calendar, before, step.after, back)
        if at <= due_at:
            return ()
        return (Schedule(ticket.number, chain.kinds[index], at), *_keep_distance(ticket, desk, chain, index, at))
    return ()


def happen(ticket: Ticket, kind: str, policy: Policy, now: datetime, together: tuple[Ticket, ...] = ()) -> Outcome:
    """What the due follow-up `kind` does to `ticket` now; `together`: whose parcels leave with that of a return."""
    if kind in ALARMS:
        return _alarm(ticket, kind, policy, now)
    if kind == SHIP:
        return went_out((ticket, *together), policy.desk(ticket.desk), now)
    if kind == COMPLETE:
        return complete(ticket, policy.desk(ticket.desk), now)
    if kind == WATCH:
        return partner_is_silent(ticket, policy, now)
    return keep_clocks(_happen(ticket, kind, policy, now), (ticket,), policy, now)


def _happen(ticket: Ticket, kind: str, policy: Policy, now: datetime) -> Outcome:
    desk = policy.desk(ticket.desk)
    if kind == WAKE and ticket.state is State.OPEN:
        return _wake(ticket, policy, now)
    if kind == ESCALATE and (escalated := escalate(ticket, policy, now)) is not None:
        return _outcome(ticket, kind, *escalated, Reason(UNTAKEN))
    found = _find(desk, kind)
    if found is None or ticket.state is not State.WAITING:
        return _outcome(ticket, kind, (), (), Reason("follow-up-void", f"{kind}: the ticket is {ticket.state}"))
    chain, index = found
    step = chain.steps[index]
    if step.close is not None and ticket.lane is not Lane.NORMAL:
        return _outcome(ticket, kind, (), (), Reason("follow-up-void", f"{kind}: an outage never closes by itself"))
    if ticket.held:
        return _wait(ticket, kind, desk.calendar.add(now, LOOK_AGAIN), Reason("follow-up-held", "held mail may answer"))
    if not desk.calendar.is_open(now):
        return _wait(ticket, kind, desk.calendar.next_opening(now), Reason("follow-up-waits", "the desk is closed"))
    if step.close is not None:
        return _close(ticket, kind, step.close, desk, now)
    return _send(ticket, chain, index, desk, now)


def _alarm(ticket: Ticket, kind: str, policy: Policy, now: datetime) -> Outcome:
    changes, letters, why = alarm(ticket, policy, now)
    if changes and not letters:
        return Outcome(ticket=ticket.number, changes=changes, reasons=(why,))
    return _outcome(ticket, kind, changes, letters, why)


def _wait(ticket: Ticket, kind: str, until: datetime, why: Reason) -> Outcome:
    return Outcome(ticket=ticket.number, changes=(Schedule(ticket.number, kind, until),), reasons=(why,))


def _send(ticket: Ticket, chain: Chain, index: int, desk: Desk, now: datetime) -> Outcome:
    """Ask again. A letter that comes late pushes the following steps away: they keep their distance."""
    step, kind = chain.steps[index], chain.kinds[index]
    due_at = _due(ticket, kind, now)
    moved = _keep_distance(ticket, desk, chain, index, now) if now - due_at > ON_TIME else ()
    waiting = tuple(Schedule(ticket.number, one.kind, one.due_at) for one in ticket.follow_ups)
    letters = to_requester(
        step.send or Event.REMINDER,
        ticket,
        _cause(kind, due_at),
        missing=questions(desk.checklists, ticket.checklist, ticket.missing, ticket.language),
        due_at=closes_at((*moved, *waiting)),
        in_reply_to=ticket.thread[-1] if ticket.thread else None,
    )
    changes: tuple[Change, ...] = (Record(ticket.number, "helpdesk", "reminded"), *moved)
    return _outcome(ticket, kind, changes, letters, Reason("reminder", "no answer yet"))


def _close(ticket: Ticket, kind: str, resolution: str, desk: Desk, now: datetime) -> Outcome:
    stage = stage_called(desk.stages, resolution)
    changes = (
        Record(ticket.number, "helpdesk", "closed", "nobody answered"),
        stop(ticket.number),
        SetState(ticket.number, State.CLOSED, resolution=resolution, stage=stage.key if stage else None),
    )
    text = text_in(stage.letter, ticket.language) if stage else ""
    letters = to_requester(
        Event.STATE if text else Event.CLOSED,
        ticket,
        _cause(kind, _due(ticket, kind, now)),
        body=filled_in(text, ticket, fields=dict(ticket.fields)),
        in_reply_to=ticket.thread[-1] if ticket.thread else None,
    )
    return _outcome(ticket, kind, changes, letters, Reason(AUTO_CLOSE, "no answer came"))


def _wake(ticket: Ticket, policy: Policy, now: datetime) -> Outcome:
    clock = watch(replace(ticket, wake_at=None), policy, now)
    woke = (SetState(ticket.number, State.OPEN), Record(ticket.number, "helpdesk", "woke up"))
    why = Reason("woke-up")
    letters = to_agents(Event.NOTIFY, ticket, policy, _cause(WAKE, _due(ticket, WAKE, now)), reasons=(why,))
    return _outcome(ticket, WAKE, (*woke, *clock), letters, why)


def _find(desk: Desk, kind: str) -> tuple[Chain, int] | None:
    """The step that is called `kind` on this desk; None once the desk has no such step any more."""
    return next(((chain, chain.kinds.index(kind)) for chain in desk.chains if kind in chain.kinds), None)


def _waiting(ticket: Ticket, chain: Chain) -> list[tuple[int, datetime]]:
    """The steps of the chain that are still to come, with their times."""
    due = {one.kind: one.due_at for one in ticket.follow_ups}
    return [(index, due[kind]) for index, kind in enumerate(chain.kinds) if kind in due]


def _keep_distance(ticket: Ticket, desk: Desk, chain: Chain, index: int, at: datetime) -> tuple[Schedule, ...]:
    """The steps after this one, where it comes `at`: as long after it as they were to be, or later."""
    before: Step = chain.steps[index]
    return tuple(
        Schedule(
            ticket.number,
            chain.kinds[later],
            max(due_at, _later(desk.calendar, before.after, chain.steps[later].after, at)),
        )
        for later, due_at in _waiting(ticket, chain)
        if later > index
    )


def _later(calendar: Calendar, before: Duration, after: Duration, at: datetime) -> datetime:
    """When what was to come `after` something happens, if what was to come `before` happens `at`."""
    if isinstance(before, BusinessDays) and isinstance(after, BusinessDays):
        return calendar.add(at, BusinessDays(max(0, after.count - before.count)))
    if isinstance(before, timedelta) and isinstance(after, timedelta):
        return calendar.add(at, after - before)
    return calendar.next_opening(at + (calendar.add(at, after) - calendar.add(at, before)))


def _due(ticket: Ticket, kind: str, now: datetime) -> datetime:
    return next((one.due_at for one in ticket.follow_ups if one.kind == kind), now)


def _cause(kind: str, due_at: datetime) -> str:
    return f"{kind}@{due_at:%Y-%m-%dT%H:%M}"


def _outcome(
    ticket: Ticket, kind: str, changes: tuple[Change, ...], letters: tuple[Letter, ...], why: Reason
) -> Outcome:
    return Outcome(ticket=ticket.number, changes=(Done(ticket.number, kind), *changes), letters=letters, reasons=(why,))
