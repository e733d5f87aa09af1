"""Replies to lists: which words are orders, which tickets the numbers mean, and that a wrong one stops all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.command_values import Close, Release, Take
from helpdesk.core.decision import Assign, Decision, Disposition, SetState
from helpdesk.core.facts import Facts
from helpdesk.core.list_replies import ListOrder, read_orders, ticket_meant
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.ticket import State
from tests.build import (
    IVAN_WRITES,
    OLHA_WRITES,
    answering,
    changes,
    decided,
    mail,
    sent,
    ticket,
    to_customers,
    written,
)

ROWS = (100003, 0, 100001, 100002)
LIST = replace(sent(audience=Audience.NOBODY, event=Event.DIGEST, number=None), rows=ROWS)
TICKETS = tuple(ticket(number) for number in (100001, 100002, 100003))


def replied(text: str, letter=LIST, sender=IVAN_WRITES) -> Decision:  # type: ignore[no-untyped-def]
    """Ivan answers a list."""
    return decided(mail(text, sender=sender), Facts(letters=(letter,), by_number=TICKETS))


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("close 3 5 7", [ListOrder(Close(), (3, 5, 7))]),
        ("Take 2.", [ListOrder(Take(), (2,))]),
        ("#закрыть 1, 2", [ListOrder(Close(), (1, 2))]),
        ("взяти: 100001", [ListOrder(Take(), (100001,))]),
        ("zwolnij 3;4\n\nclose 1", [ListOrder(Release(), (3, 4)), ListOrder(Close(), (1,))]),
        ("close", []),  # nothing is named
        ("close 3 please", []),
        ("We close at 5", []),
        ("wait 3", []),  # it would have to say for how long
        ("close 3\nThe others later.", []),
        ("", []),
    ],
)
def test_lines_of_a_command_and_numbers_are_orders(text: str, orders: list[ListOrder]) -> None:
    assert list(read_orders(text)) == orders


@given(st.text())
def test_no_text_breaks_the_reading_of_orders(text: str) -> None:
    read_orders(text)


@pytest.mark.parametrize(
    ("number", "meant"),
    [
        (1, 100003),
        (4, 100002),
        (100001, 100001),
        (2, None),  # a line that is about no ticket
        (0, None),
        (5, None),
        (100009, None),
    ],
)
def test_a_number_is_a_row_or_a_ticket_of_the_list(number: int, meant: int | None) -> None:
    assert ticket_meant(number, ROWS) == meant


# --- what they do ---------------------------------------------------------------------------------


def test_each_ticket_named_is_closed_with_its_letter_and_the_agent_gets_one_result() -> None:
    decision = replied("close 1 100001")
    assert decision.disposition is Disposition.COMMAND
    assert [change.ticket for change in changes(decision, SetState)] == [100003, 100001]
    assert {change.state for change in changes(decision, SetState)} == {State.CLOSED}
    assert [letter.ticket for letter in to_customers(decision)] == [100003, 100001]
    assert decision.letters[-1].body.count("Closed: solved.") == 2


def test_several_orders_of_one_ticket_follow_each_other() -> None:
    decision = replied("take 3\nrelease 3")
    assert [change.agent for change in changes(decision, Assign)] == ["Ivan", None]


@pytest.mark.parametrize("text", ["close 1 9", "close 1 2", "close 100009", "take 1\nclose 0"])
def test_one_number_that_is_not_there_stops_everything(text: str) -> None:
    decision = replied(text)
    assert decision.changes == ()
    assert written(decision) == [("result", "ivan@help.test")]
    assert "Nothing was carried out" in decision.letters[-1].body


def test_the_words_mean_nothing_to_another_letter() -> None:
    decision = decided(mail("close 1", sender=IVAN_WRITES), answering(sent(), ticket()))
    assert changes(decision, SetState)[0].state is State.WAITING  # an answer to the requester, as it was written
    assert {letter.body for letter in to_customers(decision)} == {"close 1"}


def test_the_list_of_somebody_else_is_not_answered() -> None:
    decision = replied("close 1", sender=OLHA_WRITES)
    assert changes(decision, SetState) == []
    assert to_customers(decision) == []
