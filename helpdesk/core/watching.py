"""Nobody at the partner's has answered in time: the agents are told, and again after as long.

(ticket, policy, now) -> Outcome. The watch begins with a routing case and ends with the partner's answer or the ticket.
"""

from __future__ import annotations

from datetime import datetime

from helpdesk.core.decision import Change, Done, Outcome, Record, Schedule
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_agents
from helpdesk.core.outgoing import Event
from helpdesk.core.policy import Policy
from helpdesk.core.routes import CASE
from helpdesk.core.ticket import WATCH, State, Ticket


def partner_is_silent(ticket: Ticket, policy: Policy, now: datetime) -> Outcome:
    """What happens when the watch of this ticket is due."""
    desk = policy.desk(ticket.desk)
    if ticket.state is State.CLOSED or not ticket.partners:
        why = Reason("follow-up-void", f"{WATCH}: nobody's answer is waited for")
        return Outcome(ticket=ticket.number, changes=(Done(ticket.number, WATCH),), reasons=(why,))
    if not desk.calendar.is_open(now):
        why = Reason("follow-up-waits", "the desk is closed")
        later = Schedule(ticket.number, WATCH, desk.calendar.next_opening(now))
        return Outcome(ticket=ticket.number, changes=(later,), reasons=(why,))
    partner = str(ticket.partners[-1])
    why = Reason("partner-silent", partner)
    watch = next((route.watch for route in desk.routes if route.key == dict(ticket.fields).get(CASE)), None)
    again: tuple[Change, ...] = (
        () if watch is None else (Schedule(ticket.number, WATCH, desk.calendar.add(now, watch)),)
    )
    return Outcome(
        ticket=ticket.number,
        changes=(Done(ticket.number, WATCH), Record(ticket.number, "helpdesk", "no answer yet", partner), *again),
        letters=to_agents(Event.NOTIFY, ticket, policy, f"{WATCH}@{now:%Y-%m-%dT%H:%M}", reasons=(why,)),
        reasons=(why,),
    )
