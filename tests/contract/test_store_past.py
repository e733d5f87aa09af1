"""What a requester asked before: both engines remember alike."""

from __future__ import annotations

from helpdesk.core.decision import SetState
from helpdesk.core.past import LAST_SHOWN, Past, PastTicket
from helpdesk.core.ticket import Lane, State
from helpdesk.ports import Store
from tests.desk import ANNA, HOUR, NOW, PETER, change, ticket_of


def past_of(store: Store, number: int) -> Past:
    """What the requester of this ticket asked besides."""
    with store.unit() as unit:
        found = unit.ticket(number)
        assert found is not None
        return unit.past(found)


def test_the_last_tickets_of_a_requester_come_newest_first_whatever_their_lane(store: Store) -> None:
    ticket_of(store, requester=ANNA, subject="oldest", opened_at=NOW - 9 * HOUR)
    outage = ticket_of(store, requester=ANNA, subject="outage", lane=Lane.OUTAGE, opened_at=NOW - 2 * HOUR)
    last = ticket_of(store, requester=ANNA, subject="last", opened_at=NOW - HOUR)
    ticket_of(store, requester=PETER, subject="somebody else's", opened_at=NOW)
    own = ticket_of(store, requester=ANNA, subject="this one", opened_at=NOW)
    found = past_of(store, own)
    assert found.count == 3
    assert found.last == (
        PastTicket(last, "last", State.NEW, None, NOW - HOUR),
        PastTicket(outage, "outage", State.NEW, None, NOW - 2 * HOUR),
    )
    assert len(found.last) == LAST_SHOWN


def test_whoever_asks_for_the_first_time_has_no_past(store: Store) -> None:
    ticket_of(store, requester=PETER)
    assert past_of(store, ticket_of(store, requester=ANNA)) == Past()


def test_a_ticket_of_nobody_has_no_past(store: Store) -> None:
    ticket_of(store, requester=None)
    assert past_of(store, ticket_of(store, requester=None)) == Past()


def test_what_was_closed_of_late_is_found_until_it_is_opened_again(store: Store) -> None:
    early, late, reopened = (ticket_of(store, requester=ANNA) for _ in range(3))
    with store.unit() as unit:
        change(unit, early, SetState(early, State.CLOSED), now=NOW - 9 * HOUR)
        change(unit, late, SetState(late, State.CLOSED), now=NOW)
        change(unit, reopened, SetState(reopened, State.CLOSED), now=NOW)
        change(unit, reopened, SetState(reopened, State.OPEN), now=NOW)
    assert [one.number for one in store.closed_since(NOW - HOUR)] == [late]


def test_tickets_are_found_by_their_numbers(store: Store) -> None:
    number = ticket_of(store, requester=ANNA)
    assert [one.number for one in store.tickets([number, number + 1])] == [number]
