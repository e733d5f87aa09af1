"""When many reports are one incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.core.incident import Incident, Report, begun_by, incident_of, is_report
from helpdesk.core.message import Address
from helpdesk.core.policy import Incidents
from helpdesk.core.ticket import Lane, State, Ticket
from tests.build import NOW, ticket

MINUTE = timedelta(minutes=1)
SETTINGS = Incidents(reporters=3, within=15 * MINUTE)


def report(number: int, who: str = "", **values: Any) -> Report:
    said: dict[str, Any] = {
        "ticket": 100000 + number,
        "subject": "The site is down",
        "requester": Address(f"{who or f'customer{number}'}@shop.test"),
        "desk": "support",
        "situation": "site-down",
        "language": "en",
        "words": True,
        "forged": False,
        "opened_at": NOW - MINUTE,
    }
    return Report(**said | values)


def outage(**values: Any) -> Ticket:
    """Anna's report that the site is down."""
    state: dict[str, Any] = {"lane": Lane.OUTAGE, "situation": "site-down", "opened_at": NOW}
    return ticket(**state | values)


TWO = (report(1), report(2))


def test_the_third_requester_begins_an_incident_with_the_first_two() -> None:
    assert begun_by(outage(), reversed(TWO), SETTINGS) == TWO
    assert begun_by(outage(), TWO[:1], SETTINGS) == ()


@pytest.mark.parametrize(
    "other",
    [
        report(2, situation="order"),  # another situation
        report(2, desk="sales"),  # another desk: other people work on it
        report(2, opened_at=NOW - 16 * MINUTE),  # too long ago
        report(2, opened_at=NOW + 16 * MINUTE),  # of a backlog that is read newest first
        report(2, who="customer1"),  # the same requester once more
        report(2, who="anna"),  # the one who writes now
        report(2, requester=None),  # a monitor
        report(2, forged=True),  # the trusted server said so
    ],
)
def test_what_makes_no_third_reporter(other: Report) -> None:
    assert begun_by(outage(), (report(1), other), SETTINGS) == ()


def test_the_last_minute_counts_and_all_reports_of_a_reporter_come_along() -> None:
    early, again = report(1, opened_at=NOW - 15 * MINUTE), report(3, who="customer1")
    assert begun_by(outage(), (again, early, report(2)), SETTINGS) == (early, report(2), again)


@pytest.mark.parametrize("by", [outage(requester=None), outage(forged=True)])
def test_nobody_and_whoever_is_forged_begins_no_incident(by: Ticket) -> None:
    assert begun_by(by, (*TWO, report(3)), SETTINGS) == ()


def test_a_desk_may_have_no_incidents() -> None:
    many = tuple(report(number) for number in range(50))
    assert begun_by(outage(), many, replace(SETTINGS, reporters=0)) == ()


def test_a_report_belongs_to_the_open_incident_of_its_desk_and_situation() -> None:
    ours = Incident(number=100009, desk="support", situation="site-down")
    others = (replace(ours, number=1, desk="sales"), replace(ours, number=2, situation="order"))
    assert incident_of(outage(), (*others, replace(ours, number=100010), ours)) == ours
    assert incident_of(outage(), others) is None


@pytest.mark.parametrize(
    ("on", "reports"),
    [
        (outage(), True),
        (outage(lane=Lane.NORMAL), False),
        (outage(situation=None), False),  # an agent's #outage of no situation is like no other
        (outage(state=State.CLOSED), False),  # imported history
    ],
)
def test_what_is_a_report(on: Ticket, reports: bool) -> None:
    assert is_report(on) is reports
