"""What changed rules would have made of past mail."""

from __future__ import annotations

from datetime import UTC, datetime

from helpdesk.core.replay import Difference, as_it_stands, differences
from helpdesk.core.rules import Verdict
from helpdesk.core.ticket import Lane, Priority, Ticket

NOW = datetime(2026, 3, 2, tzinfo=UTC)
OUTAGE = Verdict(lane=Lane.OUTAGE, situation="site-down", priority=Priority.HIGH)


def test_the_same_verdict_makes_no_difference() -> None:
    assert differences(OUTAGE, OUTAGE) == ()


def test_each_difference_is_named_with_before_and_after() -> None:
    assert differences(Verdict(tags=("a",)), OUTAGE) == (
        Difference("lane", "normal", "outage"),
        Difference("situation", "none", "site-down"),
        Difference("priority", "normal", "high"),
        Difference("tags", "a", "none"),
    )


def test_a_ticket_differs_only_in_what_it_keeps() -> None:
    now = Verdict(desk="billing", tags=("a",), assignee="Ivan")
    there = Ticket(
        number=100001,
        subject="",
        requester=None,
        desk="support",
        lane=Lane.OUTAGE,
        situation="order",
        opened_at=NOW,
        active_at=NOW,
    )
    assert differences(as_it_stands(there, now), now) == (
        Difference("lane", "outage", "normal"),
        Difference("situation", "order", "none"),
    )
