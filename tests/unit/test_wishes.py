"""A requester's letter that says nothing but a wish, and who is obeyed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.decision import Decision, Disposition, Join, Proof, SetState
from helpdesk.core.message import Address, Inbound
from helpdesk.core.notices import to_requester
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.sender import LetterCounts
from helpdesk.core.ticket import Part, Participant, State, Ticket
from helpdesk.core.wishes import SetLanguage, SetQuiet, Wish, Wished, wished
from tests.build import (
    ANNA,
    AUTHSERV,
    BORIS,
    EVE,
    FORGED,
    IVAN,
    NUMBER,
    acknowledged,
    answering,
    changes,
    decided,
    mail,
    policy,
    sent,
    ticket,
    to_customers,
    written,
)

PETER = Address("peter@shop.test", "Peter")
INVITED = sent(PETER.address, Audience.REQUESTER, Event.INVITED)


def wish_of(text: str, on: Ticket | None = None, **said: Any) -> Decision:
    """Anna answers her acknowledgement with these words."""
    inbound = mail(text, **said)
    return decided(inbound, answering(acknowledged(), on or ticket(), invited=LetterCounts()))


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("status", Wished(Wish.STATUS)),
        ("Статус?", Wished(Wish.STATUS)),
        ("Стан звернення, будь ласка.", Wished(Wish.STATUS)),
        ("Jaki jest status?", Wished(Wish.STATUS)),
        ("STOP", Wished(Wish.STOP)),
        ("Proszę nie pisać.", Wished(Wish.STOP)),
        ("Не пишите, пожалуйста!", Wished(Wish.STOP)),
        ("Закройте, пожалуйста. Спасибо!", Wished(Wish.CLOSE)),
        ("Можна закривати, дякую", Wished(Wish.CLOSE)),
        ("Proszę zamknąć", Wished(Wish.CLOSE)),
        ("Please close it.", Wished(Wish.CLOSE)),
        ("По-русски, пожалуйста", Wished(Wish.LANGUAGE, language="ru")),
        ("Language: English", Wished(Wish.LANGUAGE, language="en")),
        ("українською", Wished(Wish.LANGUAGE, language="uk")),
        ("Proszę po polsku", Wished(Wish.LANGUAGE, language="pl")),
        ("Add Peter@Shop.test", Wished(Wish.ADD, address="peter@shop.test")),
        ("Добавьте <peter@shop.test>.", Wished(Wish.ADD, address="peter@shop.test")),
    ],
)
def test_a_wish_is_understood_in_four_languages(text: str, wish: Wished) -> None:
    assert wished(text) == wish


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please do not close it.",
        "What is the status of my order?",
        "Не закрывайте",
        "Stop the delivery",
        "It works. You can close it now, but tell me why it happened.",  # a person should read that
        "status\n\nand one thing more",
        "add peter@shop.test and eve@evil.test",
        "add peter",
        "close " * 60,
    ],
)
def test_whoever_says_more_is_read_by_a_person(text: str) -> None:
    assert wished(text) is None


@given(st.text())
def test_no_text_breaks_the_search_for_a_wish(text: str) -> None:
    wished(text)


# --- what it does ---------------------------------------------------------------------------------


def test_a_requester_learns_how_the_request_stands_and_nothing_moves() -> None:
    decision = wish_of("status", ticket(state=State.WAITING))
    assert decision.disposition is Disposition.COMMAND
    assert written(decision) == [("status", ANNA.address)]
    assert changes(decision, SetState) == []


def test_stop_ends_the_automatic_letters_of_this_ticket_and_the_next_status_still_comes() -> None:
    decision = wish_of("stop")
    assert changes(decision, SetQuiet) == [SetQuiet(NUMBER)]
    assert [letter.done for letter in decision.letters] == ["stopped"]
    quiet = ticket(quiet=True, missing=("ip",))
    assert to_requester(Event.REMINDER, quiet, "x") == ()
    assert len(to_requester(Event.STATUS, quiet, "x")) == 1


def test_a_requester_closes_his_request_and_its_agents_learn_of_it() -> None:
    decision = wish_of("Закройте, пожалуйста", ticket(assignee="Ivan"))
    assert changes(decision, SetState) == [SetState(NUMBER, State.CLOSED, resolution="solved")]
    assert written(decision) == [("closed", ANNA.address), ("notify", IVAN.addresses[0])]


def test_closing_what_is_closed_tells_how_it_stands() -> None:
    assert written(wish_of("close", ticket(state=State.CLOSED))) == [("status", ANNA.address)]


def test_the_language_is_changed_and_the_answer_comes_in_it() -> None:
    decision = wish_of("po polsku")
    assert changes(decision, SetLanguage) == [SetLanguage(NUMBER, "pl")]
    assert [(letter.language, letter.done) for letter in decision.letters] == [("pl", "language")]


# --- a colleague ----------------------------------------------------------------------------------


def test_a_colleague_is_asked_and_takes_no_part_before_he_agrees() -> None:
    decision = wish_of(f"add {PETER.address}")
    assert written(decision) == [("status", ANNA.address), ("invited", PETER.address)]
    assert changes(decision, Join) == []
    invitation = decision.letters[-1]
    assert (invitation.words, invitation.body, invitation.author) == (False, "", Address(ANNA.address))


@pytest.mark.parametrize("word", ["yes", "Да.", "так", "Tak!"])
def test_a_colleague_who_agrees_takes_part_and_the_requester_is_told(word: str) -> None:
    decision = decided(mail(word, sender=PETER), answering(INVITED, ticket()))
    assert changes(decision, Join) == [Join(NUMBER, PETER, Part.CC)]
    assert written(decision) == [("status", ANNA.address)]


def test_another_than_the_invited_cannot_agree() -> None:
    decision = decided(mail("yes", sender=EVE), answering(INVITED, ticket()))
    assert (decision.disposition, changes(decision, Join)) == (Disposition.HOLD, [])


def test_whoever_was_invited_and_says_more_is_held_for_the_agents() -> None:
    decision = decided(mail("Who are you?", sender=PETER), answering(INVITED, ticket()))
    assert (decision.disposition, changes(decision, Join)) == (Disposition.HOLD, [])


def test_nobody_is_invited_beyond_the_bounds_on_letters_to_his_address() -> None:
    facts = answering(acknowledged(), ticket(), invited=LetterCounts(address_3h=10))
    decision = decided(mail(f"add {PETER.address}"), facts)
    assert decision.disposition is Disposition.APPEND
    assert to_customers(decision) == []


@pytest.mark.parametrize("address", ["support@help.test", IVAN.addresses[0], BORIS.address])
def test_ours_and_those_who_take_part_are_not_invited(address: str) -> None:
    assert wish_of(f"add {address}").disposition is Disposition.APPEND


def test_a_full_ticket_takes_nobody_more() -> None:
    crowd = tuple(Participant(Address(f"p{n}@shop.test"), Part.CC) for n in range(19))
    crowd = (Participant(ANNA, Part.REQUESTER), *crowd)
    assert wish_of(f"add {PETER.address}", ticket(participants=crowd)).disposition is Disposition.APPEND


# --- who is obeyed --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["status", "stop", "close", "po polsku", f"add {PETER.address}"])
def test_without_a_proof_a_wish_is_a_letter_like_any_other(text: str) -> None:
    on = ticket()
    decision = decided(mail(text, subject=f"[##{NUMBER}##]"), replace(answering(acknowledged(), on), letters=()))
    assert (decision.disposition, decision.proof) == (Disposition.APPEND, Proof.NONE)
    assert to_customers(decision) == []


@pytest.mark.parametrize("sender", [BORIS, EVE])
def test_only_the_requester_is_obeyed(sender: Address) -> None:
    decision = decided(mail("close", sender=sender), answering(acknowledged(sender), ticket()))
    assert changes(decision, SetState) == []
    assert to_customers(decision) == []


def test_a_forged_requester_is_held() -> None:
    decision = decided(
        mail("close", headers=FORGED), answering(acknowledged(), ticket()), policy(trusted_authserv=AUTHSERV)
    )
    assert (decision.disposition, decision.letters[0].event) == (Disposition.HOLD, Event.HELD)


def test_a_vacation_reply_wishes_nothing() -> None:
    machine: Inbound = mail("stop", headers=(("auto-submitted", "auto-replied"),))
    assert decided(machine, answering(acknowledged(), ticket())).disposition is Disposition.RECORD
