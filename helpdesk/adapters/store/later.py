"""Rows that nothing reads for now: kept until the end and written with one statement for each kind."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy.engine import Connection

from helpdesk.adapters.store.prepared import Prepared


class Later:
    """The rows of one transaction that still have to be written. They are lost with it, or with its savepoint."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[Prepared, list[dict[str, Any]]] = defaultdict(list)

    def insert(self, statement: Prepared, *rows: dict[str, Any]) -> None:
        """Write these rows with `statement` (always the same object) when `write` is called."""
        if rows:
            self._rows[statement] += rows

    def write(self, *only: Prepared) -> None:
        """Write everything, or the rows of these statements, now: at the end, and before anything reads them."""
        for statement in only or tuple(self._rows):
            statement.run(self._connection, *self._rows.pop(statement, ()))

    def forget(self) -> None:
        """The savepoint was undone."""
        self._rows.clear()
