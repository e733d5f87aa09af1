"""Companies: who speaks for them continues their tickets, and their administrator alone lets others in and out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.core.companies import INVITED, let_in, registered
from helpdesk.core.decision import Decision, Disposition, Join, Leave, Role, SetFacts
from helpdesk.core.directory import AddEntry, Entry, RemoveEntry
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.policy import Policy
from helpdesk.core.sender import LetterCounts
from helpdesk.core.ticket import Part, Participant
from helpdesk.packs import load_pack
from tests.build import ANNA, BORIS, EVE, NUMBER, answering, changes, decided, mail, policy, sent, ticket, to_customers

PACK = load_pack("rma-returns", None)
TAX = "32855961"


def rules() -> Policy:
    desk = replace(policy().desks[0], checklists=PACK.checklists, stages=PACK.stages)
    return policy(desks=(desk,))


def speaks(address: Address, tax: str = TAX, *, administrator: bool = False) -> tuple[str, Entry]:
    return ("representatives", let_in(tax, address.address, administrator=administrator).entry)


OURS = (speaks(ANNA, administrator=True), speaks(BORIS))
ANNAS = replace(ticket(), participants=(Participant(ANNA, Part.REQUESTER),))


def wished(text: str, sender: Address = ANNA, entries: tuple[tuple[str, Entry], ...] = OURS, **facts: Any) -> Decision:
    """What comes of a reply of `sender` to a letter that only he got, on his ticket."""
    on = replace(ticket(), requester=sender, participants=(Participant(sender, Part.REQUESTER),))
    letter = replace(sent(audience=Audience.REQUESTER), recipient=sender.address)
    known = answering(letter, on, entries=entries, invited=LetterCounts(), **facts)
    return decided(mail(text, sender=sender), known, rules())


def test_a_representative_goes_on_with_a_ticket_of_the_company() -> None:
    known = Facts(by_number=(ANNAS,), entries=OURS)
    decision = decided(mail("More.", sender=BORIS, subject=f"[##{NUMBER}##] A question"), known, rules())
    assert (decision.disposition, decision.role) == (Disposition.APPEND, Role.CC)
    assert changes(decision, Join) == [Join(NUMBER, BORIS, Part.CC)]


@pytest.mark.parametrize(
    "entries",
    [
        (speaks(ANNA), speaks(EVE, "5260250274")),  # of another company
        (speaks(ANNA),),  # of none
        (speaks(EVE),),  # the ticket is nobody's company's
    ],
)
def test_nobody_else_does(entries: tuple[tuple[str, Entry], ...]) -> None:
    known = Facts(by_number=(ANNAS,), entries=entries)
    decision = decided(mail("More.", sender=EVE, subject=f"[##{NUMBER}##] A question"), known, rules())
    assert decision.disposition is Disposition.OPEN


def test_the_administrator_has_somebody_asked_who_gains_nothing_yet() -> None:
    decision = wished("Додати представника eve@evil.test")
    assert [(one.event, one.to.address) for one in to_customers(decision) if one.event is Event.INVITED] == [
        (Event.INVITED, EVE.address)
    ]
    assert changes(decision, SetFacts)[0].fields == ((INVITED, EVE.address),)
    assert (changes(decision, AddEntry), changes(decision, Join)) == ([], [])


def agreed(on_fields: tuple[tuple[str, str], ...], entries: tuple[tuple[str, Entry], ...] = OURS) -> Decision:
    letter = replace(sent(audience=Audience.REQUESTER, event=Event.INVITED), recipient=EVE.address)
    on = replace(ANNAS, fields=on_fields)
    return decided(mail("yes", sender=EVE), answering(letter, on, entries=entries), rules())


def test_whoever_agrees_from_the_own_address_speaks_for_the_company() -> None:
    decision = agreed(((INVITED, EVE.address),))
    assert changes(decision, AddEntry) == [let_in(TAX, EVE.address)]


@pytest.mark.parametrize(
    ("fields", "entries"),
    [
        ((), OURS),  # invited to this ticket alone
        (((INVITED, "other@evil.test"),), OURS),  # somebody else was meant
        (((INVITED, EVE.address),), (*OURS, speaks(EVE, "5260250274"))),  # speaks for another company
    ],
)
def test_nobody_else_gains_it(fields: tuple[tuple[str, str], ...], entries: tuple[tuple[str, Entry], ...]) -> None:
    assert changes(agreed(fields, entries), AddEntry) == []


def test_the_administrator_lets_somebody_out() -> None:
    decision = wished("Remove representative boris@shop.test")
    assert changes(decision, RemoveEntry) == [RemoveEntry("representatives", let_in(TAX, BORIS.address).entry.key)]
    assert changes(decision, Leave) == []


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("Add representative eve@evil.test", BORIS),  # no administrator
        ("Remove representative anna@shop.test", BORIS),
        ("Remove representative anna@shop.test", ANNA),  # herself: the company would be nobody's
        ("Remove representative boris@shop.test", EVE),  # a stranger
    ],
)
def test_nobody_else_lets_in_or_out(text: str, sender: Address) -> None:
    decision = wished(text, sender)
    assert (changes(decision, RemoveEntry), changes(decision, SetFacts)) == ([], [])


def test_of_another_companys_people_nothing_is_said_or_done() -> None:
    decision = wished("Remove representative eve@evil.test", entries=(*OURS, speaks(EVE, "5260250274")))
    assert changes(decision, RemoveEntry) == []


def confirmed(letter_of: Address) -> Decision:
    on = replace(
        ANNAS, stage="company-to-confirm", checklist="company", fields=(("company", "Ltd"), ("tax_number", TAX))
    )
    letter = replace(sent(audience=Audience.REQUESTER), recipient=letter_of.address)
    return decided(mail("Yes", sender=ANNA, references=(letter.message_id,)), answering(letter, on), rules())


def test_the_first_who_registers_a_company_and_says_yes_is_its_administrator() -> None:
    assert changes(confirmed(ANNA), AddEntry) == list(registered(TAX, "Ltd", ANNA.address))


def test_whoever_is_not_proven_to_have_got_the_letter_registers_nothing() -> None:
    assert changes(confirmed(BORIS), AddEntry) == []
