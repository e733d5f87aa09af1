"""Prepared statements give what SQLAlchemy gives, on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import SqlStore
from helpdesk.adapters.store.engine import make_engine, transaction
from helpdesk.adapters.store.models import CONTACT, CURSOR, TICKET, insert
from helpdesk.adapters.store.prepared import Prepared, at_once
from helpdesk.core.sender import Settled
from helpdesk.core.ticket import State
from helpdesk.errors import TemporaryError
from tests.desk import open_ticket

CHOSEN = sa.select(TICKET).where(
    TICKET.c.number.in_(sa.bindparam("numbers", expanding=True)), TICKET.c.state.in_([State.NEW, State.OPEN])
)

REMEMBER = insert(CONTACT).on_conflict_do_nothing().returning(CONTACT.c.address)


@pytest.fixture
def connection(url: str, store: SqlStore) -> Iterator[Connection]:
    """A desk with five tickets."""
    with store.unit() as unit:
        for number in range(5):
            open_ticket(unit, subject=f"Сайт лежит № {number}", missing=("since", "url"))
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("wanted", [0, 1, 2, 3, 5])
def test_rows_are_those_of_sqlalchemy_for_any_number_of_values(connection: Connection, wanted: int) -> None:
    numbers = sorted(connection.execute(sa.select(TICKET.c.number)).scalars())[:wanted]
    prepared = Prepared(CHOSEN, lists=("numbers",))
    expected = [dict(row) for row in connection.execute(CHOSEN, {"numbers": numbers}).mappings()]
    for _ in range(2):  # made, then found
        found: list[dict[str, Any]] = [row._asdict() for row in prepared.all(connection, {"numbers": numbers})]
        assert found == expected
    assert len(expected) == wanted


def test_values_are_written_as_their_columns_want_them(connection: Connection) -> None:
    since = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    row = {"mailbox": "nul\0", "folder": "\ud800", "validity": 2**40, "uid": 7, "since": since}
    Prepared(insert(CURSOR)).run(connection, row)
    found = Prepared(sa.select(CURSOR)).first(connection, {})
    assert found == connection.execute(sa.select(CURSOR)).one()
    assert found == ("nul\ufffd", "\ufffd", 2**40, 7, since)


def test_statements_that_are_asked_together_each_give_their_own_rows(connection: Connection) -> None:
    tickets, contacts = Prepared(CHOSEN, lists=("numbers",)), Prepared(sa.select(CONTACT.c.address))
    numbers = sorted(connection.execute(sa.select(TICKET.c.number)).scalars())
    with at_once(connection):
        first, none, last = (
            tickets.ask(connection, {"numbers": numbers[:1]}),
            contacts.ask(connection, {}),
            tickets.ask(connection, {"numbers": numbers[-1:]}),
        )
    assert [[row[0] for row in answer()] for answer in (last, none, first)] == [[numbers[-1]], [], [numbers[0]]]


def test_one_that_fails_among_them_is_not_hidden(connection: Connection) -> None:
    missing = Prepared(sa.select(sa.column("x")).select_from(sa.table("missing")))
    counted = Prepared(sa.select(sa.func.count()).select_from(TICKET))
    with pytest.raises((TemporaryError, psycopg.errors.UndefinedTable), match="missing"), at_once(connection):
        for statement in (counted, missing, counted):
            statement.ask(connection, {})


def test_several_rows_are_written_at_once(connection: Connection) -> None:
    contacts = [
        {
            "address": f"{name}@example.net",
            "name": name,
            "language": None,
            "blocked": False,
            "failing": True,
            "settled": Settled.LETTERS,
        }
        for name in ("anna", "boris", "celina")
    ]
    Prepared(insert(CONTACT)).run(connection, *contacts)
    Prepared(insert(CONTACT)).run(connection)
    written = connection.execute(sa.select(CONTACT).order_by(CONTACT.c.address)).mappings()
    assert [dict(row) for row in written] == contacts


def test_what_was_there_already_gives_no_row(connection: Connection) -> None:
    prepared = Prepared(REMEMBER)
    contact = {"address": "anna@example.net", "name": "", "language": "ru", "blocked": False, "failing": False}
    assert prepared.scalar(connection, contact) == "anna@example.net"
    assert prepared.scalar(connection, contact) is None
