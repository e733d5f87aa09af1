"""A letter of a requester that is nothing but a wish (see `wishes`), and the answer of whoever was invited.

Case -> Decision, or None where the letter is to be read by a person. Only the requester is obeyed, and only with a
proof: a reply to a letter that only he got, or the word of the trusted server. Everybody else learns nothing here. A
colleague takes part once he has agreed himself, in reply to the letter that asks him; until then he is told the
number and who asks for him, nothing of the request.
"""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.appending import doubt
from helpdesk.core.bounds import over_bounds, refusal
from helpdesk.core.case import Case
from helpdesk.core.checklist import questions
from helpdesk.core.companies import INVITED, administers, company, let_in, let_out
from helpdesk.core.decision import (
    Change,
    Decision,
    Disposition,
    Filing,
    Join,
    Leave,
    Outcome,
    Proof,
    Record,
    Role,
    SetFacts,
    SetState,
    Unschedule,
)
from helpdesk.core.message import Address, Kind, Reason
from helpdesk.core.notices import invitation, to_agents, to_requester
from helpdesk.core.outgoing import SEND_WORD, Event, Letter
from helpdesk.core.scheduling import closes_at
from helpdesk.core.sender import Remember, Settled
from helpdesk.core.ticket import Part, State, Ticket
from helpdesk.core.trust import own_letter
from helpdesk.core.wishes import SetLanguage, SetQuiet, Wish, Wished, wished

# Nobody needs more readers of one request; further ones are an agent's business (#cc).
MAX_PEOPLE = 20

SOLVED = "solved"


def decide_wish(case: Case, ticket: Ticket) -> Decision | None:
    """What the wish of this letter does; None where it has none, or is not to be obeyed."""
    if case.kind is not Kind.HUMAN or case.arrival.silent or doubt(case) is not None:
        return None
    if any(not file.inline for file in case.inbound.attachments):
        return None
    letter = own_letter(case.inbound, case.facts.letters)
    if letter is not None and letter.event is Event.INVITED and letter.ticket == ticket.number:
        return _agree(case, ticket) if case.role is Role.STRANGER and _agrees(case) else None
    wish = wished(case.inbound.text) if case.role is Role.REQUESTER and case.proof is not Proof.NONE else None
    return None if wish is None else _fulfil(case, ticket, wish)


def _fulfil(case: Case, ticket: Ticket, wish: Wished) -> Decision | None:
    silence = refusal(case)
    match wish.wish:
        case Wish.STATUS:
            return _done(case, ticket, silence, "asked how it stands")
        case Wish.STOP:
            return _done(
                case, ticket, silence, "wants no more automatic letters", SetQuiet(ticket.number), done="stopped"
            )
        case Wish.LANGUAGE:
            after = replace(ticket, language=wish.language)
            chosen = Remember(case.sender, language=wish.language, settled=Settled.CHOSEN)
            changes = (SetLanguage(ticket.number, wish.language), chosen)
            return _done(case, after, silence, f"chose the language {wish.language}", *changes, done="language")
        case Wish.CLOSE if ticket.state is not State.CLOSED:
            return _close(case, ticket, silence)
        case Wish.CLOSE:
            return _done(case, ticket, silence, "asked to close it")
        case Wish.ADD:
            return _invite(case, ticket, silence, Address(wish.address))
        case Wish.LET_IN if administers(case.facts, case.sender):
            return _invite(case, ticket, silence, Address(wish.address), for_company=True)
        case Wish.LET_OUT if administers(case.facts, case.sender) and wish.address != case.sender:
            what = f"let {wish.address} speak for the company no longer"
            return _done(case, ticket, silence, what, *_let_out(case, ticket, wish.address))
        case Wish.LET_IN | Wish.LET_OUT:
            return None


def _done(
    case: Case,
    ticket: Ticket,
    silence: Reason | None,
    what: str,
    *changes: Change,
    done: str = "",
    of: Address | None = None,
    letters: tuple[Letter, ...] = (),
) -> Decision:
    """The wish is fulfilled, and the requester gets a letter that says so and how the request stands."""
    told = () if silence else _status(case, ticket, done, of)
    quiet = (Record(ticket.number, "helpdesk", "no letter", str(silence)),) if silence else ()
    record = Record(ticket.number, case.sender, what)
    outcome = Outcome(ticket=ticket.number, changes=(record, *changes, *quiet), letters=(*told, *letters))
    return case.decision(Disposition.COMMAND, Filing.COMMAND, outcome, language=ticket.language)


def _status(case: Case, ticket: Ticket, done: str, of: Address | None) -> tuple[Letter, ...]:
    desk = case.policy.desk(ticket.desk)
    letters = to_requester(
        Event.STATUS,
        ticket,
        case.inbound.sha256,
        missing=questions(desk.checklists, ticket.checklist, ticket.missing, ticket.language),
        due_at=closes_at(ticket.follow_ups),
        in_reply_to=case.inbound.message_id if case.sender == (ticket.requester or Address("")).address else None,
    )
    return tuple(replace(letter, done=done, author=of) for letter in letters)


def _close(case: Case, ticket: Ticket, silence: Reason | None) -> Decision:
    after = replace(ticket, state=State.CLOSED, resolution=SOLVED, wake_at=None)
    why = Reason("closed-by-requester", "")
    changes = (
        Record(ticket.number, case.sender, "closed it"),
        Unschedule(ticket.number),
        SetState(ticket.number, State.CLOSED, resolution=SOLVED),
    )
    cause = case.inbound.sha256
    told = () if silence else to_requester(Event.CLOSED, after, cause, in_reply_to=case.inbound.message_id)
    news = to_agents(
        Event.NOTIFY, after, case.policy, cause, body=case.inbound.text, author=case.inbound.sender, reasons=(why,)
    )
    outcome = Outcome(ticket=ticket.number, changes=changes, letters=(*told, *news), reasons=(why,))
    return case.decision(Disposition.COMMAND, Filing.COMMAND, outcome, language=ticket.language)


def _let_out(case: Case, ticket: Ticket, address: str) -> tuple[Change, ...]:
    """Only those of the administrator's own company are let out, of this ticket as well; of others nothing is said."""
    if company(case.facts, address) != company(case.facts, case.sender):
        return ()
    return (let_out(address), *((Leave(ticket.number, address),) if ticket.part_of(address) is Part.CC else ()))


def _invite(
    case: Case, ticket: Ticket, silence: Reason | None, whom: Address, *, for_company: bool = False
) -> Decision | None:
    """The colleague is asked; where he may not be written to, a person reads the wish."""
    policy, counts = case.policy, case.facts.invited
    ours = policy.is_ours(whom.address) or policy.agent(whom.address) is not None
    if ours or ticket.part_of(whom.address) is not None or len(ticket.participants) >= MAX_PEOPLE:
        return None
    if silence is not None or counts is None or over_bounds(counts, policy.bounds, whom.domain) is not None:
        return None
    letters = invitation(ticket, whom)
    what = f"asked for {whom.address} to {'speak for the company' if for_company else 'take part'}"
    facts = SetFacts(ticket.number, ((INVITED, whom.address),), ticket.missing, ticket.checklist)
    return _done(case, ticket, None, what, *((facts,) if for_company else ()), done="invited", of=whom, letters=letters)


def _agrees(case: Case) -> bool:
    return case.inbound.text.strip().strip(".!").casefold() in SEND_WORD.values()


def _agree(case: Case, ticket: Ticket) -> Decision | None:
    """Whoever was invited takes part from now on, and whoever asked for it is told."""
    sender = case.inbound.sender
    if sender is None or len(ticket.participants) >= MAX_PEOPLE:
        return None
    changes: tuple[Change, ...] = (Join(ticket.number, sender, Part.CC),)
    ours = company(case.facts, ticket.requester.address) if ticket.requester else ""
    if ours and dict(ticket.fields).get(INVITED) == sender.address and not company(case.facts, sender.address):
        changes = (*changes, let_in(ours, sender.address))
    return _done(
        case, ticket, refusal(case), "takes part from now on", *changes, done="joined", of=Address(sender.address)
    )
