"""A letter to a closed ticket: opens it again, begins a new one, or changes nothing because only agents may open it.

What the desk says of its closed tickets: after `reopen_within` a letter is a request of its own, linked to the old one;
a ticket that was closed with one of the `final` resolutions stays closed, and whoever writes is told once whom
to turn to. In every case the letter is kept and shown to the agents.
"""

from __future__ import annotations

from datetime import datetime

from helpdesk.core.bounds import breaker_alerts, refusal
from helpdesk.core.case import Case
from helpdesk.core.decision import Change, Decision, Disposition, Filing, Outcome, Record, Role
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_agents, to_requester
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.policy import Desk
from helpdesk.core.ticket import State, Ticket

STAYS_CLOSED = "stays-closed"


def is_too_late(case: Case, ticket: Ticket) -> bool:
    """Is this letter a request of its own, because the ticket that it names was closed long ago?"""
    desk = case.policy.desk(ticket.desk)
    since = _closed_at(case, ticket)
    if since is None or desk.reopen_within is None or is_final(ticket, desk):
        return False
    return case.now > desk.calendar.add(since, desk.reopen_within)


def only_agents_open(case: Case, ticket: Ticket) -> bool:
    """Does the ticket stay closed, whatever its requester writes?"""
    return _closed_at(case, ticket) is not None and is_final(ticket, case.policy.desk(ticket.desk))


def is_final(ticket: Ticket, desk: Desk) -> bool:
    """Was the ticket closed in a way that only an agent undoes?"""
    return ticket.state is State.CLOSED and desk.is_final(ticket.resolution or "")


def stay_closed(case: Case, ticket: Ticket) -> Decision:
    """The letter is kept and shown to the agents; its writer is told once whom to turn to."""
    why = Reason(STAYS_CLOSED, ticket.resolution or "")
    silence = refusal(case)
    letters: tuple[Letter, ...] = breaker_alerts(case, silence)
    changes: tuple[Change, ...] = (Record(ticket.number, case.sender, "wrote", str(why)),)
    if silence is not None:
        changes += (Record(ticket.number, "helpdesk", "no letter", str(silence)),)
    elif case.role is Role.REQUESTER:
        # The moment of closing makes the dedupe key: a second letter is not answered.
        cause = f"{ticket.closed_at:%Y-%m-%dT%H:%M:%S}"
        letters += to_requester(Event.STAYS_CLOSED, ticket, cause, in_reply_to=case.inbound.message_id)
    letters += to_agents(
        Event.NOTIFY,
        ticket,
        case.policy,
        case.inbound.sha256,
        audience=Audience.AGENT,
        body=case.inbound.text,
        author=case.inbound.sender,
        parts=case.inbound.files,
        reasons=(why,),
        but=case.sender,
    )
    outcome = Outcome(ticket=ticket.number, changes=changes, letters=letters, reasons=(why,))
    return case.decision(Disposition.APPEND, Filing.VISIBLE, outcome, language=ticket.language)


def _closed_at(case: Case, ticket: Ticket) -> datetime | None:
    """When it was closed, if it is and this letter is its requester's or a Cc's."""
    asks = case.role in (Role.REQUESTER, Role.CC) and not case.arrival.silent
    return ticket.closed_at if ticket.state is State.CLOSED and asks else None
