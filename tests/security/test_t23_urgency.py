"""T23, jumping the queue: no header makes a mail urgent, and one sender reports so many outages an hour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.core.ticket import Lane, Priority, State
from tests.security.desk import ANNA, EVE, Desk, desk, mail

HEADERS = [
    "X-Priority: 1 (Highest)", "Importance: high", "Priority: urgent", "X-MSMail-Priority: High", "Precedence: special",
    "X-Helpdesk-Ticket: 100001", "X-Helpdesk-Event: notify", "X-Helpdesk-Priority: high", "X-Helpdesk-Lane: outage",
    "X-Helpdesk-State: closed", "X-Zammad-Ticket-Priority: 3 high", "X-OTRS-Priority: 5 very high", "Flag: urgent",
]  # fmt: skip


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Desk]:
    """A desk that recognises outages."""
    with desk(tmp_path, packs='["outages"]') as one:
        yield one


def place(one: Desk, number: int) -> tuple[Lane, Priority, State]:
    ticket = one.ticket(number)
    return ticket.lane, ticket.priority, ticket.state


@pytest.mark.parametrize("header", HEADERS)
def test_headers_of_a_stranger_move_nothing(watching: Desk, header: str) -> None:
    plain = watching.take_one(mail(EVE, "A question", "How do I order?"))
    marked = watching.take_one(mail(EVE, "A question, too", "How do I order?", header))
    assert marked.ticket not in (None, plain.ticket)
    assert place(watching, marked.ticket or 0) == place(watching, plain.ticket or 0)


def test_sender_who_reports_outage_after_outage_waits_his_turn_from_the_twentieth_on(watching: Desk) -> None:
    watching.take(mail(EVE, f"The site is down {n}", "The site does not open.") for n in range(25))
    tickets = sorted(watching.works.store.queue(), key=lambda ticket: ticket.number)
    assert [ticket.lane for ticket in tickets] == [Lane.OUTAGE] * 20 + [Lane.NORMAL] * 5
    assert "outage-bound: eve@evil.test reported 20 outages in an hour" in tickets[20].reasons
    (other,) = watching.take([mail(ANNA, "The site is down", "The site does not open.")])
    assert watching.ticket(other.ticket or 0).lane is Lane.OUTAGE, "others are not made to wait"
    watching.pass_time(61)
    (later,) = watching.take([mail(EVE, "The site is down", "The site does not open.")])
    assert watching.ticket(later.ticket or 0).lane is Lane.OUTAGE


def test_bound_is_configured(tmp_path: Path) -> None:
    with desk(tmp_path, packs='["outages"]', tables="[bounds]\noutages_1h = 1") as one:
        taken = one.take(mail(EVE, "The site is down", f"The site does not open. {n}") for n in range(2))
        assert [one.ticket(mail.ticket or 0).lane for mail in taken] == [Lane.OUTAGE, Lane.NORMAL]
