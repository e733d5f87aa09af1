"""What happens by itself: reminder, closing, waking up."""

from __future__ import annotations

from dataclasses import astuple, replace
from datetime import date, datetime, timedelta

import pytest

from helpdesk.core.calendar import Calendar, parse_hours
from helpdesk.core.chains import Chain, Occasion, Step, asked
from helpdesk.core.decision import Done, Outcome, Record, Schedule, SetState, Unschedule
from helpdesk.core.duration import BusinessDays
from helpdesk.core.outgoing import Event
from helpdesk.core.policy import Desk
from helpdesk.core.scheduling import closes_at, start
from helpdesk.core.ticket import FollowUp, Held, Lane, State, Ticket
from helpdesk.core.timers import happen, put_off
from tests.build import DAY, DESK, NOW, NUMBER, asking_policy, changes, policy, ticket, written

POLICY = asking_policy()
OFFICE = Desk(
    name="support",
    address=DESK,
    language="en",
    calendar=Calendar(timezone="Europe/Moscow", week=parse_hours("Mon-Fri 10:00-18:00")),
    chains=(asked(BusinessDays(2), BusinessDays(5)),),
)
TWICE = Chain(
    after=Occasion.MISSING,
    steps=(
        Step(after=BusinessDays(2), send=Event.REMINDER),
        Step(after=BusinessDays(4), send=Event.REMINDER),
        Step(after=BusinessDays(5), close="given-up"),
    ),
)
HELPED = Chain(
    after=Occasion.ANSWERED,
    steps=(Step(after=BusinessDays(3), send=Event.SOLVED), Step(after=BusinessDays(7), close="solved")),
)
MONDAY_AFTER = datetime.fromisoformat("2026-03-09T07:00:00Z")
TEN_YEARS = timedelta(days=3653)
ASKED = ticket(
    state=State.WAITING,
    checklist="general",
    missing=("ip",),
    follow_ups=(FollowUp("reminder", NOW + 2 * DAY), FollowUp("auto-close", NOW + 5 * DAY)),
)


def later(before: Ticket, outcome: Outcome) -> Ticket:
    """The ticket's follow-ups and state after an outcome, as the store carries it out."""
    waiting = {one.kind: one.due_at for one in before.follow_ups}
    state = before.state
    for change in outcome.changes:
        match change:
            case Done(_, kind):
                del waiting[kind]
            case Unschedule(_, kinds, kept):
                waiting = {kind: at for kind, at in waiting.items() if kind in kept or (kinds and kind not in kinds)}
            case Schedule(_, kind, due_at):
                waiting[kind] = due_at
            case SetState():
                state = change.state
            case _:
                pass
    return replace(before, state=state, follow_ups=tuple(FollowUp(kind, at) for kind, at in waiting.items()))


def test_the_chain_counts_business_days() -> None:
    friday = NOW + 4 * DAY
    assert [change.due_at for change in start(NUMBER, OFFICE, Occasion.MISSING, friday)] == [
        datetime.fromisoformat("2026-03-10T09:00:00Z"),  # Tuesday
        datetime.fromisoformat("2026-03-13T09:00:00Z"),  # Friday
    ]


def test_a_desk_that_never_reminds_or_closes_has_no_chain() -> None:
    assert start(NUMBER, replace(OFFICE, chains=()), Occasion.MISSING, NOW) == ()
    assert start(NUMBER, OFFICE, Occasion.ANSWERED, NOW) == ()


def test_a_chain_has_as_many_letters_as_it_has_steps() -> None:
    desk = replace(OFFICE, chains=(TWICE, HELPED))
    after_asking, after_answering = (start(NUMBER, desk, occasion, NOW) for occasion in Occasion)
    assert [one.kind for one in after_asking] == ["reminder", "reminder-2", "auto-close"]
    assert [one.kind for one in after_answering] == ["answered:solved", "answered:auto-close"]
    assert closes_at(after_answering) == datetime.fromisoformat("2026-03-11T09:00:00Z")
    assert closes_at(after_answering[:1]) is None


def test_a_chain_after_a_state_of_the_desk_closes_what_nobody_objects_to() -> None:
    shipped = Chain(after="shipped", steps=(Step(after=timedelta(days=3), close="repaired"),))
    desk = replace(OFFICE, chains=(shipped,))
    (closing,) = start(NUMBER, desk, "shipped", NOW + 3 * DAY)
    # Three days by the clock from Thursday noon are Sunday: the desk opens on Monday.
    assert closing == Schedule(NUMBER, "shipped:auto-close", MONDAY_AFTER)
    waiting = ticket(state=State.WAITING, stage="shipped", follow_ups=(FollowUp(closing.kind, closing.due_at),))
    done = happen(waiting, closing.kind, policy(desks=(desk,)), closing.due_at)
    assert changes(done, SetState) == [SetState(NUMBER, State.CLOSED, resolution="repaired")]


def test_each_step_does_what_its_chain_says() -> None:
    desks = (replace(OFFICE, chains=(TWICE, HELPED)),)
    waiting = ticket(
        state=State.WAITING, follow_ups=tuple(FollowUp(kind, NOW) for kind in (*TWICE.kinds, *HELPED.kinds))
    )
    done = {one.kind: happen(waiting, one.kind, policy(desks=desks), NOW) for one in waiting.follow_ups}
    assert {kind: letter.event for kind, outcome in done.items() for letter in outcome.letters} == {
        "reminder": "reminder",
        "reminder-2": "reminder",
        "auto-close": "closed",
        "answered:solved": "solved",
        "answered:auto-close": "closed",
    }
    closed = [done[kind] for kind in ("auto-close", "answered:auto-close")]
    assert [change.resolution for outcome in closed for change in changes(outcome, SetState)] == ["given-up", "solved"]


def test_a_step_that_the_desk_has_given_up_ends_without_a_trace() -> None:
    outcome = happen(ASKED, "reminder-2", POLICY, NOW + 9 * DAY)
    assert (outcome.letters, outcome.changes) == ((), (Done(NUMBER, "reminder-2"),))


@pytest.mark.parametrize("kind", ["reminder", "auto-close"])
def test_nothing_is_sent_while_the_desk_is_closed(kind: str) -> None:
    saturday = NOW + 5 * DAY
    outcome = happen(ASKED, kind, policy(desks=(OFFICE,)), saturday)
    assert (outcome.letters, outcome.changes) == ((), (Schedule(NUMBER, kind, MONDAY_AFTER),))


@pytest.mark.parametrize("kind", ["reminder", "auto-close"])
def test_a_ticket_with_held_mail_waits_for_us(kind: str) -> None:
    asked_and_held = replace(ASKED, held=(Held(id=1, sender=None, subject="Re: A question", at=NOW),))
    outcome = happen(asked_and_held, kind, POLICY, NOW + 5 * DAY)
    assert (outcome.letters, outcome.changes) == ((), (Schedule(NUMBER, kind, NOW + 6 * DAY),))


def test_whoever_has_not_answered_is_asked_again() -> None:
    outcome = happen(ASKED, "reminder", POLICY, NOW + 2 * DAY)
    (letter,) = outcome.letters
    assert (letter.event, letter.missing, letter.due_at) == ("reminder", ("Which IP?",), NOW + 5 * DAY)
    assert changes(outcome, Done) == [Done(NUMBER, "reminder")]
    assert changes(outcome, SetState) == []


def test_then_the_ticket_closes_with_a_letter() -> None:
    outcome = happen(ASKED, "auto-close", POLICY, NOW + 5 * DAY)
    assert written(outcome) == [("closed", "anna@shop.test")]
    assert changes(outcome, SetState) == [SetState(NUMBER, State.CLOSED, resolution="no-answer")]
    assert changes(outcome, Record) == [Record(NUMBER, "helpdesk", "closed", "nobody answered")]
    assert later(ASKED, outcome).follow_ups == ()


def test_whoever_is_away_is_reminded_on_his_return() -> None:
    # Until Friday the 20th: the desk opens on Monday.
    assert put_off(ASKED, OFFICE, date(2026, 3, 20)) == (
        Schedule(NUMBER, "reminder", datetime.fromisoformat("2026-03-23T07:00:00Z")),
        Schedule(NUMBER, "auto-close", datetime.fromisoformat("2026-03-26T07:00:00Z")),
    )


def test_whoever_was_reminded_has_the_whole_time_to_the_closing_after_his_return() -> None:
    reminded = replace(ASKED, follow_ups=ASKED.follow_ups[1:])
    assert put_off(reminded, OFFICE, date(2026, 3, 20)) == (
        Schedule(NUMBER, "auto-close", datetime.fromisoformat("2026-03-26T07:00:00Z")),
    )


def test_a_return_before_the_next_letter_moves_nothing() -> None:
    assert put_off(ASKED, OFFICE, date(2026, 3, 3)) == ()
    assert put_off(ticket(follow_ups=(FollowUp("wake", NOW + DAY),)), OFFICE, date(2026, 3, 20)) == ()


@pytest.mark.parametrize("kind", ["reminder", "auto-close"])
@pytest.mark.parametrize("state", [State.NEW, State.OPEN, State.CLOSED])
def test_only_a_waiting_ticket_is_reminded_or_closed(kind: str, state: State) -> None:
    outcome = happen(replace(ASKED, state=state), kind, POLICY, NOW + 9 * DAY)
    assert (outcome.letters, outcome.changes) == ((), (Done(NUMBER, kind),))


def test_an_outage_never_closes_by_itself() -> None:
    outcome = happen(replace(ASKED, lane=Lane.OUTAGE), "auto-close", POLICY, NOW + TEN_YEARS)
    assert (outcome.letters, outcome.changes) == ((), (Done(NUMBER, "auto-close"),))


def test_a_sleeping_ticket_wakes_up_and_never_closes() -> None:
    asleep = ticket(wake_at=NOW + DAY, assignee="Ivan", follow_ups=(FollowUp("wake", NOW + DAY),))
    assert happen(asleep, "auto-close", POLICY, NOW + TEN_YEARS).letters == ()
    outcome = happen(asleep, "wake", POLICY, NOW + DAY)
    assert written(outcome) == [("notify", "ivan@help.test")]
    assert changes(outcome, SetState) == [SetState(NUMBER, State.OPEN)]


def test_a_closed_ticket_does_not_wake() -> None:
    outcome = happen(ticket(state=State.CLOSED), "wake", POLICY, NOW)
    assert outcome.letters == ()


def test_an_unknown_kind_ends_without_a_trace() -> None:
    assert happen(ASKED, "escalation", POLICY, NOW).changes == (Done(NUMBER, "escalation"),)


def test_a_clock_that_jumps_ten_years_sends_one_letter() -> None:
    now = NOW + TEN_YEARS
    reminded = happen(ASKED, "reminder", POLICY, now)
    after = later(ASKED, reminded)
    assert written(reminded) == [("reminder", "anna@shop.test")]
    # The closing keeps its distance: as long after the reminder as it was to be.
    assert after.follow_ups == (FollowUp("auto-close", now + 3 * DAY),)
    assert reminded.letters[0].due_at == now + 3 * DAY


def test_a_reminder_on_time_does_not_move_the_closing_over_a_weekend() -> None:
    thursday = NOW + 3 * DAY
    asked_then = replace(
        ASKED,
        follow_ups=tuple(FollowUp(*one[1:]) for one in map(astuple, start(NUMBER, OFFICE, Occasion.MISSING, thursday))),
    )
    reminder, closing = asked_then.follow_ups
    ticked = reminder.due_at + timedelta(seconds=59)
    outcome = happen(asked_then, "reminder", policy(desks=(OFFICE,)), ticked)
    assert outcome.letters[0].due_at == closing.due_at
    assert changes(outcome, Schedule) == []


def test_a_reminder_on_time_does_not_move_the_closing() -> None:
    assert later(ASKED, happen(ASKED, "reminder", POLICY, NOW + 2 * DAY)).follow_ups == (
        FollowUp("auto-close", NOW + 5 * DAY),
    )


def test_the_same_follow_up_is_one_letter_however_often_it_is_tried() -> None:
    keys = {happen(ASKED, "reminder", POLICY, NOW + days * DAY).letters[0].dedupe_key for days in (2, 3, 9)}
    assert len(keys) == 1
    asked_again = replace(ASKED, follow_ups=(FollowUp("reminder", NOW + 20 * DAY),))
    assert happen(asked_again, "reminder", POLICY, NOW + 20 * DAY).letters[0].dedupe_key not in keys


def test_nobody_is_written_to_where_there_is_nobody() -> None:
    assert happen(replace(ASKED, requester=None), "reminder", POLICY, NOW + 2 * DAY).letters == ()
