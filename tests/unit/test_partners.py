"""Side threads: what a partner gets, and that nothing of it reaches the requester."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.adapters.templates import Templates
from helpdesk.compose import Face, compose
from helpdesk.core.decision import Assign, Decision, Disposition, Filing, Join, Role, SettleHeld
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address, KeptMail
from helpdesk.core.outgoing import Audience, Event, Letter, SentLetter
from helpdesk.core.policy import Partner
from helpdesk.core.ticket import OF_PARTNER, Held, Part, Participant, State, Ticket
from tests.build import (
    ANNA,
    BORIS,
    DESK,
    IVAN,
    IVAN_WRITES,
    NOW,
    NUMBER,
    OLHA,
    acknowledged,
    answering,
    changes,
    decided,
    mail,
    passed,
    policy,
    sent,
    ticket,
    to_customers,
    written,
)

STORE = Address("store@brand.test", "Brand store")
WORKS = Address("service@works.test")
RULES = policy(partners=(Partner(name="Brand store", addresses=("store@brand.test", "boss@brand.test")),))

NEWS = replace(sent(audience=Audience.ASIDE, cause=7), partner=STORE.address)


def asked(*partners: Address, **values: Any) -> Ticket:
    """Anna's ticket, on which these partners were asked."""
    before = ticket().participants
    return ticket(participants=(*before, *(Participant(one, Part.PARTNER) for one in partners)), **values)


def ordered(text: str, on: Ticket | None = None, letter: SentLetter | None = None, **facts: Any) -> Decision:
    """What comes of an agent's reply to a notification."""
    on = on or ticket()
    answers = letter or sent()
    known = answering(answers, on, request=((NUMBER, "The boiler leaks. ivan@help.test knows it."),), **facts)
    return decided(mail(text, sender=IVAN_WRITES), known, RULES)


def forwarded(decision: Decision) -> list[Letter]:
    return [one for one in decision.letters if one.audience is Audience.PARTNER]


def test_a_partner_gets_the_text_and_the_request_and_the_requester_nothing() -> None:
    decision = ordered("#forward brand\n\nDo you have a seal?")
    (letter,) = forwarded(decision)
    assert (letter.to, letter.event, letter.side, letter.automatic) == (STORE, Event.FORWARD, 1, False)
    assert letter.body == "Do you have a seal?"
    assert letter.request == "The boiler leaks.  knows it."  # no agent's address
    assert letter.send_after == NOW + RULES.undo_window
    assert to_customers(decision) == []
    assert changes(decision, Join) == [Join(NUMBER, STORE, Part.PARTNER)]
    assert changes(decision, Assign) == [Assign(NUMBER, "Ivan")]


def test_only_keeps_the_request_and_its_subject_back() -> None:
    (letter,) = forwarded(ordered("#Forward service@works.test ONLY\n\nIs this a bad series?"))
    assert (letter.to, letter.request, letter.words, letter.subject) == (WORKS, "", False, "")


def test_with_a_note_the_text_stays_among_colleagues_and_the_request_goes() -> None:
    decision = ordered("#note\n#forward brand\n\nHe never pays.", ticket(assignee="Olha"))
    (letter,) = forwarded(decision)
    assert (letter.body, letter.parts) == ("", ())
    assert [one.body for one in decision.letters if one.event is Event.NOTE] == ["He never pays."]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("#forward nobody", "no partner"),
        ("#forward a@b@c", "no partner"),
        ("#forward olha@help.test", "address of ours"),
        ("#forward support@help.test", "address of ours"),
        ("#forward anna@shop.test", "#uncc comes first"),  # the requester
        ("#forward boris@shop.test", "#uncc comes first"),  # in Cc, reads every answer
        ("#forward brand only", "nothing to send"),
        ("#forward", "PARTNER|ADDRESS"),
    ],
)
def test_what_cannot_be_forwarded_reaches_nobody_but_the_agent(line: str, why: str) -> None:
    decision = ordered(line)
    assert written(decision) == [("result", IVAN.addresses[0])]
    assert why in decision.letters[0].body
    assert changes(decision, Join) == []


def test_what_a_partner_writes_is_for_the_agents_alone() -> None:
    waits = asked(STORE, state=State.WAITING)
    letter = sent(STORE.address, Audience.PARTNER, Event.FORWARD)
    decision = decided(mail("We have one.", sender=STORE), answering(letter, waits), RULES)
    assert (decision.disposition, decision.filing, decision.role) == (Disposition.APPEND, Filing.NOTE, Role.PARTNER)
    assert written(decision) == [("notify", "ivan@help.test"), ("notify", "olha@help.test")]
    assert {(one.audience, one.partner) for one in decision.letters} == {(Audience.ASIDE, STORE)}
    assert decision.changes[1:] == ()  # the requester still owes us an answer


def test_a_partner_may_answer_from_another_of_his_addresses() -> None:
    boss = Address("boss@brand.test")
    letter = sent(STORE.address, Audience.PARTNER, Event.FORWARD)
    decision = decided(mail("We have one.", sender=boss), answering(letter, asked(STORE)), RULES)
    assert decision.filing is Filing.NOTE
    assert changes(decision, Join) == [Join(NUMBER, boss, Part.PARTNER)]


def test_a_reply_to_a_partners_answer_reaches_that_partner_alone() -> None:
    his = KeptMail(
        id=7,
        ticket=NUMBER,
        inbound=mail("We have one.", sender=STORE, message_id="<his@brand.test>", subject="Re: [##100001-1##] Seals"),
        at=NOW,
        reasons=(),
        first=False,
        last=True,
    )
    decision = ordered("Please keep it.", asked(WORKS, STORE), NEWS, told=his)
    (letter,) = decision.letters
    assert (letter.to, letter.audience, letter.side, letter.body) == (STORE, Audience.PARTNER, 2, "Please keep it.")
    assert (letter.subject, letter.in_reply_to) == ("Seals", "<his@brand.test>")
    assert decision.filing is Filing.COMMAND


def test_a_reply_to_somebody_who_is_a_partner_no_longer_goes_nowhere() -> None:
    decision = ordered("Please keep it.", ticket(), NEWS)
    assert written(decision) == [("result", IVAN.addresses[0])]


def test_an_unproven_reply_to_a_partners_answer_is_kept_for_that_partner() -> None:
    spent = replace(NEWS, usable=False)
    decision = ordered("Please keep it.", asked(STORE), spent)
    (letter,) = decision.letters
    assert (letter.event, letter.audience, letter.partner) == (Event.UNPROVEN, Audience.ASIDE, Address(STORE.address))


def test_the_word_sends_a_kept_text_to_the_partner_it_was_written_to() -> None:
    kept = Held(id=7, sender=IVAN_WRITES, subject="", at=NOW, text="Please keep it.")
    offer = replace(NEWS, event=Event.UNPROVEN)
    decision = ordered("yes", asked(STORE, held=(kept,)), offer)
    (letter,) = forwarded(decision)
    assert (letter.to, letter.body, letter.words) == (STORE, "Please keep it.", False)
    assert to_customers(decision) == []


def test_a_colleague_of_a_partner_is_held_and_accepted_for_the_agents_alone() -> None:
    letter = sent(WORKS.address, Audience.PARTNER, Event.FORWARD)
    colleague = Address("else@other.test")
    held = decided(mail("He is away.", sender=colleague), answering(letter, asked(WORKS)), RULES)
    assert held.disposition is Disposition.HOLD
    assert OF_PARTNER in {reason.rule for reason in held.reasons}

    waits = asked(WORKS, state=State.WAITING, held=(Held(id=9, sender=colleague, subject="", at=NOW, aside=True),))
    notice = sent(event=Event.HELD, audience=Audience.NOBODY, cause=9)
    decision = ordered("#accept", waits, notice)
    assert changes(decision, SettleHeld) == [SettleHeld(NUMBER, 9, True, True)]
    assert changes(decision, Join) == [Join(NUMBER, colleague, Part.PARTNER)]


def test_a_partner_is_not_taken_into_cc_by_mistake() -> None:
    assert changes(ordered(f"#cc {STORE.address}", asked(STORE)), Join) == []


def test_a_partner_who_is_proven_opens_a_ticket_for_the_customer_whose_mail_he_passes_on() -> None:
    trusting = replace(RULES, trusted_authserv="mx.help.test")
    text = "---------- Forwarded message ---------\nFrom: Anna <anna@shop.test>\nSubject: A seal\n\nIs there a seal?"
    decision = decided(
        mail("", sender=STORE, subject="Fwd: A seal", quoted=text, headers=passed(STORE)), Facts(), trusting
    )
    assert ("opened", ANNA.address) in written(decision)


@pytest.mark.parametrize("language", ["en", "ru", "uk", "pl"])
def test_a_letter_to_a_partner_names_nobody_and_leads_to_no_other_mail(language: str) -> None:
    on = asked(STORE, thread=("<first@shop.test>", "<second@shop.test>"))
    (letter,) = forwarded(ordered("#forward brand only\n\nA seal?", on))
    composed = compose(
        replace(letter, language=language, in_reply_to="<his@brand.test>"),
        on,
        Face(address=DESK, name="Support", instance="ours"),
        (),
        key=b"k" * 32,
        nonce=b"n" * 16,
        now=NOW,
        renderer=Templates(),
    )
    assert isinstance(composed.raw, bytes)
    raw = composed.raw.decode()
    assert "[##100001-1##]" in composed.subject
    assert "<his@brand.test>" in raw
    for hidden in (ANNA.address, BORIS.address, "first@shop.test", "second@shop.test", on.subject, *OLHA.addresses):
        assert hidden not in raw


def test_a_requester_cannot_use_the_secret_of_a_partner() -> None:
    # Anna got hold of the partner's letter: her mail is an answer of hers, and nothing of the side thread shows.
    letter = acknowledged(STORE)
    decision = decided(mail("What is this?", sender=ANNA), answering(letter, asked(STORE)), RULES)
    assert (decision.role, decision.proof.value, decision.filing) == (Role.REQUESTER, "none", Filing.VISIBLE)
