"""What shall happen with one message: the one decision of this program.

(Inbound, Facts, Policy, Arrival, now) -> Decision. Pure: the same arguments give the same Decision, which
`explain` prints, the store carries out and the history keeps. Never fails: malformed mail is data.

The order is the policy: duplicates, our own mail, machine mail, spam and blocked senders first; then agents;
then whoever takes part in a ticket; strangers at last.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from helpdesk.core.agent_mail import decide_agent_mail
from helpdesk.core.appending import append, doubt, hold, record
from helpdesk.core.bouncing import decide_bounce
from helpdesk.core.bounds import guessing, guessing_alerts
from helpdesk.core.case import Arrival, Case, study, wanted
from helpdesk.core.classify import absent_until
from helpdesk.core.clocks import keep_clocks
from helpdesk.core.closing import is_too_late, only_agents_open, stay_closed
from helpdesk.core.courtesy import courtesy
from helpdesk.core.decision import Decision, Disposition, Filing, Outcome, Proof, Record, Role
from helpdesk.core.facts import Facts
from helpdesk.core.message import Inbound, Kind, Reason
from helpdesk.core.opening import open_ticket
from helpdesk.core.outgoing import Audience
from helpdesk.core.partners import belongs_to_partner, partner_wrote
from helpdesk.core.policy import Policy
from helpdesk.core.requester_mail import decide_wish
from helpdesk.core.satisfaction import grade, graded, settle, settles
from helpdesk.core.sender import Reached
from helpdesk.core.thread import admits
from helpdesk.core.ticket import State, Ticket
from helpdesk.core.timers import put_off

__all__ = ["Arrival", "decide", "wanted"]


def decide(inbound: Inbound, facts: Facts, policy: Policy, arrival: Arrival, now: datetime) -> Decision:
    """What shall happen with this message, and why."""
    case = study(inbound, facts, policy, arrival, now)
    agent = policy.agent(case.sender)
    address = agent.addresses[0] if agent else ""
    if address not in dict(policy.came_back) or case.proof is Proof.NONE or case.kind is not Kind.HUMAN:
        return keep_clocks(_decide(case), case.tickets, policy, now)
    # Who writes to us reads what we write: letters to him are sent again, the answer to this mail first.
    kept = tuple(one for one in policy.came_back if one[0] != address)
    decision = keep_clocks(_decide(replace(case, policy=replace(policy, came_back=kept))), case.tickets, policy, now)
    return replace(decision, changes=(*decision.changes, Reached(address)))


def _decide(case: Case) -> Decision:
    facts = case.facts
    if facts.duplicate is not None:
        return _ignore(case, facts.duplicate)
    match case.kind:
        case Kind.LOOP:
            return record(case, case.ticket, Reason("own-mail", "this helpdesk sent it"))
        case Kind.BOUNCE:
            return decide_bounce(case)
        case Kind.AUTO_REPLY if case.asks_by_itself and case.ticket is None:
            return _decide_letter(case)
        case Kind.AUTO_REPLY | Kind.REPORT:
            return _note_absence(case, record(case, case.ticket, Reason("machine-mail", case.kind.value)))
        case Kind.BULK | Kind.HUMAN:
            return _decide_letter(case)


def _note_absence(case: Case, kept: Decision) -> Decision:
    """A requester who is away is asked again when he is back; whoever merely takes part moves nothing."""
    away = absent_until(case.inbound)
    ticket = case.ticket
    if away is None or ticket is None or case.role is not Role.REQUESTER or case.arrival.silent or doubt(case):
        return kept
    moved = put_off(ticket, case.policy.desk(ticket.desk), away)
    if not moved:
        return kept
    told = Record(ticket.number, "helpdesk", "put off", f"away until {away.isoformat()}")
    return replace(kept, changes=(*kept.changes, *moved, told))


def _decide_letter(case: Case) -> Decision:
    """A letter that somebody wrote, a list sent, or a machine that asks for something."""
    if case.spam is not None:
        return record(case, None, case.spam)
    # What we know of a contact is about whoever wrote the mail first.
    if case.facts.contact is not None and case.facts.contact.blocked and case.forwarded is None:
        return record(case, None, Reason("blocked-sender", case.sender))
    # Imported history is kept, not obeyed.
    if case.role in (Role.AGENT, Role.LEAD) and not case.arrival.silent and not _writes_as_requester(case):
        return decide_agent_mail(case)
    if case.ticket is not None:
        return _decide_on_ticket(case, case.ticket)
    if case.kind is Kind.BULK:
        return record(case, None, Reason("machine-mail", case.kind.value))
    return open_ticket(case)


def _decide_on_ticket(case: Case, ticket: Ticket) -> Decision:
    """A letter that names a ticket, by whatever evidence."""
    wish = decide_wish(case, ticket)
    if wish is not None:
        return wish
    distrust = doubt(case)
    if admits(case.role):
        thanks = courtesy(case.inbound) if ticket.state is State.CLOSED and distrust is None else None
        if thanks is not None:
            return record(case, ticket, thanks)
        if case.role is Role.PARTNER and distrust is None:
            return partner_wrote(case, ticket)
        return _answered(case, ticket) if distrust is None else hold(case, ticket, distrust)
    if case.thread.evidence == "tag" and case.kind is Kind.HUMAN and case.inbound.sender is not None:
        # A number can be guessed: it lets nobody in, but the letter itself may be a new request.
        guesses = guessing(case)
        if guesses is not None:
            return hold(case, ticket, guesses, instead=guessing_alerts(case, guesses))
        return open_ticket(case, linked=ticket)
    why = belongs_to_partner(case, ticket) or Reason("no-part", case.sender or case.inbound.from_shown)
    return hold(case, ticket, why)


def _answered(case: Case, ticket: Ticket) -> Decision:
    """A letter of somebody who takes part in the ticket."""
    given = grade(case)
    if given is None:
        return _went_on(case, ticket)
    return graded(settle(case, ticket) if settles(ticket, given) else _went_on(case, ticket), ticket, given)


def _went_on(case: Case, ticket: Ticket) -> Decision:
    if only_agents_open(case, ticket):
        return stay_closed(case, ticket)
    if is_too_late(case, ticket):
        return open_ticket(case, linked=ticket)
    return append(case, ticket)


def _writes_as_requester(case: Case) -> bool:
    """Agents have requests of their own: then they answer letters that went to them as requesters."""
    if case.thread.letter is not None:
        return case.thread.letter.audience is Audience.REQUESTER and case.thread.letter.recipient == case.sender
    return False


def _ignore(case: Case, ticket: int) -> Decision:
    number = ticket or None
    changes = (Record(ticket, "helpdesk", "duplicate", "the same mail came once more"),) if number else ()
    outcome = Outcome(ticket=number, changes=changes, reasons=(Reason("duplicate", case.inbound.message_id or ""),))
    return case.decision(Disposition.IGNORE, Filing.RECORDED, outcome)
