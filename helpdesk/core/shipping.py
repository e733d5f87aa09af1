"""When parcels leave, and what requesters are told of it: one letter for all that leave together.

A desk that ships once a week gathers what is to leave until it closes on that day; a holiday puts it off to the
next business day. Pure; never fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from helpdesk.core.decision import Change, Done, Outcome, Record
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_requester
from helpdesk.core.outgoing import Event, Letter, Parcel
from helpdesk.core.policy import Desk
from helpdesk.core.rma import TRACKING
from helpdesk.core.stage_moves import enter
from helpdesk.core.stages import Trigger, stage_on
from helpdesk.core.ticket import SHIP, Ticket

_WEEK = 7


def leaves_at(desk: Desk, now: datetime) -> datetime | None:
    """When what is ready now will have left; None where the desk has no shipping day: at once."""
    if desk.shipping_day is None:
        return None
    today = desk.today(now)
    day = today + timedelta(days=(desk.shipping_day - today.weekday()) % _WEEK)
    while (closes := desk.calendar.closing(day)) <= now:
        day += timedelta(days=_WEEK)
    return closes


def leaving_with(ticket: Ticket, kind: str, due: Sequence[tuple[Ticket, str]]) -> tuple[Ticket, ...]:
    """Which other tickets of the same requester on the same desk ship now, so that one letter tells of all of them."""
    if kind != SHIP or ticket.requester is None:
        return ()
    return tuple(
        other
        for other, what in due
        if what == SHIP
        and other.number != ticket.number
        and other.desk == ticket.desk
        and other.requester is not None
        and other.requester.address == ticket.requester.address
    )


def went_out(tickets: tuple[Ticket, ...], desk: Desk, now: datetime) -> Outcome:
    """The parcels of these tickets, all of one requester, have left.

    Tickets enter the stage of the desk for that, whose letter tells of a single parcel; of several, one of their own.
    """
    changes: list[Change] = []
    words: tuple[Letter, ...] = ()
    for ticket in tickets:
        changes += (Done(ticket.number, SHIP), Record(ticket.number, "helpdesk", "shipped", _tracking(ticket)))
        stage = stage_on(desk.stages, Trigger.SHIP, ticket, dict(ticket.fields), desk.today(now))
        if stage is not None:
            entered = enter(ticket, stage, desk, now, by="helpdesk", cause=SHIP)
            changes += entered.changes
            words += entered.letters
    about = next((ticket for ticket in tickets if not ticket.quiet and not ticket.forged), tickets[0])
    due_at = min((one.due_at for ticket in tickets for one in ticket.follow_ups if one.kind == SHIP), default=now)
    letters = words if len(tickets) == 1 else ()
    letters = letters or shipped(about, tickets, f"{SHIP}@{due_at:%Y-%m-%dT%H:%M}")
    return Outcome(
        ticket=about.number, changes=tuple(changes), letters=letters, reasons=(Reason("shipped", str(len(tickets))),)
    )


def shipped(about: Ticket, tickets: tuple[Ticket, ...], cause: str) -> tuple[Letter, ...]:
    """The letter, on the thread of `about`, that these parcels have left."""
    parcels = tuple(Parcel(one.number, one.subject if one.words else "", _tracking(one)) for one in tickets)
    parent = about.thread[-1] if about.thread else None
    return tuple(
        replace(letter, parcels=parcels) for letter in to_requester(Event.SHIPPED, about, cause, in_reply_to=parent)
    )


def _tracking(ticket: Ticket) -> str:
    return dict(ticket.fields).get(TRACKING, "")
