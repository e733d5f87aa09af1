"""Desks with a past: any number of old tickets, made of a few true ones, kept under .cache/ for the next run.

A few requesters write and reply through the program itself; their rows are then copied, each copy with numbers, ids and
addresses of its own and further in the past, closed and with every letter sent.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import letters
from benchmarks.works import SPACING, Bench
from helpdesk.adapters.store.engine import transaction
from helpdesk.adapters.store.models import META, METADATA, TICKET
from helpdesk.core.ticket import State

CACHE = Path(__file__).parent.parent / ".cache" / "benchmarks"

# True tickets that the others are copies of; each has a request, a reply and three letters.
TRUE = 20

# Copies are written to the database in portions of so many.
_PORTION = 100

# In the order in which rows can be written.
_TABLES = (
    *("raw", "ticket", "participant", "history", "message", "attachment", "reference", "outbox"),
    *("outbox_recipient", "contact"),
)

# What a copy counts further, and by the rows of which table.
_NUMBERS = {
    ("ticket", "number"): "ticket",
    **{(table, "ticket"): "ticket" for table in ("participant", "history", "message", "reference", "outbox")},
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


def cached(tickets: int) -> Path:
    """A SQLite database with so many old tickets; made when it is not there yet."""
    file = CACHE / f"desk-{tickets}.db"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        beside = CACHE / f"desk-{tickets}.making.db"
        for left in CACHE.glob(f"{beside.name}*"):
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
    with transaction(engine, writes=False) as connection:
        rows = {
            name: [dict(row) for row in connection.execute(sa.select(METADATA.tables[name])).mappings()]
            for name in _TABLES
        }
    for ticket in rows["ticket"]:
        ticket["state"] = State.CLOSED
    copies = range(1, -(-tickets // TRUE))
    for begin in range(0, len(copies), _PORTION):
        with transaction(engine, writes=True) as connection:
            for name in _TABLES:
                portion = [row for copy in copies[begin : begin + _PORTION] for row in _copied(name, rows, copy)]
                if portion:
                    connection.execute(sa.insert(METADATA.tables[name]), portion)
    with transaction(engine, writes=True) as connection:
        newest = connection.execute(sa.select(sa.func.max(TICKET.c.number))).scalar_one()
        connection.execute(sa.update(META).values(next_number=newest + 1))
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("ANALYZE")
        else:
            for name in ("participant", "history", "message", "outbox"):
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
                )
    engine.dispose()
    bench.pass_over()


def _copied(name: str, rows: dict[str, list[dict[str, Any]]], copy: int) -> Iterator[dict[str, Any]]:
    ours = {"ivan@desk.example", letters.DESK}
    for row in rows[name]:
        if name == "contact" and row["address"] in ours:
            continue
        yield {column: _changed(name, column, value, rows, copy, ours) for column, value in row.items()}


def _changed(
    table: str, column: str, value: Any, rows: dict[str, list[dict[str, Any]]], copy: int, ours: set[str]
) -> Any:
    place = (table, column)
    if value is None:
        return None
    if place in _NUMBERS:
        return value + copy * len(rows[_NUMBERS[place]])
    if place in _IDS:
        return f"<{copy}.{value[1:]}"
    if place in _HASHES:
        return f"{copy:08x}{value[8:]}"
    if place in _MARKED:
        return f"{copy}.{value}"
    if column in _ADDRESSES and value not in ours:
        return f"{copy}.{value}"
    if hasattr(value, "astimezone"):
        return value - copy * TRUE * 2 * SPACING
    return value
