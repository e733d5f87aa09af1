"""Public holidays of the countries where our desks are."""

from __future__ import annotations

from datetime import date

import pytest

from helpdesk.adapters.holidays import holidays_of


def test_russian_holidays_come_with_their_moved_working_days() -> None:
    found = holidays_of("RU", range(2024, 2027))
    assert {date(2026, 1, 9), date(2026, 5, 11), date(2026, 12, 31)} <= found.days_off  # moved from weekends
    assert {date(2024, 4, 27), date(2025, 11, 1)} <= found.working_days  # Saturdays that were worked


def test_polish_holidays_follow_easter() -> None:
    found = holidays_of("PL", [2026])
    assert {date(2026, 4, 6), date(2026, 6, 4), date(2026, 12, 24)} <= found.days_off  # Corpus Christi, Christmas Eve
    assert found.working_days == frozenset()


def test_ukrainian_holidays_are_those_of_the_labour_code() -> None:
    found = holidays_of("UA", [2026])
    assert sorted(found.days_off) == [
        date(2026, 1, 1),
        date(2026, 3, 8),
        date(2026, 4, 12),  # Easter
        date(2026, 5, 1),
        date(2026, 5, 8),
        date(2026, 5, 31),  # Trinity
        date(2026, 6, 28),
        date(2026, 7, 15),
        date(2026, 8, 24),
        date(2026, 10, 1),
        date(2026, 12, 25),
    ]


@pytest.mark.parametrize(
    ("year", "easter"), [(2024, date(2024, 5, 5)), (2025, date(2025, 4, 20)), (2027, date(2027, 5, 2))]
)
def test_easter_in_ukraine_is_the_orthodox_one(year: int, easter: date) -> None:
    assert easter in holidays_of("UA", [year]).days_off


def test_an_unknown_country_is_refused_with_what_is_wanted() -> None:
    with pytest.raises(ValueError, match="want the two letters of a country"):
        holidays_of("XX", [2026])
