"""Public holidays of a country, from the library `holidays`; Ukraine's from a list of our own.

Country code and years in, days off and moved working days out. An unknown country is a ValueError in
words for people. The library is loaded on the first question that needs it (27 MB).

Ukraine: since martial law holidays are ordinary working days there, so the library knows none from March
2022 on. A desk that names `UA` wants the days of before all the same: those of article 73 of the Labour
Code as amended in 2023 (25 December alone is Christmas, 8 May, 15 July, 1 October), Easter and Trinity
Sunday. A holiday on a weekend moves no day off, which holds while martial law does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from helpdesk.core.calendar import PublicHolidays

_UKRAINE = ((1, 1), (3, 8), (5, 1), (5, 8), (6, 28), (7, 15), (8, 24), (10, 1), (12, 25))  # month, day


def holidays_of(country: str, years: Iterable[int]) -> PublicHolidays:
    """The public holidays of `country` (ISO 3166-1, two letters) in `years`; ValueError for an unknown one."""
    if country == "UA":
        return PublicHolidays(days_off=frozenset(day for year in years for day in _of_ukraine(year)))
    import holidays

    if country not in holidays.list_supported_countries():
        raise ValueError('want the two letters of a country, for example "RU" (ISO 3166-1)')
    found = holidays.country_holidays(country, years=years)
    days_off = frozenset(found)  # reading the days fills in those that were moved, too
    return PublicHolidays(days_off=days_off, working_days=frozenset(found.weekend_workdays))


def _of_ukraine(year: int) -> list[date]:
    easter = _orthodox_easter(year)
    return [date(year, month, day) for month, day in _UKRAINE] + [easter, easter + timedelta(days=49)]


def _orthodox_easter(year: int) -> date:
    """Easter Sunday by the Julian reckoning, as a date of today's calendar; right from 1900 to 2099.

    Meeus, Astronomical Algorithms, chapter 8.
    """
    moon = (19 * (year % 19) + 15) % 30
    weekday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
    month, day = divmod(moon + weekday + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)
