"""A mail that nobody could read: the desk learns of it, its sender does not."""

from __future__ import annotations

from helpdesk.core.case import Arrival
from helpdesk.core.decision import OpenTicket, Outcome, Record, Unschedule
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address, Sketch
from helpdesk.core.poison import given_up, instead_of_sketch
from helpdesk.core.regrouping import Merge
from helpdesk.core.ticket import NEW, State
from tests.build import (
    ANNA,
    DAY,
    NOW,
    NUMBER,
    acknowledged,
    answering,
    changes,
    decided,
    mail,
    policy,
    ticket,
    to_customers,
    written,
)


def gave_up(address: Address | None) -> Outcome:
    sketch = Sketch(sender="Anna <anna@shop.test>", address=address, subject="Help", message_id="<m@shop.test>")
    arrival = Arrival(desk="support", at=NOW + DAY)
    return given_up(sketch, 7, "RecursionError: too deep", policy(), arrival, NOW)


def test_the_desk_gets_a_ticket_from_the_headers() -> None:
    outcome = gave_up(ANNA)
    (opening,) = changes(outcome, OpenTicket)
    assert (opening.subject, opening.requester, opening.state) == ("Help", ANNA, State.OPEN)
    assert opening.opened_at == NOW  # never later than now
    assert opening.words is False
    assert changes(outcome, Record) == [
        Record(NEW, "helpdesk", "opened", "quarantine: mail could not be processed: RecursionError: too deep")
    ]


def test_agents_are_told_where_the_mail_is_and_the_sender_is_told_nothing() -> None:
    outcome = gave_up(ANNA)
    assert written(outcome) == [("notify", "ivan@help.test"), ("notify", "olha@help.test")]
    assert "helpdesk quarantine show 7" in outcome.letters[0].body
    assert to_customers(outcome) == []


def test_without_a_sender_the_leads_are_told() -> None:
    for address in (None, Address("support@help.test")):
        outcome = gave_up(address)
        assert written(outcome) == [("alert", "lena@help.test")]
        assert (outcome.ticket, outcome.changes) == (None, ())


def test_the_same_entry_is_told_once() -> None:
    assert gave_up(ANNA).letters[0].dedupe_key == gave_up(ANNA).letters[0].dedupe_key


def test_a_mail_that_can_be_read_at_last_fills_in_the_ticket_made_of_its_headers() -> None:
    decision = instead_of_sketch(decided(mail("Please help.")), 100009)
    assert [one.over for one in changes(decision, OpenTicket)] == [100009]
    assert written(decision)[0] == ("opened", "anna@shop.test")


def test_a_mail_that_belongs_to_another_ticket_takes_the_ticket_of_its_headers_there() -> None:
    decision = decided(mail("More."), answering(acknowledged(), ticket()))
    after = instead_of_sketch(decision, 100009)
    assert after.changes[len(decision.changes) :] == (
        Record(100009, "helpdesk", "merged", "its mail can be read now and belongs to [##100001##]"),
        Unschedule(100009),
        Merge(100009, NUMBER, regroups=True),
    )
    assert instead_of_sketch(decision, NUMBER) == decision


def test_a_mail_about_no_ticket_leaves_the_one_made_of_its_headers() -> None:
    decision = decided(mail("More."), Facts(duplicate=0))
    assert instead_of_sketch(decision, 100009) == decision
