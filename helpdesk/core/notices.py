"""The letters that decisions ask for: to requesters, to agents, to leads.

One letter has one recipient, because its Message-ID carries a secret for that recipient alone. `cause` names
what led to the letter (the hash of a mail, a follow-up with its date): with event, ticket and recipient it
makes the dedupe key, so that no cause leads to the same letter twice.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from helpdesk.core.bench import Rest
from helpdesk.core.message import Address, Reason
from helpdesk.core.outgoing import NOTHING_TOLD, Ahead, Audience, Event, Letter
from helpdesk.core.policy import Agent, Policy
from helpdesk.core.routes import Probable
from helpdesk.core.ticket import Part, Ticket


def to_requester(
    event: Event,
    ticket: Ticket,
    cause: str,
    *,
    missing: tuple[str, ...] = (),
    due_at: datetime | None = None,
    ahead: Ahead = NOTHING_TOLD,
    in_reply_to: str | None = None,
    apart_from: int | None = None,
    follows: int | None = None,
    body: str = "",
    form: tuple[str, ...] = (),
    understood: tuple[str, ...] = (),
    template: str = "",
    documents: tuple[str, ...] = (),
) -> tuple[Letter, ...]:
    """The automatic letter to the requester; none when there is nobody to write to, or somebody was forged.

    Whoever wants none gets the answers to his own wishes alone.
    """
    if ticket.requester is None or ticket.forged or (ticket.quiet and event is not Event.STATUS):
        return ()
    letter = Letter(
        event=event,
        ticket=ticket.number,
        to=ticket.requester,
        audience=Audience.REQUESTER,
        language=ticket.language,
        dedupe_key=_key(event, ticket, cause, ticket.requester.address),
        words=ticket.words,
        missing=missing,
        due_at=due_at,
        ahead=ahead,
        in_reply_to=in_reply_to,
        apart_from=apart_from,
        follows=follows,
        body=body,
        form=form,
        understood=understood,
        template=template,
        documents=documents,
    )
    return (letter,)


def invitation(ticket: Ticket, whom: Address) -> tuple[Letter, ...]:
    """Whoever the requester would have take part is asked, once, and told nothing of the request."""
    if ticket.requester is None:
        return ()
    letter = Letter(
        event=Event.INVITED,
        ticket=ticket.number,
        to=whom,
        audience=Audience.REQUESTER,
        language=ticket.language,
        dedupe_key=_key(Event.INVITED, ticket, "", whom.address),
        words=False,
        author=Address(ticket.requester.address),
    )
    return (letter,)


def answer(
    ticket: Ticket,
    agent: Agent,
    text: str,
    cause: str,
    *,
    event: Event = Event.REPLY,
    missing: tuple[str, ...] = (),
    due_at: datetime | None = None,
    parts: tuple[int, ...] = (),
    parts_of: int | None = None,
    send_after: datetime | None = None,
) -> tuple[Letter, ...]:
    """What an agent wrote, to the requester and everybody in Cc; each gets an own copy with an own secret."""
    if ticket.requester is None:
        return ()
    shown_cc = tuple(person.address for person in ticket.participants if person.part is Part.CC)
    return tuple(
        Letter(
            event=event,
            ticket=ticket.number,
            to=recipient,
            audience=Audience.REQUESTER,
            language=ticket.language,
            dedupe_key=_key(event, ticket, cause, recipient.address),
            automatic=False,
            shown_to=(ticket.requester,),
            shown_cc=shown_cc,
            sender_name=agent.name,
            body=text,
            parts=parts,
            parts_of=parts_of,
            missing=missing,
            due_at=due_at,
            in_reply_to=ticket.thread[-1] if ticket.thread else None,
            send_after=send_after,
        )
        for recipient in (ticket.requester, *shown_cc)
    )


def to_partner(
    ticket: Ticket,
    partner: Address,
    agent: Agent,
    rest: Rest,
    policy: Policy,
    cause: str,
    *,
    request: str = "",
    subject: str | None = None,
    in_reply_to: str | None = None,
) -> Letter:
    """What an agent writes to a partner of the ticket, under the partner's own tag; nobody else sees it.

    `subject` is one that the partner may see, None where there is none.
    """
    return Letter(
        event=Event.FORWARD,
        ticket=ticket.number,
        to=partner,
        audience=Audience.PARTNER,
        language=policy.desk(ticket.desk).language,
        dedupe_key=_key(Event.FORWARD, ticket, cause, partner.address),
        automatic=False,
        words=bool(subject),
        subject=subject or "",
        sender_name=agent.name,
        body=rest.text,
        request=request,
        side=side(ticket, partner.address, policy),
        parts=rest.parts,
        parts_of=rest.parts_of,
        in_reply_to=in_reply_to,
        send_after=rest.send_after,
    )


def side(ticket: Ticket, address: str, policy: Policy) -> int:
    """The place, from 1, of the partner who owns `address` among those of the ticket: what his tag tells him by."""

    def owner(one: str) -> str:
        listed = policy.partner(one)
        return listed.addresses[0] if listed else one

    owners = dict.fromkeys(owner(one.address) for one in ticket.partners)
    return list(owners).index(owner(address)) + 1


def without_agents(text: str, agents: tuple[Agent, ...]) -> str:
    """The text without the addresses of agents, which requesters never see."""
    for address in (address for agent in agents for address in agent.addresses):
        text = re.sub(rf" ?<{re.escape(address)}>|{re.escape(address)}", "", text, flags=re.IGNORECASE)
    return text


def concerned(ticket: Ticket, policy: Policy) -> tuple[Agent, ...]:
    """Whom news of a ticket concern: its assignee; without one, everybody on its desk who is there; else the leads.

    Nobody at whom letters come back.
    """
    reached = tuple(agent for agent in policy.agents if not policy.is_muted(agent))
    assignee = tuple(agent for agent in reached if agent.name == ticket.assignee)
    on_desk = tuple(agent for agent in reached if agent.serves(ticket.desk) and policy.away_until(agent) is None)
    return assignee or on_desk or leads(policy)


def leads(policy: Policy) -> tuple[Agent, ...]:
    """Those who are told when something is wrong with the desk itself; without any, every agent."""
    reached = tuple(agent for agent in policy.agents if not policy.is_muted(agent))
    led = tuple(agent for agent in reached if agent.lead)
    # Where all who lead are away, somebody has to hear of it all the same.
    told = tuple(agent for agent in led if policy.away_until(agent) is None) or led
    if policy.alert_address is not None:
        told = (*told, Agent(name="", addresses=(policy.alert_address,)))
    return told or reached


def to_agents(
    event: Event,
    ticket: Ticket,
    policy: Policy,
    cause: str,
    *,
    agents: tuple[Agent, ...] | None = None,
    audience: Audience = Audience.AGENT,
    body: str = "",
    author: Address | None = None,
    parts: tuple[int, ...] = (),
    parts_of: int | None = None,
    missing: tuple[str, ...] = (),
    reasons: tuple[Reason, ...] = (),
    but: str = "",
    listed: bool = False,
    partner: Address | None = None,
    suggested: tuple[Probable, ...] = (),
) -> tuple[Letter, ...]:
    """News of a ticket, one letter to each agent whom it concerns, save the owner of the address `but`."""
    return tuple(
        Letter(
            event=event,
            ticket=ticket.number,
            to=Address(agent.addresses[0], agent.name),
            audience=audience,
            language=policy.desk(ticket.desk).language,
            dedupe_key=_key(event, ticket, cause, agent.addresses[0]),
            urgent=ticket.outranks,
            body=body,
            author=author,
            parts=parts,
            parts_of=parts_of,
            missing=missing,
            reasons=(*reasons, *(one.reason for one in suggested)),
            listed=listed,
            partner=partner,
            cases=tuple((one.label, one.key) for one in suggested),
        )
        for agent in (concerned(ticket, policy) if agents is None else agents)
        if but not in agent.addresses and not policy.is_muted(agent)
    )


def result(
    agent: Agent,
    ticket: Ticket | None,
    policy: Policy,
    transcript: str,
    cause: str,
    *,
    in_reply_to: str | None = None,
) -> Letter:
    """The answer to an agent's commands. A reply to it reaches nobody."""
    desk = policy.desk(ticket.desk if ticket else agent.desks[0] if agent.desks else "")
    return Letter(
        event=Event.RESULT,
        ticket=ticket.number if ticket else None,
        to=Address(agent.addresses[0], agent.name),
        audience=Audience.NOBODY,
        language=desk.language,
        dedupe_key=_key(Event.RESULT, ticket, cause, agent.addresses[0]),
        body=transcript,
        in_reply_to=in_reply_to,
    )


def alerts(
    policy: Policy,
    what: str,
    cause: str,
    *,
    ticket: Ticket | None = None,
    agents: tuple[Agent, ...] | None = None,
    but: str = "",
) -> tuple[Letter, ...]:
    """Something needs a look by whoever leads the desk, or by these `agents`; once for each `cause`."""
    return tuple(
        replace(
            result(agent, ticket, policy, what, cause),
            event=Event.ALERT,
            dedupe_key=_key(Event.ALERT, None, cause, agent.addresses[0]),
        )
        for agent in (leads(policy) if agents is None else agents)
        if but not in agent.addresses
    )


def _key(event: Event, ticket: Ticket | None, cause: str, recipient: str) -> str:
    return f"{event}:{ticket.number if ticket else '-'}:{cause}:{recipient}"
