"""Conditions on the fields of a form: "refuses = yes", "accepted <= sold + 14d", "verdict ~ не ..1 гарант*".

Text -> Condition, once, when a pack is read; Condition and fields -> holds or not. What speaks of a field that is not
known does not hold, whichever way it asks: "look != new" says nothing of goods whose look nobody told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from helpdesk.core.phrases import Pattern, compile_pattern, find
from helpdesk.core.words import prepare

TODAY = "today"

_SHAPE = re.compile(r"\s*(\w[\w.-]*)\s*(?:(<=|>=|!=|!~|=|<|>|~)\s*(.+?))?\s*")
_SUM = re.compile(r"(\S+)\s*([+-])\s*(\d{1,5})d")
_ORDERED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """`field` stands in relation `sign` to `wanted`; without a sign: it is known.

    `wanted` are the values of = and !=, `pattern` the words of ~ and !~;
    `other` is a field, a day or a number to compare with, `days` away from it.
    """

    text: str
    field: str
    sign: str = ""
    wanted: tuple[str, ...] = ()
    pattern: Pattern | None = None
    other: str = ""
    days: int = 0

    def holds(self, fields: Mapping[str, str], today: date) -> bool:
        """Does it hold of these fields?"""
        value = fields.get(self.field)
        if value is None:
            return False
        if not self.sign:
            return True
        if self.wanted:
            return (value in self.wanted) is (self.sign == "=")
        if self.pattern is not None:
            return (find(self.pattern, prepare(value)) is not None) is (self.sign == "~")
        mine, other = _amount(value), _amount(self._compared(fields, today))
        return mine is not None and other is not None and _ORDERED[self.sign](mine, other + self.days)

    def _compared(self, fields: Mapping[str, str], today: date) -> str:
        return today.isoformat() if self.other == TODAY else fields.get(self.other, self.other)


def read_condition(text: str, known: Collection[str]) -> Condition:
    """The condition that `text` writes down; `known` are the fields of which it may speak.

    Raises ValueError that says what is wrong.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise ValueError('want for example "refuses = yes" or "accepted <= sold + 14d"')
    field, sign, rest = shape[1], shape[2] or "", (shape[3] or "").strip()
    if field not in known:
        raise ValueError(f'there is no field "{field}"')
    if sign in ("=", "!="):
        return Condition(text, field, sign, wanted=tuple(part.strip() for part in rest.split("|")))
    if sign in ("~", "!~"):
        return Condition(text, field, sign, pattern=compile_pattern(rest))
    if not sign:
        return Condition(text, field)
    added = _SUM.fullmatch(rest)
    other, days = (added[1], int(f"{added[2]}{added[3]}")) if added else (rest, 0)
    if other != TODAY and other not in known and _amount(other) is None:
        raise ValueError(f'"{other}" is neither a field nor a day nor a number')
    return Condition(text, field, sign, other=other, days=days)


def all_hold(conditions: tuple[Condition, ...], fields: Mapping[str, str], today: date) -> bool:
    """Do all of them hold?"""
    return all(condition.holds(fields, today) for condition in conditions)


def _amount(value: str) -> float | None:
    """A day as its number, or a number; None for any other text."""
    try:
        return float(date.fromisoformat(value).toordinal())
    except ValueError:
        pass
    found = re.match(r"-?\d+(?:\.\d+)?", value)
    return float(found[0]) if found else None
