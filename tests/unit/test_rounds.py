"""The morning digest and the weekly report: when, for whom, and what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from helpdesk.core.calendar import Calendar, parse_hours
from helpdesk.core.layout import BAR, BAR_LENGTH, plain
from helpdesk.core.outgoing import Bar
from helpdesk.core.policy import Desk, Policy, Rounds, Weekly
from helpdesk.core.report import Figures, reports, since, stats, until
from helpdesk.core.rounds import day_of_digest, day_of_report, digests
from helpdesk.core.service_levels import ServiceLevel
from helpdesk.core.subject_tag import tag
from helpdesk.core.ticket import Clock, Satisfaction, State, Ticket
from tests.build import DESK, IVAN, LENA, NOW, OLHA, policy, ticket

HOUR = timedelta(hours=1)
KYIV = Calendar(timezone="Europe/Kyiv", week=parse_hours("Mon-Fri 10:00-18:00"), holidays=frozenset({date(2026, 3, 9)}))


def rounding(**values: Any) -> Policy:
    desk = Desk(name="support", address=DESK, language="en", calendar=KYIV)
    rounds = Rounds(digest=time(9), report=Weekly(0, time(9)))
    return policy(**{"desks": (desk,), "rounds": rounds, "agents": (IVAN, OLHA, replace(LENA, desks=()))} | values)


RULES = rounding()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-03-02T06:59", None),  # a minute before nine in Kyiv
        ("2026-03-02T07:00", date(2026, 3, 2)),
        ("2026-03-02T20:00", date(2026, 3, 2)),  # the daemon was down in the morning
        ("2026-03-07T08:00", None),  # Saturday
        ("2026-03-09T08:00", None),  # a day off
        ("2026-03-29T23:30", None),  # Monday already in Kyiv, but not nine
        ("2026-03-30T06:00", date(2026, 3, 30)),  # nine in summer time
    ],
)
def test_the_digest_is_due_from_its_hour_on_business_days_of_the_desks_zone(now: str, day: date | None) -> None:
    assert day_of_digest(RULES, at(now)) == day


def test_the_report_is_due_on_its_day_alone() -> None:
    assert day_of_report(RULES, at("2026-03-02T07:00")) == date(2026, 3, 2)
    assert day_of_report(RULES, at("2026-03-02T06:00")) is None
    assert day_of_report(RULES, at("2026-03-03T07:00")) is None


def test_a_desk_may_have_neither() -> None:
    assert day_of_digest(rounding(rounds=Rounds()), NOW) is None
    assert day_of_report(rounding(rounds=Rounds()), NOW) is None


# --- the digest -----------------------------------------------------------------------------------


def clock(due_at: datetime) -> Clock:
    return Clock(begun_at=NOW, due_at=due_at)


def digest_of(name: str, *tickets: Ticket) -> str:
    letters = digests(tickets, RULES, NOW, NOW.date())
    return next((letter.body for letter in letters if letter.to.name == name), "")


def test_each_agent_reads_what_is_late_due_today_open_nobodys_and_waiting() -> None:
    body = digest_of(
        "Ivan",
        ticket(1, assignee="Ivan", clock=clock(NOW - HOUR), subject="late"),
        ticket(2, assignee="Ivan", clock=clock(NOW + HOUR), subject="today"),
        ticket(3, assignee="Ivan", clock=clock(NOW + timedelta(days=2)), subject="open"),
        ticket(4, subject="free"),
        ticket(5, assignee="Ivan", state=State.WAITING, subject="waiting"),
        ticket(6, assignee="Ivan", wake_at=NOW + timedelta(days=3), subject="asleep"),
        ticket(7, assignee="Olha", subject="of somebody else"),
    )
    assert [line for line in body.splitlines() if line and not line.startswith(" ")] == [
        "Late: 1",
        "Due today: 1",
        "Open: 1",
        "Nobody's yet: 1",
        "Waiting for customers: 2",
    ]
    assert "of somebody else" not in body


def test_lines_are_numbered_through_the_parts_and_a_reply_may_name_them() -> None:
    tickets = (ticket(3), ticket(1, assignee="Ivan", clock=clock(NOW - HOUR)), *(ticket(n) for n in range(10, 40)))
    (letter,) = (one for one in digests(tickets, RULES, NOW, NOW.date()) if one.to.name == "Ivan")
    numbered = {int(line.split(". ")[0]): line for line in letter.body.splitlines() if ". [##" in line}
    assert letter.rows[:2] == (1, 3)
    assert len(letter.rows) == 21
    assert all(tag(number) in numbered[row] for row, number in enumerate(letter.rows, start=1))


def test_nobody_gets_an_empty_digest() -> None:
    assert [letter.to.name for letter in digests((ticket(assignee="Olha"),), RULES, NOW, NOW.date())] == ["Olha"]
    assert digests((), RULES, NOW, NOW.date()) == ()


def test_what_hangs_on_an_incident_is_one_line_that_of_the_incident() -> None:
    hung = tuple(ticket(number, incident=9) for number in range(1, 9))
    body = digest_of("Ivan", ticket(9, gathers=8, requester=None), *hung)
    assert body.splitlines()[0] == "Nobody's yet: 1"


def test_a_long_part_is_cut_and_says_so() -> None:
    body = digest_of("Ivan", *(ticket(number) for number in range(1, 31)))
    assert len(body.splitlines()) == 22
    assert body.endswith("… +10")


# --- the report -----------------------------------------------------------------------------------


def test_the_report_shows_the_seven_days_before_in_the_desks_zone() -> None:
    now = at("2026-03-30T06:00")  # the first Monday of summer time
    assert since(RULES, now).astimezone(UTC) == at("2026-03-22T22:00")
    assert until(RULES, now).astimezone(UTC) == at("2026-03-29T21:00")


def test_the_report_counts_and_draws_without_a_picture() -> None:
    desk = replace(RULES.desks[0], service_levels=(ServiceLevel(first_answer=HOUR),))
    figures = Figures(
        opened=(at("2026-02-23T09:00"), at("2026-02-23T22:30"), at("2026-03-01T12:00")),
        closed=(at("2026-02-24T09:00"),),
        answers=(
            ("support", at("2026-02-23T08:00"), at("2026-02-23T09:30")),
            ("support", at("2026-02-27T15:30"), at("2026-03-02T08:30")),  # over a weekend: an hour of work
            ("support", at("2026-02-24T08:00"), at("2026-02-24T15:00")),
        ),
        late_answers=2,
        satisfaction=((Satisfaction.SOLVED, 3), (Satisfaction.CALL_ME, 1)),
        open_now=4,
        waiting_now=1,
    )
    (letter,) = reports(figures, rounding(desks=(desk,)), NOW, NOW.date())
    assert letter.to.name == "Lena"
    assert letter.body.splitlines() == [
        "New requests: 3",
        "Closed: 1",
        "Open now: 4, waiting for customers: 1",
        "First answer, median of 3: 1:30 of working time",
        "Promises not kept: first answers 2, solutions 0",
        "Customers say: solved 3, not solved 0, asked for a call 1",
    ]
    # Half past ten in the evening in Greenwich is the next day in Kyiv.
    assert [(bar.label, bar.value) for bar in letter.bars if bar.value] == [
        ("Mon 23.02, new", 1),
        ("Tue 24.02, new", 1),
        ("Tue 24.02, closed", 1),
        ("Sun 01.03, new", 1),
    ]
    assert len(letter.bars) == 14


def test_a_week_without_anything_is_reported_all_the_same() -> None:
    (letter,) = reports(Figures(), RULES, NOW, NOW.date())
    assert letter.body.splitlines()[0] == "New requests: 0"
    assert all(bar == Bar(bar.label, 0) for bar in letter.bars)


def test_bars_are_drawn_in_plain_text_the_largest_in_full_and_none_for_nothing() -> None:
    lines = plain([("bars", (("Mon", "8", 100), ("Tuesday", "1", 12), ("Wed", "0", 0)))]).splitlines()
    assert lines == [f"Mon     {BAR * BAR_LENGTH} 8", f"Tuesday {BAR * 4} 1", "Wed      0"]


def test_whoever_asks_in_between_reads_the_same_figures_and_today_so_far() -> None:
    figures = Figures(opened=(at("2026-02-23T09:00"), at("2026-03-02T08:00")), closed=(at("2026-03-02T08:30"),))
    lines = stats(figures, RULES, at("2026-03-02T09:00"), "en")
    assert lines[:2] == ["New requests: 2", "Closed: 1"]
    assert (lines[-8], lines[-1]) == ("Mon 23.02: new 1, closed 0", "Mon 02.03: new 1, closed 1")
