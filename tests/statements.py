"""A place just before every statement reaches the database driver: those of SQLAlchemy and our prepared ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from helpdesk.adapters.store import prepared

# What is told of a statement: the driver's connection, the text, the values (of one row, or a list of rows).
Meet = Callable[[Any, str, Any], None]


def before_statements(meet: Meet) -> Callable[[], None]:
    """From now on `meet` is called first; what it raises counts as raised by the driver. Answers how to end this."""

    def through_sqlalchemy(cursor: Any, text: str, values: Any, _: object) -> None:
        meet(cursor.connection, text, values)

    def without_values(cursor: Any, text: str, _: object) -> None:
        meet(cursor.connection, text, ())

    events: dict[str, Callable[..., None]] = {
        "do_execute": through_sqlalchemy,
        "do_executemany": through_sqlalchemy,
        "do_execute_no_params": without_values,
    }
    for kind, listener in events.items():
        sa.event.listen(sa.Engine, kind, listener)
    execute, execute_many = prepared.execute, prepared.execute_many

    def meet_and_execute(driver_connection: Any, text: str, values: Sequence[Any]) -> Any:
        meet(driver_connection, text, values)
        return execute(driver_connection, text, values)

    def meet_and_execute_many(driver_connection: Any, text: str, rows: Sequence[Sequence[Any]]) -> None:
        meet(driver_connection, text, rows)
        execute_many(driver_connection, text, rows)

    prepared.execute = meet_and_execute
    prepared.execute_many = meet_and_execute_many

    def end() -> None:
        prepared.execute = execute
        prepared.execute_many = execute_many
        for kind, listener in events.items():
            sa.event.remove(sa.Engine, kind, listener)

    return end
