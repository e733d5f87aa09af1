"""The order of the queue: which ticket to work on next.

New and open tickets stand first, then those that wait for the requester or sleep, closed ones last. Within each group
an outage goes before everything else, then the priority counts, then who has waited longest.
"""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk.core.ticket import Priority, PriorityRank, State, Ticket


def order(tickets: Iterable[Ticket]) -> list[Ticket]:
    """The tickets, the one to work on first in front; the same for any order in which they come."""
    return sorted(tickets, key=_place)


def with_incidents_as_one(tickets: Iterable[Ticket]) -> list[Ticket]:
    """The tickets in their order, without those that hang on an open incident among them."""
    listed = list(tickets)
    incidents = {ticket.number for ticket in listed if ticket.gathers is not None and ticket.state is not State.CLOSED}
    return [ticket for ticket in listed if ticket.incident not in incidents]


def why(ticket: Ticket) -> str:
    """Why the ticket stands where it stands, in words: what was seen, and in which words of the letter."""
    if ticket.state is State.CLOSED:
        return "closed"
    if ticket.wake_at is not None:
        return f"put aside until {ticket.wake_at:%m-%d %H:%M} UTC"
    if ticket.state is State.WAITING:
        return f"waits for the requester{': ' + ', '.join(ticket.missing) if ticket.missing else ''}"
    seen = f" ({ticket.reasons[0]})" if ticket.reasons else ""
    if ticket.outranks:
        return f"out of turn: {ticket.situation or 'an outage'}{seen}"
    if ticket.priority is not Priority.NORMAL:
        return f"{ticket.priority.value} priority{seen}"
    return f"by arrival{seen}"


def _place(ticket: Ticket) -> tuple[int, bool, int, float, int]:
    if ticket.state is State.CLOSED:
        group = 2
    elif ticket.state is State.WAITING or ticket.wake_at is not None:
        group = 1
    else:
        group = 0
    rank = PriorityRank[ticket.priority.name]
    return group, not ticket.outranks, rank, ticket.opened_at.timestamp(), ticket.number
