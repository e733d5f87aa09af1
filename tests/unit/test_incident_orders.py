"""#incident, #join and #broadcast."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.core.decision import (
    Assign,
    CancelLetters,
    Decision,
    Disposition,
    OpenTicket,
    Record,
    SetPlace,
    SetState,
    Unschedule,
)
from helpdesk.core.incident import HangOn, Incident, SetNews
from helpdesk.core.message import Address, Inbound
from helpdesk.core.outgoing import Audience
from helpdesk.core.ticket import NEW_INCIDENT, Held, Lane, Part, Participant, State, Ticket
from tests.build import (
    ANNA,
    AUTHSERV,
    BORIS,
    IVAN_WRITES,
    NOW,
    NUMBER,
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

TRUSTING = policy(trusted_authserv=AUTHSERV)
OPEN = Incident(number=100009, desk="support", situation="site-down", news="We restart the servers.")
PIOTR = Address("piotr@parts.test", "Piotr")


def of(requester: Address, number: int, **values: Any) -> Ticket:
    """A ticket that hangs on the incident."""
    state: dict[str, Any] = {
        "requester": requester,
        "participants": (Participant(requester, Part.REQUESTER),),
        "incident": 100009,
        "lane": Lane.OUTAGE,
        "situation": "site-down",
    }
    return ticket(number, **state | values)


INCIDENT = ticket(100009, requester=None, participants=(), lane=Lane.OUTAGE, situation="site-down", gathers=2)
ANNAS, PIOTRS = of(ANNA, 100001, language="ru"), of(PIOTR, 100002, language="pl")


def written_by_ivan(text: str, **values: Any) -> Inbound:
    """A mail of Ivan's whose sender our server has proven."""
    return mail(text, sender=IVAN_WRITES, headers=passed(), message_id="<ivan@help.test>", **values)


def ordered(
    text: str,
    on: Ticket = INCIDENT,
    *members: Ticket,
    audience: Audience = Audience.COLLEAGUES,
    others: tuple[Ticket, ...] = (),
    incidents: tuple[Incident, ...] = (OPEN,),
    **values: Any,
) -> Decision:
    """What a mail of Ivan's in reply to a notification does."""
    letter = sent(audience=audience, number=on.number)
    gathered = (INCIDENT, *members) if members else ()
    facts = answering(letter, on, gathered=gathered, incidents=incidents, by_number=others)
    return decided(written_by_ivan(text, references=(letter.message_id,), **values), facts, TRUSTING)


def answer_to(decision: Decision) -> str:
    """What the agent reads about the commands."""
    return decision.letters[-1].body


# --- #broadcast -----------------------------------------------------------------------------------


def test_a_broadcast_goes_to_each_customer_alone_on_the_own_ticket() -> None:
    decision = ordered("#broadcast\n\nIt works again.", INCIDENT, ANNAS, PIOTRS)
    letters = to_customers(decision)
    assert [(one.event.value, one.ticket, one.to, one.shown_to, one.language, one.body) for one in letters] == [
        ("reply", 100001, ANNA, (ANNA,), "ru", "It works again."),
        ("reply", 100002, PIOTR, (PIOTR,), "pl", "It works again."),
    ]
    assert {one.send_after for one in letters} == {NOW + TRUSTING.undo_window}
    assert changes(decision, SetNews) == [SetNews(100009, "It works again.")]
    assert changes(decision, SetState) == []
    assert ("note", "olha@help.test") in written(decision)
    assert answer_to(decision) == "Told to everybody on the incident, each privately; customers: 2."


@pytest.mark.parametrize("text", ["#broadcast\n#close\n\nAll well.", "#close\n#broadcast\n\nAll well."])
def test_a_broadcast_with_close_is_one_letter_and_closes_everything(text: str) -> None:
    decision = ordered(text, INCIDENT, ANNAS, PIOTRS)
    assert [(one.event.value, one.ticket) for one in to_customers(decision)] == [("closed", 100001), ("closed", 100002)]
    closed = {change.ticket for change in changes(decision, SetState) if change.state is State.CLOSED}
    assert closed == {100001, 100002, 100009}
    assert {change.ticket for change in changes(decision, Unschedule)} == closed


def test_a_reply_to_a_customer_of_the_incident_may_tell_everybody_too() -> None:
    decision = ordered("#broadcast\n\nIt works.", ANNAS, ANNAS, PIOTRS, audience=Audience.AGENT)
    assert [one.to for one in to_customers(decision)] == [ANNA, PIOTR]
    assert decision.ticket == 100009


def test_a_customer_with_two_tickets_gets_one_letter_and_both_close() -> None:
    again = of(ANNA, 100003)
    decision = ordered("#broadcast\n#close\n\nAll well.", INCIDENT, ANNAS, again)
    assert [one.ticket for one in to_customers(decision)] == [100001]
    assert {change.ticket for change in changes(decision, SetState)} == {100001, 100003, 100009}


@pytest.mark.parametrize(
    "member",
    [
        of(PIOTR, 100002, state=State.CLOSED),  # solved before
        of(PIOTR, 100002, forged=True),  # the address never wrote to us
        replace(of(PIOTR, 100002), requester=None, participants=()),  # a monitor
    ],
)
def test_whom_a_broadcast_does_not_reach(member: Ticket) -> None:
    assert [one.to for one in to_customers(ordered("#broadcast\n\nIt works.", INCIDENT, ANNAS, member))] == [ANNA]


def test_copies_of_a_customer_get_the_answer_as_always() -> None:
    with_boris = replace(ANNAS, participants=ticket().participants)
    letters = to_customers(ordered("#broadcast\n\nIt works.", INCIDENT, with_boris))
    assert [(one.to, one.shown_cc) for one in letters] == [(ANNA, (BORIS,)), (BORIS, (BORIS,))]


def test_agents_addresses_never_reach_customers() -> None:
    decision = ordered("#broadcast\n\nAsk ivan@help.test about it.", INCIDENT, ANNAS)
    assert "ivan@help.test" not in to_customers(decision)[0].body + changes(decision, SetNews)[0].news


@pytest.mark.parametrize(
    ("text", "on", "members", "why"),
    [
        ("#broadcast", INCIDENT, (ANNAS,), "there is no text below the commands"),
        ("#broadcast\n\nHello", ticket(), (), "this ticket is on no incident"),
    ],
)
def test_a_broadcast_of_nothing_or_to_nobody_is_refused(
    text: str, on: Ticket, members: tuple[Ticket, ...], why: str
) -> None:
    decision = ordered(text, on, *members)
    assert to_customers(decision) == []
    assert why in answer_to(decision)


def test_with_no_more_proof_than_a_secret_the_agent_is_asked_first_and_one_word_sends_it() -> None:
    letter = sent(audience=Audience.COLLEAGUES, number=100009)
    said = mail("#broadcast\n\nIt works.", sender=IVAN_WRITES, references=(letter.message_id,))
    asked = decided(said, answering(letter, INCIDENT, gathered=(INCIDENT, ANNAS), incidents=(OPEN,)))
    assert (asked.disposition, to_customers(asked), changes(asked, SetNews)) == (Disposition.HOLD, [], [])
    assert "customers: 1" in answer_to(asked)

    held = Held(id=7, sender=IVAN_WRITES, subject="", at=NOW, text=said.text)
    waiting = replace(INCIDENT, held=(held,))
    result = replace(
        letter, event=asked.letters[-1].event, audience=Audience.NOBODY, cause=7, message_id="<r@help.test>"
    )
    word = mail("yes", sender=IVAN_WRITES, references=(result.message_id,))
    done = decided(word, answering(result, waiting, gathered=(waiting, ANNAS), incidents=(OPEN,)))
    assert [(one.to, one.parts_of) for one in to_customers(done)] == [(ANNA, 7)]


def test_a_broadcast_can_be_taken_back_while_it_has_not_left() -> None:
    unsent = of(ANNA, 100001, state=State.CLOSED, unsent=("Ivan",))
    decision = ordered("#undo", INCIDENT, unsent, PIOTRS)
    assert changes(decision, CancelLetters) == [CancelLetters(100001, "Ivan")]
    assert {change.ticket for change in changes(decision, SetState)} == {100001, 100009}
    assert changes(decision, SetNews) == [SetNews(100009, "")]
    assert "nothing" not in answer_to(decision).lower()
    assert "no answer of yours" in answer_to(ordered("#undo", INCIDENT, PIOTRS))


# --- #incident and #join --------------------------------------------------------------------------


def test_a_ticket_becomes_an_incident_and_its_customer_is_told() -> None:
    decision = ordered("#incident site-down", ticket(assignee="Ivan"), audience=Audience.AGENT, incidents=())
    (opening,) = changes(decision, OpenTicket)
    assert (opening.gathers, opening.subject, opening.situation) == (True, "Incident: A question", "site-down")
    assert changes(decision, HangOn) == [HangOn(NUMBER, NEW_INCIDENT)]
    assert changes(decision, Assign) == [Assign(NEW_INCIDENT, "Ivan")]
    assert changes(decision, SetPlace)[0].lane is Lane.OUTAGE
    assert [event for event, _ in written(decision)] == ["incident", "notify", "notify", "result"]


def test_an_incident_of_a_situation_that_nobody_knows_is_refused() -> None:
    assert 'there is no situation "site"' in answer_to(ordered("#incident site", ticket()))


def test_a_second_incident_of_the_same_situation_is_refused_with_the_way_out() -> None:
    decision = ordered("#incident site-down", ticket())
    assert 'the incident 100009 is about the same: "#join 100009"' in answer_to(decision)
    assert changes(decision, OpenTicket) == []


@pytest.mark.parametrize("named", [INCIDENT, ANNAS])
def test_a_ticket_joins_the_incident_named_or_that_of_the_ticket_named(named: Ticket) -> None:
    on = ticket(100005, state=State.WAITING)
    decision = ordered(f"#join {named.number}", on, others=(named,))
    assert changes(decision, HangOn) == [HangOn(100005, 100009)]
    place = changes(decision, SetPlace)[0]
    assert (place.lane, place.situation) == (Lane.OUTAGE, "site-down")
    assert changes(decision, SetState) == [SetState(100005, State.OPEN)]
    (letter,) = to_customers(decision)
    assert (letter.event.value, letter.body) == ("incident", "We restart the servers.")


@pytest.mark.parametrize(
    ("on", "number", "others", "why"),
    [
        (ticket(100005), 100008, (), "there is no ticket 100008"),
        (ticket(100005), 100008, (ticket(100008),), "100008 is no open incident, and hangs on none"),
        (PIOTRS, 100009, (INCIDENT,), "the ticket is on the incident 100009 already"),
        (INCIDENT, 100009, (INCIDENT,), "this is an incident itself"),
        (ticket(100005, state=State.CLOSED), 100009, (INCIDENT,), "100005 is closed; open it first"),
    ],
)
def test_what_cannot_join(on: Ticket, number: int, others: tuple[Ticket, ...], why: str) -> None:
    decision = ordered(f"#join {number}", on, others=others)
    assert changes(decision, HangOn) == []
    assert why in answer_to(decision)


def test_a_ticket_that_is_no_outage_after_all_leaves_the_incident() -> None:
    decision = ordered("#normal", ANNAS)
    assert changes(decision, HangOn) == [HangOn(100001, None)]
    assert Record(100001, "Ivan", "left the incident", "[##100009##]") in decision.changes


def test_closing_the_incident_alone_leaves_its_tickets_and_says_so() -> None:
    decision = ordered("#close", INCIDENT, ANNAS, PIOTRS)
    assert {change.ticket for change in changes(decision, SetState)} == {100009}
    assert "Its tickets stay as they are (2)" in answer_to(decision)


@pytest.mark.parametrize("text", ["#merge 100009", "#requester anna@shop.test"])
def test_an_incident_stays_nobodys(text: str) -> None:
    on = ticket(100005) if "merge" in text else INCIDENT
    assert "an incident belongs to nobody" in answer_to(ordered(text, on, others=(INCIDENT,)))


def test_a_reply_to_the_notification_of_an_incident_is_a_note() -> None:
    decision = ordered("Who looks after it?", INCIDENT, ANNAS)
    assert to_customers(decision) == []
    assert [one.audience for one in decision.letters] == [Audience.COLLEAGUES]
