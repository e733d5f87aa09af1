"""A TOML table read key by key: values of the wanted kind out, and a problem for whatever is not.

Problems are collected, not raised: what cannot be read is left out and named in `TableReader.problems`.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from helpdesk.errors import Problem

Choice = TypeVar("Choice", bound=StrEnum)
Table = dict[str, object]


class TableReader:
    """Reads the tables of `file`; a place is where in it a value stands: `rule[2].any`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def required(self, place: str, table: Table, key: str) -> str:
        """The text that must be there."""
        if key not in table:
            self.problem(place, f'has no "{key}"')
        return self.text(place, table, key)

    def text(self, place: str, table: Table, key: str) -> str:
        """A text; empty where there is none."""
        value = table.get(key, "")
        if not isinstance(value, str):
            self.problem(at(place, key), f"is {shown(value)}; want a text in quotation marks")
            return ""
        return value

    def texts(self, place: str, table: Table, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = table.get(key, [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self.problem(at(place, key), f'is {shown(value)}; want a list of texts, for example ["one", "two"]')
        return ()

    def flag(self, place: str, table: Table, key: str) -> bool:
        """True or false."""
        value = table[key]
        if not isinstance(value, bool):
            self.problem(at(place, key), f"is {shown(value)}; want true or false")
        return value is True

    def count(self, place: str, table: Table, key: str, *, least: int = 1) -> int | None:
        """A whole number of at least `least`, or None."""
        value = table.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= least):
            return value
        self.problem(at(place, key), f"is {shown(value)}; want a whole number from {least} on")
        return None

    def percent(self, place: str, table: Table, key: str) -> int:
        """A whole number from 0 to 100."""
        value = table.get(key, 0)
        if isinstance(value, int) and 0 <= value <= 100:
            return int(value)
        self.problem(at(place, key), f"is {shown(value)}; want a whole number of percent")
        return 0

    def choice(self, place: str, table: Table, key: str, choices: type[Choice]) -> Choice | None:
        """One of the words of `choices`, or None."""
        value = self.text(place, table, key)
        return self.chosen(at(place, key), value, choices) if value else None

    def choices(self, place: str, table: Table, key: str, choices: type[Choice]) -> tuple[Choice, ...]:
        """Some of the words of `choices`."""
        chosen = [self.chosen(at(place, key), value, choices) for value in self.texts(place, table, key)]
        return tuple(choice for choice in chosen if choice)

    def chosen(self, place: str, value: str, choices: type[Choice]) -> Choice | None:
        """`value` as one of `choices`, or None and a problem."""
        if value in list(choices):
            return choices(value)
        self.problem(place, f'is "{value}"; want one of {", ".join(choices)}')
        return None

    def table_at(self, place: str, table: Table, key: str) -> Table:
        """The table under `key`; empty where there is none."""
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self.problem(at(place, key), f"is {shown(value)}; want a table")
        return {}

    def tables_at(self, place: str, table: Table, key: str) -> list[tuple[str, Table]]:
        """The tables [[key]] with their places, or none and a problem."""
        value = table.get(key, [])
        here = at(place, key)
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return [(f"{here}[{index}]", each) for index, each in enumerate(value)]
        self.problem(here, f"is {shown(value)}; want tables, each begun by [[{key}]]")
        return []

    def known_keys(self, place: str, table: Table, known: Iterable[str]) -> None:
        """A problem for each key of `table` that is not `known`, with the nearest that is."""
        for key in table:
            if key not in known:
                self.problem(at(place, key), f"is unknown; {_nearest(key, known)}")

    def problem(self, place: str, text: str) -> None:
        """Something is wrong at `place` of this file."""
        self.problems.append(Problem(f"{self.file}: {place}", text))


def at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)[:40]


def _nearest(found: str, known: Iterable[str]) -> str:
    names = tuple(known)
    near = get_close_matches(found, names, n=1)
    return f'did you mean "{near[0]}"?' if near else f"want one of {', '.join(names)}"
