"""How the text behind a command word becomes the command: one reader for each shape of argument.

Text in, a value of `command_values` out; ArgumentError says what is wrong with the text. Which command takes which
shape stands in `command_table`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from helpdesk.core.address import only_mailbox
from helpdesk.core.command_values import (
    Accept,
    Away,
    CarryOutCase,
    Command,
    ForwardTo,
    SetField,
    SetPriority,
    Ship,
    Wait,
)
from helpdesk.core.duration import Duration, parse_duration
from helpdesk.core.ticket import Priority


class Fault(Enum):
    """What may be wrong with a command line."""

    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    TOO_MANY = "too many"
    MISSING = "missing"
    EXTRA = "extra"
    NUMBER = "number"
    DURATION = "duration"
    ADDRESS = "address"
    PRIORITY = "priority"
    FIELD = "field"
    ALWAYS = "always"


class ArgumentError(ValueError):
    """The text behind a command word cannot be read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


Reader = Callable[[str], Command]
T = TypeVar("T")

# "123456", "#123456", "№123456" or the whole tag.
_NUMBER = re.compile(r"(?:\[?##|#|№)?\s?([0-9]{6,12})(?:##\]?)?")
_COUNT_AND_UNIT = re.compile(r"([0-9]+) ?([^\W\d_]+)\.?")


def _all(words: str, meaning: T) -> dict[str, T]:
    """Every word of `words` with the same meaning."""
    return dict.fromkeys(words.split(), meaning)


# How units of time are written by people with another alphabet; months and the like are nobody's unit here.
_UNITS = {
    **_all("с сек секунд секунды sek sec", "s"),
    **_all("м мин минут минуты минута хв хвилин хвилини min minut minuty", "m"),
    **_all("ч час часа часов година години годин godz godzina godziny godzin hours hour", "h"),
    **_all("д дн день дня дней дні днів dzień dni day days", "d"),
    **_all("рд dr", "bd"),
}

_PRIORITIES = {
    **_all("low низкий низкая низкое низький низька niski niska", Priority.LOW),
    **_all("normal обычный обычная нормальный звичайний звичайна zwykły normalny", Priority.NORMAL),
    **_all("high высокий высокая высокое високий висока wysoki wysoka", Priority.HIGH),
}

_ONLY = frozenset({"only", "только", "лише", "tylko"})

_NOW = frozenset({"now", "сейчас", "срочно", "зараз", "терміново", "teraz", "pilnie"})

_BACK = frozenset({"no", "off", "нет", "ні", "nie"})

_ALWAYS = frozenset({"always", "всегда", "завжди", "zawsze"})


def nothing(value: Command) -> Reader:
    """A reader for a command that stands alone."""

    def read(text: str) -> Command:
        if text:
            raise ArgumentError(Fault.EXTRA)
        return value

    return read


def some_text(build: Callable[[str], Command]) -> Reader:
    """A reader for a text that must be there."""
    return lambda text: build(_required(text))


def perhaps_text(build: Callable[[str | None], Command]) -> Reader:
    """A reader for a text that may be left out."""
    return lambda text: build(text or None)


def a_number(build: Callable[[int], Command]) -> Reader:
    """A reader for the number of a ticket."""

    def read(text: str) -> Command:
        number = _NUMBER.fullmatch(_required(text))
        if number is None:
            raise ArgumentError(Fault.NUMBER)
        return build(int(number[1]))

    return read


def an_address(build: Callable[[str], Command]) -> Reader:
    """A reader for one address, bare or as `Name <address>`."""

    def read(text: str) -> Command:
        address = only_mailbox([_required(text).replace("mailto:", "")])
        if address is None:
            raise ArgumentError(Fault.ADDRESS)
        return build(address)

    return read


def some_items(build: Callable[[tuple[str, ...]], Command]) -> Reader:
    """A reader for one or more items: between commas where there are any, else between spaces."""

    def read(text: str) -> Command:
        parts = re.split(r"[,;]", text) if re.search(r"[,;]", text) else text.split()
        items = tuple(part.strip() for part in parts if part.strip())
        _required("".join(items))
        return build(items)

    return read


def read_wait(text: str) -> Command:
    """`3d`, `2 ч`, `3bd`."""
    try:
        return Wait(_duration(_required(text)))
    except ValueError as error:
        raise ArgumentError(Fault.DURATION) from error


def read_away(text: str) -> Command:
    """A length of time, a day (which one it is, is found out where it is known what day it is now), or "no"."""
    if _required(text).lower().strip(".!") in _BACK:
        return Away(None)
    try:
        return Away(_duration(text))
    except ValueError:
        return Away(text)


def _duration(text: str) -> Duration:
    shape = _COUNT_AND_UNIT.fullmatch(text.lower())
    return parse_duration(shape[1] + _UNITS.get(shape[2], shape[2]) if shape else text)


def read_priority(text: str) -> Command:
    """`low`, `normal` or `high`, in any of the languages."""
    priority = _PRIORITIES.get(_required(text).lower())
    if priority is None:
        raise ArgumentError(Fault.PRIORITY)
    return SetPriority(priority)


def read_field(text: str) -> Command:
    """`NAME = VALUE`."""
    name, equals, value = (part.strip() for part in _required(text).partition("="))
    if not (name and equals and value):
        raise ArgumentError(Fault.FIELD)
    return SetField(name, value)


def read_forward(text: str) -> Command:
    """Whom to ask, and `only` behind it where the request stays here."""
    words = _required(text.replace("mailto:", "")).split()
    only = words[-1].lower() in _ONLY
    return ForwardTo(_required(" ".join(words[:-1] if only else words).strip("\"'«»“”„")), only)


def read_case(text: str) -> Command:
    """The name of a case and, behind a comma, a partner."""
    name, _, partner = (part.strip() for part in _required(text).partition(","))
    return CarryOutCase(_required(name), partner)


def read_ship(text: str) -> Command:
    """A tracking number, and `now` behind it where the parcel does not wait for the shipping day."""
    words = _required(text).split()
    now = words[-1].lower() in _NOW
    return Ship(_required(" ".join(words[:-1] if now else words)), now)


def read_accept(text: str) -> Command:
    """Nothing, or `always`."""
    if text and text.lower() not in _ALWAYS:
        raise ArgumentError(Fault.ALWAYS)
    return Accept(always=bool(text))


def _required(text: str) -> str:
    if not text:
        raise ArgumentError(Fault.MISSING)
    return text
