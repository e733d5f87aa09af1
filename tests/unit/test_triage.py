"""The order of the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from helpdesk.core.ticket import Lane, Priority, State, Ticket
from helpdesk.core.triage import order

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def ticket(number: int, **values: Any) -> Ticket:
    facts: dict[str, Any] = {
        "number": number,
        "subject": "",
        "requester": None,
        "desk": "support",
        "opened_at": NOW,
        "active_at": NOW,
    }
    return Ticket(**facts | values)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # An outage goes before everything else, whatever the priority.
        ({"lane": Lane.OUTAGE, "priority": Priority.LOW}, {"priority": Priority.HIGH}),
        ({"priority": Priority.HIGH}, {"priority": Priority.NORMAL}),
        ({"priority": Priority.NORMAL}, {"priority": Priority.LOW}),
        ({"lane": Lane.OUTAGE, "priority": Priority.HIGH}, {"lane": Lane.OUTAGE, "priority": Priority.NORMAL}),
        # Who has waited longest.
        ({"opened_at": NOW}, {"opened_at": LATER}),
        ({"priority": Priority.HIGH, "opened_at": LATER}, {"opened_at": NOW}),
        # Nobody has to work on what waits or sleeps, not even on an outage.
        ({"priority": Priority.LOW}, {"state": State.WAITING, "lane": Lane.OUTAGE}),
        ({"state": State.OPEN, "priority": Priority.LOW}, {"state": State.OPEN, "wake_at": LATER}),
        ({"state": State.WAITING, "priority": Priority.LOW}, {"state": State.CLOSED, "priority": Priority.HIGH}),
        ({"state": State.OPEN, "wake_at": LATER}, {"state": State.CLOSED}),
        # Looking at a ticket does not move it.
        ({"state": State.OPEN, "opened_at": NOW}, {"state": State.NEW, "opened_at": LATER}),
    ],
)
def test_the_first_is_worked_on_before_the_second(first: dict[str, Any], second: dict[str, Any]) -> None:
    one, two = ticket(2, **first), ticket(1, **second)
    assert order([one, two]) == order([two, one]) == [one, two]


def test_the_order_does_not_depend_on_how_tickets_come() -> None:
    alike = [ticket(number) for number in (1, 2, 3)]
    assert all(order(shuffled) == alike for shuffled in permutations(alike))
