"""What the commands of an agent do to a ticket.

(commands, ticket, agent) -> Carried: the ticket as it is afterwards, the changes and letters that make it so, and one
line of transcript per command. All or nothing: the first command that cannot be carried out makes the whole
a Refused. Who the agent is and whether that is proven was decided before (see `agent_mail`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from helpdesk.core import command_values as order
from helpdesk.core.assigning import assign, assign_by_name, release
from helpdesk.core.bench import Bench, Carried, Refused, changed
from helpdesk.core.checklist_orders import ask, got, set_field
from helpdesk.core.command_values import Command
from helpdesk.core.decision import (
    Assign,
    CancelLetters,
    Change,
    Link,
    Record,
    Schedule,
    SetDesk,
    SetPlace,
    SetState,
    Unschedule,
)
from helpdesk.core.escalation import calm, is_taken, watch, watch_anew
from helpdesk.core.held_orders import settle_held, spam
from helpdesk.core.incident_orders import (
    begin_incident,
    broadcast,
    join_incident,
    leave_incident,
    named_incident,
    undo_broadcast,
)
from helpdesk.core.merging import merge
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_agents, to_requester
from helpdesk.core.outgoing import Event, Letter
from helpdesk.core.partners import forward
from helpdesk.core.people import add_cc, remove_cc, set_requester
from helpdesk.core.return_orders import give_rma, ship
from helpdesk.core.route_orders import carry_out_case
from helpdesk.core.splitting import split
from helpdesk.core.stage_orders import move_to_stage
from helpdesk.core.stages import stage_called
from helpdesk.core.ticket import SHIP, WAKE, WATCH, Lane, Priority, State, Ticket

RESOLVED = "solved"


def carry_out(commands: tuple[Command, ...], ticket: Ticket, bench: Bench) -> Carried | Refused:
    """Every command in turn, each on the ticket as the one before has left it."""
    so_far = Carried(ticket=ticket)
    for command in commands:
        step = _step(command, so_far.ticket, bench)
        if isinstance(step, str):
            return Refused(command, step)
        so_far = Carried(
            ticket=step.ticket,
            changes=so_far.changes + step.changes,
            letters=so_far.letters + step.letters,
            lines=so_far.lines + step.lines,
            settles_state=so_far.settles_state or step.settles_state,
            regroups=so_far.regroups or step.regroups,
            asked=so_far.asked + step.asked,
            due_at=step.due_at or so_far.due_at,
        )
    return so_far


def _step(command: Command, ticket: Ticket, bench: Bench) -> Carried | str:
    """One command, or the reason why it cannot be carried out."""
    match command:
        case order.Take():
            return assign(ticket, bench.agent, bench)
        case order.Assign(name):
            return assign_by_name(ticket, name, bench)
        case order.Release():
            return release(ticket, bench)
        case order.Accept(always):
            return settle_held(ticket, bench, accepted=True, always=always)
        case order.Reject():
            return settle_held(ticket, bench, accepted=False)
        case order.Spam():
            return spam(ticket, bench)
        case order.Close(resolution):
            return _close(ticket, resolution or RESOLVED, bench)
        case order.MoveToStage(name):
            return move_to_stage(ticket, name, bench)
        case order.Reopen():
            return _reopen(ticket, bench)
        case order.Wait(duration):
            return _sleep(ticket, bench.policy.desk(ticket.desk).calendar.add(bench.now, duration), bench)
        case order.SetPriority(priority):
            return _place(ticket, bench, ticket.lane, priority, ticket.situation, bench.words.priority[priority])
        case order.Outage(situation):
            return _outage(ticket, situation, bench)
        case order.Normal():
            return _normal(ticket, bench)
        case order.Ask(items):
            return ask(ticket, items, bench)
        case order.Got(items):
            return got(ticket, items, bench)
        case order.SetField(name, value):
            return set_field(ticket, name, value, bench)
        case order.AddCc(address):
            return add_cc(ticket, address, bench)
        case order.RemoveCc(address):
            return remove_cc(ticket, address, bench)
        case order.MoveToDesk(name):
            return _move(ticket, name, bench)
        case order.Undo():
            return _undo(ticket, bench)
        case order.LinkTo(number):
            return _link(ticket, number, bench)
        case order.ForwardTo():
            return forward(ticket, command, bench)
        case order.CarryOutCase():
            return carry_out_case(ticket, command, bench)
        case order.BeginIncident(situation):
            placed = _outage(ticket, situation, bench)
            return placed if isinstance(placed, str) else _on_top(placed, begin_incident(placed.ticket, bench))
        case order.JoinIncident(number):
            incident = named_incident(number, bench)
            if isinstance(incident, str):
                return incident
            placed = _out_of_turn(ticket, incident.situation or ticket.situation, bench)
            return _on_top(placed, join_incident(placed.ticket, incident, bench))
        case order.Broadcast():
            return broadcast(ticket, bench.announcement, bench)
        case order.GiveRma(number):
            return give_rma(ticket, number, bench)
        case order.Ship():
            return ship(ticket, command, bench)
        case order.MergeInto(number):
            return merge(ticket, number, bench)
        case order.Split():
            return split(ticket, bench)
        case order.SetRequester(address):
            return set_requester(ticket, address, bench)
        case (
            order.Note()
            | order.SendReady()
            | order.ShowQueue()
            | order.ShowTicket()
            | order.Search()
            | order.SendFiles()
            | order.ShowStats()
            | order.Help()
            | order.Away()
        ):
            # Said or shown by whoever writes the transcript, or decided on by itself: they change nothing here.
            return Carried(ticket=ticket)


def _on_top(before: Carried, step: Carried | str) -> Carried | str:
    """What is done to a ticket after it was moved to another place."""
    if isinstance(step, str):
        return step
    return replace(
        step,
        changes=before.changes + step.changes,
        letters=before.letters + step.letters,
        lines=before.lines + step.lines,
    )


def _close(ticket: Ticket, resolution: str, bench: Bench) -> Carried | str:
    stage = stage_called(bench.policy.desk(ticket.desk).stages, resolution)
    if stage is not None and stage.state is State.CLOSED:
        return move_to_stage(ticket, resolution, bench)
    after = replace(ticket, state=State.CLOSED, resolution=resolution, wake_at=None)
    changes = (Unschedule(ticket.number), SetState(ticket.number, State.CLOSED, resolution=resolution))
    # With an answer, closing is one letter: the answer itself says so.
    letters: tuple[Letter, ...] = (
        ()
        if bench.has_answer or ticket.state is State.CLOSED
        else to_requester(Event.CLOSED, after, bench.cause, in_reply_to=ticket.thread[-1] if ticket.thread else None)
    )
    lines = [bench.words.closed.format(resolution=resolution)]
    if ticket.gathers and bench.announcement is None:
        lines.append(bench.words.members_stay.format(count=ticket.gathers))
    return Carried(ticket=after, changes=changes, letters=letters, lines=tuple(lines), settles_state=True)


def _reopen(ticket: Ticket, bench: Bench) -> Carried:
    after = replace(ticket, state=State.OPEN, wake_at=None, resolution=None)
    clock = watch(after, bench.policy, bench.now)
    changes: tuple[Change, ...] = (Unschedule(ticket.number), SetState(ticket.number, State.OPEN), *clock)
    return Carried(ticket=after, changes=changes, lines=(bench.words.reopened,), settles_state=True)


def _sleep(ticket: Ticket, until: datetime, bench: Bench) -> Carried:
    after = replace(ticket, state=State.OPEN, wake_at=until)
    changes = (
        Unschedule(ticket.number, kept=(SHIP, WATCH)),
        SetState(ticket.number, State.OPEN, wake_at=until),
        Schedule(ticket.number, WAKE, until),
    )
    zone = ZoneInfo(bench.policy.desk(ticket.desk).calendar.timezone)
    line = bench.words.sleeps.format(until=f"{until.astimezone(zone):%Y-%m-%d %H:%M}")
    return Carried(ticket=after, changes=changes, lines=(line,), settles_state=True)


def _place(ticket: Ticket, bench: Bench, lane: Lane, priority: Priority, situation: str | None, line: str) -> Carried:
    reasons = (str(Reason("agent", bench.agent.name)),)
    after = replace(ticket, lane=lane, priority=priority, situation=situation, reasons=reasons)
    return changed(after, line, SetPlace(ticket.number, lane, priority, situation, reasons))


def _normal(ticket: Ticket, bench: Bench) -> Carried:
    placed = _place(ticket, bench, Lane.NORMAL, ticket.priority, None, bench.words.normal)
    after = replace(placed.ticket, incident=None)
    return replace(placed, ticket=after, changes=placed.changes + leave_incident(ticket, bench) + calm(ticket))


def _outage(ticket: Ticket, situation: str | None, bench: Bench) -> Carried | str:
    rules = bench.policy.desk(ticket.desk).rules
    known = sorted({rule.situation for rule in rules if rule.situation})
    key = situation or ticket.situation
    if situation is not None and known and situation not in known:
        return bench.words.no_situation.format(name=situation, names=", ".join(known))
    return _out_of_turn(ticket, key, bench)


def _out_of_turn(ticket: Ticket, key: str | None, bench: Bench) -> Carried:
    placed = _place(ticket, bench, Lane.OUTAGE, ticket.priority, key, bench.words.outage)
    # Nothing in the outage lane closes by itself.
    state = State.OPEN if ticket.state is State.WAITING else ticket.state
    after = replace(placed.ticket, state=state)
    changes: tuple[Change, ...] = (*placed.changes, Unschedule(ticket.number, kept=(SHIP, WATCH)))
    if state is not ticket.state:
        changes = (*changes, SetState(ticket.number, state))
    return replace(placed, ticket=after, changes=(*changes, *watch(after, bench.policy, bench.now)))


def _move(ticket: Ticket, name: str, bench: Bench) -> Carried | str:
    names = [desk.name for desk in bench.policy.desks]
    found = [desk for desk in names if desk.casefold() == name.casefold()]
    if not found:
        return bench.words.no_desk.format(name=name, names=", ".join(names))
    after = replace(ticket, desk=found[0], assignee=None)
    why = (Reason("moved", bench.agent.name),)
    return changed(
        after,
        bench.words.moved.format(desk=found[0]),
        SetDesk(ticket.number, found[0]),
        Assign(ticket.number, None),
        *(watch_anew(after, bench.policy, bench.now) if is_taken(ticket) else ()),
        Record(ticket.number, bench.agent.name, "moved", found[0]),
        letters=to_agents(
            Event.NOTIFY, after, bench.policy, f"desk:{bench.cause}", reasons=why, but=bench.agent.addresses[0]
        ),
    )


def _undo(ticket: Ticket, bench: Bench) -> Carried | str:
    everywhere = undo_broadcast(ticket, bench)
    if everywhere is not None:
        return everywhere
    if bench.agent.name not in ticket.unsent:
        return bench.words.nothing_to_undo
    after = replace(ticket, state=State.OPEN)
    return changed(
        after,
        bench.words.undone,
        CancelLetters(ticket.number, bench.agent.name),
        Record(ticket.number, bench.agent.name, "took the answer back"),
        SetState(ticket.number, State.OPEN),
    )


def _link(ticket: Ticket, number: int, bench: Bench) -> Carried | str:
    if number not in (other.number for other in bench.others):
        return bench.words.no_ticket.format(number=number)
    return changed(ticket, bench.words.linked.format(number=number), Link(ticket.number, number, "related"))
