"""A mail that an agent writes to somebody outside, with a copy to us: it begins a ticket that waits for that answer.

Case -> Decision with disposition `open`, or None where it is an ordinary mail to us. Only the word of the trusted
server proves such a mail: there was no letter before that it could answer. Nothing is sent: the addressee has the mail.
"""

from __future__ import annotations

from helpdesk.core.case import Case
from helpdesk.core.chains import Occasion
from helpdesk.core.decision import Assign, Change, Decision, Disposition, Filing, OpenTicket, Outcome, Proof, Record
from helpdesk.core.language import guess
from helpdesk.core.message import Address, Kind
from helpdesk.core.opening import plain_subject
from helpdesk.core.policy import Agent
from helpdesk.core.scheduling import start
from helpdesk.core.ticket import NEW, Part, Participant, State, Ticket


def begin_outside(case: Case, agent: Agent) -> Decision | None:
    """The ticket of whoever the agent has written to."""
    whom = _addressee(case)
    if whom is None or case.proof is not Proof.DMARC or case.kind is not Kind.HUMAN:
        return None
    desk = case.desk_of_arrival
    ticket = Ticket(
        number=NEW,
        subject=plain_subject(case.inbound.subject),
        requester=whom,
        desk=desk.name,
        state=State.WAITING,
        language=guess(case.inbound.text) or desk.language,
        participants=(Participant(whom, Part.REQUESTER),),
        opened_at=min(case.arrival.at, case.now),
        active_at=case.now,
    )
    changes: tuple[Change, ...] = (
        OpenTicket.of(ticket),
        Record(NEW, agent.name, "opened", f"wrote to {whom.address}"),
        Assign(NEW, agent.name),
        *start(NEW, desk, Occasion.ANSWERED, case.now),
    )
    return case.decision(
        Disposition.OPEN, Filing.VISIBLE, Outcome(ticket=NEW, changes=changes), language=ticket.language
    )


def _addressee(case: Case) -> Address | None:
    """The first in To who is none of ours, where none of ours is there as well: then we have but a copy."""
    to = case.inbound.to
    if any(case.policy.is_ours(address.address) for address in to):
        return None
    return next((address for address in to if not case.policy.passes_on(address.address)), None)
