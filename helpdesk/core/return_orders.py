"""Commands about returns: the RMA number, and the parcel that goes back to the requester."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from helpdesk.core.bench import Bench, Carried, changed
from helpdesk.core.command_values import Ship
from helpdesk.core.decision import Change, Record, Schedule, SetFacts, Unschedule
from helpdesk.core.notices import to_requester
from helpdesk.core.outgoing import Event
from helpdesk.core.rma import RMA, TRACKING, named_in, rma_number
from helpdesk.core.shipping import leaves_at, shipped
from helpdesk.core.stage_moves import enter
from helpdesk.core.stages import Trigger, stage_on
from helpdesk.core.subject_tag import tag
from helpdesk.core.ticket import SHIP, Ticket

# Of a maker or an older desk; what a barcode can say, and a digit so that no word passes for a number.
_NUMBER = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9./-]{2,29}")
_TRACKING = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9 /-]{3,39}")


def give_rma(ticket: Ticket, number: str | None, bench: Bench) -> Carried | str:
    """The return has this number, or its own where none is named; the requester is told, however often."""
    own = rma_number(bench.policy.desk(ticket.desk).rma_series, ticket.number)
    given = own if number is None else _sound(number, ticket, bench)
    if given is None:
        return _refusal(number or "", ticket, bench)
    after, changes = _with(ticket, RMA, given, bench)
    parent = ticket.thread[-1] if ticket.thread else None
    # Where goods are to go is known: then there is a label to stick on them.
    label = ("label",) if bench.policy.desk(ticket.desk).warehouse else ()
    letters = to_requester(Event.RMA, after, bench.cause, in_reply_to=parent, documents=label)
    return changed(after, bench.words.rma_given.format(number=given), *changes, letters=letters)


def ship(ticket: Ticket, command: Ship, bench: Bench) -> Carried | str:
    """The tracking number is noted; the requester is told once the parcel has left."""
    if not _TRACKING.fullmatch(command.tracking):
        return bench.words.no_tracking
    after, changes = _with(ticket, TRACKING, command.tracking, bench)
    desk = bench.policy.desk(ticket.desk)
    zone = ZoneInfo(desk.calendar.timezone)
    leaves = None if command.now else leaves_at(desk, bench.now)
    if leaves is None:
        line = bench.words.shipped.format(tracking=command.tracking)
        out = Record(ticket.number, bench.agent.name, "shipped", command.tracking)
        changes = (*changes, Unschedule(ticket.number, (SHIP,)), out)
        stage = stage_on(desk.stages, Trigger.SHIP, after, dict(after.fields), desk.today(bench.now))
        if stage is None:
            return changed(after, line, *changes, letters=shipped(after, (after,), bench.cause))
        entered = enter(after, stage, desk, bench.now, by=bench.agent.name, cause=bench.cause)
        told = entered.letters or shipped(after, (after,), bench.cause)
        carried = changed(entered.ticket, line, *changes, *entered.changes, letters=told)
        return replace(carried, settles_state=True)
    line = bench.words.ships.format(tracking=command.tracking, day=f"{leaves.astimezone(zone):%Y-%m-%d %H:%M}")
    return changed(after, line, *changes, Schedule(ticket.number, SHIP, leaves))


def _sound(number: str, ticket: Ticket, bench: Bench) -> str | None:
    """The number as it is kept, or None where it cannot be that of this ticket."""
    ours = named_in(number, bench.policy.rma_series)
    if ours:
        return ours[0].number if len(ours) == 1 and ours[0].ticket == ticket.number else None
    return number.upper() if _NUMBER.fullmatch(number) else None


def _refusal(number: str, ticket: Ticket, bench: Bench) -> str:
    ours = named_in(number, bench.policy.rma_series)
    if not ours:
        return bench.words.no_rma
    named = ours[0]
    if named.ticket is None:
        return bench.words.rma_mistyped.format(number=named.number)
    return bench.words.rma_of_other.format(number=named.number, tag=tag(named.ticket))


def _with(ticket: Ticket, name: str, value: str, bench: Bench) -> tuple[Ticket, tuple[Change, ...]]:
    """The ticket with this fact; the history keeps what stood there before."""
    fields = dict(ticket.fields)
    before = fields.get(name)
    if before == value:
        return ticket, ()
    after = replace(ticket, fields=tuple((fields | {name: value}).items()))
    why = f"{value}; before: {before}" if before else value
    return after, (
        SetFacts(ticket.number, ((name, value),), ticket.missing, ticket.checklist),
        Record(ticket.number, bench.agent.name, name, why),
    )
