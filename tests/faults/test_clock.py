"""A clock that jumps: at most one follow-up for each ticket, no letter twice; time that goes back undoes nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from helpdesk.config import load
from helpdesk.core.audit import Finding
from helpdesk.daemon.building import Works, World, build, dispatcher, mailbox, source_of
from helpdesk.draining import drain
from helpdesk.ports import Cursor
from helpdesk.verify import verify
from tests.fakes.transport import FakeTransport
from tests.faults.trials import ANNA, BORIS, CYRIL, MONDAY

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
language = "en"
[[mailbox]]
name = "support"
kind = "maildir"
path = "inbox"
[smtp]
kind = "maildir"
path = "sent"
[[agent]]
name = "Ivan Petrov"
addresses = ["ivan@help.test"]
"""

# Two wait for an answer; the third reported an outage that nobody takes, of which the lead is told.
WAIT, LEAD = ["boris@shop.test", "cyril@shop.test"], "ivan@help.test"

DAY = timedelta(days=1)
TEN_YEARS = 3652 * DAY


@dataclass
class Desk:
    """A desk whose clock is set by hand, with a relay in memory."""

    works: Works
    world: World
    clock: list[datetime]
    relay: FakeTransport = field(default_factory=FakeTransport)

    def pass_at(self, now: datetime) -> list[str]:
        """One pass of the daemon's loops at that time; (event, recipient) of the letters that left."""
        self.clock[0] = now
        before = len(self.relay.passed)
        settings = self.works.config.mailboxes[0]
        box = mailbox(settings, self.world.now, 2**20)
        assert box is not None
        cursor: Cursor = box.connect(None)
        drain(self.works.intake, box, source_of(settings), cursor)
        self.works.upkeep.follow_up()
        asyncio.run(self._send())
        return sorted(passed.accepted[0] for passed in self.relay.passed[before:])

    async def _send(self) -> None:
        sender = dispatcher(self.works, self.relay, self.world)
        while await sender.send_due():
            pass

    def findings(self) -> list[Finding]:
        steps = verify(self.works.store, self.works.policy, self.clock[0])  # type: ignore[arg-type]
        return [step for step in steps if isinstance(step, Finding)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Three tickets, two of which wait for an answer."""
    (tmp_path / "config.toml").write_text(CONFIG)
    for name in ("new", "cur", "tmp"):
        (tmp_path / "inbox" / name).mkdir(parents=True)
    for number, raw in enumerate([ANNA, CYRIL, BORIS]):
        (tmp_path / "inbox" / "new" / f"{number}.test").write_bytes(raw)
    clock, numbers = [MONDAY], count()
    world = World(now=lambda: clock[0], random=lambda: 0.5, nonce=lambda: next(numbers).to_bytes(16, "little"))
    works = build(load(tmp_path / "config.toml", environ={}), world, workers=False)
    desk = Desk(works, world, clock)
    assert Counter(desk.pass_at(MONDAY)) == {
        "anna@shop.test": 1, "boris@shop.test": 1, "cyril@shop.test": 1, "ivan@help.test": 3
    }  # fmt: skip
    yield desk
    works.close()


def test_a_jump_of_ten_years_causes_one_letter_for_each_ticket_that_waits(desk: Desk) -> None:
    assert desk.pass_at(MONDAY + TEN_YEARS) == [*WAIT, LEAD]
    assert desk.pass_at(MONDAY + TEN_YEARS) == []
    assert desk.findings() == []


def test_a_jump_there_and_back_causes_nothing_twice(desk: Desk) -> None:
    assert desk.pass_at(MONDAY + TEN_YEARS) == [*WAIT, LEAD]
    for days in range(6):
        assert desk.pass_at(MONDAY + days * DAY) == []
    assert desk.findings() == []


def test_a_day_back_causes_nothing_and_a_day_ahead_is_in_time(desk: Desk) -> None:
    assert desk.pass_at(MONDAY - DAY) == []
    assert desk.pass_at(MONDAY + DAY) == [LEAD]
    assert desk.pass_at(MONDAY + 2 * DAY) == [*WAIT, LEAD]
    assert desk.pass_at(MONDAY + DAY) == []
    assert desk.pass_at(MONDAY + 2 * DAY) == []


def test_letters_queued_before_the_clock_went_back_leave_by_the_new_clock(desk: Desk) -> None:
    desk.relay.error = TimeoutError("the relay is away")
    assert desk.pass_at(MONDAY + 2 * DAY) == []
    desk.relay.error = None
    # What waits for its next try waits until then; nothing is given up, nothing goes twice.
    assert desk.pass_at(MONDAY + DAY) == []
    assert desk.pass_at(MONDAY + 2 * DAY + timedelta(hours=1)) == [*WAIT, LEAD, LEAD]
    assert desk.pass_at(MONDAY + 2 * DAY + timedelta(hours=1)) == []
