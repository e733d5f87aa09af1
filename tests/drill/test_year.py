"""The drill in its short form: some weeks around New Year, and around both changes of the clock."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.drill.year import Year


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Kyiv", date(2026, 3, 16)),  # clocks go forward on 29 March
        ("America/New_York", date(2026, 12, 14)),  # Christmas is worked, the days after New Year are not
    ],
)
def test_what_goes_by_the_clock_comes_within_its_hour_once_and_nothing_after_an_answer(
    zone: str, first: date, tmp_path: Path
) -> None:
    year = Year(zone=zone, first=first, days=14, tickets=40, seed=7, folder=tmp_path)
    for _ in year.play():
        pass
    assert year.wrong == []
    # It was no drill unless each of these happened.
    happened = ("customers' answers", "out-of-office answers", "bounces", "agents' answers", "said that it is solved")
    assert {name: year.figures[name] > 0 for name in happened} == dict.fromkeys(happened, True)
    assert year.figures["letters: reminder"] > 5
    assert year.figures["letters: closed"] > 5
    alarms = ("first-answer-soon", "first-answer-late", "solution-soon", "solution-late")
    assert {name: year.figures[f"alarms: {name}"] > 0 for name in alarms} == dict.fromkeys(alarms, True)
    assert year.figures["rounds: morning"] > 5
    assert year.figures["rounds: report"] > 5
