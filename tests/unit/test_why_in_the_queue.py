"""Why a ticket stands where it stands in the queue, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk.core.ticket import Lane, Priority, State, Ticket
from helpdesk.core.triage import why

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEEN = ("site-down: text: сайт лежит", "wish: text: прошу")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"lane": Lane.OUTAGE, "situation": "site-down", "reasons": SEEN},
            "out of turn: site-down (site-down: text: сайт лежит)",
        ),
        ({"lane": Lane.OUTAGE, "reasons": ("agent: Ivan",)}, "out of turn: an outage (agent: Ivan)"),
        (
            {"priority": Priority.HIGH, "reasons": ("vip: from a@example.com",)},
            "high priority (vip: from a@example.com)",
        ),
        ({}, "by arrival"),
        ({"state": State.WAITING, "missing": ("ip", "time")}, "waits for the requester: ip, time"),
        ({"state": State.OPEN, "wake_at": NOW}, "put aside until 03-02 09:00 UTC"),
        ({"state": State.CLOSED}, "closed"),
    ],
)
def test_the_queue_says_why_a_ticket_stands_there(values: dict[str, Any], words: str) -> None:
    ticket = Ticket(number=100001, subject="", requester=None, desk="support", opened_at=NOW, active_at=NOW, **values)
    assert why(ticket) == words
