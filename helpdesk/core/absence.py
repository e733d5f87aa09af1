"""Until when somebody says to be away: the date in an out-of-office answer.

A text and the day on which it was written in, the day that is named as the end of the absence out, or None.
Only a date that stands behind a word such as "until" or "back on" counts; without a year it is the next such
day. Never fails: what is no date in the calendar is no date here.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

# Longer absences are typing errors, or no absences.
LONGEST = timedelta(days=400)

_MONTHS = {
    month: number
    for number, months in enumerate(
        (
            "january jan января січня stycznia januar janvier enero gennaio",
            "february feb февраля лютого lutego februar février febrero febbraio",
            "march mar марта березня marca märz mars marzo",
            "april apr апреля квітня kwietnia avril abril aprile",
            "may мая травня maja mai mayo maggio",
            "june jun июня червня czerwca juni juin junio giugno",
            "july jul июля липня lipca juli juillet julio luglio",
            "august aug августа серпня sierpnia août agosto",
            "september sep sept сентября вересня września septembre septiembre settembre",
            "october oct октября жовтня października oktober octobre octubre ottobre",
            "november nov ноября листопада listopada novembre noviembre",
            "december dec декабря грудня grudnia dezember décembre diciembre dicembre",
        ),
        start=1,
    )
    for month in months.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_END = re.compile(
    r"\b(?:until|till|through|back(?: in the office)?(?: again)?(?: on| from)?|"
    r"return(?:ing)?(?: to (?:the office|work))?(?: on)?|"
    r"до|по|вернусь|буду на месте|выхожу|повернусь|повернуся|буду на місці|виходжу|"
    r"do(?: dnia)?|wracam|wrócę|powrót|będę z powrotem|"
    r"bis(?: (?:zum|einschließlich))?|wieder (?:da|erreichbar|im büro)(?: ab)?|"
    r"jusqu['’]au|hasta el|fino al)\b[^\n\d]{0,25}?(?P<date>"
    r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}(?:[./](?:\d{4}|\d{2}))?(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?\s(?:of\s)?(?:{_MONTH})\b\.?(?:,?\s\d{{4}})?"
    rf"|(?:{_MONTH})\b\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}})?)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+")


def away_until(text: str, written: date | None) -> date | None:
    """The last day that the text names as the end of an absence; `written` supplies a missing year."""
    found = (_day(match["date"].lower(), written) for match in _END.finditer(text))
    days = [day for day in found if day is not None]
    if written is not None:
        days = [day for day in days if written - timedelta(days=1) <= day <= written + LONGEST]
    return max(days, default=None)


def _day(text: str, written: date | None) -> date | None:
    """The day that is written there, or None when there is none or its year is unknown."""
    numbers = [int(number) for number in _NUMBER.findall(text)]
    named = next((_MONTHS[word] for word in re.findall(r"[^\W\d]+", text) if word in _MONTHS), None)
    if named is not None:
        day, month, year = numbers[0], named, numbers[1] if len(numbers) > 1 else None
    elif "-" in text:
        year, month, day = numbers
    else:
        day, month, year = numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else None
        if "/" in text and month > 12:
            day, month = month, day  # the order of the United States
    if year is not None:
        return _calendar(year + 2000 if year < 100 else year, month, day)
    if written is None:
        return None
    this_year = _calendar(written.year, month, day)
    return this_year if this_year is None or this_year >= written else _calendar(written.year + 1, month, day)


def _calendar(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
