"""Commands that say who takes part in a ticket."""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.bench import Bench, Carried, changed
from helpdesk.core.decision import Change, Join, Leave, Record, SetState, Unschedule
from helpdesk.core.message import Address
from helpdesk.core.regrouping import SetRequester
from helpdesk.core.sender import RemoveColleague
from helpdesk.core.ticket import Part, Participant, State, Ticket


def add_cc(ticket: Ticket, address: str, bench: Bench) -> Carried | str:
    """Somebody more gets the answers."""
    if bench.policy.is_ours(address):
        return bench.words.own_address.format(address=address)
    if ticket.part_of(address) is Part.PARTNER:
        return bench.words.is_partner.format(address=address)
    person = Participant(Address(address), Part.CC)
    if ticket.part_of(address) is not None:
        return changed(ticket, bench.words.cc.format(address=address))
    return changed(
        replace(ticket, participants=(*ticket.participants, person)),
        bench.words.cc.format(address=address),
        Join(ticket.number, person.address, Part.CC),
        Record(ticket.number, bench.agent.name, "cc", address),
    )


def remove_cc(ticket: Ticket, address: str, bench: Bench) -> Carried | str:
    """Somebody gets the answers no longer, or is a partner no longer."""
    colleague = address in ticket.colleagues
    if ticket.part_of(address) not in (Part.CC, Part.PARTNER) and not colleague:
        return bench.words.not_cc.format(address=address)
    requester = ticket.requester.address if ticket.requester else ""
    kept = tuple(person for person in ticket.participants if person.address.address != address)
    return changed(
        replace(ticket, participants=kept, colleagues=tuple(one for one in ticket.colleagues if one != address)),
        bench.words.uncc.format(address=address),
        Leave(ticket.number, address),
        *((RemoveColleague(requester, address),) if colleague else ()),
        Record(ticket.number, bench.agent.name, "uncc", address),
    )


def set_requester(ticket: Ticket, address: str, bench: Bench) -> Carried | str:
    """The ticket is somebody else's, who gets the letters from now on; nothing of what was written goes to him."""
    if bench.policy.is_ours(address):
        return bench.words.own_address.format(address=address)
    if ticket.gathers is not None:
        return bench.words.incident_stays
    before = ticket.requester
    if before is not None and before.address == address:
        return changed(ticket, bench.words.same_requester.format(address=address))
    others = tuple(person for person in ticket.participants if person.part is not Part.REQUESTER)
    person = next((one.address for one in others if one.address.address == address), Address(address))
    kept = tuple(one for one in others if one.address.address != address)
    after = replace(ticket, requester=person, participants=(Participant(person, Part.REQUESTER), *kept), forged=False)
    history = Record(ticket.number, bench.agent.name, "requester", f"{address}; before: {before or 'nobody'}")
    changes: tuple[Change, ...] = (SetRequester(ticket.number, person), history)
    if ticket.state is State.WAITING:
        # Whoever was asked has no part in it any more: the ticket is ours again.
        after = replace(after, state=State.OPEN)
        changes = (*changes, Unschedule(ticket.number), SetState(ticket.number, State.OPEN))
    return changed(after, bench.words.new_requester.format(address=person, before=before or "–"), *changes)
