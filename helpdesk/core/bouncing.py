"""A delivery report: which of our letters did not arrive, and who must know.

Case -> Decision with disposition `record`: a bounce never makes a ticket and is never answered (RFC 3464, RFC 3834).
Only a report that names one of our Message-IDs counts; anybody can write the rest.
"""

from __future__ import annotations

from helpdesk.core.appending import record
from helpdesk.core.case import Case
from helpdesk.core.decision import (
    Change,
    Decision,
    Disposition,
    Filing,
    MarkBounced,
    Outcome,
    Record,
    SetState,
)
from helpdesk.core.message import Reason
from helpdesk.core.muting import refused
from helpdesk.core.notices import alerts, to_agents
from helpdesk.core.outgoing import Audience, Event, Letter, SentLetter
from helpdesk.core.scheduling import stop
from helpdesk.core.sender import Remember
from helpdesk.core.ticket import State, Ticket


def decide_bounce(case: Case) -> Decision:
    """The letter is marked; a permanent failure stops the follow-ups and is told to the ticket's agents."""
    bounce, letter = case.inbound.bounce, _letter(case)
    if bounce is None or letter is None:
        return record(case, case.ticket, Reason("bounce-unknown", "it names no letter of ours"))
    failed = tuple(one for one in bounce.recipients if one.permanent)
    words = "; ".join(f"{one.address} {one.status}".strip() for one in bounce.recipients)
    why = Reason("bounce" if failed else "delayed", words or "recipient not named")
    changes: list[Change] = [MarkBounced(letter.message_id, bounce)]
    if failed:
        changes.append(Remember(letter.recipient, failing=True))
    if letter.ticket is not None:
        changes.append(Record(letter.ticket, "helpdesk", why.rule, why.evidence))
    if failed and case.ticket is not None and _is_requesters(letter, case.ticket):
        changes += not_reached(case.ticket)
    noted, letters = _told(case, letter, why) if failed else ((), ())
    outcome = Outcome(
        ticket=letter.ticket,
        changes=(*changes, *noted),
        letters=letters,
        reasons=(why,),
    )
    return case.decision(Disposition.RECORD, Filing.RECORDED, outcome)


def not_reached(ticket: Ticket) -> tuple[Change, ...]:
    """Who was not reached cannot answer: nothing is sent or closed by itself, and the ticket is ours again."""
    ours_again = (SetState(ticket.number, State.OPEN),) if ticket.state is State.WAITING else ()
    return (stop(ticket.number), *ours_again)


def _letter(case: Case) -> SentLetter | None:
    return case.facts.bounced or next(iter(case.facts.letters), None)


def _is_requesters(letter: SentLetter, ticket: Ticket) -> bool:
    return ticket.requester is not None and letter.recipient == ticket.requester.address


def _told(case: Case, letter: SentLetter, why: Reason) -> tuple[tuple[Change, ...], tuple[Letter, ...]]:
    """A letter that left the house failed: its agents. A letter to an agent failed: the leads, but not that agent."""
    agent = case.policy.agent(letter.recipient)
    if letter.audience.is_ours and agent is not None:
        return refused(case.policy, agent, letter.message_id, why, case.ticket, case.now)
    if letter.audience.is_ours:
        return (), alerts(
            case.policy,
            str(why),
            f"{letter.recipient}:{case.now:%Y-%m-%dT%H}",
            ticket=case.ticket,
            but=letter.recipient,
        )
    if case.ticket is None:
        return (), ()
    return (), to_agents(
        Event.BOUNCED,
        case.ticket,
        case.policy,
        letter.message_id,
        audience=Audience.NOBODY,
        body=case.inbound.text[:2000],
        reasons=(why,),
    )
