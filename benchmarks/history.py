"""Desks with a past: any number of old tickets, made of a few true ones, kept under .cache/ for the next run.

A few requesters write and reply through the program itself; the database then copies their rows, each copy with
numbers, ids and addresses of its own and further in the past, closed and with every letter sent. Mails are kept whole,
letters of the copies are cut: nothing on the way of a mail reads them. A million tickets take some minutes and 12 GB.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from benchmarks import letters
from benchmarks.works import SPACING, Bench
from helpdesk.adapters.store.migrate import WANTED
from helpdesk.adapters.store.models import META, METADATA, TICKET
from helpdesk.core.ticket import State

CACHE = Path(__file__).parent.parent / ".cache" / "benchmarks"

# True tickets that the others are copies of; each has a request, a reply and three letters.
TRUE = 20

# So many copies are written in one transaction: some 500 MB.
_PORTION = 2000

# What is left of the letters of copies.
_CUT = zlib.compress(b"From: support@desk.example\r\n\r\nCut.\r\n")

# In the order in which rows can be written.
_TABLES = (
    *("raw", "ticket", "incident", "participant", "history", "message", "attachment", "reference", "outbox"),
    *("outbox_recipient", "contact"),
)

# What a copy counts further, and by the rows of which table.
_NUMBERS = {
    **{("ticket", column): "ticket" for column in ("number", "merged_into", "incident")},
    **{
        (table, "ticket"): "ticket"
        for table in ("incident", "participant", "history", "message", "reference", "outbox")
    },
    **{(table, "id"): table for table in ("participant", "history", "message", "outbox")},
    ("message", "uid"): "message",
    ("attachment", "message"): "message",
    ("outbox", "cause"): "message",
    ("outbox_recipient", "letter"): "outbox",
}

_IDS = {("message", "message_id"), ("outbox", "message_id"), ("reference", "key")}
_HASHES = {("raw", "sha256"), ("message", "sha256"), ("message", "fingerprint")}
_MARKED = {("outbox", "dedupe_key"), ("outbox", "token")}
_ADDRESSES = ("address", "to_address", "requester_address", "sender_address")
_OURS = ("ivan@desk.example", letters.DESK)

_MOMENT = type(TICKET.c.opened_at.type)


def cached(tickets: int) -> Path:
    """A SQLite database with so many old tickets; made when it is not there yet, or the schema has changed since."""
    file = CACHE / f"desk-{tickets}.{WANTED:04}.db"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        beside = CACHE / f"desk-{tickets}.making.db"
        for left in CACHE.glob(f"desk-{tickets}.*"):
            left.unlink()
        with Bench(f"sqlite:///{beside}", CACHE / "making") as bench:
            grow(bench, tickets)
        shutil.rmtree(CACHE / "making")
        beside.rename(file)
    return file


def grow(bench: Bench, tickets: int) -> None:
    """Give an empty desk so many old tickets (at least TRUE)."""
    opened = bench.take([letters.request(n) for n in range(TRUE)])
    bench.take([letters.reply(n, to) for n, to in enumerate(opened)])
    bench.send_all()
    engine = bench.engine()
    with engine.connect() as connection:
        _make_true_rows(connection)
        with _without_indexes(connection):
            copies = -(-tickets // TRUE) - 1
            for first in range(1, copies + 1, _PORTION):
                last = min(first + _PORTION - 1, copies)
                _run(connection, *(_copying(connection, name, first, last) for name in _TABLES))
        newest = connection.execute(sa.select(sa.func.max(TICKET.c.number))).scalar_one()
        connection.execute(sa.update(META).values(next_number=newest + 1))
        connection.commit()
        if engine.dialect.name == "postgresql":
            counters = ("participant", "history", "message", "outbox")
            _run(
                connection,
                *(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}" for name in counters),
            )
        _run(connection, "ANALYZE")
    engine.dispose()
    bench.pass_over()


def _run(connection: sa.Connection, *statements: str) -> None:
    """Statements in a transaction of their own."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.commit()


def _make_true_rows(connection: sa.Connection) -> None:
    """The rows that copies are made of, as tables of this connection."""
    ours = ", ".join(f"'{address}'" for address in _OURS)
    _run(
        connection,
        *(f'CREATE TEMPORARY TABLE "true_{name}" AS SELECT * FROM "{name}"' for name in _TABLES),
        f"UPDATE true_ticket SET state = '{State.CLOSED}'",
        f"DELETE FROM true_contact WHERE address IN ({ours})",
    )
    connection.execute(sa.text("UPDATE true_outbox SET raw = :cut"), {"cut": _CUT})
    connection.commit()


@contextmanager
def _without_indexes(connection: sa.Connection) -> Iterator[None]:
    """SQLite fills an index much faster when all rows are there."""
    if connection.dialect.name != "sqlite":
        yield
        return
    made = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''")).all()
    connection.commit()
    connection.exec_driver_sql("PRAGMA cache_size = -100000")
    _run(connection, *(f'DROP INDEX "{index.name}"' for index in made))
    yield
    for index in made:
        _run(connection, index.sql)


def _copying(connection: sa.Connection, name: str, first: int, last: int) -> str:
    """The statement that writes these copies of the true rows of a table, the newer ones first."""
    columns = METADATA.tables[name].columns
    counted = {
        table: connection.execute(sa.text(f'SELECT count(*) FROM "true_{table}"')).scalar_one()
        for table in set(_NUMBERS.values())
    }
    changed = ", ".join(_changed(connection.dialect.name, name, column, counted) for column in columns)
    names = ", ".join(f'"{column.name}"' for column in columns)
    return (
        f"WITH RECURSIVE copies(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM copies WHERE n < {last}) "
        f'INSERT INTO "{name}" ({names}) SELECT {changed} FROM copies CROSS JOIN "true_{name}"'
    )


def _changed(dialect: str, table: str, column: sa.Column[object], counted: dict[str, int]) -> str:
    """What stands in this column of copy n."""
    place, value = (table, column.name), f'"{column.name}"'
    if place in _NUMBERS:
        return f"{value} + n * {counted[_NUMBERS[place]]}"
    if place in _IDS:
        return f"'<' || n || '.' || substr({value}, 2)"
    if place in _HASHES:
        number = "printf('%08x', n)" if dialect == "sqlite" else "lpad(to_hex(n), 8, '0')"
        return f"{number} || substr({value}, 9)"
    if place in _MARKED:
        return f"n || '.' || {value}"
    if column.name in _ADDRESSES:
        ours = ", ".join(f"'{address}'" for address in _OURS)
        return f"CASE WHEN {value} IN ({ours}) THEN {value} ELSE n || '.' || {value} END"
    if isinstance(column.type, _MOMENT):
        seconds = int(TRUE * 2 * SPACING.total_seconds())
        if dialect == "sqlite":
            return f"strftime('%Y-%m-%d %H:%M:%f000', {value}, '-' || (n * {seconds}) || ' seconds')"
        return f"{value} - n * interval '{seconds} seconds'"
    return value
