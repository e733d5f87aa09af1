"""A mail on a ticket that exists: joined to the conversation, or held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.core.decision import (
    Decision,
    Disposition,
    Filing,
    Join,
    Record,
    Role,
    Schedule,
    SetFacts,
    SetState,
    Unschedule,
)
from helpdesk.core.facts import Facts
from helpdesk.core.message import Attachment, Inbound
from helpdesk.core.outgoing import Audience
from helpdesk.core.scheduling import answered
from helpdesk.core.sender import LetterCounts
from helpdesk.core.ticket import FollowUp, Held, Lane, Part, Participant, State, Ticket
from tests.build import (
    ANNA,
    AUTHSERV,
    BORIS,
    DAY,
    EVE,
    FORGED,
    NOW,
    NUMBER,
    acknowledged,
    answering,
    asking_policy,
    changes,
    decided,
    mail,
    passed,
    policy,
    ticket,
    to_customers,
    verdict,
    written,
)

TRUSTING = policy(trusted_authserv=AUTHSERV)
ASKED = ticket(
    state=State.WAITING,
    checklist="general",
    missing=("ip", "time"),
    follow_ups=(FollowUp("reminder", NOW + DAY), FollowUp("auto-close", NOW + 4 * DAY)),
)
KNOWN_ID = "<first@shop.test>"


def replied(inbound: Inbound, on: Ticket | None = None, rules: Any = None, **values: Any) -> Decision:
    """A mail that refers to a ticket."""
    return decided(inbound, Facts(by_reference=((KNOWN_ID, on or ticket()),)), rules, **values)


def test_a_reply_joins_the_conversation_and_is_told_to_the_agents_alone() -> None:
    decision = replied(mail("Here is more."))
    assert (decision.disposition, decision.ticket, decision.filing) == (Disposition.APPEND, NUMBER, Filing.VISIBLE)
    assert written(decision) == [("notify", "ivan@help.test"), ("notify", "olha@help.test")]
    assert {letter.audience for letter in decision.letters} == {Audience.AGENT}


def test_the_assignee_alone_is_told() -> None:
    assert written(replied(mail(), ticket(assignee="Olha"))) == [("notify", "olha@help.test")]


def test_files_travel_to_the_agents() -> None:
    file = Attachment(part=3, name="log.txt", type="text/plain", size=9, sha256="x")
    assert {letter.parts for letter in replied(mail(attachments=(file,))).letters} == {(3,)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ticket(state=State.NEW), None),  # still nobody of us has looked
        (ticket(state=State.OPEN), None),
        (ticket(state=State.WAITING), State.OPEN),
        (ticket(state=State.CLOSED, resolution="solved"), State.OPEN),
        (ticket(state=State.OPEN, wake_at=NOW + DAY), State.OPEN),  # asleep: woken
    ],
)
def test_what_a_reply_does_to_the_state(before: Ticket, after: State | None) -> None:
    expected = [] if after is None else [SetState(NUMBER, after)]
    assert changes(replied(mail(), before), SetState) == expected


def test_any_answer_ends_what_was_due() -> None:
    decision = replied(mail("Thank you."), ASKED, asking_policy())
    assert changes(decision, Unschedule) == [answered(NUMBER)]
    assert changes(decision, Schedule) == []
    assert changes(decision, SetState) == [SetState(NUMBER, State.OPEN)]


def test_a_reply_to_a_closed_ticket_reopens_it_with_a_word_to_the_requester() -> None:
    decision = replied(mail("Again!"), ticket(state=State.CLOSED, resolution="solved"))
    assert written(decision)[0] == ("reopened", "anna@shop.test")
    assert [str(reason) for reason in decision.reasons[-1:]] == ["reopened: was closed as solved"]


def test_a_partly_answered_checklist_is_asked_for_the_rest_once() -> None:
    decision = replied(mail("IP: 192.0.2.7"), ASKED, asking_policy())
    assert changes(decision, SetFacts) == [SetFacts(NUMBER, (("ip", "192.0.2.7"),), ("time",), "general")]
    (letter,) = to_customers(decision)
    assert (letter.event, letter.missing, letter.due_at) == ("missing", ("Since when?",), NOW + 5 * DAY)
    assert changes(decision, SetState) == []  # it goes on waiting, from now on
    assert [change.kind for change in changes(decision, Schedule)] == ["reminder", "auto-close"]


def test_a_full_answer_is_not_asked_again() -> None:
    decision = replied(mail("IP: 192.0.2.7\nTime: 9:00"), ASKED, asking_policy())
    assert changes(decision, SetFacts)[0].missing == ()
    assert {reason.rule for letter in decision.letters for reason in letter.reasons} == {"complete"}
    assert to_customers(decision) == []
    assert changes(decision, SetState) == [SetState(NUMBER, State.OPEN)]


def test_an_answer_that_tells_nothing_is_not_asked_again() -> None:
    decision = replied(mail("What do you mean?"), ASKED, asking_policy())
    assert to_customers(decision) == []
    assert changes(decision, SetState) == [SetState(NUMBER, State.OPEN)]


def test_an_outage_is_asked_for_the_rest_and_stays_open() -> None:
    outage = ticket(lane=Lane.OUTAGE, checklist="general", missing=("ip", "time"))
    decision = replied(mail("IP: 192.0.2.7"), outage, asking_policy())
    assert written(decision)[0] == ("missing", "anna@shop.test")
    assert (changes(decision, SetState), changes(decision, Schedule)) == ([], [])
    assert [letter.due_at for letter in to_customers(decision)] == [None], "no day on which it would close"


def test_the_requester_is_asked_in_the_language_of_the_ticket() -> None:
    russian = ticket(state=State.WAITING, checklist="general", missing=("ip", "time"), language="ru")
    (letter,) = to_customers(replied(mail("IP: 192.0.2.7"), russian, asking_policy()))
    assert (letter.language, letter.missing) == ("ru", ("С каких пор?",))


def test_a_letter_that_a_bound_stops_is_in_the_history() -> None:
    facts = Facts(
        by_reference=((KNOWN_ID, ticket(state=State.CLOSED)),),
        counts=LetterCounts(address_3h=10),
    )
    decision = decided(mail(), facts)
    assert to_customers(decision) == []
    assert changes(decision, Record)[-1] == Record(NUMBER, "helpdesk", "no letter", "bound: 10 letters in 3 hours")


def test_somebody_in_copy_takes_part_but_letters_go_to_the_requester() -> None:
    decision = replied(mail(sender=BORIS), ticket(state=State.CLOSED))
    assert (decision.disposition, decision.role) == (Disposition.APPEND, Role.CC)
    assert [letter.to for letter in to_customers(decision)] == [ANNA]


def test_whom_a_reply_copies_does_not_join_by_that() -> None:
    assert changes(replied(mail(cc=(EVE,), headers=passed(ANNA)), rules=TRUSTING), Join) == []


def test_the_history_says_how_the_mail_found_its_ticket() -> None:
    letter = acknowledged()
    facts = answering(letter, ticket(), by_number=(ticket(100002),))
    decision = decided(mail(subject="[##100002##]"), facts)
    assert changes(decision, Record) == [
        Record(
            NUMBER,
            "anna@shop.test",
            "wrote",
            "secret; thread-disagreement: subject has [##100002##], references lead to [##100001##]",
        )
    ]


def test_imported_history_moves_nothing() -> None:
    decision = replied(mail("IP: 192.0.2.7"), ticket(state=State.CLOSED), asking_policy(), silent=True)
    assert (decision.disposition, decision.filing, decision.letters) == (Disposition.APPEND, Filing.VISIBLE, ())
    assert [type(change) for change in decision.changes] == [Record]


# --- held -----------------------------------------------------------------------------------------


def test_a_stranger_with_references_is_held_seen_by_agents_only() -> None:
    decision = replied(mail("Tell me everything.", sender=EVE))
    assert (decision.disposition, decision.ticket, decision.filing) == (Disposition.HOLD, NUMBER, Filing.HELD)
    assert [type(change) for change in decision.changes] == [Record]
    assert written(decision) == [("held", "ivan@help.test"), ("held", "olha@help.test")]
    assert {letter.audience for letter in decision.letters} == {Audience.NOBODY}


def test_a_participant_whom_our_server_calls_forged_is_held() -> None:
    decision = replied(mail(cc=(EVE,), headers=FORGED), ticket(state=State.CLOSED), TRUSTING)
    assert (decision.disposition, decision.role) == (Disposition.HOLD, Role.REQUESTER)
    assert (changes(decision, SetState), changes(decision, Join), to_customers(decision)) == ([], [], [])


def test_a_participant_of_whom_our_server_says_nothing_is_believed() -> None:
    assert replied(mail(headers=verdict("spf=pass")), rules=TRUSTING).disposition is Disposition.APPEND


def test_the_tag_lets_a_participant_in() -> None:
    decision = decided(mail(subject=f"[##{NUMBER}##]"), Facts(by_number=(ticket(),)))
    assert (decision.disposition, decision.evidence) == (Disposition.APPEND, "tag")


def test_somebody_who_takes_part_no_longer_is_held_although_he_shows_a_secret() -> None:
    letter = acknowledged(EVE)
    decision = decided(mail(sender=EVE), answering(letter, ticket()))
    assert (decision.disposition, decision.evidence) == (Disposition.HOLD, "secret")


def test_a_mail_without_one_sender_is_held() -> None:
    decision = replied(mail(sender=None))
    assert (decision.disposition, decision.role) == (Disposition.HOLD, Role.NOBODY)


def held_notices(count: int, on: Ticket, *, already: int = 0) -> set[str]:
    """Dedupe keys of the notices to Ivan of so many held mails within half an hour."""
    facts = Facts(by_reference=((KNOWN_ID, on),), counts=LetterCounts(held_notices_1h=already))
    return {
        letter.dedupe_key
        for number in range(count)
        for letter in decided(mail(f"{number}", sender=EVE), facts, now=NOW + timedelta(minutes=number)).letters
        if letter.to.address == "ivan@help.test"
    }


def test_the_first_held_mails_of_a_ticket_have_a_notice_each_later_ones_one_an_hour() -> None:
    waiting = tuple(Held(id=number, sender=EVE, subject="?", at=NOW) for number in range(3))
    assert len(held_notices(3, ticket())) == 3
    assert len(held_notices(30, ticket(held=waiting))) == 1


def test_a_flood_of_held_mail_falls_silent() -> None:
    assert held_notices(3, ticket(), already=20) == set()


def test_a_colleague_of_the_requester_writes_on_any_of_his_tickets_and_takes_part_from_then_on() -> None:
    on = ticket(colleagues=(EVE.address,))
    inbound = mail("We need it by Friday.", sender=EVE, subject=f"[##{NUMBER}##] A question")
    decision = decided(inbound, Facts(by_number=(on,)))
    assert (decision.disposition, decision.role) == (Disposition.APPEND, Role.CC)
    assert changes(decision, Join) == [Join(NUMBER, EVE, Part.CC)]
    again = decided(inbound, Facts(by_number=(replace(on, participants=(Participant(EVE, Part.CC),)),)))
    assert changes(again, Join) == []


def test_a_forged_colleague_is_held_as_anybody_is() -> None:
    inbound = mail("Now.", sender=EVE, subject=f"[##{NUMBER}##]", headers=verdict("dmarc=fail header.from=evil.test"))
    facts = Facts(by_number=(ticket(colleagues=(EVE.address,)),))
    assert decided(inbound, facts, policy(trusted_authserv=AUTHSERV)).disposition is Disposition.HOLD
