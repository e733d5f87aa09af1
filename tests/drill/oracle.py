"""When follow-ups should come, reckoned another way than the product does: by walking days of a wall calendar.

It shares no code with the product but Python's own dates, so that a mistake there does not excuse itself here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(10), time(18)

# Business days after the question, and after an agent's answer.
REMIND, GIVE_UP = 2, 5
ASK, SETTLE = 3, 7

# What is promised, in hours of work, and the share of it after which somebody is warned.
PROMISES = {"first-answer": timedelta(hours=4), "solution": timedelta(hours=20)}
SOON = 0.75


@dataclass(frozen=True)
class Hours:
    """A desk that works from ten to six, Monday to Friday, save on days off."""

    zone: ZoneInfo
    days_off: frozenset[date]

    def works_on(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.days_off

    def works_at(self, at: datetime) -> bool:
        wall = at.astimezone(self.zone)
        return self.works_on(wall.date()) and OPENS <= wall.time() < CLOSES

    def opening(self, at: datetime) -> datetime:
        """`at` itself in working hours, else the next ten o'clock of a working day."""
        wall = at.astimezone(self.zone)
        if self.works_at(at):
            return at
        day = wall.date() if wall.time() < OPENS else wall.date() + timedelta(days=1)
        while not self.works_on(day):
            day += timedelta(days=1)
        return datetime.combine(day, OPENS, self.zone).astimezone(UTC)

    def later(self, at: datetime, days: int) -> datetime:
        """The same time of day so many working days later."""
        wall = self.opening(at).astimezone(self.zone)
        day = wall.date()
        for _ in range(days):
            day += timedelta(days=1)
            while not self.works_on(day):
                day += timedelta(days=1)
        return datetime.combine(day, wall.time(), self.zone).astimezone(UTC)

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """How long the desk is open between the two."""
        total, day = timedelta(), start.astimezone(self.zone).date()
        while day <= end.astimezone(self.zone).date():
            if self.works_on(day):
                opens, closes = (datetime.combine(day, at, self.zone).astimezone(UTC) for at in (OPENS, CLOSES))
                total += max(timedelta(), min(end, closes) - max(start, opens))
            day += timedelta(days=1)
        return total

    def after(self, start: datetime, work: timedelta) -> datetime:
        """The moment at which the desk will have been open for so long since `start`."""
        at = self.opening(start)
        while True:
            closes = datetime.combine(at.astimezone(self.zone).date(), CLOSES, self.zone).astimezone(UTC)
            if work < closes - at:
                return at + work
            work -= closes - at
            at = self.opening(closes)


@dataclass
class Promised:
    """The alarms of one ticket that are still to come, as its clock runs now: alarm -> when."""

    hours: Hours
    spent: timedelta = timedelta()
    since: datetime | None = None
    answered: bool = False
    told: set[str] = field(default_factory=set)
    due: dict[str, datetime] = field(default_factory=dict)

    def runs(self, at: datetime) -> None:
        """We owe something from now on."""
        self.since = self.since or at
        self._reckon()

    def stands(self, at: datetime, *, answered: bool = False) -> None:
        """The requester owes something, or nobody does."""
        if self.since is not None:
            self.spent += self.hours.worked(self.since, at)
        self.since, self.answered = None, self.answered or answered
        self._reckon()

    def came(self, alarm: str, at: datetime) -> str | None:
        """What is wrong with this alarm that was told, None if nothing."""
        due = self.due.get(alarm)
        self.told.add(alarm)
        self._reckon()
        if due is None:
            return f"{alarm} was not due"
        if not due <= at <= due + timedelta(hours=1):
            return f"{alarm} was due {due:%Y-%m-%d %H:%M}"
        return None if self.hours.works_at(at) else f"{alarm} came while the desk was closed"

    def missed(self, now: datetime) -> Iterable[str]:
        """What should have been told an hour ago and was not."""
        return [alarm for alarm, due in self.due.items() if due + timedelta(hours=1) < now]

    def _reckon(self) -> None:
        self.due = {}
        for promise, work in PROMISES.items():
            if self.since is None or (self.answered and promise == "first-answer"):
                continue
            for alarm, share in ((f"{promise}-soon", SOON), (f"{promise}-late", 1.0)):
                if alarm not in self.told and f"{promise}-late" not in self.told:
                    self.due[alarm] = self.hours.after(self.since, max(timedelta(), work * share - self.spent))


@dataclass
class Expected:
    """The follow-ups of one ticket that are still to come: event -> when."""

    hours: Hours
    due: dict[str, datetime] = field(default_factory=dict)

    def asked(self, at: datetime) -> None:
        self.due = {"reminder": self.hours.later(at, REMIND), "closed": self.hours.later(at, GIVE_UP)}

    def answered(self, at: datetime) -> None:
        self.due = {"solved": self.hours.later(at, ASK), "closed": self.hours.later(at, SETTLE)}

    def ended(self) -> None:
        """The requester wrote, was not reached, or an agent closed it."""
        self.due = {}

    def away(self, until: date) -> None:
        """Nobody is there until the end of that day."""
        back = self.hours.opening(datetime.combine(until + timedelta(days=1), time(), self.hours.zone).astimezone(UTC))
        if "reminder" in self.due and back > self.due["reminder"]:
            self.due["reminder"] = back
            self.due["closed"] = max(self.due["closed"], self.hours.later(back, GIVE_UP - REMIND))

    def came(self, event: str, at: datetime) -> str | None:
        """What is wrong with this letter that came, None if nothing."""
        due = self.due.pop(event, None)
        if due is None:
            return f"{event} was not due"
        if not due <= at <= due + timedelta(hours=1):
            return f"{event} was due {due:%Y-%m-%d %H:%M}"
        return None if self.hours.works_at(at) else f"{event} came while the desk was closed"

    def missed(self, now: datetime) -> Iterable[str]:
        """What should have come an hour ago and has not."""
        return [event for event, due in self.due.items() if due + timedelta(hours=1) < now]
