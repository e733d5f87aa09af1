"""A mail that nobody could read: the desk learns of it, its sender does not."""

from __future__ import annotations

from helpdesk.core.case import Arrival
from helpdesk.core.decision import OpenTicket, Outcome, Record
from helpdesk.core.message import Address
from helpdesk.core.poison import Sketch, given_up
from helpdesk.core.ticket import NEW, State
from tests.build import ANNA, DAY, NOW, changes, policy, to_customers, written


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
