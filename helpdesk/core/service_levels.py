"""Service levels: by when a ticket is answered first, and by when it is solved, in the time that the desk works.

A ticket's `Clock` says how long we have worked on it; a `ServiceLevel` says how long that may take. Both together give
the moments at which somebody is told: `alarms`. Time in which the requester owes us something does not count. A
target in business days is as many hours as the desk works from the beginning to that day, so a pause moves it by as
much as the pause was long. Plain arithmetic on a calendar; what follows from it is decided in `clocks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from helpdesk.core.calendar import Calendar
from helpdesk.core.duration import BusinessDays, Duration
from helpdesk.core.ticket import Clock, Lane, Priority


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevel:
    """What is promised for tickets of this lane and priority (None: any). A `timedelta` is time that the desk works."""

    lane: Lane | None = None
    priority: Priority | None = None
    first_answer: Duration | None = None
    solution: Duration | None = None

    def holds_for(self, lane: Lane, priority: Priority) -> bool:
        """Is this the promise for such a ticket?"""
        return self.lane in (None, lane) and self.priority in (None, priority)


class Alarm(StrEnum):
    """What somebody is told of a ticket; also how the follow-up is called that does it. The worse stands first."""

    ANSWER_LATE = "first-answer-late"
    SOLUTION_LATE = "solution-late"
    ANSWER_SOON = "first-answer-soon"
    SOLUTION_SOON = "solution-soon"

    @property
    def late(self) -> bool:
        """Is the promise broken?"""
        return self in (Alarm.ANSWER_LATE, Alarm.SOLUTION_LATE)


@dataclass(frozen=True, slots=True)
class SetClock:
    """How long we have worked on a ticket, as service levels count it."""

    ticket: int
    clock: Clock


# Before an alarm of the first kind there is one of the second: when three quarters of the time are over.
_PAIRS = ((Alarm.ANSWER_LATE, Alarm.ANSWER_SOON), (Alarm.SOLUTION_LATE, Alarm.SOLUTION_SOON))
SOON = 0.75


def begin(at: datetime) -> Clock:
    """The clock of work that begins then."""
    return Clock(begun_at=at, running_since=at)


def paused(clock: Clock, calendar: Calendar, now: datetime) -> Clock:
    """The clock as it stands now, and stays."""
    if clock.running_since is None:
        return clock
    worked = clock.worked + calendar.between(clock.running_since, now)
    return replace(clock, worked=worked, running_since=None, due_at=None)


def alarms(clock: Clock, level: ServiceLevel, calendar: Calendar) -> dict[Alarm, datetime]:
    """When somebody is told of what, if the clock runs on: also what was told already, none while it stands."""
    return dict(_alarms(clock, level, calendar))


def next_due(clock: Clock, level: ServiceLevel, calendar: Calendar) -> datetime | None:
    """The next promise that is still to be kept, or the first that was broken; None while the clock stands."""
    moments = alarms(clock, level, calendar)
    return min((at for alarm, at in moments.items() if alarm.late), default=None)


def first_answer_by(at: datetime, level: ServiceLevel, calendar: Calendar) -> datetime | None:
    """By when a request that comes then is answered; None where that is not promised."""
    return alarms(begin(at), level, calendar).get(Alarm.ANSWER_LATE)


def untold(clock: Clock, moments: dict[Alarm, datetime]) -> dict[Alarm, datetime]:
    """Those of the alarms that nobody was told of. Whoever knows that it is late need not hear that it soon will be."""
    known = {alarm for pair in _PAIRS for alarm in pair if alarm in clock.told or pair[0] in clock.told}
    return {alarm: at for alarm, at in moments.items() if alarm not in known}


def _alarms(clock: Clock, level: ServiceLevel, calendar: Calendar) -> Iterator[tuple[Alarm, datetime]]:
    if clock.running_since is None:
        return
    first_answer = level.first_answer if clock.answered_at is None else None
    for (late, soon), target in zip(_PAIRS, (first_answer, level.solution), strict=True):
        if target is None:
            continue
        allowed = _worked(target, calendar, clock.begun_at)
        yield late, _when(clock.running_since, allowed - clock.worked, calendar)
        yield soon, _when(clock.running_since, SOON * allowed - clock.worked, calendar)


def _worked(target: Duration, calendar: Calendar, begun_at: datetime) -> timedelta:
    if isinstance(target, BusinessDays):
        return calendar.between(begun_at, calendar.add(begun_at, target))
    return target


def _when(running_since: datetime, left: timedelta, calendar: Calendar) -> datetime:
    return calendar.add_business_time(running_since, max(left, timedelta()))
