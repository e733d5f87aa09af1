"""When a desk works: opening hours of the week, holidays, moved working days, in one time zone.

Moments in and out are aware; what comes out is UTC. Every result of `next_opening`, `add` and
`add_business_time` lies within opening hours. Hours are wall-clock time: they are turned into moments
day by day, so a change to summer time makes a night shift shorter or longer and never shifts an opening.
Fails only where a calendar is made: hours that cannot be read, or none at all, are a ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from helpdesk.core.duration import BusinessDays, Duration

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_ONE_DAY = timedelta(days=1)
_MIDNIGHT = 24 * 60
_PART = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """Open from `start` until just before `end`, in minutes after midnight (`end` at most 1440)."""

    start: int
    end: int


# Openings of each day, Monday first, in order of time.
Week = tuple[tuple[Opening, ...], ...]

ALWAYS: Week = ((Opening(0, _MIDNIGHT),),) * 7


def parse_hours(text: str) -> Week:
    """The week that `text` describes, for example `Mon-Fri 10:00-18:00, Sat 10:00-14:00`.

    `Mon-Sun 00:00-24:00` is always open. ValueError, in words for people, when a part cannot be read,
    ends before it begins or overlaps another.
    """
    week: list[list[Opening]] = [[] for _ in DAY_NAMES]
    for part in text.split(","):
        days, opening = _parse_part(part.strip())
        for day in days:
            week[day].append(opening)
    for name, openings in zip(DAY_NAMES, week, strict=True):
        openings.sort()
        if any(later.start < earlier.end for earlier, later in pairwise(openings)):
            raise ValueError(f"the hours of {name} overlap")
    return tuple(tuple(openings) for openings in week)


def _parse_part(part: str) -> tuple[list[int], Opening]:
    """Weekdays (0 is Monday) and hours of one part; `Sat-Mon` runs over the end of the week."""
    shape = _PART.fullmatch(part.lower())
    names = [name.lower() for name in DAY_NAMES]
    if shape is None or shape[1] not in names or (shape[2] or shape[1]) not in names:
        raise ValueError(f'"{part}" cannot be read; want days and hours, for example "Mon-Fri 10:00-18:00"')
    first, last = names.index(shape[1]), names.index(shape[2] or shape[1])
    days = [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    hours = [(int(shape[3]), int(shape[4])), (int(shape[5]), int(shape[6]))]
    start, end = (hour * 60 + minute for hour, minute in hours)
    if any(minute > 59 for _, minute in hours) or end > _MIDNIGHT:
        raise ValueError(f'"{part}" has a time that no clock shows; want 00:00 to 24:00')
    if end <= start:
        raise ValueError(f'"{part}" ends before it begins; write a night as two parts, until 24:00 and from 00:00')
    return days, Opening(start, end)


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicHolidays:
    """What a country says about its days: those off, and weekend days that are worked instead."""

    days_off: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """The business time of a desk.

    `working_days` are open although their weekday is not, or although they are holidays (moved working
    days); one whose weekday has no hours has those of the first open weekday.
    """

    timezone: str = "UTC"
    week: Week = ALWAYS
    holidays: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.week) != len(DAY_NAMES) or not any(self.week):
            raise ValueError("a calendar needs seven days, and hours on one of them at least")

    @classmethod
    def always(cls, timezone: str = "UTC") -> Calendar:
        """The calendar of a desk that never closes: every day is a business day."""
        return cls(timezone=timezone)

    def is_open(self, at: datetime) -> bool:
        """Does the desk work at this moment? The moment of closing is closed."""
        return self.next_opening(at) == at.astimezone(UTC)

    def next_opening(self, at: datetime) -> datetime:
        """The first moment from `at` on at which the desk works: `at` itself when it is open."""
        start, _ = next(self._openings(at))
        return start

    def add(self, at: datetime, duration: Duration) -> datetime:
        """When something that is wanted `duration` after `at` happens, in opening hours.

        `3d` are three days by the clock, and then the next opening. `3bd` are business days: they keep the
        time of day, and where the desk is closed then, the next opening counts.
        """
        if isinstance(duration, BusinessDays):
            return self._add_days(at, duration.count)
        return self.next_opening(at.astimezone(UTC) + duration)

    def add_business_time(self, at: datetime, worked: timedelta) -> datetime:
        """The open moment at which the desk will have worked for `worked` since `at`; not negative."""
        if worked < timedelta():
            raise ValueError("business time only runs forwards")
        left = worked
        for start, end in self._openings(at):
            if left < end - start:
                return start + left
            left -= end - start
        raise AssertionError("openings never end")

    def between(self, earlier: datetime, later: datetime) -> timedelta:
        """How long the desk works from `earlier` to `later`; zero when `later` is not later."""
        worked = timedelta()
        for start, end in self._openings(earlier):
            if start >= later:
                return worked
            worked += min(end, later) - start
        raise AssertionError("openings never end")

    def is_business_day(self, day: date) -> bool:
        """Does the desk work on this day at all?"""
        return bool(self._hours(day))

    def closing(self, day: date) -> datetime:
        """When the desk has closed on that day or, where it does not work on it, on its next business day."""
        while not self.is_business_day(day):
            day += _ONE_DAY
        return self._moment(day, self._hours(day)[-1].end)

    def _add_days(self, at: datetime, count: int) -> datetime:
        local = self.next_opening(at).astimezone(self._zone)
        day = local.date()
        for _ in range(count):
            day = self._next_business_day(day)
        return self.next_opening(datetime.combine(day, local.time().replace(fold=0), self._zone))

    def _next_business_day(self, day: date) -> date:
        while True:
            day += _ONE_DAY
            if self.is_business_day(day):
                return day

    def _openings(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is left of the openings from `at` on, in order, without overlap, for ever."""
        # A day earlier: where clocks go back at midnight, the evening before may not be over yet.
        day = at.astimezone(self._zone).date() - _ONE_DAY
        last_end = at.astimezone(UTC)
        while True:
            for opening in self._hours(day):
                # Where clocks go forward, a wall time may not exist and fall together with a later one.
                start, end = max(self._moment(day, opening.start), last_end), self._moment(day, opening.end)
                if start < end:
                    yield start, end
                    last_end = end
            day += _ONE_DAY

    def _hours(self, day: date) -> tuple[Opening, ...]:
        hours = self.week[day.weekday()]
        if day in self.working_days:
            return hours or next(openings for openings in self.week if openings)
        return () if day in self.holidays else hours

    def _moment(self, day: date, minutes: int) -> datetime:
        """The moment at which the clock on the wall shows `minutes` after midnight; 1440 is the next day's 0."""
        days, minutes = divmod(minutes, _MIDNIGHT)
        wall = time(minutes // 60, minutes % 60)
        return datetime.combine(day + days * _ONE_DAY, wall, self._zone).astimezone(UTC)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
