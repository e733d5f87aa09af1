"""What changed rules would have made of past mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.calendar import Calendar, parse_hours
from helpdesk.core.replay import Difference, Met, Senders, as_it_stands, differences, verdict_then
from helpdesk.core.rules import Rule, Verdict
from helpdesk.core.ticket import Lane, Priority, Ticket
from tests.build import SITE_DOWN, mail, policy, ticket

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


OFFICE = Calendar(timezone="UTC", week=parse_hours("Mon-Fri 10:00-18:00"))
AT_NIGHT = Rule(name="night", working=False, tags=("night",))
AGAIN = Rule(name="again", requests_1h=2, tags=("again",))
STRANGER = Rule(name="stranger", known=False, tags=("new",))


@pytest.mark.parametrize(
    ("hour", "met", "tags"),
    [
        (11, Met(True, 0), ()),
        (20, Met(True, 0), ("night",)),
        (11, Met(True, 2), ("again",)),
        (20, Met(False, 3), ("again", "new", "night")),
    ],
)
def test_a_letter_is_judged_by_the_hour_at_which_it_came(hour: int, met: Met, tags: tuple[str, ...]) -> None:
    desk = replace(policy().desks[0], rules=(SITE_DOWN, AT_NIGHT, AGAIN, STRANGER), calendar=OFFICE)
    at = datetime(2026, 3, 2, hour, tzinfo=UTC)
    found = verdict_then(mail("Which price?"), ticket(), policy(desks=(desk,)), at=at, met=met)
    assert found.tags == tags


def test_what_a_sender_asked_before_and_within_the_hour_counts() -> None:
    senders, minute = Senders(), timedelta(minutes=1)
    came = [("anna", 0), ("piotr", 10), ("anna", 20), ("anna", 59), ("anna", 60), ("anna", 200)]
    met = [senders.meet(who, NOW + after * minute) for who, after in came]
    assert met == [Met(False, 0), Met(False, 0), Met(True, 1), Met(True, 2), Met(True, 2), Met(True, 0)]
