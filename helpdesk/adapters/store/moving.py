"""Moves a desk into another database, SQLite or PostgreSQL each, and compares every row with its source.

The source is locked against writers meanwhile and left as it is. Rows go table by table, in the order of their keys,
in blocks that are committed one by one: what the target holds is always a beginning of the source, so a move that
was broken off at any moment goes on where that ends. Until every row has been compared, the target's schema version
says that it is under way, and no program works on it. The tables are those of the program, whichever these are.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from helpdesk.adapters.store import leases
from helpdesk.adapters.store.engine import is_missing, make_engine, shown, snapshot, transaction
from helpdesk.adapters.store.migrate import WANTED, is_under_way, migrate, recorded, schema_version, under_way
from helpdesk.adapters.store.models import LEASE, META, METADATA
from helpdesk.adapters.store.senders import SendersLock
from helpdesk.core.ticket import FIRST_NUMBER
from helpdesk.errors import PermanentError, TemporaryError

# A block is committed when it has so many rows, or so many bytes of text and mail.
BLOCK_ROWS = 1000
BLOCK_BYTES = 1_000_000

# Other programs end their transactions within this time, or they are asked to stop.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '30s'"

_START_AGAIN = "empty the target (a new database, or another file) and begin again"


@dataclass(frozen=True, slots=True)
class Step:
    """How far it has come: rows copied or compared, of all that will be."""

    doing: str
    done: int
    total: int


def move(source_url: str, target_url: str) -> Iterator[Step]:
    """Copy everything, compare everything, then let programs work on the target.

    Raises TemporaryError while a daemon uses the source, PermanentError where the target cannot take this desk or
    does not equal the source in the end.
    """
    source, target = make_engine(source_url), make_engine(target_url)
    if _place(source) == _place(target):
        raise PermanentError(f"source and target are the same database, {shown(source.url)}")
    try:
        with _locked(source) as rows:
            yield from _moved(rows, target)
    finally:
        source.dispose()
        target.dispose()


def _moved(source: Connection, target: Engine) -> Iterator[Step]:
    """Copy, compare, open."""
    copies = _begin(source, target)
    tables = METADATA.sorted_tables
    counts = {table.name: _count(source, table) for table in tables}
    done, total = 0, 2 * sum(counts.values())
    for table in tables if copies else ():
        with transaction(target, writes=False) as connection:
            there = _count(connection, table)
        done += there
        for block in _blocks(source, table, skip=there):
            with transaction(target, writes=True) as connection:
                connection.execute(sa.insert(table), block)
            yield Step(f"copying {table.name}", done := done + len(block), total)
    done = total // 2
    with snapshot(target) as connection:
        for table in tables:
            for row in _compared(source, connection, table):
                done += 1
                if row % BLOCK_ROWS == 0 or row == counts[table.name]:
                    yield Step(f"comparing {table.name}", done, total)
    with transaction(target, writes=True) as connection:
        _set_sequences(connection)
        connection.execute(sa.update(recorded).values(version_num=f"{WANTED:04}"))


# --- the source -----------------------------------------------------------------------------------


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    """A connection that reads the desk while nobody can write to it."""
    url = engine.url.render_as_string(hide_password=False)
    if schema_version(url)[0] == 0:
        raise PermanentError(f"there is no desk in {shown(engine.url)}")
    senders = SendersLock(engine.url.database or "") if engine.dialect.name == "sqlite" else None
    try:
        if senders is not None and not senders.enter_alone():
            raise TemporaryError(f"a daemon works on {shown(engine.url)}: stop it first")
        migrate(url)
        with transaction(engine, writes=True) as connection:
            if engine.dialect.name == "postgresql":
                names = ", ".join(f'"{name}"' for name in METADATA.tables)
                connection.execute(sa.text(_LOCK_TIMEOUT))
                connection.execute(sa.text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
            if held := leases.held(connection):
                raise TemporaryError(
                    f"a daemon reads {', '.join(held)} and works on {shown(engine.url)}: stop it first; "
                    "if it was killed, wait a minute"
                )
            yield connection
    finally:
        if senders is not None:
            senders.close()


# --- the target -----------------------------------------------------------------------------------


def _begin(source: Connection, target: Engine) -> bool:
    """Make the target ready; False when every row is there already, from a move that came to its end."""
    if not _is_begun(target):
        migrate(target.url.render_as_string(hide_password=False))
    desk = source.execute(sa.select(META)).one()
    with transaction(target, writes=True) as connection:
        version = connection.execute(sa.select(recorded.c.version_num)).scalar_one()
        there = connection.execute(sa.select(META)).one()
        if is_under_way(version) and version != under_way(WANTED):
            raise PermanentError(f"another version of helpdesk began to move a desk here: {_START_AGAIN}")
        if there.secret_key == desk.secret_key:
            return is_under_way(version)
        if is_under_way(version):
            raise PermanentError(f"another desk is being moved into {shown(target.url)}: {_START_AGAIN}")
        if not _is_unused(connection):
            raise PermanentError(f"{shown(target.url)} holds another desk: choose an empty database")
        # From here on the target is known by the desk's secret key, and refused by every other program.
        for table in (LEASE, META):
            connection.execute(sa.delete(table))
        connection.execute(sa.insert(META), [desk._asdict()])
        connection.execute(sa.update(recorded).values(version_num=under_way(WANTED)))
    return True


def _is_begun(target: Engine) -> bool:
    """Has a move into this database begun?"""
    if is_missing(target):
        return False
    with transaction(target, writes=False) as connection:
        names = sa.inspect(connection).get_table_names()
        if names and recorded.name not in names:
            raise PermanentError(f"{shown(target.url)} holds tables of another program: choose an empty database")
        return bool(names) and is_under_way(connection.execute(sa.select(recorded.c.version_num)).scalar())


def _is_unused(connection: Connection) -> bool:
    """Is there nothing but what every new desk begins with?"""
    tables = (table for table in METADATA.sorted_tables if table not in (META, LEASE))
    return connection.execute(sa.select(META.c.next_number)).scalar() == FIRST_NUMBER and not any(
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() for table in tables
    )


def _set_sequences(connection: Connection) -> None:
    """The next row of each table gets a key of its own. SQLite looks at the rows; PostgreSQL has counters."""
    if connection.dialect.name != "postgresql":
        return
    for table in METADATA.sorted_tables:
        for column in table.primary_key:
            name = sa.func.pg_get_serial_sequence(f'"{table.name}"', column.name)
            sequence = connection.execute(sa.select(name)).scalar()
            if sequence is not None:
                highest = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
                connection.execute(sa.select(sa.func.setval(sequence, highest, False)))


# --- rows -----------------------------------------------------------------------------------------


def _rows(connection: Connection, table: sa.Table, skip: int = 0) -> Generator[Row[Any]]:
    """The rows in the order of their keys, which is the same on both engines; one mail in memory at a time."""
    collation = {"sqlite": "BINARY", "postgresql": "C"}[connection.dialect.name]
    keys = [sa.collate(column, collation) if _is_text(column) else column for column in table.primary_key]
    large = any(isinstance(column.type, sa.LargeBinary) for column in table.columns)
    statement = sa.select(table).order_by(*keys).offset(skip)
    options = {"yield_per": 1 if large else BLOCK_ROWS}
    with connection.execute(statement, execution_options=options) as result:
        yield from result


def _is_text(column: sa.Column[Any]) -> bool:
    """Would each database order it in a way of its own?"""
    kind = column.type
    return isinstance(kind.impl_instance if isinstance(kind, sa.types.TypeDecorator) else kind, sa.String)


def _blocks(connection: Connection, table: sa.Table, skip: int) -> Iterator[Sequence[dict[str, Any]]]:
    """What is to be committed together, from row `skip` on."""
    block: list[dict[str, Any]] = []
    size = 0
    for row in _rows(connection, table, skip):
        block.append(row._asdict())
        size += sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if len(block) >= BLOCK_ROWS or size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _compared(source: Connection, target: Connection, table: sa.Table) -> Iterator[int]:
    """The number of each row that is the same on both sides; PermanentError at the first that is not."""
    with closing(_rows(source, table)) as ours, closing(_rows(target, table)) as theirs:
        for number, (here, there) in enumerate(zip_longest(ours, theirs), start=1):
            if here != there:
                raise PermanentError(
                    f"the target does not equal the source: {_difference(table, here, there)}. One of the two has "
                    f"been used since the move began: {_START_AGAIN}"
                )
            yield number


def _difference(table: sa.Table, here: Row[Any] | None, there: Row[Any] | None) -> str:
    keys = [table.columns.keys().index(column.name) for column in table.primary_key]
    for row, found in ((here, "is missing" if there is None else "differs from its source"), (there, "has no source")):
        if row is not None:
            return f"{table.name} {', '.join(str(row[key]) for key in keys)} {found}"
    return table.name


def _count(connection: Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _place(engine: Engine) -> str:
    """The same text for the same database."""
    if engine.dialect.name == "sqlite":
        return os.path.realpath(engine.url.database or "")
    return engine.url.render_as_string(hide_password=False)
