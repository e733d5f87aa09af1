"""Until when an out-of-office answer says that nobody is there."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.absence import away_until

WRITTEN = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am out of the office until 2026-12-01.", date(2026, 12, 1)),
        ("I will be away from 23.11.2026 to 01.12.2026, back on 2 December 2026", date(2026, 12, 2)),
        ("I'm on vacation through December 5th, 2026.", date(2026, 12, 5)),
        ("I will return to the office on Monday, 30 November.", date(2026, 11, 30)),
        ("I am away till 12/24/2026", date(2026, 12, 24)),  # only one order of these numbers is a date
        ("Нахожусь в отпуске с 20.11.2026 по 04.12.2026.", date(2026, 12, 4)),
        ("Буду отсутствовать до 1 декабря включительно", date(2026, 12, 1)),
        ("Вернусь 11 января.", date(2027, 1, 11)),  # the next one
        ("Перебуваю у відпустці до 5 грудня 2026 року", date(2026, 12, 5)),
        ("Jestem na urlopie do 4 grudnia 2026 r.", date(2026, 12, 4)),
        ("Wracam 07.12.2026", date(2026, 12, 7)),
        ("Ich bin bis zum 4. Dezember 2026 nicht im Büro.", date(2026, 12, 4)),
        ("I am out of the office.", None),
        ("Call us at 10.12.2026 for details", None),  # a date, but not the end of anything
        ("I am away until 31.02.2026", None),  # no such day
        ("Answers take up to 5 days, until 99/99/99", None),
        ("Our office has been here until 01.12.1998", None),  # long ago
    ],
)
def test_end_of_an_absence_is_read(text: str, expected: date | None) -> None:
    assert away_until(text, WRITTEN) == expected


def test_day_without_a_year_needs_the_day_of_writing() -> None:
    assert away_until("back on 2 December", None) is None
    assert away_until("back on 2 December 2026", None) == date(2026, 12, 2)


@given(st.text())
def test_any_text_is_looked_at(text: str) -> None:
    away_until(f"until {text}", WRITTEN)
