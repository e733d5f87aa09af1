"""The page for leads on what comes by itself: its example does what it says, and the tests that it names exist."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from helpdesk.adapters.holidays import holidays_of
from helpdesk.config import load
from helpdesk.core.chains import Occasion
from helpdesk.core.policy import Desk
from helpdesk.core.scheduling import start
from helpdesk.core.service_levels import Alarm, alarms, begin

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "time.md").read_text("utf-8")
ZONE = ZoneInfo("Europe/Kyiv")
WRITTEN = datetime(2026, 3, 5, 16, 30, tzinfo=ZONE)

SMALLEST = """
[helpdesk]
name = "Support"
address = "support@help.test"
timezone = "Europe/Kyiv"
[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
[smtp]
kind = "maildir"
path = "out"
"""


def block(language: str) -> str:
    """The one example in this language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The desk of the example."""
    (tmp_path / "config.toml").write_text(SMALLEST + block("toml"), "utf-8")
    config = load(tmp_path / "config.toml", environ={})
    return config.policy(instance="page", today=WRITTEN.date(), holidays_of=holidays_of).desks[0]


def test_the_follow_ups_come_when_the_page_says(desk: Desk) -> None:
    chain = start(1, desk, Occasion.MISSING, WRITTEN.astimezone(UTC))
    told = [f"{one.kind:12} {one.due_at.astimezone(ZONE):%a %d %b %H:%M}\n" for one in chain]
    assert "".join(told) == block("text")


def test_the_alarms_come_when_the_page_says(desk: Desk) -> None:
    at = alarms(begin(WRITTEN.astimezone(UTC)), desk.service_levels[0], desk.calendar)
    soon, late = (at[one].astimezone(ZONE) for one in (Alarm.ANSWER_SOON, Alarm.ANSWER_LATE))
    assert (f"{soon:%H:%M on %A}", f"{late:%H:%M}") == ("11:30 on Friday", "12:30")
    assert all(f"at {said}" in " ".join(PAGE.split()) for said in ("11:30 on Friday", "12:30 that it is late"))


def test_the_tests_that_the_page_names_exist() -> None:
    rows = re.findall(r"^\| .+ \| (`tests/.+`) \|$", PAGE, re.MULTILINE)
    for row in rows:
        file, _, _ = row.strip("`").partition("::")
        text = (ROOT / file).read_text("utf-8")
        for name in re.findall(r"test_\w+(?=`)", row):
            assert f"def {name}(" in text
    assert len(rows) == PAGE.count("\n| ") - 1
