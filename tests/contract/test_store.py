"""What every store promises of its transactions, asked of SQLite and of PostgreSQL."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from helpdesk.adapters.store import SqlStore, open_store
from helpdesk.core.decision import (
    Record,
    Schedule,
)
from helpdesk.core.sender import Remember
from helpdesk.core.ticket import (
    FIRST_NUMBER,
    NEW,
    Lane,
    Priority,
    State,
)
from helpdesk.ports import Cursor
from tests.desk import (
    ANNA,
    DAY,
    HOUR,
    NOW,
    OPENING,
    ask,
    change,
    decision,
    file,
    inbound,
    letter,
    mail,
    open_ticket,
    queue,
    ticket_of,
)
from tests.statements import before_statements

# --- transactions ---------------------------------------------------------------------------------


def test_what_raised_leaves_nothing_behind(store: SqlStore) -> None:
    with pytest.raises(ZeroDivisionError), store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1))
        queue(unit, letter("a"), number)
        raise ZeroDivisionError
    assert store.queue(closed=True) == []
    assert store.outbox() == []
    with store.unit() as unit:
        assert unit.known("support", [mail(1).key]) == {}


def test_a_number_whose_transaction_failed_was_never_given(store: SqlStore) -> None:
    with pytest.raises(ZeroDivisionError), store.unit() as unit:
        assert open_ticket(unit) == FIRST_NUMBER
        raise ZeroDivisionError
    assert ticket_of(store) == FIRST_NUMBER


def test_a_savepoint_undoes_its_own_part_alone(store: SqlStore) -> None:
    with store.unit() as unit:
        first = open_ticket(unit)
        with pytest.raises(ZeroDivisionError), unit.savepoint():
            open_ticket(unit)
            file(unit, first, mail(1))
            raise ZeroDivisionError
        second = open_ticket(unit)
        assert unit.known("support", [mail(1).key]) == {}
    assert [one.number for one in store.queue()] == [first, second] == [FIRST_NUMBER, FIRST_NUMBER + 1]


def test_others_see_a_transaction_only_when_it_is_over(store: SqlStore) -> None:
    with store.unit() as unit:
        open_ticket(unit)
        assert store.queue() == []
    assert len(store.queue()) == 1


# --- ticket numbers -------------------------------------------------------------------------------


def test_the_first_ticket_has_the_first_number(store: SqlStore) -> None:
    assert ticket_of(store) == 100001


def test_four_threads_never_give_a_number_twice(store: SqlStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: ticket_of(store), range(80)))
    assert sorted(numbers) == list(range(FIRST_NUMBER, FIRST_NUMBER + 80))


def in_child(work: Callable[[], None]) -> int:
    """Do `work` in a process of its own; how it ended (0, or minus the signal that killed it)."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_two_processes_never_give_a_number_twice(url: str, store: SqlStore) -> None:
    def open_twenty() -> None:
        mine = open_store(url)
        for _ in range(20):
            ticket_of(mine)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(in_child, [open_twenty, open_twenty])) == [0, 0]
    assert [one.number for one in store.queue()] == list(range(FIRST_NUMBER, FIRST_NUMBER + 40))


# --- looking --------------------------------------------------------------------------------------


def test_the_queue_has_the_order_of_work(store: SqlStore) -> None:
    waiting = ticket_of(store, state=State.WAITING, priority=Priority.HIGH)
    normal = ticket_of(store)
    closed = ticket_of(store, state=State.CLOSED, lane=Lane.OUTAGE)
    outage = ticket_of(store, lane=Lane.OUTAGE, priority=Priority.LOW)
    sales = ticket_of(store, desk="sales", opened_at=NOW - HOUR)
    assert [one.number for one in store.queue()] == [outage, sales, normal, waiting]
    assert [one.number for one in store.queue(closed=True)] == [outage, sales, normal, waiting, closed]
    assert [one.number for one in store.queue(desk="sales")] == [sales]


def test_a_long_queue_is_whole(store: SqlStore) -> None:
    with store.unit() as unit:
        numbers = [open_ticket(unit) for _ in range(300)]
    assert [one.number for one in store.queue()] == numbers


def test_the_secret_key_is_made_once(url: str, store: SqlStore) -> None:
    again = open_store(url)
    assert store.secret_key() == again.secret_key()
    assert len(store.secret_key()) == 32
    again.close()


def test_the_newest_moment_of_any_row_is_known(store: SqlStore) -> None:
    assert store.latest_time() is None
    number = ticket_of(store)
    assert store.latest_time() == NOW
    with store.unit() as unit:
        file(unit, number, mail(1, arrived_at=NOW + HOUR))
    assert store.latest_time() == NOW + HOUR
    with store.unit() as unit:
        queue(unit, letter("a"), now=NOW + 2 * HOUR)
        # What is still to come is no moment that was.
        change(unit, number, Schedule(number, "reminder", NOW + DAY))
    assert store.latest_time() == NOW + 2 * HOUR


# --- crashes --------------------------------------------------------------------------------------


def take_one_mail(store: SqlStore) -> None:
    """What intake does with one mail, and upkeep with one follow-up, in one transaction."""
    fetched = mail(1)
    with store.unit() as unit:
        said = inbound(fetched, references=("<parent@x>",))
        unit.facts(ask(references=said.references, sender=ANNA.address), NOW)
        decided = decision(
            OPENING,
            Record(NEW, "helpdesk", "opened"),
            Remember(ANNA.address, language="ru"),
            Schedule(NEW, "reminder", NOW + DAY),
        )
        number = unit.apply(decided, NOW, by=ANNA.address)
        unit.file("support", fetched, said, decided, number, NOW)
        queue(unit, letter("a"), number)
        unit.save_cursor("support", Cursor(folder="INBOX", validity=1, uid=1, since=NOW))


def whole(store: SqlStore) -> list[bool]:
    """For each thing that the mail leaves behind: is it there?"""
    with store.unit() as unit:
        known = bool(unit.known("support", [mail(1).key]))
        cursor = unit.cursor("support") is not None
        found = unit.facts(ask(references=("<parent@x>",), sender=ANNA.address, tokens=("a",)), NOW)
        due = bool(unit.due(NOW + DAY, 10))
    return [
        known,
        cursor,
        due,
        bool(found.by_reference),
        found.contact is not None,
        bool(found.letters),
        bool(store.queue()),
        bool(store.outbox()),
    ]


@contextmanager
def before_statement(number: int, trouble: Callable[[], None]) -> Iterator[None]:
    """Make trouble just before the statement of this number, the commit included, reaches the database."""
    seen = 0

    def meet(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            trouble()

    end = before_statements(meet)
    event.listen(sa.Engine, "commit", meet)
    try:
        yield
    finally:
        event.remove(sa.Engine, "commit", meet)
        end()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise ZeroDivisionError


def test_a_failure_leaves_all_of_a_mail_or_nothing(store: SqlStore) -> None:
    """The first statement fails, then the second, and so on, until one run comes through."""
    for failures in count(1):
        try:
            with before_statement(failures, fail):
                take_one_mail(store)
        except ZeroDivisionError:
            assert whole(store) == [False] * 8
        else:
            break
    assert failures > 15
    assert whole(store) == [True] * 8


def test_a_killed_program_leaves_all_of_a_mail_or_nothing(url: str, store: SqlStore) -> None:
    """The program is killed before its first statement, its second, and so on, until one run comes through."""
    for deaths in count(1):

        def work(statement: int = deaths) -> None:
            with before_statement(statement, die):
                take_one_mail(SqlStore(url, timedelta(days=30)))

        ended = in_child(work)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        assert whole(store) == [False] * 8
    assert deaths > 15
    assert whole(store) == [True] * 8
    assert [one.number for one in store.queue()] == [FIRST_NUMBER]
