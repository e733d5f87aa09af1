"""The board: what cards that were moved, deleted or doubled ask for, and who wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.bench import Bench, Carried
from helpdesk.core.board import (
    CLOSED_SHOWN,
    Column,
    Seen,
    Spot,
    judge,
    marks_of,
    move,
    name_of,
    read_card,
    spot_of,
    spots,
    version_of,
)
from helpdesk.core.order_words import words_in
from helpdesk.core.ticket import Lane, Priority, State, Ticket
from tests.build import DAY, IVAN, NOW, NUMBER, policy, ticket

POLICY = policy()
KEY = b"k" * 32
MINE = Spot(Column.MINE, "Ivan")
NEW, OUTAGE, WAITING, CLOSED = (Spot(Column(name)) for name in ("new", "outage", "waiting", "closed"))

NEWS = ticket(state=State.NEW)
STATES = {
    NEW: NEWS,
    OUTAGE: ticket(lane=Lane.OUTAGE, situation="site-down"),
    MINE: ticket(assignee="Ivan"),
    WAITING: ticket(state=State.WAITING, assignee="Ivan"),
    CLOSED: ticket(state=State.CLOSED, closed_at=NOW, assignee="Ivan"),
}


def card(on: Ticket, at: Spot, home: Spot | None = None, uid: int = 1, **values: Any) -> Seen:
    """A card of this ticket as it is now, lying at `at`."""
    put = home or spot_of(on, POLICY, NOW)
    assert put is not None
    return replace(Seen(at, uid, on.number, put.key, version_of(on)), **values)


# --- where a card belongs -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "at"),
    [
        *((on, at) for at, on in STATES.items()),
        (ticket(wake_at=NOW + DAY, assignee="Ivan"), WAITING),  # it sleeps
        (ticket(lane=Lane.OUTAGE, assignee="Ivan"), MINE),  # somebody has it
        (ticket(assignee="Somebody who left"), NEW),
        (ticket(state=State.CLOSED, closed_at=NOW - CLOSED_SHOWN), None),  # long enough
        (ticket(merged_into=100002), None),
    ],
)
def test_a_ticket_has_its_place_by_state_and_agent(on: Ticket, at: Spot | None) -> None:
    assert spot_of(on, POLICY, NOW) == at


def test_colours_tell_what_is_urgent_and_what_rests() -> None:
    assert marks_of(STATES[OUTAGE]) == ("\\Flagged", "outage")
    assert marks_of(ticket(priority=Priority.HIGH)) == ("\\Flagged", "priority-high")
    assert marks_of(STATES[WAITING]) == ("\\Seen",)
    assert marks_of(NEWS) == ()


# --- what cards ask for ---------------------------------------------------------------------------


def test_a_card_that_lies_where_it_belongs_asks_for_nothing() -> None:
    step = judge(NEWS, [card(NEWS, NEW)], POLICY, NOW)
    assert (step.order, step.crossed, step.put, step.remove) == (None, None, False, ())


def test_a_moved_card_is_an_order() -> None:
    assert judge(NEWS, [card(NEWS, MINE)], POLICY, NOW).order == MINE


def test_a_copy_whose_original_is_only_marked_as_deleted_is_a_move() -> None:
    cards = [card(NEWS, NEW, deleted=True), card(NEWS, MINE, uid=2)]
    assert judge(NEWS, cards, POLICY, NOW).order == MINE


@pytest.mark.parametrize("cards", [[], [card(NEWS, NEW, deleted=True)]])
def test_a_deleted_card_comes_back(cards: list[Seen]) -> None:
    step = judge(NEWS, cards, POLICY, NOW)
    assert (step.order, step.put, step.remove) == (None, True, tuple(cards))


def test_a_card_of_an_older_version_is_replaced_where_it_lies() -> None:
    old = card(NEWS, NEW, version="0" * 16)
    step = judge(NEWS, [old], POLICY, NOW)
    assert (step.order, step.put, step.remove) == (None, True, (old,))


def test_a_ticket_that_went_elsewhere_takes_its_card_along() -> None:
    old = card(NEWS, NEW)
    step = judge(STATES[MINE], [old], POLICY, NOW)
    assert (step.order, step.crossed, step.put, step.remove) == (None, None, True, (old,))


def test_a_card_that_was_moved_while_its_ticket_went_elsewhere_loses() -> None:
    step = judge(STATES[CLOSED], [card(NEWS, MINE)], POLICY, NOW)
    assert (step.order, step.crossed) == (None, MINE)


def test_a_card_that_was_moved_to_where_the_ticket_went_is_right() -> None:
    step = judge(STATES[MINE], [card(NEWS, MINE)], POLICY, NOW)
    assert (step.order, step.crossed, step.put) == (None, None, True)


def test_a_move_during_a_replacement_still_counts() -> None:
    # The new version was put, while a person had moved the old one.
    cards = [card(NEWS, NEW, uid=9), card(NEWS, MINE, version="0" * 16)]
    assert judge(NEWS, cards, POLICY, NOW).order == MINE


def test_two_cards_moved_to_two_places_move_nothing() -> None:
    step = judge(NEWS, [card(NEWS, MINE), card(NEWS, CLOSED, uid=2)], POLICY, NOW)
    assert step.order is None
    assert step.crossed in (MINE, CLOSED)


def test_a_ticket_without_a_place_has_no_cards() -> None:
    gone = ticket(merged_into=100002)
    old = card(NEWS, NEW)
    step = judge(gone, [old], POLICY, NOW)
    assert (step.put, step.remove) == (False, (old,))


PLACES = st.sampled_from(spots(POLICY))


@given(
    on=st.sampled_from(list(STATES.values())),
    lying=st.lists(st.builds(Seen, PLACES, st.integers(1, 9), st.just(NUMBER), PLACES.map(lambda s: s.key),
                             st.just("0" * 16), st.booleans()), max_size=4),
)  # fmt: skip
def test_once_settled_nothing_is_left_to_do(on: Ticket, lying: list[Seen]) -> None:
    step = judge(on, lying, POLICY, NOW)
    if step.order or step.crossed:
        return
    spot = spot_of(on, POLICY, NOW)
    left = [one for one in lying if one not in step.remove]
    if step.put and spot is not None:
        left.append(card(on, spot, uid=99))
    again = judge(on, left, POLICY, NOW)
    assert (again.order, again.crossed, again.remove) == (None, None, ())
    assert len(left) == 1


# --- what a move does -----------------------------------------------------------------------------


BENCH = Bench(agent=IVAN, policy=POLICY, now=NOW, cause="board", words=words_in("en"))


@pytest.mark.parametrize("to", list(STATES))
@pytest.mark.parametrize("on", STATES.values(), ids=[spot.column.value for spot in STATES])
def test_a_ticket_is_where_its_card_was_moved_or_stays_with_a_reason(on: Ticket, to: Spot) -> None:
    carried = move(on, to, BENCH)
    if on.lane is Lane.OUTAGE and to == WAITING:
        assert isinstance(carried, str)  # an outage waits for nobody
        return
    assert isinstance(carried, Carried)
    # When it closed is known to the store alone.
    assert spot_of(replace(carried.ticket, closed_at=NOW), POLICY, NOW) == to


def test_whoever_moves_a_card_to_himself_gets_no_letter_about_it() -> None:
    carried = move(NEWS, MINE, BENCH)
    assert isinstance(carried, Carried)
    assert carried.letters == ()


# --- names ----------------------------------------------------------------------------------------


def test_a_card_is_known_by_its_name_alone() -> None:
    name = name_of(KEY, NUMBER, NEW.key, version_of(NEWS), "help.test")
    assert read_card(KEY, f"Message-ID: {name}\r\n", MINE, 7, deleted=False) == Seen(
        MINE, 7, NUMBER, NEW.key, version_of(NEWS)
    )


@pytest.mark.parametrize("name", ["", "<a@b>", "<card.100001.00000000.0000000000000000.{}@help.test>".format("0" * 32)])
def test_nobody_else_can_make_a_card(name: str) -> None:
    assert read_card(KEY, name, NEW, 1, deleted=False) is None


def test_the_name_of_another_ticket_does_not_fit() -> None:
    name = name_of(KEY, NUMBER, NEW.key, version_of(NEWS), "help.test").replace(str(NUMBER), "100002")
    assert read_card(KEY, name, NEW, 1, deleted=False) is None
