"""Statements on the way of a mail: worded and typed once for each engine, then run by the database driver itself.

SQLAlchemy looks a statement up, builds a context and a result for every run. That costs several times what the database
needs for the little that one mail asks (docs/performance.md), so it is done once here: what stays for each run is to
convert the values, as the column types say, and to call the driver. Statements that run rarely need none of this.

Errors are those of `engine`: TemporaryError, PermanentError, or what the driver raised where the program is wrong.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql import visitors

from helpdesk.adapters.store.engine import raise_ours

Values = Mapping[str, Any]
Convert = Callable[[Any], Any]

# Gives the rows of a statement; to be called once.
Answer = Callable[[], list[Any]]

# Values of one column that were met last.
_REMEMBERED = 64


class Prepared:
    """A statement that is run with other values each time, always with values of the same names.

    `lists` names the parameters that are lists, those of an IN.
    """

    def __init__(self, statement: Any, *, lists: tuple[str, ...] = ()) -> None:
        self._statement = statement
        self._lists = lists
        self._forms: dict[tuple[str, int], _Form] = {}

    def all(self, connection: Connection, values: Values) -> list[Any]:
        """The rows that it gives, with their columns by name."""
        return self.ask(connection, values)()

    def ask(self, connection: Connection, values: Values) -> Answer:
        """What gives the rows; within `at_once` they are on their way, and there when its block has ended."""
        form, bound = self._bind(connection, values)
        cursor = _run(connection, form.text, bound)
        if connection.dialect.name == "postgresql":
            return lambda: [form.row(found) for found in _fetched(connection, cursor)]
        rows = [form.row(found) for found in cursor.fetchall()]
        return lambda: rows

    def first(self, connection: Connection, values: Values) -> Any:
        """The first row, None when there is none."""
        # All are fetched, because a statement of which rows are left would stay open.
        return next(iter(self.all(connection, values)), None)

    def scalar(self, connection: Connection, values: Values) -> Any:
        """The first column of the first row, None when there is no row."""
        row = self.first(connection, values)
        return None if row is None else row[0]

    def run(self, connection: Connection, *rows: Values) -> None:
        """Run it for each row of values."""
        if not rows:
            return
        if len(rows) == 1:
            form, bound = self._bind(connection, rows[0])
            _run(connection, form.text, bound)
            return
        form = self._form(connection, rows[0], 0)
        _run_many(connection, form.text, [form.bind(row) for row in rows])

    def _bind(self, connection: Connection, values: Values) -> tuple[_Form, Sequence[Any]]:
        if not self._lists:
            form = self._form(connection, values, 0)
            return form, form.bind(values)
        # The number of values is part of the text: a few lengths are enough when a value may stand there repeatedly.
        length = _room(max(len(values[name]) for name in self._lists))
        padded = {**values, **{name: _padded(values[name], length) for name in self._lists}}
        form = self._form(connection, padded, length)
        return form, form.bind({**padded, **form.spread(padded)})

    def _form(self, connection: Connection, values: Values, length: int) -> _Form:
        known = (connection.dialect.name, length)
        form = self._forms.get(known)
        if form is None:
            form = self._forms[known] = _Form(self._statement, connection.dialect, values)
        return form


class _Form:
    """A statement as one engine reads it, and what becomes of the values on their way there and back."""

    def __init__(self, statement: Any, dialect: sa.Dialect, sample: Values) -> None:
        # What is always the same stands in the text: SQLite prepares a statement anew for each run when a parameter
        # stands where a partial index asks for a constant, which takes longer than the run itself.
        written = visitors.cloned_traverse(statement, {}, {"bindparam": partial(_write_out, sample)})
        compiled = written.compile(dialect=dialect, column_keys=list(sample))
        expanded = compiled.construct_expanded_state(dict(sample))
        self.text: str = expanded.statement
        # Each value of a list has a place, and so a name, of its own.
        expansion: Mapping[str, Sequence[str]] = expanded.parameter_expansion
        self._lists = {name: names for name, names in expansion.items() if name in sample}
        source = {place: name for name, places in expansion.items() for place in places}
        self._places: list[tuple[str, Convert | None]] = [
            (place, _there(compiled.binds[source.get(place, place)].type.dialect_impl(dialect), dialect))
            for place in expanded.positiontup
        ]
        # What the compiler itself put in, an OFFSET of 0 for example.
        self._own = {
            place: expanded.parameters[place]
            for place in expanded.positiontup
            if source.get(place, place) not in sample
        }
        columns = getattr(statement, "exported_columns", None)
        # A column without a name gets one that namedtuple likes. typing's NamedTuple cannot be made at run time.
        names = columns.keys() if columns else ()
        self._make = namedtuple("Row", names, rename=True)._make  # type: ignore[attr-defined]  # noqa: PYI024
        self._back = [
            (place, convert)
            for place, column in enumerate(columns or ())
            if (convert := _back(column.type.dialect_impl(dialect), dialect)) is not None
        ]

    def spread(self, values: Values) -> dict[str, Any]:
        """Each value of a list under a name of its own."""
        return {
            name: value
            for listed, names in self._lists.items()
            for name, value in zip(names, values[listed], strict=True)
        }

    def bind(self, values: Values) -> list[Any]:
        """The values as the driver takes them, in the order in which the text asks for them."""
        if self._own:
            values = {**values, **self._own}
        return [convert(values[name]) if convert else values[name] for name, convert in self._places]

    def row(self, found: Sequence[Any]) -> Any:
        """A row of the driver with our values in it."""
        values = list(found)
        for place, convert in self._back:
            values[place] = convert(values[place])
        return self._make(values)


def _there(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Convert | None:
    """How values of this type become what the driver takes, None: they are that already."""
    return _remembered(kind, kind.bind_processor(dialect))


def _back(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Convert | None:
    """How the driver's values become ours."""
    return _remembered(kind, kind.result_processor(dialect, None))


def _remembered(kind: sa.types.TypeEngine[Any], convert: Convert | None) -> Convert | None:
    """The same for types of which few values are met again and again: choices, and the moment of a transaction."""
    few = isinstance(kind, sa.Enum) or isinstance(getattr(kind, "impl", None), sa.DateTime)
    return lru_cache(maxsize=_REMEMBERED)(convert) if few and convert is not None else convert


@contextmanager
def at_once(connection: Connection) -> Iterator[None]:
    """Statements that are asked within go to a server together: one way there and back instead of one for each.

    None of them may depend on the answer to another. SQLite is no server: there each runs when it is asked.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    try:
        with connection.connection.driver_connection.pipeline():  # type: ignore[union-attr]
            yield
    except Exception as error:
        raise_ours(connection, error)
        raise


def run_text(connection: Connection, text: str) -> None:
    """Run a statement that has no values."""
    _run(connection, text, ())


def _write_out(sample: Values, parameter: sa.BindParameter[Any]) -> None:
    """A parameter that is given no value has one already."""
    if parameter.key not in sample:
        parameter.literal_execute = True


def _room(length: int) -> int:
    """The next power of two, 0 for an empty list."""
    return 1 << (length - 1).bit_length() if length else 0


def _padded(values: Sequence[Any], length: int) -> list[Any]:
    # NULL equals nothing.
    return [*values, *[values[-1] if values else None] * (length - len(values))]


def _run(connection: Connection, text: str, values: Sequence[Any]) -> Any:
    try:
        return execute(connection.connection.driver_connection, text, values)
    except Exception as error:
        raise_ours(connection, error)
        raise


def _fetched(connection: Connection, cursor: Any) -> list[Any]:
    try:
        return cursor.fetchall()  # type: ignore[no-any-return]
    except Exception as error:
        raise_ours(connection, error)
        raise


def _run_many(connection: Connection, text: str, rows: Sequence[Sequence[Any]]) -> None:
    try:
        execute_many(connection.connection.driver_connection, text, rows)
    except Exception as error:
        raise_ours(connection, error)
        raise


def execute(driver_connection: Any, text: str, values: Sequence[Any]) -> Any:
    """A cursor of the driver, after the statement."""
    return driver_connection.execute(text, values)


def execute_many(driver_connection: Any, text: str, rows: Sequence[Sequence[Any]]) -> None:
    """The statement once for each row of values."""
    driver_connection.cursor().executemany(text, rows)
