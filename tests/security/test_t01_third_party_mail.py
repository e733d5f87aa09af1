"""T1, the ticket trick: mail of third parties to a ticket's address never reaches the ticket's requester.

Whoever gets a service to write to the desk's address (a code to confirm an account, say) must not read it in the
conversation of a ticket of his own.
"""

from __future__ import annotations

import pytest

from helpdesk.core.decision import Disposition
from helpdesk.ports import QueuedLetter
from tests.security.desk import EVE, IVAN, PASSED, SUPPORT, Desk, mail, opened, reply, words

CODE = "Your code is 481516"


def acknowledgement(desk: Desk) -> QueuedLetter:
    """Eve's own ticket, and the letter that she got about it."""
    desk.open(EVE, "Let me in")
    return next(letter for letter in desk.sent if letter.recipients == (EVE,))


def letters_to_eve(desk: Desk) -> list[QueuedLetter]:
    return [letter for letter in desk.sent if EVE in letter.recipients]


@pytest.mark.parametrize("proof", [(), (PASSED,)], ids=["nothing proves it", "proven by dmarc"])
def test_code_of_a_service_to_the_reply_address_is_held(guarded_desk: Desk, proof: tuple[str, ...]) -> None:
    letter = acknowledgement(guarded_desk)
    before = len(letters_to_eve(guarded_desk))
    code = mail("appleid@id.apple.test", "Confirm your account", CODE, *proof, to=str(opened(letter)["Reply-To"]))
    taken = guarded_desk.take_one(code)
    assert taken.decision is not None
    assert taken.decision.disposition is Disposition.HOLD
    assert (taken.ticket, len(guarded_desk.ticket(taken.ticket or 0).held)) == (letter.ticket, 1)
    guarded_desk.send()
    assert len(letters_to_eve(guarded_desk)) == before


def test_code_with_the_tag_in_its_subject_becomes_a_ticket_of_its_own(open_desk: Desk) -> None:
    letter = acknowledgement(open_desk)
    taken = open_desk.take_one(mail("appleid@id.apple.test", f"Confirm [##{letter.ticket}##]", CODE))
    assert taken.ticket not in (None, letter.ticket)
    open_desk.send()
    assert len(letters_to_eve(open_desk)) == 1
    assert CODE not in "".join(open_desk.conversation(letter.ticket or 0))


def test_automatic_mail_of_a_third_party_is_never_part_of_the_conversation(open_desk: Desk) -> None:
    letter = acknowledgement(open_desk)
    open_desk.take_one(
        reply(letter, "no-reply@bank.test", CODE, "Auto-Submitted: auto-generated", "Return-Path: <bounce@bank.test>")
    )
    open_desk.send()
    assert len(letters_to_eve(open_desk)) == 1
    assert CODE not in "".join(open_desk.conversation(letter.ticket or 0))


def test_an_agents_answer_quotes_nothing_that_is_held(open_desk: Desk) -> None:
    letter = acknowledgement(open_desk)
    open_desk.take_one(mail("appleid@id.apple.test", "Confirm", CODE, to=str(opened(letter)["Reply-To"])))
    notices = [one for one in open_desk.send() if one.event == "held"]
    assert CODE in words(notices[0]), "the desk sees what it decides about"
    notified = next(one for one in open_desk.sent if one.event == "notify" and one.recipients == (IVAN,))
    open_desk.take_one(reply(notified, IVAN, "We are looking into it."))
    (answer,) = [one for one in open_desk.send() if one.event == "reply"]
    assert answer.recipients == (EVE,)
    assert b"481516" not in bytes(answer.raw)
    assert CODE not in words(answer)


def test_reply_to_a_notice_of_held_mail_reaches_nobody(open_desk: Desk) -> None:
    letter = acknowledgement(open_desk)
    open_desk.take_one(mail("appleid@id.apple.test", "Confirm", CODE, to=str(opened(letter)["Reply-To"])))
    (held,) = [one for one in open_desk.send() if one.event == "held"]
    open_desk.take_one(reply(held, IVAN, f"Is this yours?\n\n> {CODE}"))
    assert open_desk.written() == {("result", IVAN): 1}


def test_the_reply_address_is_told_by_its_token_alone(open_desk: Desk) -> None:
    letter = acknowledgement(open_desk)
    other = str(opened(letter)["Reply-To"]).replace("+", "+x")
    taken = open_desk.take_one(mail("appleid@id.apple.test", "Confirm", CODE, to=other))
    assert taken.ticket not in (None, letter.ticket)
    assert SUPPORT.partition("@")[0] in other
