"""Business time: opening hours, holidays, changes to summer time and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.calendar import ALWAYS, Calendar, Opening, parse_hours
from helpdesk.core.duration import BusinessDays, Duration

OFFICE = parse_hours("Mon-Fri 10:00-18:00")
MOSCOW = Calendar(timezone="Europe/Moscow", week=OFFICE)
WARSAW = Calendar(timezone="Europe/Warsaw", week=OFFICE)


def moscow(text: str) -> datetime:
    """A moment that a clock in Moscow shows, for example `2026-11-20 17:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Moscow"))


def warsaw(text: str, *, fold: int = 0) -> datetime:
    """A moment that a clock in Warsaw shows; `fold` 1 is the second time in the night it goes back."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Warsaw"), fold=fold)


# --- hours as they are written --------------------------------------------------------------------


def test_hours_of_a_week_with_a_lunch_break_and_a_short_saturday() -> None:
    week = parse_hours("Mon-Fri 14:00-18:00, mon-fri 09:00-13:00, Sat 10:00-14:00")
    assert week == ((Opening(540, 780), Opening(840, 1080)),) * 5 + ((Opening(600, 840),), ())


def test_every_day_and_every_hour_is_always_open() -> None:
    assert parse_hours("Mon-Sun 00:00-24:00") == ALWAYS


def test_days_may_run_over_the_end_of_the_week() -> None:
    week = parse_hours("Sat-Mon 10:00-18:00")
    assert [bool(openings) for openings in week] == [True, False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read"),
        ("10:00-18:00", "cannot be read"),  # on which days?
        ("Mon-Fri", "cannot be read"),
        ("Mon-Fry 10:00-18:00", "cannot be read"),
        ("Mon-Fri 10:00-18:00,", "cannot be read"),
        ("Mon-Fri 10:00-24:30", "no clock shows"),
        ("Mon-Fri 10:60-18:00", "no clock shows"),
        ("Mon-Fri 22:00-06:00", "ends before it begins"),  # a night is two parts
        ("Mon-Fri 10:00-10:00", "ends before it begins"),
        ("Mon-Fri 10:00-18:00, Fri 17:00-20:00", "overlap"),
    ],
)
def test_hours_that_make_no_sense_are_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_hours(text)


def test_a_calendar_that_never_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="one of them at least"):
        Calendar(week=((),) * 7)


# --- open or closed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-20 10:00", True),  # the moment of opening is open
        ("2026-11-20 17:59", True),
        ("2026-11-20 18:00", False),  # the moment of closing is closed
        ("2026-11-20 09:59", False),
        ("2026-11-21 12:00", False),  # Saturday
    ],
)
def test_desk_is_open_within_its_hours(at: str, is_open: bool) -> None:
    assert MOSCOW.is_open(moscow(at)) is is_open


def test_hours_are_those_of_the_desks_own_time_zone() -> None:
    assert MOSCOW.is_open(datetime(2026, 11, 20, 7, 0, tzinfo=UTC))
    assert not MOSCOW.is_open(datetime(2026, 11, 20, 15, 0, tzinfo=UTC))


def test_a_holiday_is_closed_and_a_moved_working_day_is_open() -> None:
    calendar = Calendar(
        timezone="Europe/Moscow",
        week=OFFICE,
        holidays=frozenset({date(2026, 11, 4), date(2026, 11, 7)}),
        working_days=frozenset({date(2026, 11, 7), date(2026, 11, 8)}),
    )
    assert calendar.next_opening(moscow("2026-11-03 18:00")) == moscow("2026-11-05 10:00")
    assert calendar.is_open(moscow("2026-11-07 10:00"))  # a Saturday with the hours of a Monday
    assert not calendar.is_open(moscow("2026-11-07 18:00"))
    assert [calendar.is_business_day(date(2026, 11, day)) for day in (4, 6, 7, 8, 14)] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_next_opening_of_an_open_desk_is_now() -> None:
    assert MOSCOW.next_opening(moscow("2026-11-20 12:34")) == moscow("2026-11-20 12:34")


# --- adding ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "duration", "result"),
    [
        ("2026-11-20 11:00", timedelta(hours=2), "2026-11-20 13:00"),
        ("2026-11-20 17:00", timedelta(hours=2), "2026-11-23 11:00"),  # over the weekend
        ("2026-11-20 17:00", timedelta(hours=1), "2026-11-23 10:00"),  # closing time is the next opening
        ("2026-11-21 12:00", timedelta(), "2026-11-23 10:00"),
        ("2026-11-20 11:00", timedelta(hours=24), "2026-11-25 11:00"),  # three working days of eight hours
    ],
)
def test_business_time_skips_nights_and_weekends(at: str, duration: timedelta, result: str) -> None:
    assert MOSCOW.add_business_time(moscow(at), duration) == moscow(result)


@pytest.mark.parametrize(
    ("at", "duration", "result"),
    [
        ("2026-11-19 15:00", BusinessDays(1), "2026-11-20 15:00"),
        ("2026-11-20 15:00", BusinessDays(1), "2026-11-23 15:00"),
        ("2026-11-21 15:00", BusinessDays(1), "2026-11-24 10:00"),  # a Saturday's mail counts from Monday's opening
        ("2026-11-20 15:00", BusinessDays(5), "2026-11-27 15:00"),
    ],
)
def test_business_days_skip_weekends_and_keep_the_time_of_day(at: str, duration: Duration, result: str) -> None:
    assert MOSCOW.add(moscow(at), duration) == moscow(result)


@pytest.mark.parametrize(
    ("at", "duration", "result"),
    [
        ("2026-11-17 15:00", timedelta(days=3), "2026-11-20 15:00"),
        ("2026-11-18 15:00", timedelta(days=3), "2026-11-23 10:00"),  # Saturday: waits for Monday
        ("2026-11-20 17:00", timedelta(hours=2), "2026-11-23 10:00"),
        ("2026-11-21 12:00", timedelta(), "2026-11-23 10:00"),
    ],
)
def test_a_follow_up_by_the_clock_waits_for_the_next_opening(at: str, duration: Duration, result: str) -> None:
    assert MOSCOW.add(moscow(at), duration) == moscow(result)


def test_a_business_day_that_closes_earlier_goes_on_at_the_next_opening() -> None:
    calendar = Calendar(week=parse_hours("Mon-Thu 10:00-18:00, Fri 10:00-16:00"))
    thursday_evening = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
    assert calendar.add(thursday_evening, BusinessDays(1)) == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_business_time_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        MOSCOW.add_business_time(moscow("2026-11-20 11:00"), timedelta(hours=-1))


def test_time_worked_between_two_moments() -> None:
    assert MOSCOW.between(moscow("2026-11-20 17:00"), moscow("2026-11-23 11:30")) == timedelta(hours=2.5)
    assert MOSCOW.between(moscow("2026-11-21 00:00"), moscow("2026-11-22 23:00")) == timedelta()
    assert MOSCOW.between(moscow("2026-11-23 11:30"), moscow("2026-11-20 17:00")) == timedelta()


# --- summer time ----------------------------------------------------------------------------------


def test_a_change_of_the_clocks_does_not_shift_an_opening() -> None:
    # Clocks in Warsaw go forward on 2026-03-29 and back on 2026-10-25, both Sundays.
    assert WARSAW.add(warsaw("2026-03-27 11:00"), BusinessDays(1)) == warsaw("2026-03-30 11:00")
    assert WARSAW.add_business_time(warsaw("2026-10-23 17:00"), timedelta(hours=2)) == warsaw("2026-10-26 11:00")


def test_the_night_of_the_change_is_as_long_as_it_is() -> None:
    nights = Calendar(timezone="Europe/Warsaw", week=parse_hours("Mon-Sun 00:00-06:00"))
    assert nights.between(warsaw("2026-03-29 00:00"), warsaw("2026-03-29 12:00")) == timedelta(hours=5)
    assert nights.between(warsaw("2026-10-25 00:00"), warsaw("2026-10-25 12:00")) == timedelta(hours=7)


def test_the_hour_that_comes_twice_is_open_twice() -> None:
    nights = Calendar(timezone="Europe/Warsaw", week=parse_hours("Mon-Sun 00:00-06:00"))
    assert nights.is_open(warsaw("2026-10-25 02:30"))
    assert nights.is_open(warsaw("2026-10-25 02:30", fold=1))


def test_openings_within_the_hour_that_is_left_out_do_not_overlap() -> None:
    # 02:00-02:45 does not exist that night: read as 03:00-03:45, it would cover the second part.
    calendar = Calendar(timezone="Europe/Warsaw", week=parse_hours("Mon-Sun 02:00-02:45, Mon-Sun 03:10-04:00"))
    assert calendar.between(warsaw("2026-03-29 00:00"), warsaw("2026-03-29 12:00")) == timedelta(hours=1)


def test_an_opening_that_begins_in_the_hour_that_is_left_out_may_vanish() -> None:
    # 02:30 is read as 03:30 that night, which is after its end.
    calendar = Calendar(timezone="Europe/Warsaw", week=parse_hours("Mon-Sun 02:30-03:00"))
    assert calendar.next_opening(warsaw("2026-03-29 00:00")) == warsaw("2026-03-30 02:30")


# --- properties -----------------------------------------------------------------------------------

moments = st.datetimes(datetime(2026, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
short = st.builds(lambda minutes: timedelta(minutes=minutes), st.integers(0, 30 * 24 * 60))
few_days = st.builds(BusinessDays, st.integers(0, 30))
zones = st.sampled_from(["UTC", "Europe/Moscow", "Europe/Kyiv", "Europe/Warsaw", "America/St_Johns", "Africa/Cairo"])
dates = st.frozensets(st.dates(date(2026, 1, 1), date(2035, 12, 31)), max_size=200)


@st.composite
def weeks(draw: st.DrawFn) -> tuple[tuple[Opening, ...], ...]:
    """Up to three openings a day at any minute, one day of the week at least."""
    week = []
    for _ in range(7):
        edges = sorted(draw(st.lists(st.integers(0, 1440), max_size=6, unique=True)))
        pairs = zip(edges[::2], edges[1::2], strict=False)
        week.append(tuple(Opening(start, end) for start, end in pairs))
    if not any(week):
        week[draw(st.integers(0, 6))] = (Opening(600, 1080),)
    return tuple(week)


calendars = st.builds(Calendar, timezone=zones, week=weeks(), holidays=dates, working_days=dates)


@given(calendars, moments, short, few_days)
def test_nothing_ever_lands_outside_opening_hours(
    calendar: Calendar, at: datetime, time: timedelta, days: BusinessDays
) -> None:
    results = [
        calendar.next_opening(at),
        calendar.add(at, time),
        calendar.add(at, days),
        calendar.add_business_time(at, time),
    ]
    assert all(moment >= at and calendar.is_open(moment) for moment in results)


@given(calendars, moments, short)
def test_the_next_opening_is_the_first_and_later_moments_have_no_earlier_one(
    calendar: Calendar, at: datetime, lag: timedelta
) -> None:
    opening = calendar.next_opening(at)
    assert calendar.between(at, opening) == timedelta()
    assert calendar.next_opening(opening) == opening
    assert opening <= calendar.next_opening(at + lag)


@given(calendars, moments, short, short)
def test_the_time_worked_is_that_of_its_parts(
    calendar: Calendar, at: datetime, first: timedelta, second: timedelta
) -> None:
    middle, end = at + first, at + first + second
    assert calendar.between(at, middle) + calendar.between(middle, end) == calendar.between(at, end)


@given(calendars, moments, short)
def test_business_time_added_is_business_time_between(calendar: Calendar, at: datetime, time: timedelta) -> None:
    assert calendar.between(at, calendar.add_business_time(at, time)) == time


@given(calendars, moments, short, short)
def test_business_time_is_additive(calendar: Calendar, at: datetime, first: timedelta, second: timedelta) -> None:
    in_two_steps = calendar.add_business_time(calendar.add_business_time(at, first), second)
    assert in_two_steps == calendar.add_business_time(at, first + second)


@given(calendars, moments, short, short)
def test_later_mail_is_never_due_earlier(calendar: Calendar, at: datetime, lag: timedelta, time: timedelta) -> None:
    assert calendar.add(at, time) <= calendar.add(at + lag, time)
    assert calendar.add_business_time(at, time) <= calendar.add_business_time(at + lag, time)


@given(zones, dates, dates, moments, st.integers(0, 20), st.integers(0, 20), short)
def test_business_days_are_additive_and_keep_order(
    zone: str,
    holidays: frozenset[date],
    working: frozenset[date],
    at: datetime,
    first: int,
    second: int,
    lag: timedelta,
) -> None:
    # One span by day, as offices have: a night's hour that comes twice has no order by the clock on the wall.
    calendar = Calendar(timezone=zone, week=OFFICE, holidays=holidays, working_days=working)
    assert calendar.add(calendar.add(at, BusinessDays(first)), BusinessDays(second)) == calendar.add(
        at, BusinessDays(first + second)
    )
    assert calendar.add(at, BusinessDays(first)) <= calendar.add(at + lag, BusinessDays(first))


@given(moments, st.integers(0, 30))
def test_a_desk_that_never_closes_has_ordinary_days(at: datetime, days: int) -> None:
    assert Calendar.always().add(at, BusinessDays(days)) == at + timedelta(days=days)
    assert Calendar.always().add(at, timedelta(days=days)) == at + timedelta(days=days)
