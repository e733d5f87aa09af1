"""Side threads: a partner is asked for help on a ticket, and his answers come to the agents alone.

A partner sees what an agent writes to him and, unless the agent keeps it back, what the requester wrote first; no
note, no answer to the requester, nobody's address. He takes part under a tag and with secrets of his own. What he
writes is kept as a note is, so it is no part of the conversation with the requester; an agent's reply to the news of
it reaches that partner. `#forward` begins a side thread; a ticket may have several.
"""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.address import only_mailbox
from helpdesk.core.bench import Bench, Carried
from helpdesk.core.case import Case
from helpdesk.core.command_values import ForwardTo
from helpdesk.core.decision import (
    Assign,
    Change,
    Decision,
    Disposition,
    Filing,
    Join,
    Outcome,
    Record,
    SetState,
    Unschedule,
)
from helpdesk.core.escalation import calm
from helpdesk.core.message import Address, Reason
from helpdesk.core.notices import to_agents, to_partner, without_agents
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.policy import Policy
from helpdesk.core.ticket import OF_PARTNER, WATCH, Part, Participant, State, Ticket


def forward(ticket: Ticket, command: ForwardTo, bench: Bench) -> Carried | str:
    """A partner is asked: the rest of the mail goes to him, and the request as well unless it is kept back."""
    partner = _named(command.to, bench)
    if isinstance(partner, str):
        return partner
    if bench.policy.is_ours(partner.address) or bench.policy.agent(partner.address) is not None:
        return bench.words.own_address.format(address=partner.address)
    if ticket.part_of(partner.address) not in (None, Part.PARTNER):
        return bench.words.takes_part.format(address=partner.address)
    request = "" if command.only else bench.request
    if bench.rest is None or not (bench.rest.text or request):
        return bench.words.nothing_to_forward
    changes: list[Change] = [Record(ticket.number, bench.agent.name, "forwarded", str(partner))]
    after = ticket
    if ticket.part_of(partner.address) is None:
        changes.append(Join(ticket.number, partner, Part.PARTNER))
        after = replace(after, participants=(*after.participants, Participant(partner, Part.PARTNER)))
    if ticket.assignee is None:
        changes += (Assign(ticket.number, bench.agent.name), *calm(ticket))
        after = replace(after, assignee=bench.agent.name)
    if ticket.state is State.NEW:
        changes.append(SetState(ticket.number, State.OPEN))
        after = replace(after, state=State.OPEN)
    letter = to_partner(
        after,
        partner,
        bench.agent,
        bench.rest,
        bench.policy,
        bench.cause,
        request=without_agents(request, bench.policy.agents),
        subject=None if command.only else ticket.subject,
    )
    said = bench.words.forwarded if request else bench.words.forwarded_alone
    line = said.format(partner=partner)
    return Carried(ticket=after, changes=tuple(changes), letters=(letter,), lines=(line,))


def partner_wrote(case: Case, ticket: Ticket) -> Decision:
    """What a partner writes comes to the agents of the ticket; the requester gets and sees nothing of it."""
    sender = case.inbound.sender
    if sender is None:
        raise ValueError("a partner is known by his address")
    changes: list[Change] = [Record(ticket.number, case.sender, "answered as a partner", case.thread.evidence)]
    if any(one.kind == WATCH for one in ticket.follow_ups):
        changes.append(Unschedule(ticket.number, (WATCH,)))
    if ticket.part_of(case.sender) is None:
        changes.append(Join(ticket.number, sender, Part.PARTNER))
    if ticket.wake_at is not None and not case.arrival.silent:
        changes.append(SetState(ticket.number, State.OPEN))
    letters = to_agents(
        Event.NOTIFY,
        ticket,
        case.policy,
        case.inbound.sha256,
        audience=Audience.ASIDE,
        partner=sender,
        body=case.inbound.text,
        author=sender,
        parts=case.inbound.files,
        but=case.sender,
    )
    outcome = Outcome(ticket=ticket.number, changes=tuple(changes), letters=letters)
    return case.decision(Disposition.APPEND, Filing.NOTE, outcome, language=ticket.language)


def belongs_to_partner(case: Case, ticket: Ticket) -> Reason | None:
    """Why a stranger's mail belongs to a side thread, or None: it answers a letter to a partner, or a colleague of
    one wrote it.
    """
    letter, sender = case.thread.letter, case.inbound.sender
    answers = letter is not None and letter.audience is Audience.PARTNER
    colleague = sender is not None and any(one.domain == sender.domain for one in ticket.partners)
    return Reason(OF_PARTNER, case.sender) if answers or colleague else None


def _named(to: str, bench: Bench) -> Address | str:
    """The partner whom the agent means, by address, by name, or by how the name begins."""
    if "@" in to:
        address = only_mailbox([to])
        if address is None:
            return bench.words.no_partner.format(name=to, names=_names(bench.policy))
        listed = bench.policy.partner(address)
        return Address(address, listed.name if listed and listed.name != address else "")
    wanted = to.casefold()
    exact = [one for one in bench.policy.partners if one.name.casefold() == wanted]
    found = exact or [one for one in bench.policy.partners if one.name.casefold().startswith(wanted)]
    if len(found) != 1:
        said = bench.words.several_partners if found else bench.words.no_partner
        return said.format(name=to, names=", ".join(one.name for one in found) or _names(bench.policy))
    return Address(found[0].addresses[0], found[0].name)


def _names(policy: Policy) -> str:
    return ", ".join(partner.name for partner in policy.partners) or "–"
