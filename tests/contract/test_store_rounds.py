"""What a store keeps of rounds, and the figures that it gives for the report."""

from __future__ import annotations

from datetime import date

from helpdesk.adapters.store import SqlStore
from helpdesk.core.decision import Record, SetState
from helpdesk.core.report import Figures
from helpdesk.core.ticket import Satisfaction, State
from helpdesk.core.wishes import SetSatisfaction
from tests.desk import DAY, HOUR, NOW, answer, change, letter, open_ticket, queue, ticket_of

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
