"""Service levels: by when a ticket is answered and solved, what stops the clock, who is told, and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.calendar import Calendar, parse_hours
from helpdesk.core.clocks import ALARMS, keep_clocks
from helpdesk.core.decision import Decision, Outcome, Schedule, SetPlace, SetState
from helpdesk.core.duration import BusinessDays
from helpdesk.core.incident import HangOn
from helpdesk.core.policy import Desk, Policy
from helpdesk.core.service_levels import Alarm, ServiceLevel, SetClock, alarms, begin, paused
from helpdesk.core.ticket import NEW, Clock, FollowUp, Lane, Priority, State, Ticket
from helpdesk.core.timers import happen
from tests.build import (
    AUTHSERV,
    DESK,
    GENERAL,
    IVAN_WRITES,
    NOW,
    NUMBER,
    SITE_DOWN,
    acknowledged,
    answering,
    changes,
    decided,
    mail,
    passed,
    policy,
    sent,
    ticket,
    written,
)

HOUR = timedelta(hours=1)
OFFICE = Calendar(timezone="Europe/Moscow", week=parse_hours("Mon-Fri 10:00-18:00"))
LEVEL = ServiceLevel(first_answer=4 * HOUR, solution=BusinessDays(2))
URGENT = ServiceLevel(lane=Lane.OUTAGE, first_answer=HOUR)


def promising(*levels: ServiceLevel, calendar: Calendar = OFFICE, **values: Any) -> Policy:
    desk = Desk(
        name="support",
        address=DESK,
        language="en",
        calendar=calendar,
        rules=(SITE_DOWN,),
        service_levels=levels or (URGENT, LEVEL),
        **values,
    )
    return policy(desks=(desk,), trusted_authserv=AUTHSERV)


RULES = promising()


def clocked(**values: Any) -> Ticket:
    """Anna's open ticket of an hour ago, on which the clock has run since then."""
    state: dict[str, Any] = {
        "opened_at": NOW - HOUR,
        "clock": begin(NOW - HOUR),
        "follow_ups": (FollowUp(Alarm.ANSWER_SOON, NOW + 2 * HOUR),),
    }
    return ticket(**state | values)


def clock_of(outcome: Outcome) -> Clock:
    (change,) = changes(outcome, SetClock)
    return change.clock


def alarm_of(outcome: Outcome) -> Schedule | None:
    """The one alarm that comes next."""
    found = [change for change in changes(outcome, Schedule) if change.kind in ALARMS]
    assert len(found) <= 1
    return found[0] if found else None


def told(on: Ticket, now: datetime, rules: Policy = RULES) -> Outcome:
    return happen(on, Alarm.ANSWER_SOON, rules, now)


def ordered(text: str, on: Ticket) -> Decision:
    """What a mail of Ivan's in reply to a notification does."""
    letter = sent()
    inbound = mail(text, sender=IVAN_WRITES, headers=passed(), references=(letter.message_id,))
    return decided(inbound, answering(letter, on), RULES)


# --- the clock ------------------------------------------------------------------------------------


def test_a_new_ticket_starts_the_clock_and_its_first_warning_comes_at_three_quarters() -> None:
    opened = decided(mail(), rules=RULES)
    assert clock_of(opened) == replace(begin(NOW), due_at=NOW + 4 * HOUR)
    assert alarm_of(opened) == Schedule(NEW, Alarm.ANSWER_SOON, NOW + 3 * HOUR)


def test_without_service_levels_nothing_is_counted() -> None:
    assert changes(decided(mail()), SetClock) == []


def test_imported_history_has_no_clock() -> None:
    assert changes(decided(mail(), rules=RULES, silent=True), SetClock) == []


def test_the_first_level_that_fits_holds() -> None:
    assert clock_of(decided(mail("The site is down!"), rules=RULES)).due_at == NOW + HOUR


def test_an_outage_on_a_desk_that_works_around_the_clock_is_promised_around_the_clock() -> None:
    evening = datetime(2026, 3, 6, 14, 30, tzinfo=UTC)  # Friday, half an hour before closing
    down = mail("The site is down!")
    assert clock_of(decided(down, rules=RULES, now=evening)).due_at == datetime(2026, 3, 9, 7, 30, tzinfo=UTC)
    always = promising(around_the_clock=True)
    assert clock_of(decided(down, rules=always, now=evening)).due_at == evening + HOUR


def test_who_is_asked_for_something_at_once_stops_the_clock_from_the_beginning() -> None:
    (desk,) = RULES.desks
    asking = replace(RULES, desks=(replace(desk, checklists=(GENERAL,)),))
    opened = decided(mail(), rules=asking)
    assert clock_of(opened) == Clock(begun_at=NOW)
    assert alarm_of(opened) is None


def test_an_agents_answer_keeps_the_first_promise_and_stops_the_clock() -> None:
    answered = ordered("Have you tried again?", clocked())
    assert clock_of(answered) == Clock(begun_at=NOW - HOUR, worked=HOUR, answered_at=NOW)
    assert alarm_of(answered) is None


def test_an_acknowledgement_or_a_note_is_no_answer() -> None:
    assert clock_of(decided(mail(), rules=RULES)).answered_at is None
    assert changes(ordered("#note ask the supplier", clocked()), SetClock) == []


def test_the_requesters_answer_lets_the_clock_go_on_where_it_stood() -> None:
    stood = clocked(state=State.WAITING, clock=Clock(begun_at=NOW - HOUR, worked=HOUR, answered_at=NOW), follow_ups=())
    facts = answering(acknowledged(), stood)
    later = NOW + timedelta(days=7)
    wrote = decided(mail(references=(acknowledged().message_id,)), facts, promising(), now=later)
    # Two business days are sixteen hours: fifteen are left, from Monday noon on.
    assert clock_of(wrote).running_since == later
    assert clock_of(wrote).due_at == datetime(2026, 3, 11, 8, 0, tzinfo=UTC)


def test_an_answer_taken_back_was_none() -> None:
    answered = clocked(
        state=State.WAITING, clock=Clock(begun_at=NOW - HOUR, worked=HOUR, answered_at=NOW), unsent=("Ivan",)
    )
    undone = ordered("#undo", answered)
    assert clock_of(undone).answered_at is None
    assert clock_of(undone).due_at == NOW + 3 * HOUR


def test_closing_ends_the_alarms_and_opening_again_begins_anew_without_asking_for_a_first_answer() -> None:
    closed = ordered("#close", clocked())
    assert (clock_of(closed).due_at, alarm_of(closed)) == (None, None)
    late = replace(clock_of(closed), answered_at=NOW, told=(Alarm.SOLUTION_LATE, Alarm.ANSWER_SOON))
    again = ordered("#reopen", clocked(state=State.CLOSED, closed_at=NOW, clock=late))
    assert clock_of(again).begun_at == NOW
    assert clock_of(again).told == (Alarm.ANSWER_SOON,)
    assert alarm_of(again) == Schedule(NUMBER, Alarm.SOLUTION_SOON, datetime(2026, 3, 3, 13, 0, tzinfo=UTC))


def test_another_lane_or_priority_is_another_promise_and_what_was_worked_counts() -> None:
    moved = ordered("#outage site-down", clocked())
    assert clock_of(moved).due_at == NOW  # the hour that an outage has is over
    levels = promising(ServiceLevel(priority=Priority.HIGH, first_answer=2 * HOUR))
    urgent = keep_clocks(
        Outcome(ticket=NUMBER, changes=(SetPlace(NUMBER, Lane.NORMAL, Priority.HIGH, None, ()),)),
        (clocked(clock=None),),
        levels,
        NOW,
    )
    # A ticket to which a promise comes late has its time from now on.
    assert clock_of(urgent).due_at == NOW + 2 * HOUR


def test_what_hangs_on_an_incident_raises_no_alarm() -> None:
    hung = keep_clocks(Outcome(ticket=NUMBER, changes=(HangOn(NUMBER, 100009),)), (clocked(),), RULES, NOW)
    assert alarm_of(hung) is None
    assert told(clocked(incident=100009), NOW + 4 * HOUR).letters == ()


# --- alarms ---------------------------------------------------------------------------------------


def test_whoever_works_on_it_is_warned_and_of_a_broken_promise_the_leads_hear_too() -> None:
    mine = clocked(assignee="Ivan")
    warned = told(mine, NOW + 2 * HOUR)
    assert written(warned) == [("alert", "ivan@help.test")]
    assert alarm_of(warned) == Schedule(NUMBER, Alarm.ANSWER_LATE, NOW + 3 * HOUR)
    broken = told(replace(mine, clock=clock_of(warned)), NOW + 3 * HOUR)
    assert written(broken) == [("alert", "ivan@help.test"), ("alert", "lena@help.test")]
    assert [str(reason) for reason in broken.letters[0].reasons] == ["first-answer-late"]


def test_nothing_is_told_twice_however_far_the_clock_jumps() -> None:
    later = datetime(2036, 3, 3, 12, 0, tzinfo=UTC)
    once = told(clocked(), later)
    assert {letter.to.address for letter in once.letters} == {"ivan@help.test", "olha@help.test", "lena@help.test"}
    assert len(once.letters) == 3
    assert set(clock_of(once).told) == set(Alarm)
    assert alarm_of(once) is None
    again = told(clocked(clock=clock_of(once)), later + timedelta(days=3653))
    assert again.letters == ()


def test_an_alarm_that_comes_while_the_desk_is_closed_waits_for_its_opening() -> None:
    night = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    waits = told(clocked(), night)
    assert waits.letters == ()
    assert alarm_of(waits) == Schedule(NUMBER, Alarm.ANSWER_LATE, datetime(2026, 3, 3, 7, 0, tzinfo=UTC))


@pytest.mark.parametrize("on", [clocked(clock=None), clocked(clock=Clock(begun_at=NOW))])
def test_an_alarm_that_counts_no_more_only_ends(on: Ticket) -> None:
    assert told(on, NOW + 5 * HOUR).letters == ()


# --- arithmetic -----------------------------------------------------------------------------------

moments = st.integers(0, 10 * 366 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
pauses = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 9000)), max_size=5)


@given(at=moments, minutes=st.integers(1, 3000), steps=pauses)
def test_a_pause_moves_the_promise_by_exactly_what_was_not_worked(
    at: datetime, minutes: int, steps: list[tuple[int, int]]
) -> None:
    """An independent account: business minutes that the clock ran never exceed the target before it is due."""
    level = ServiceLevel(solution=timedelta(minutes=minutes))
    clock, now, ran = begin(at), at, timedelta()
    for running, standing in steps:
        now, before = now + timedelta(minutes=running), now
        ran += OFFICE.between(before, now)
        clock = paused(clock, OFFICE, now)
        now += timedelta(minutes=standing)
        clock = replace(clock, running_since=now)
    due_at = alarms(clock, level, OFFICE)[Alarm.SOLUTION_LATE]
    assert OFFICE.between(now, due_at) == max(timedelta(), timedelta(minutes=minutes) - ran)
    assert OFFICE.is_open(due_at)


def test_a_change_of_state_alone_moves_no_other_ticket() -> None:
    outcome = Outcome(ticket=NUMBER, changes=(SetState(NUMBER, State.CLOSED),))
    kept = keep_clocks(outcome, (clocked(), clocked(number=100002)), RULES, NOW)
    assert [change.ticket for change in changes(kept, SetClock)] == [NUMBER]
