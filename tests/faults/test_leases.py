"""A daemon that was believed dead comes back: what it had begun is refused, its successor's work stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk.config import load
from helpdesk.daemon.building import World, build, source_of
from helpdesk.errors import LeaseLostError
from helpdesk.ports import Cursor, Fetched, MailKey
from tests.faults.test_clock import CONFIG
from tests.faults.trials import BEFORE, MONDAY

FIRST = Fetched(key=MailKey("INBOX", 7, 1), raw=BEFORE[0], arrived_at=MONDAY)
SECOND = Fetched(key=MailKey("INBOX", 7, 2), raw=BEFORE[1], arrived_at=MONDAY)


def test_a_batch_of_a_daemon_that_lost_its_mailbox_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    config = load(tmp_path / "config.toml", environ={})
    works = build(
        config, World(now=lambda: MONDAY, random=lambda: 0.5, nonce=lambda: b"0123456789abcdef"), workers=False
    )
    source = source_of(config.mailboxes[0])
    beginning = Cursor(folder="INBOX", validity=7, uid=0, since=MONDAY - timedelta(days=1))
    try:
        stopped = replace(source, lease=works.store.take_lease(source.name, "stopped", 0))
        running = replace(source, lease=works.store.take_lease(source.name, "running", 60))
        works.intake.take(running, [FIRST], replace(beginning, uid=1))
        with pytest.raises(LeaseLostError):
            works.intake.take(stopped, [FIRST, SECOND], replace(beginning, uid=2))
        with pytest.raises(LeaseLostError):
            works.intake.begin(stopped, beginning)
        assert [ticket.requester.address for ticket in works.store.queue() if ticket.requester] == ["hugo@shop.test"]
        with works.store.unit() as unit:
            assert unit.cursor(source.name) == replace(beginning, uid=1)
    finally:
        works.close()
