"""Who may read a mailbox, on every engine."""

from __future__ import annotations

import pytest

from helpdesk.adapters.store import SqlStore
from helpdesk.core.lease import Lease
from helpdesk.errors import LeaseLostError
from helpdesk.ports import Cursor
from tests.desk import NOW

CURSOR = Cursor(folder="INBOX", validity=1, uid=5, since=NOW)


def taken(store: SqlStore, holder: str, seconds: float = 60) -> Lease:
    lease = store.take_lease("support", holder, seconds)
    assert lease is not None
    return lease


def test_a_mailbox_has_one_holder_at_a_time(store: SqlStore) -> None:
    lease = taken(store, "first")
    assert lease == Lease("support", "first", 1)
    assert store.take_lease("support", "second", 60) is None
    other = store.take_lease("sales", "second", 60)
    assert other == Lease("sales", "second", 1)


def test_renewing_keeps_the_token(store: SqlStore) -> None:
    taken(store, "first", 0)
    assert taken(store, "first") == Lease("support", "first", 1)
    assert store.take_lease("support", "second", 60) is None


def test_what_was_given_back_or_has_ended_goes_to_the_next_with_a_higher_token(store: SqlStore) -> None:
    store.give_back(taken(store, "first"))
    assert taken(store, "second", 0) == Lease("support", "second", 2)
    assert taken(store, "first") == Lease("support", "first", 3)


def test_giving_back_what_somebody_else_has_taken_changes_nothing(store: SqlStore) -> None:
    lost = taken(store, "first", 0)
    taken(store, "second")
    store.give_back(lost)
    assert store.take_lease("support", "third", 60) is None


def test_a_holder_commits_until_another_one_has_taken_over(store: SqlStore) -> None:
    lease = taken(store, "first", 0)
    with store.unit() as unit:
        unit.fence(lease)  # ended, but nobody else has it
        unit.save_cursor("support", CURSOR)
    taken(store, "second", 0)
    with pytest.raises(LeaseLostError), store.unit() as unit:
        unit.save_cursor("support", Cursor(folder="INBOX", validity=1, uid=3, since=NOW))
        unit.fence(lease)
    taken(store, "first")  # having it again does not make the old one good
    with pytest.raises(LeaseLostError), store.unit() as unit:
        unit.fence(lease)
    with store.unit() as unit:
        assert unit.cursor("support") == CURSOR


def test_alone_on_sqlite_a_dead_holder_is_not_waited_for(store: SqlStore, url: str) -> None:
    taken(store, "dead")
    store.begin_sending(NOW)
    free = store.take_lease("support", "new", 60)
    assert (free is not None) == url.startswith("sqlite")
