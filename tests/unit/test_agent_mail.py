"""A mail of an agent: what proves it, whom it reaches, what it orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.core.chains import Chain, Occasion, Step
from helpdesk.core.decision import (
    Assign,
    Decision,
    Disposition,
    Filing,
    OpenTicket,
    Proof,
    Record,
    Schedule,
    SetPlace,
    SetState,
    SettleHeld,
    SpendSecret,
)
from helpdesk.core.duration import BusinessDays
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address, Attachment, Inbound
from helpdesk.core.outgoing import Audience, Event, Letter, SentLetter
from helpdesk.core.sender import LetterCounts, Remember
from helpdesk.core.ticket import NEW, FollowUp, Held, Lane, State, Ticket
from tests.build import (
    ANNA,
    AUTHSERV,
    BORIS,
    DAY,
    DESK,
    EVE,
    IVAN_WRITES,
    NOW,
    NUMBER,
    OLHA_WRITES,
    acknowledged,
    answering,
    asking_policy,
    changes,
    decided,
    mail,
    passed,
    policy,
    sent,
    ticket,
    to_customers,
    verdict,
    written,
)

TRUSTING = policy(trusted_authserv=AUTHSERV)
NOTIFIED = sent()
NOTHING_DONE = "Nothing was carried out, nothing was sent."
FORGED_AGENT = verdict("dmarc=fail header.from=help.test")


def ordered(
    text: str | Inbound, letter: SentLetter = NOTIFIED, on: Ticket | None = None, rules: Any = None, **facts: Any
) -> Decision:
    """Ivan answers one of our letters."""
    inbound = text if isinstance(text, Inbound) else mail(text, sender=IVAN_WRITES)
    return decided(inbound, answering(letter, on or ticket(), **facts), rules)


def result(decision: Decision) -> Letter:
    """The letter that tells what the commands did: always the last, to the agent, about nobody's reply."""
    letter = decision.letters[-1]
    assert (letter.event, letter.audience, letter.to.address) == (Event.RESULT, Audience.NOBODY, "ivan@help.test")
    return letter


# --- answers --------------------------------------------------------------------------------------


def test_a_reply_to_a_notification_reaches_the_requester_and_cc_as_single_letters() -> None:
    decision = ordered("It works again.")
    assert (decision.disposition, decision.proof, decision.filing) == (
        Disposition.APPEND,
        Proof.REPLY,
        Filing.COMMAND,
    )
    assert written(decision) == [("reply", "anna@shop.test"), ("reply", "boris@shop.test")]
    for letter in decision.letters:
        assert (letter.body, letter.sender_name, letter.automatic) == ("It works again.", "Ivan", False)
        assert (letter.shown_to, letter.shown_cc, letter.in_reply_to) == ((ANNA,), (BORIS,), "<first@shop.test>")
        assert letter.send_after == NOW + policy().undo_window
    assert changes(decision, Assign) == [Assign(NUMBER, "Ivan")]
    assert changes(decision, SetState) == [SetState(NUMBER, State.WAITING)]
    assert changes(decision, Record) == [Record(NUMBER, "Ivan", "answered", "proof: reply")]


def test_an_answer_leaves_the_assignee_alone() -> None:
    assert changes(ordered("Yes, it works.", on=ticket(assignee="Olha")), Assign) == []


def test_an_answered_outage_stays_open() -> None:
    assert changes(ordered("We know.", on=ticket(lane=Lane.OUTAGE)), SetState) == []
    taken = changes(ordered("We know.", on=ticket(lane=Lane.OUTAGE, state=State.NEW)), SetState)
    assert taken == [SetState(NUMBER, State.OPEN)]


def test_a_sleeping_ticket_sleeps_on_when_an_agent_writes() -> None:
    assert changes(ordered("A word in between.", on=ticket(wake_at=NOW + DAY)), SetState) == []


def test_an_answer_gives_the_requester_the_whole_time_again() -> None:
    asked = ticket(state=State.WAITING, missing=("ip",), follow_ups=(FollowUp("auto-close", NOW),), checklist="general")
    decision = ordered("Have you found it?", on=asked, rules=asking_policy())
    assert changes(decision, Schedule) == [
        Schedule(NUMBER, "reminder", NOW + 2 * DAY),
        Schedule(NUMBER, "auto-close", NOW + 5 * DAY),
    ]
    assert changes(ordered("Fine.", rules=asking_policy()), Schedule) == []  # nothing was asked


def test_an_answer_begins_what_the_desk_lets_come_after_answers() -> None:
    helped = Chain(after=Occasion.ANSWERED, steps=(Step(after=BusinessDays(3), send=Event.SOLVED),))
    (desk,) = asking_policy().desks
    rules = asking_policy(desks=(replace(desk, chains=(*desk.chains, helped)),))
    asked_again = Schedule(NUMBER, "answered:solved", NOW + 3 * DAY)
    assert changes(ordered("Fine.", rules=rules), Schedule) == [asked_again]
    outage = ticket(lane=Lane.OUTAGE, assignee="Ivan")
    assert changes(ordered("We work on it.", on=outage, rules=rules), Schedule) == []


def test_files_of_an_answer_travel_with_it() -> None:
    file = Attachment(part=1, name="fix.pdf", type="application/pdf", size=9, sha256="x")
    decision = ordered(mail("See here.", sender=IVAN_WRITES, attachments=(file,)))
    assert {(letter.parts, letter.parts_of) for letter in decision.letters} == {((1,), None)}


def test_the_requester_never_sees_an_agents_address() -> None:
    (letter, _) = to_customers(ordered("Write to IVAN@help.test or olha@help.test."))
    assert letter.body == "Write to  or ."


def test_where_nobody_can_be_answered_the_answer_comes_back() -> None:
    decision = ordered("Hello?", on=ticket(requester=None, participants=()))
    assert to_customers(decision) == []
    assert result(decision).body.startswith(NOTHING_DONE)


@pytest.mark.parametrize(
    ("letter", "events"),
    [
        (sent(audience=Audience.AGENT), ["reply", "reply"]),
        (sent(audience=Audience.COLLEAGUES, event=Event.NOTE), ["note"]),
        (sent(audience=Audience.NOBODY, event=Event.RESULT), ["result"]),
        (sent(audience=Audience.NOBODY, event=Event.BOUNCED), ["result"]),
        (sent(audience=Audience.NOBODY, event=Event.HELD), ["result"]),
    ],
)
def test_whom_a_text_reaches_is_told_by_the_letter_that_it_answers(letter: SentLetter, events: list[str]) -> None:
    assert [event for event, _ in written(ordered("A text.", letter))] == events


def test_a_text_to_nobody_carries_out_no_command_either() -> None:
    decision = ordered("#take\nHello", sent(audience=Audience.NOBODY, event=Event.RESULT))
    assert changes(decision, Assign) == []
    assert result(decision).body.startswith(NOTHING_DONE)
    assert "> Hello" in result(decision).body


def test_a_text_that_answers_no_letter_stays_a_note_and_the_agent_is_told() -> None:
    inbound = mail("I think he is lying.", sender=IVAN_WRITES, subject=f"[##{NUMBER}##]", headers=passed())
    decision = decided(inbound, Facts(by_number=(ticket(),)), TRUSTING)
    assert (decision.proof, decision.filing) == (Proof.DMARC, Filing.NOTE)
    assert written(decision) == [("note", "olha@help.test"), ("result", "ivan@help.test")]
    assert "the requester gets nothing" in result(decision).body


def test_a_text_below_a_letter_that_went_to_the_requester_stays_a_note() -> None:
    # The requester passed our acknowledgement on to the agent, who answers all of them.
    inbound = mail("Careful with her.", sender=IVAN_WRITES, headers=passed())
    decision = decided(inbound, answering(acknowledged(), ticket()), TRUSTING)
    assert (to_customers(decision), decision.filing) == ([], Filing.NOTE)
    assert "the requester gets nothing" in result(decision).body


# --- notes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["#note Beware.", "#note\nBeware.", "#note\n\nBeware."])
def test_a_note_is_for_colleagues_alone(text: str) -> None:
    decision = ordered(text)
    note, _ = decision.letters
    assert (note.event, note.to.address, note.body, note.audience) == (
        Event.NOTE,
        "olha@help.test",
        "Beware.",
        Audience.COLLEAGUES,
    )
    assert (decision.filing, decision.text, to_customers(decision)) == (Filing.NOTE, "Beware.", [])
    assert changes(decision, SetState) == []


def test_an_empty_note_does_nothing_and_says_so() -> None:
    assert result(ordered("#note")).body == NOTHING_DONE


# --- commands -------------------------------------------------------------------------------------


def test_commands_alone_send_the_requester_nothing() -> None:
    decision = ordered("#take\n#priority high")
    assert (decision.disposition, decision.filing) == (Disposition.COMMAND, Filing.COMMAND)
    assert written(decision) == [("result", "ivan@help.test")]
    assert result(decision).body == "Assigned to Ivan.\nPriority: high."


def test_commands_are_all_or_nothing() -> None:
    decision = ordered("#take\n#prioirty high\n\nIt works again.")
    assert [type(change) for change in decision.changes] == [Record]
    assert written(decision) == [("result", "ivan@help.test")]
    lines = result(decision).body.splitlines()
    assert lines[:2] == [
        NOTHING_DONE,
        'Line 2: "#prioirty high" – no such command. Did you mean "#priority high"?',
    ]
    assert "> It works again." in lines


def test_a_command_that_cannot_be_carried_out_stops_the_others() -> None:
    decision = ordered("#take\n\n#assign Nobody")
    assert (changes(decision, Assign), to_customers(decision)) == ([], [])
    assert result(decision).body.splitlines() == [
        NOTHING_DONE,
        'Line 3: "#assign Nobody": nobody is called "Nobody". Agents: Ivan, Olha, Lena',
        "",
        "> #take",
        ">",
        "> #assign Nobody",
    ]


def test_closing_with_an_answer_is_one_letter() -> None:
    decision = ordered("#close solved\nThe server was replaced.")
    assert [(letter.event, letter.body) for letter in to_customers(decision)] == [
        (Event.CLOSED, "The server was replaced."),
        (Event.CLOSED, "The server was replaced."),  # Cc
    ]
    assert changes(decision, SetState) == [SetState(NUMBER, State.CLOSED, resolution="solved")]


def test_closing_without_an_answer_is_one_automatic_letter_to_the_requester() -> None:
    (letter,) = to_customers(ordered("#close"))
    assert (letter.event, letter.to, letter.body, letter.automatic) == (Event.CLOSED, ANNA, "", True)


def test_asking_with_an_answer_is_one_letter() -> None:
    decision = ordered("#ask ip\nWe are on it.", rules=asking_policy())
    assert [(letter.event, letter.body, letter.missing, letter.due_at) for letter in to_customers(decision)] == [
        (Event.MISSING, "We are on it.", ("Which IP?",), NOW + 5 * DAY),
        (Event.MISSING, "We are on it.", ("Which IP?",), NOW + 5 * DAY),
    ]


def test_spam_sends_nothing_whatever_stands_below() -> None:
    decision = ordered("#spam\nGo away!")
    assert to_customers(decision) == []
    assert changes(decision, Remember) == [Remember(ANNA.address, blocked=True)]


def test_undo_and_a_new_answer_in_one_mail() -> None:
    decision = ordered("#undo\nWhat I meant.", on=ticket(state=State.WAITING, unsent=("Ivan",)))
    assert [letter.body for letter in to_customers(decision)] == ["What I meant."] * 2
    assert changes(decision, SetState)[-1] == SetState(NUMBER, State.WAITING)


def test_the_transcript_is_in_the_language_of_the_desk() -> None:
    assert result(ordered("#take", on=ticket(desk="sales"))).body == "Назначено: Ivan."


def test_a_command_in_the_subject_needs_no_ticket() -> None:
    inbound = mail("", sender=IVAN_WRITES, subject="#queue", headers=passed())
    queue = (ticket(), ticket(100002, desk="sales", subject="An offer"))
    decision = decided(inbound, Facts(queue=queue), TRUSTING)
    assert (decision.disposition, decision.ticket) == (Disposition.COMMAND, None)
    assert result(decision).body.splitlines() == [
        "1. [##100001##] A question · Anna <anna@shop.test> · open",
        "2. [##100002##] An offer · Anna <anna@shop.test> · open",  # Ivan serves every desk
    ]


def test_an_agent_of_one_desk_gets_the_queue_of_that_desk() -> None:
    lena = Address("lena@help.test")
    inbound = mail("#queue", sender=lena, headers=passed(lena))
    decision = decided(inbound, Facts(queue=(ticket(), ticket(100002, desk="sales"))), TRUSTING)
    assert decision.letters[0].body.startswith("1. [##100002##]")


def test_a_command_without_a_ticket_is_refused_with_the_way_to_do_it() -> None:
    inbound = mail("#close", sender=IVAN_WRITES, headers=passed())
    assert "this command needs a ticket" in result(decided(inbound, rules=TRUSTING)).body


def test_show_tells_of_a_ticket_or_that_there_is_none() -> None:
    inbound = mail("#show 100001\n#show 100009", sender=IVAN_WRITES, headers=passed())
    body = result(decided(inbound, Facts(by_number=(ticket(),)), TRUSTING)).body
    assert body.startswith("[##100001##] A question")
    assert body.endswith("there is no ticket 100009")


# --- proof ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "headers"),
    [
        (sent(usable=False), ()),  # spent or expired
        (sent("olha@help.test"), ()),  # a colleague's secret
        (acknowledged(), ()),  # the requester's secret
        (sent(), FORGED_AGENT),  # the secret leaked, our server says forged
        (sent(usable=False), verdict("spf=pass")),
        (sent(usable=False), (("authentication-results", "mx.evil.test; dmarc=pass header.from=help.test"),)),
    ],
)
@pytest.mark.parametrize("text", ["#close", "It works again.", "#accept", "#nonsense"])
def test_without_a_proof_nothing_is_carried_out_and_nothing_reaches_the_requester(
    text: str, letter: SentLetter, headers: tuple[tuple[str, str], ...]
) -> None:
    decision = ordered(mail(text, sender=IVAN_WRITES, headers=headers), letter, rules=TRUSTING)
    assert (decision.disposition, decision.filing, decision.proof) == (Disposition.HOLD, Filing.HELD, Proof.NONE)
    assert [type(change) for change in decision.changes] == [Record]
    assert written(decision) == [("unproven", "ivan@help.test")]
    assert decision.letters[0].body == text


def test_an_unproven_agent_is_told_at_most_once_an_hour() -> None:
    counted = LetterCounts(unproven_1h=1)
    assert ordered("Hello", sent(usable=False), counts=counted).letters == ()
    guessing = decided(mail("#queue", sender=IVAN_WRITES), Facts(counts=counted))
    assert (guessing.disposition, guessing.letters) == (Disposition.HOLD, ())


def test_a_command_without_ticket_and_proof_is_told_how_to_prove_it() -> None:
    decision = decided(mail("#queue", sender=IVAN_WRITES), Facts(queue=(ticket(),)))
    assert written(decision) == [("unproven", "ivan@help.test")]
    assert "A question" not in decision.letters[0].body


@pytest.mark.parametrize(
    ("letter", "meant"),
    [
        (sent(usable=False), Audience.AGENT),
        (sent(usable=False, audience=Audience.COLLEAGUES), Audience.COLLEAGUES),  # never from a note to the requester
        (sent(usable=False, audience=Audience.NOBODY), Audience.NOBODY),
        (acknowledged(), Audience.AGENT),
    ],
)
def test_a_kept_text_goes_no_further_than_it_was_written_to(letter: SentLetter, meant: Audience) -> None:
    assert ordered("A text.", letter).letters[0].audience is meant


KEPT = Held(id=7, sender=IVAN_WRITES, subject="Re: A question", at=NOW, text="It works again.", parts=(2,))
OFFER = sent(event=Event.UNPROVEN, cause=7)


@pytest.mark.parametrize("word", ["yes", "Yes.", "да", "так", "tak!", "\nYES\n"])
def test_the_one_word_sends_the_kept_text(word: str) -> None:
    decision = ordered(word, OFFER, ticket(held=(KEPT,)))
    assert [(letter.body, letter.parts, letter.parts_of) for letter in to_customers(decision)] == [
        ("It works again.", (2,), 7)
    ] * 2
    assert changes(decision, SettleHeld) == [SettleHeld(NUMBER, 7, False)]
    assert result(decision).body == "Your answer goes to: Anna <anna@shop.test>, Boris <boris@shop.test>."


def test_kept_commands_are_carried_out_by_the_one_word() -> None:
    kept = Held(id=7, sender=IVAN_WRITES, subject="", at=NOW, text="#close solved")
    decision = ordered("yes", OFFER, ticket(held=(kept,)))
    assert changes(decision, SetState) == [SetState(NUMBER, State.CLOSED, resolution="solved")]


def test_the_word_said_twice_is_no_answer() -> None:
    decision = ordered("yes", OFFER, ticket())
    assert to_customers(decision) == []
    assert "nothing waits for this word" in result(decision).body


def test_the_word_means_something_only_in_reply_to_the_offer() -> None:
    assert [letter.body for letter in to_customers(ordered("yes", on=ticket(held=(KEPT,))))] == ["yes"] * 2


def test_a_colleague_cannot_send_the_kept_text() -> None:
    inbound = mail("yes", sender=OLHA_WRITES)
    assert decided(inbound, answering(OFFER, ticket(held=(KEPT,)))).disposition is Disposition.HOLD


def test_a_secret_that_others_have_seen_is_carried_out_and_then_spent() -> None:
    inbound = mail("#take", sender=IVAN_WRITES, to=(DESK,), cc=(EVE,))
    decision = ordered(inbound)
    assert changes(decision, Assign) == [Assign(NUMBER, "Ivan")]
    assert changes(decision, SpendSecret) == [SpendSecret(NOTIFIED.message_id)]
    assert changes(ordered("#take"), SpendSecret) == []


# --- no orders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [(("auto-submitted", "auto-replied"),), (("precedence", "bulk"),), (("list-id", "<x>"),)]
)
def test_machine_mail_from_an_agent_is_never_an_answer(headers: tuple[tuple[str, str], ...]) -> None:
    decision = ordered(mail("I am on holiday.", sender=IVAN_WRITES, headers=headers))
    assert (decision.disposition, decision.letters) == (Disposition.RECORD, ())


def test_an_agent_answers_his_own_request_as_its_requester() -> None:
    own = ticket(requester=IVAN_WRITES, participants=(), state=State.WAITING)
    letter = sent(audience=Audience.REQUESTER, event=Event.OPENED)
    decision = ordered("Still broken.", letter, own)
    assert (decision.disposition, decision.filing) == (Disposition.APPEND, Filing.VISIBLE)
    assert written(decision) == [("notify", "olha@help.test")]


def test_orders_in_imported_history_are_kept_and_not_obeyed() -> None:
    inbound = mail("#close", sender=IVAN_WRITES)
    decision = decided(inbound, answering(NOTIFIED, ticket()), silent=True)
    assert ([type(change) for change in decision.changes], decision.letters) == ([Record], ())


def test_commands_change_the_place_in_the_queue() -> None:
    (place,) = changes(ordered("#outage site-down"), SetPlace)
    assert (place.lane, place.situation) == (Lane.OUTAGE, "site-down")


# --- one person, several addresses ----------------------------------------------------------------


def test_an_agent_may_answer_from_another_of_the_own_addresses() -> None:
    decision = ordered(mail("It works again.", sender=Address("ivan@home.test")))
    assert (decision.proof, written(decision)[0]) == (Proof.REPLY, ("reply", "anna@shop.test"))


def test_a_colleagues_letter_proves_nothing() -> None:
    decision = ordered(mail("It works again.", sender=Address("ivan@home.test")), sent("olha@help.test"))
    assert (decision.proof, decision.disposition) == (Proof.NONE, Disposition.HOLD)


# --- an answer that crosses another ---------------------------------------------------------------


def crossed(*answers: str) -> SentLetter:
    """The notification, and who has answered since."""
    return replace(NOTIFIED, answers=tuple((name, NOW) for name in answers))


def test_an_answer_that_crosses_a_colleagues_is_kept_and_offered() -> None:
    decision = ordered("The invoice is attached.", crossed("Olha"))
    assert (decision.disposition, decision.filing) == (Disposition.HOLD, Filing.HELD)
    assert to_customers(decision) == []
    offer = result_offered(decision)
    assert "Olha" in offer.body
    assert "The invoice is attached." in offer.body


def result_offered(decision: Decision) -> Letter:
    """The letter that offers to send what is kept: it says whom that reaches."""
    (letter,) = decision.letters
    assert (letter.event, letter.audience) == (Event.RESULT, Audience.AGENT)
    return letter


@pytest.mark.parametrize("word", ["yes", "Send anyway.", "отправить всё равно"])
def test_a_word_sends_it_anyway(word: str) -> None:
    held = Held(id=7, sender=IVAN_WRITES, subject="", at=NOW, text="The invoice is attached.")
    offer = replace(sent(event=Event.RESULT, cause=7), answers=(("Olha", NOW),))
    decision = ordered(word, offer, ticket(held=(held,)))
    assert {letter.body for letter in to_customers(decision)} == {"The invoice is attached."}


def test_ones_own_answer_crosses_nothing() -> None:
    assert to_customers(ordered("One thing more.", crossed("Ivan")))


def test_a_note_crosses_nothing() -> None:
    assert written(ordered("#note\nI look into it.", crossed("Olha")))[0][0] == "note"


# --- written to the requester directly ------------------------------------------------------------


def test_what_an_agent_sent_himself_is_the_answer_and_is_not_sent_again() -> None:
    inbound = mail("The invoice is attached.", sender=IVAN_WRITES, to=(ANNA,), cc=(DESK,), headers=passed())
    decision = ordered(inbound, rules=TRUSTING)
    assert (decision.disposition, decision.filing, decision.text) == (
        Disposition.APPEND,
        Filing.VISIBLE,
        "The invoice is attached.",
    )
    assert decision.letters == ()
    assert SetState(NUMBER, State.WAITING) in decision.changes
    assert Assign(NUMBER, "Ivan") in decision.changes


def test_a_copy_for_us_that_nothing_proves_is_held() -> None:
    inbound = mail("I promise you a refund.", sender=IVAN_WRITES, to=(ANNA,), subject=f"[##{NUMBER}##]")
    decision = decided(inbound, Facts(by_number=(ticket(),)), TRUSTING)
    assert (decision.disposition, to_customers(decision)) == (Disposition.HOLD, [])


def test_what_an_agent_writes_to_somebody_new_begins_a_ticket_that_waits_for_him() -> None:
    inbound = mail("Shall we meet?", sender=IVAN_WRITES, to=(EVE,), delivered_to=(DESK.address,), headers=passed())
    decision = decided(inbound, rules=TRUSTING)
    (opened,) = [change for change in decision.changes if isinstance(change, OpenTicket)]
    assert (opened.requester, opened.state, decision.letters) == (EVE, State.WAITING, ())
    assert Assign(NEW, "Ivan") in decision.changes


@pytest.mark.parametrize(
    "said",
    [
        {"to": (EVE, DESK), "headers": passed()},  # the desk itself is asked
        {"to": (OLHA_WRITES,), "headers": passed()},  # among colleagues
        {"to": (EVE,)},  # nothing proves the agent
    ],
)
def test_any_other_mail_of_an_agent_is_a_request_of_his_own(said: dict[str, Any]) -> None:
    decision = decided(mail("Help", sender=IVAN_WRITES, **said), rules=TRUSTING)
    (opened,) = [change for change in decision.changes if isinstance(change, OpenTicket)]
    assert opened.requester == IVAN_WRITES
