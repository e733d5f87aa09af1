"""Which ticket a message belongs to, and by what evidence.

Evidence, strongest first: our own secret (a keyed Message-ID or reply address that went to this sender),
References and In-Reply-To newest to oldest, the tag in the subject. None of it admits a sender who has no
part in the ticket: who may come in is decided afterwards, by `admits`. When tag and references disagree,
the references win and the reasons say so. What leads to a ticket that went
into another one leads to that one. An RMA number that a ticket was given is worth as much as its tag, wherever
the writer names it; one with a wrong check digit leads nowhere, and the reasons say so. Never fails: "no ticket" is a
result.
References walk: RFC 5322 section 3.6.4.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.decision import Role
from helpdesk.core.facts import Facts
from helpdesk.core.message import Inbound, Reason
from helpdesk.core.outgoing import SentLetter
from helpdesk.core.rma import RMA, Named, named_in
from helpdesk.core.subject_tag import find_tags, tag
from helpdesk.core.ticket import Ticket
from helpdesk.core.trust import own_letter


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """What the evidence says. `letter` is our letter that is answered, whoever it went to."""

    ticket: Ticket | None = None
    evidence: str = "none"  # secret, references, tag, none
    letter: SentLetter | None = None
    reasons: tuple[Reason, ...] = ()


def tags_shown(inbound: Inbound, series: frozenset[str]) -> tuple[int, ...]:
    """The tickets that the subject's tags, and RMA numbers in what was written, may lead to."""
    returns = (named.ticket for named in _returns(inbound, series) if named.ticket is not None)
    return tuple(dict.fromkeys((*find_tags(inbound.subject), *returns)))


def match(inbound: Inbound, facts: Facts, series: frozenset[str] = frozenset()) -> Thread:
    """The ticket that this message speaks of, if it speaks of one; RMA numbers begin with one of `series`."""
    tickets = {ticket.number: ticket for ticket in facts.by_number}
    tickets |= {ticket.number: ticket for _, ticket in facts.by_reference}
    tagged = next((tickets[number] for number in find_tags(inbound.subject) if number in tickets), None)
    named = _returns(inbound, series)
    parcel = next((one for one in named if one.ticket in tickets and _was_given(one, tickets[one.ticket])), None)
    secret = own_letter(inbound, facts.letters)
    shown = secret or next(iter(facts.letters), None)

    if secret is not None and secret.ticket in tickets:
        meant, evidence, words = tickets[secret.ticket], "secret", _named(secret)
    elif facts.by_reference:
        mentioned, meant = facts.by_reference[0]
        known = (*facts.letters, *((facts.bounced,) if facts.bounced else ()))
        ours = next((letter for letter in known if letter.message_id == mentioned), None)
        evidence, words = "references", _named(ours) if ours else f"mentions {mentioned}"
    elif tagged is not None:
        meant, evidence, words = tagged, "tag", f"subject has {tag(tagged.number)}"
    elif parcel is not None and parcel.ticket is not None:
        meant, evidence, words = tickets[parcel.ticket], "tag", f"names {parcel.number}"
    else:
        slips = (Reason("rma-mistyped", one.number) for one in named if one.ticket is None)
        return Thread(letter=shown, reasons=tuple(slips))

    found = _where_it_went(meant, tickets)
    reasons = [Reason(f"thread-{evidence}", words)]
    if found is not meant:
        reasons.append(Reason("merged", f"{tag(meant.number)} went into {tag(found.number)}"))
    if tagged is not None and _where_it_went(tagged, tickets).number != found.number:
        reasons.append(
            Reason("thread-disagreement", f"subject has {tag(tagged.number)}, references lead to {tag(found.number)}")
        )
    return Thread(ticket=found, evidence=evidence, letter=shown, reasons=tuple(reasons))


def _returns(inbound: Inbound, series: frozenset[str]) -> tuple[Named, ...]:
    return named_in(f"{inbound.subject}\n{inbound.text}", series)


def _was_given(named: Named, ticket: Ticket) -> bool:
    return dict(ticket.fields).get(RMA) == named.number


def _where_it_went(ticket: Ticket, tickets: dict[int, Ticket]) -> Ticket:
    """The ticket itself or, when it went into another one, that one."""
    return ticket if ticket.merged_into is None else tickets.get(ticket.merged_into, ticket)


def _named(letter: SentLetter) -> str:
    """Our letter in words that may be shown to others: its Message-ID is the secret of whoever got it."""
    return f"answers our letter to {letter.recipient} of {letter.sent_at:%Y-%m-%d %H:%M} UTC"


def admits(role: Role) -> bool:
    """Does somebody in this role take part in the ticket?"""
    return role in (Role.AGENT, Role.LEAD, Role.REQUESTER, Role.CC, Role.PARTNER)
