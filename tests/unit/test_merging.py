"""#merge and #requester: where a ticket goes, who takes part in it, and when the agent is asked first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.core.bench import Bench, Carried, Refused
from helpdesk.core.command_values import Command, MergeInto, SetRequester
from helpdesk.core.decision import (
    Assign,
    Decision,
    Disposition,
    Filing,
    Join,
    Link,
    Record,
    SetFacts,
    SetPlace,
    SetState,
    SettleHeld,
    Unschedule,
)
from helpdesk.core.incident import HangOn
from helpdesk.core.message import Address
from helpdesk.core.order_words import words_in
from helpdesk.core.orders import carry_out
from helpdesk.core.outgoing import Audience, Event, Letter, SentLetter
from helpdesk.core.policy import Policy
from helpdesk.core.regrouping import Merge
from helpdesk.core.regrouping import SetRequester as RequesterChanged
from helpdesk.core.ticket import Held, Lane, Part, Participant, State, Ticket
from tests.build import (
    ANNA,
    AUTHSERV,
    BORIS,
    DAY,
    EVE,
    IVAN,
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

OTHER = 100002
SURVIVOR = ticket(OTHER, subject="The same again")
EVES = ticket(requester=EVE, participants=(Participant(EVE, Part.REQUESTER),))


def done(command: Command, on: Ticket | None = None, *others: Ticket) -> Carried:
    carried = _carry_out(command, on or ticket(), others)
    assert isinstance(carried, Carried), carried.why
    return carried


def refused(command: Command, on: Ticket | None = None, *others: Ticket) -> str:
    carried = _carry_out(command, on or ticket(), others)
    assert isinstance(carried, Refused)
    return carried.why


def _carry_out(command: Command, on: Ticket, others: tuple[Ticket, ...]) -> Carried | Refused:
    bench = Bench(agent=IVAN, policy=policy(), now=NOW, cause="mail", words=words_in("en"), others=others)
    return carry_out((command,), on, bench)


# --- #merge ---------------------------------------------------------------------------------------


def test_a_ticket_of_the_same_people_goes_into_the_other_one() -> None:
    carried = done(MergeInto(OTHER), ticket(), SURVIVOR)
    assert carried.changes == (
        Record(NUMBER, "Ivan", "merged", "into [##100002##]"),
        Record(OTHER, "Ivan", "merged", "with [##100001##], which was Anna <anna@shop.test>'s"),
        Unschedule(NUMBER),
        Link(NUMBER, OTHER, "merged"),
        Merge(NUMBER, OTHER, regroups=False),
    )
    assert (carried.ticket, carried.letters, carried.regroups) == (SURVIVOR, (), False)
    assert carried.lines == ("Goes into [##100002##] The same again (Anna <anna@shop.test>): both numbers lead there.",)


def test_who_took_part_takes_part_in_the_other_ticket_as_cc() -> None:
    carried = done(MergeInto(OTHER), EVES, SURVIVOR)
    assert [one for one in carried.changes if isinstance(one, Join | Merge)] == [
        Merge(NUMBER, OTHER, regroups=True),
        Join(OTHER, EVE, Part.CC),
    ]
    assert (carried.regroups, carried.ticket.requester) == (True, ANNA)
    assert carried.lines[1] == "There, too, from now on, and gets the answers: Eve <eve@evil.test>."


def test_a_forged_requester_is_let_in_nowhere() -> None:
    carried = done(MergeInto(OTHER), replace(EVES, forged=True), SURVIVOR)
    assert not any(isinstance(change, Join) for change in carried.changes)


def test_a_ticket_of_nobody_gets_the_requester() -> None:
    nobodys = ticket(OTHER, requester=None, participants=())
    carried = done(MergeInto(OTHER), EVES, nobodys)
    assert RequesterChanged(OTHER, EVE) in carried.changes
    assert carried.ticket.requester == EVE


def test_an_outage_stays_an_outage() -> None:
    outage = ticket(lane=Lane.OUTAGE, situation="site-down", reasons=("site-down: down",))
    carried = done(MergeInto(OTHER), outage, replace(SURVIVOR, state=State.WAITING))
    assert [one for one in carried.changes if isinstance(one, SetPlace | SetState)] == [
        SetPlace(OTHER, Lane.OUTAGE, SURVIVOR.priority, "site-down", ("site-down: down",)),
        SetState(OTHER, State.OPEN),
    ]


@pytest.mark.parametrize("into", [{"state": State.WAITING}, {"wake_at": NOW + DAY}])
def test_what_waited_for_us_still_does(into: dict[str, Any]) -> None:
    survivor = ticket(OTHER, **into)
    carried = done(MergeInto(OTHER), ticket(state=State.NEW), survivor)
    assert carried.changes[-2:] == (Unschedule(OTHER), SetState(OTHER, State.OPEN))
    asleep = done(MergeInto(OTHER), ticket(wake_at=NOW + DAY), survivor)
    assert asleep.ticket.state is survivor.state


def test_what_is_known_and_who_works_on_it_go_along() -> None:
    known = ticket(fields=(("ip", "192.0.2.1"), ("time", "9")), assignee="Olha")
    carried = done(MergeInto(OTHER), known, ticket(OTHER, fields=(("time", "10"),), missing=("ip", "what")))
    assert carried.changes[-2:] == (
        SetFacts(OTHER, (("ip", "192.0.2.1"),), ("what",), None),
        Assign(OTHER, "Olha"),
    )
    assert [(one.event, one.to.address) for one in carried.letters] == [(Event.NOTIFY, "olha@help.test")]


def test_merging_in_a_circle_or_into_nothing_is_refused() -> None:
    gone = ticket(OTHER, state=State.CLOSED, merged_into=NUMBER)
    assert "is this very ticket" in refused(MergeInto(NUMBER), ticket(), ticket())
    assert "is this very ticket" in refused(MergeInto(OTHER), ticket(), gone, ticket())
    assert refused(MergeInto(OTHER), ticket()) == "there is no ticket 100002"
    assert "100002 is closed" in refused(MergeInto(OTHER), ticket(), ticket(OTHER, state=State.CLOSED))


def test_what_hung_on_an_incident_still_does_and_once() -> None:
    def hung(into: Ticket) -> list[HangOn]:
        carried = done(MergeInto(OTHER), ticket(incident=100009), into)
        return [one for one in carried.changes if isinstance(one, HangOn)]

    assert hung(SURVIVOR) == [HangOn(NUMBER, None), HangOn(OTHER, 100009)]
    assert hung(ticket(OTHER, incident=100008)) == [HangOn(NUMBER, None)]


def test_merging_follows_to_where_the_other_ticket_went() -> None:
    gone = ticket(OTHER, state=State.CLOSED, merged_into=100003)
    carried = done(MergeInto(OTHER), ticket(), gone, ticket(100003))
    assert Merge(NUMBER, 100003, regroups=False) in carried.changes


# --- #requester -----------------------------------------------------------------------------------


def test_a_ticket_becomes_somebody_elses() -> None:
    carried = done(SetRequester("eve@evil.test"), ticket(state=State.WAITING))
    assert carried.changes == (
        RequesterChanged(NUMBER, Address("eve@evil.test")),
        Record(NUMBER, "Ivan", "requester", "eve@evil.test; before: Anna <anna@shop.test>"),
        Unschedule(NUMBER),
        SetState(NUMBER, State.OPEN),
    )
    assert carried.ticket.part_of(ANNA.address) is None


def test_somebody_in_cc_becomes_the_requester_and_keeps_the_name() -> None:
    carried = done(SetRequester(BORIS.address))
    assert carried.ticket.participants == (Participant(BORIS, Part.REQUESTER),)


def test_an_address_of_ours_asks_for_nothing() -> None:
    assert "is an address of ours" in refused(SetRequester("support@help.test"))
    assert done(SetRequester(ANNA.address)).changes == ()


# --- the agent is asked first ---------------------------------------------------------------------

TRUSTING = policy(trusted_authserv=AUTHSERV)


def ordered(
    text: str,
    letter: SentLetter | None = None,
    on: Ticket | None = None,
    rules: Policy | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    **facts: Any,
) -> Decision:
    """Ivan answers one of our letters; the other ticket is known."""
    known: dict[str, Any] = {"by_number": (SURVIVOR,)}
    inbound = mail(text, sender=IVAN_WRITES, headers=headers)
    return decided(inbound, answering(letter or sent(), on or ticket(), **known | facts), rules)


def result(decision: Decision) -> Letter:
    letter = decision.letters[-1]
    assert letter.event is Event.RESULT
    return letter


@pytest.mark.parametrize("text", ["#merge 100002", "#requester eve@evil.test", "#requester eve@evil.test\n\nHello."])
def test_a_far_reaching_command_is_asked_about_when_a_reply_alone_proves_it(text: str) -> None:
    decision = ordered(text)
    assert (decision.disposition, decision.filing) == (Disposition.HOLD, Filing.HELD)
    assert decision.changes == (Record(NUMBER, "Ivan", "asked to confirm", text.splitlines()[0]),)
    assert written(decision) == [("result", "ivan@help.test")]
    assert "Nothing has been done yet" in result(decision).body
    assert "the one word “yes”" in result(decision).body


def test_the_first_line_of_the_offer_says_whom_the_word_reaches() -> None:
    assert result(ordered("#requester eve@evil.test\n\nHello.")).audience is Audience.AGENT
    assert result(ordered("#requester eve@evil.test")).audience is Audience.NOBODY


def test_a_proven_agent_is_not_asked_unless_people_meet() -> None:
    decision = ordered("#merge 100002", rules=TRUSTING, headers=passed())
    assert Merge(NUMBER, OTHER, regroups=False) in decision.changes
    assert decision.ticket == OTHER
    meeting = ordered("#merge 100002", on=EVES, rules=TRUSTING, headers=passed())
    assert meeting.disposition is Disposition.HOLD
    assert "eve@evil.test" in result(meeting).body


KEPT = Held(id=7, sender=IVAN_WRITES, subject="", at=NOW, text="#merge 100002")
OFFER = sent(audience=Audience.NOBODY, event=Event.RESULT, cause=7)


def test_the_word_carries_the_kept_command_out_once() -> None:
    decision = ordered("Да!", OFFER, ticket(held=(KEPT,)))
    assert Merge(NUMBER, OTHER, regroups=False) in decision.changes
    assert changes(decision, SettleHeld) == [SettleHeld(OTHER, 7, False)]
    again = ordered("Да!", OFFER, ticket(), by_number=())
    assert changes(again, Merge) == []
    assert "nothing waits for this word" in result(again).body


@pytest.mark.parametrize("word", ["yes please", "no", "yes\n\nno"])
def test_any_other_word_carries_nothing_out(word: str) -> None:
    decision = ordered(word, OFFER, ticket(held=(KEPT,)))
    assert (changes(decision, Merge), to_customers(decision)) == ([], [])


def test_the_word_in_reply_to_another_result_carries_nothing_out() -> None:
    other = sent(audience=Audience.NOBODY, event=Event.RESULT, cause=8)
    assert changes(ordered("yes", other, ticket(held=(KEPT,))), Merge) == []


@pytest.mark.parametrize("text", ["#merge 100002\n\nHello.", "#merge 100002\n#note Hello.", "#take\n#merge 100002"])
def test_merging_wants_a_mail_of_its_own(text: str) -> None:
    decision = ordered(text)
    assert "wants a mail of its own" in result(decision).body
    assert (changes(decision, Merge), to_customers(decision)) == ([], [])


def test_an_answer_to_a_notification_that_named_others_is_asked_about() -> None:
    regrouped = ticket(regrouped_at=NOW - DAY)
    decision = ordered("It works again.", on=regrouped)
    assert (decision.disposition, to_customers(decision)) == (Disposition.HOLD, [])
    assert "others take part in this ticket" in result(decision).body
    assert "anna@shop.test" in result(decision).body
    assert result(decision).audience is Audience.AGENT
    newer = replace(sent(), written_at=NOW)
    assert len(to_customers(ordered("It works again.", newer, regrouped))) == 2
    kept = Held(id=7, sender=IVAN_WRITES, subject="", at=NOW, text="It works again.")
    offer = sent(event=Event.RESULT, cause=7)
    assert len(to_customers(ordered("yes", offer, replace(regrouped, held=(kept,))))) == 2
