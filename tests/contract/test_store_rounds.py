"""What a store keeps of rounds, and the figures that it gives for the report."""

from __future__ import annotations

from datetime import date

from helpdesk.adapters.store import SqlStore
from helpdesk.core.decision import Record, SetState
from helpdesk.core.report import Figures
from helpdesk.core.ticket import Satisfaction, State
from helpdesk.core.wishes import SetSatisfaction
from tests.desk import DAY, HOUR, NOW, answer, change, facts, letter, open_ticket, queue, ticket_of

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def test_a_round_is_begun_once_a_day_and_never_for_a_day_before(store: SqlStore) -> None:
    begun = []
    for kind, day in (
        ("morning", MONDAY),
        ("morning", MONDAY),
        ("report", MONDAY),  # another round
        ("morning", TUESDAY),
        ("morning", MONDAY),  # the clock was set back
    ):
        with store.unit() as unit:
            begun.append(unit.begin_round(kind, day))
    assert begun == [True, False, True, True, False]


def test_a_round_that_was_broken_off_is_still_to_be_made(store: SqlStore) -> None:
    try:
        with store.unit() as unit:
            assert unit.begin_round("morning", MONDAY)
            raise InterruptedError
    except InterruptedError:
        pass
    with store.unit() as unit:
        assert unit.begin_round("morning", MONDAY)


def test_the_figures_of_a_week(store: SqlStore) -> None:
    first = ticket_of(store)
    with store.unit() as unit:
        second = open_ticket(unit, subject="A second one")
        queue(unit, letter("automatic"), first)
        for key, when in (("first", NOW + HOUR), ("second", NOW + 2 * HOUR)):
            queue(unit, answer(key), first, now=when)
        change(unit, first, SetSatisfaction(first, Satisfaction.SOLVED), now=NOW + 3 * HOUR)
        change(unit, first, SetState(first, State.CLOSED, resolution="solved"), now=NOW + 3 * HOUR)
        change(unit, second, Record(second, "helpdesk", "alarm", "first-answer-late, solution-soon"), now=NOW + HOUR)
        change(unit, second, Record(second, "helpdesk", "alarm", "solution-late"), now=NOW + 8 * DAY)
    found = store.figures(NOW - HOUR, NOW + 7 * DAY)
    assert found == Figures(
        opened=(NOW, NOW),
        closed=(NOW + 3 * HOUR,),
        answers=(("support", NOW, NOW + HOUR),),
        late_answers=1,
        satisfaction=((Satisfaction.SOLVED, 1),),
        open_now=1,
    )
    assert store.figures(NOW + 9 * DAY, NOW + 16 * DAY) == Figures(open_now=1)


def test_the_figures_of_one_desk_are_its_own(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        other = open_ticket(unit, desk="sales")
        for one in (number, other):
            queue(unit, answer(f"answer {one}"), one, now=NOW + HOUR)
            change(unit, one, Record(one, "helpdesk", "alarm", "first-answer-late"), now=NOW + HOUR)
    found = facts(store, NOW + DAY, figures=(NOW - HOUR, ("sales",))).figures
    assert found == Figures(
        opened=(NOW,), answers=(("sales", NOW, NOW + HOUR),), late_answers=1, open_now=1, waiting_now=0
    )
    everything = facts(store, NOW + DAY, figures=(NOW - HOUR, ())).figures
    assert everything is not None
    assert (len(everything.opened), everything.late_answers) == (2, 2)


def test_an_answer_of_last_week_is_not_the_first_of_this_one(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        for key, when in (("first", NOW + HOUR), ("second", NOW + 8 * DAY)):
            queue(unit, answer(key), number, now=when)
    assert store.figures(NOW + 7 * DAY, NOW + 9 * DAY).answers == ()
