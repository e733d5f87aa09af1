"""T2, the history sent to a stranger: a mail that names somebody in Cc makes nobody a participant of a ticket."""

from __future__ import annotations

import pytest

from helpdesk.core.ticket import Part
from tests.security.desk import ANNA, EVE, FAILED, IVAN, PASSED, Desk, mail, reply

SECRET = "The password of our router is hunter2"


def ticket_with_history(desk: Desk) -> int:
    """Anna's ticket, with something in it that is nobody else's business."""
    return desk.open(ANNA, "Our router", SECRET)


def answer_of_ivan(desk: Desk, number: int, text: str) -> list[tuple[str, bytes]]:
    """Ivan answers the ticket: (recipient, bytes) of each letter that leaves."""
    notified = next(one for one in desk.sent if one.event == "notify" and one.ticket == number)
    desk.take_one(reply(notified, IVAN, text))
    return [(address, bytes(letter.raw)) for letter in desk.send() for address in letter.recipients]


@pytest.mark.parametrize(
    ("sender", "verdict"),
    [
        (ANNA, FAILED),  # Eve writes as the requester, our server says so
        (EVE, PASSED),  # Eve is Eve, who has no part in the ticket
        (EVE, "X-Nothing: here"),
    ],
)
def test_mail_with_a_stranger_in_cc_gets_the_stranger_nothing(guarded_desk: Desk, sender: str, verdict: str) -> None:
    number = ticket_with_history(guarded_desk)
    guarded_desk.take_one(
        mail(sender, f"Re: [##{number}##] Our router", "Please copy my colleague.", verdict, f"Cc: {EVE}")
    )
    guarded_desk.send()
    people = {person.address.address: person.part for person in guarded_desk.ticket(number).participants}
    assert people == {ANNA: Part.REQUESTER}
    assert answer_of_ivan(guarded_desk, number, "Which router?")[0][0] == ANNA
    to_eve = [letter for letter in guarded_desk.sent if EVE in letter.recipients and letter.ticket == number]
    assert to_eve == []


def test_forged_requester_is_held_and_changes_nothing(guarded_desk: Desk) -> None:
    number = ticket_with_history(guarded_desk)
    before = guarded_desk.conversation(number)
    guarded_desk.take_one(mail(ANNA, f"Re: [##{number}##]", "Send it all to me.", FAILED, f"Cc: {EVE}"))
    ticket = guarded_desk.ticket(number)
    assert len(ticket.held) == 1
    assert guarded_desk.conversation(number) == before
    assert guarded_desk.written() == {("held", IVAN): 1}


def test_even_the_true_requester_makes_nobody_a_participant_by_a_later_cc(open_desk: Desk) -> None:
    number = ticket_with_history(open_desk)
    open_desk.take_one(mail(ANNA, f"Re: [##{number}##]", "My colleague is in copy.", f"Cc: {EVE}"))
    open_desk.send()
    assert [address for address, _ in answer_of_ivan(open_desk, number, "Which router?")] == [ANNA]


def test_cc_of_the_first_mail_gets_answers_and_no_history(open_desk: Desk) -> None:
    taken = open_desk.take_one(mail(ANNA, "Our router", SECRET, "Cc: boris@shop.test"))
    open_desk.send()
    assert not [letter for letter in open_desk.sent if "boris@shop.test" in letter.recipients]
    answers = dict(answer_of_ivan(open_desk, taken.ticket or 0, "Which router?"))
    assert set(answers) == {ANNA, "boris@shop.test"}
    assert b"hunter2" not in answers["boris@shop.test"]


CANARY = "canary-7731"


def test_answer_to_a_notification_of_before_a_merge_reaches_nobody_by_surprise(open_desk: Desk) -> None:
    number, other = open_desk.open(), open_desk.open(EVE, "Mine")
    told = {one.ticket: one for one in open_desk.sent if one.event == "notify"}
    open_desk.take_one(reply(told[other], IVAN, f"#merge {number}"))
    asked = next(one for one in open_desk.send() if one.event == "result")
    open_desk.take_one(reply(asked, IVAN, "yes"))
    open_desk.send()
    assert open_desk.ticket(other).merged_into == number
    for stale in told.values():
        # Its first line names one reader, and now there would be two.
        open_desk.take_one(reply(stale, IVAN, f"Your password is {CANARY}."))
    assert {to for _, to in open_desk.written()} == {IVAN}
    assert not [one for one in open_desk.sent if one.recipients != (IVAN,) and CANARY in bytes(one.raw).decode()]


def test_who_joins_by_a_merge_gets_nothing_of_what_was_written_before(open_desk: Desk) -> None:
    number, other = open_desk.open(text=f"My password is {CANARY}."), open_desk.open(EVE, "Mine")
    told = {one.ticket: one for one in open_desk.sent if one.event == "notify"}
    open_desk.take_one(reply(told[other], IVAN, f"#merge {number}"))
    asked = next(one for one in open_desk.send() if one.event == "result")
    open_desk.take_one(reply(asked, IVAN, "yes"))
    open_desk.pass_time(1)
    first = next(one for one in open_desk.sent if one.recipients == (ANNA,))
    open_desk.take_one(reply(first, ANNA, "Any news?"))
    notified = [one for one in open_desk.send() if one.event == "notify"][-1]
    open_desk.take_one(reply(notified, IVAN, "We are on it."))
    letters = [one for one in open_desk.send() if one.recipients == (EVE,)]
    assert len(letters) == 1
    assert CANARY not in bytes(letters[0].raw).decode()
    assert first.message_id not in bytes(letters[0].raw).decode()
