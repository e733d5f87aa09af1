"""Delivery reports: who is told that a letter did not arrive."""

from __future__ import annotations

from typing import Any

from helpdesk.core.decision import Decision, Disposition, Filing, MarkBounced, Record, SetState, Unschedule
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address, Bounce, FailedRecipient, Kind
from helpdesk.core.outgoing import Audience, SentLetter
from helpdesk.core.scheduling import stop
from helpdesk.core.sender import Remember
from helpdesk.core.ticket import State, Ticket
from tests.build import ANNA, BORIS, NUMBER, acknowledged, changes, decided, mail, sent, ticket, written

DAEMON = Address("mailer-daemon@relay.test")


def report(letter: SentLetter | None, *, permanent: bool = True, on: Ticket | None = None, **facts: Any) -> Decision:
    """A delivery report about one of our letters, or about a letter that nobody knows."""
    about = letter or sent(ANNA.address)
    bounce = Bounce(
        recipients=(FailedRecipient(address=about.recipient, status="5.1.1" if permanent else "4.4.1",
                                    permanent=permanent),),
        original_message_id=about.message_id,
    )  # fmt: skip
    known: dict[str, Any] = {"bounced": letter}
    if letter and letter.ticket:
        known["by_reference"] = ((letter.message_id, on or ticket()),)
    inbound = mail("User unknown", sender=DAEMON, bounce=bounce, report_type="delivery-status", return_path="")
    return decided(inbound, Facts(**known | facts))


def test_a_letter_that_the_requester_did_not_get_is_told_to_the_agents_and_ends_the_follow_ups() -> None:
    decision = report(acknowledged())
    assert (decision.kind, decision.disposition, decision.ticket) == (Kind.BOUNCE, Disposition.RECORD, NUMBER)
    assert decision.filing is Filing.RECORDED
    assert written(decision) == [("bounced", "ivan@help.test"), ("bounced", "olha@help.test")]
    assert {letter.audience for letter in decision.letters} == {Audience.NOBODY}
    assert changes(decision, Unschedule) == [stop(NUMBER)]
    assert changes(decision, Remember) == [Remember(ANNA.address, failing=True)]
    assert changes(decision, Record) == [Record(NUMBER, "helpdesk", "bounce", "anna@shop.test 5.1.1")]
    assert [change.message_id for change in changes(decision, MarkBounced)] == [acknowledged().message_id]


def test_who_was_not_reached_cannot_answer() -> None:
    decision = report(acknowledged(), on=ticket(state=State.WAITING))
    assert changes(decision, SetState) == [SetState(NUMBER, State.OPEN)]


def test_a_copy_that_did_not_arrive_does_not_end_the_follow_ups() -> None:
    decision = report(acknowledged(BORIS), on=ticket(state=State.WAITING))
    assert written(decision)[0] == ("bounced", "ivan@help.test")
    assert (changes(decision, Unschedule), changes(decision, SetState)) == ([], [])


def test_the_secret_of_the_letter_is_not_in_the_reasons() -> None:
    assert acknowledged().message_id not in "".join(map(str, report(acknowledged()).reasons))


def test_a_delay_is_noted_and_told_to_nobody() -> None:
    decision = report(acknowledged(), permanent=False)
    assert (decision.letters, changes(decision, Unschedule), changes(decision, Remember)) == ((), [], [])
    assert changes(decision, Record)[0].what == "delayed"


def test_a_notification_that_an_agent_did_not_get_is_told_to_the_leads() -> None:
    decision = report(sent("ivan@help.test"))
    assert written(decision) == [("alert", "lena@help.test")]
    assert changes(decision, Unschedule) == []  # the requester's letters arrive


def test_a_lead_whose_own_address_fails_gets_no_letter_about_it() -> None:
    assert written(report(sent("lena@help.test"))) == []


def test_the_leads_are_told_once_an_hour_of_each_address() -> None:
    first, second = (report(sent("ivan@help.test", number=number)) for number in (None, None))
    assert first.letters[0].dedupe_key == second.letters[0].dedupe_key
    other = report(sent("olha@help.test", number=None))
    assert other.letters[0].dedupe_key != first.letters[0].dedupe_key


def test_the_failure_of_a_letter_about_no_ticket_is_kept() -> None:
    decision = report(acknowledged(number=None))
    assert (decision.ticket, decision.letters) == (None, ())
    assert changes(decision, Remember) == [Remember(ANNA.address, failing=True)]


def test_a_report_on_a_letter_that_we_did_not_write_goes_to_the_log() -> None:
    decision = report(None)
    assert (decision.disposition, decision.ticket) == (Disposition.RECORD, None)
    assert (decision.letters, decision.changes) == ((), ())
