"""What an agent may order by mail, as values; and how the rest of a command line becomes one.

Each command is a frozen dataclass of its own, so that whoever carries them out can match exhaustively on `Command`.
A reader takes the text behind the command word and answers with the value; `ArgumentError` says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from helpdesk.core.duration import Duration, parse_duration
from helpdesk.core.ticket import Priority


@dataclass(frozen=True, slots=True)
class Take:
    """The agent takes the ticket."""


@dataclass(frozen=True, slots=True)
class Assign:
    """The ticket goes to the agent called `name`, as written."""

    name: str


@dataclass(frozen=True, slots=True)
class Release:
    """The ticket goes back to the desk."""


@dataclass(frozen=True, slots=True)
class Accept:
    """A held mail becomes part of the ticket; `always`: this sender's from now on, too."""

    always: bool = False


@dataclass(frozen=True, slots=True)
class Reject:
    """A held mail does not become part of the ticket."""


@dataclass(frozen=True, slots=True)
class Spam:
    """Close without a letter and block the sender."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the ticket."""

    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class Reopen:
    """Open a closed ticket."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The ticket sleeps for so long."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Note:
    """This text, and the rest of the mail, are for colleagues only."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class SetPriority:
    """The place within the lane."""

    priority: Priority


@dataclass(frozen=True, slots=True)
class Outage:
    """The ticket goes to the outage lane; `situation` is the key of a rule, as written."""

    situation: str | None = None


@dataclass(frozen=True, slots=True)
class Normal:
    """The ticket goes to the normal lane."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The requester is asked for these items of the checklist, as written."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Got:
    """These items of the checklist, as written, came by other means."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetField:
    """A field of the ticket gets a value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class AddCc:
    """Somebody becomes a participant; the address is in lower case."""

    address: str


@dataclass(frozen=True, slots=True)
class RemoveCc:
    """Somebody is a participant no longer; the address is in lower case."""

    address: str


@dataclass(frozen=True, slots=True)
class MoveToDesk:
    """The ticket goes to the desk called `name`, as written."""

    name: str


@dataclass(frozen=True, slots=True)
class Undo:
    """The agent's last answer is taken back while it still waits."""


@dataclass(frozen=True, slots=True)
class ShowQueue:
    """The open tickets come by mail."""


@dataclass(frozen=True, slots=True)
class ShowTicket:
    """A ticket comes by mail."""

    number: int


@dataclass(frozen=True, slots=True)
class LinkTo:
    """The ticket is linked with another one."""

    number: int


@dataclass(frozen=True, slots=True)
class Help:
    """The list of commands comes by mail."""


Command = (
    Take
    | Assign
    | Release
    | Accept
    | Reject
    | Spam
    | Close
    | Reopen
    | Wait
    | Note
    | SetPriority
    | Outage
    | Normal
    | Ask
    | Got
    | SetField
    | AddCc
    | RemoveCc
    | MoveToDesk
    | Undo
    | ShowQueue
    | ShowTicket
    | LinkTo
    | Help
)

# --- readers: the text behind the command word -> the value ---------------------------------------


class Fault(Enum):
    """What may be wrong with a command line."""

    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    PLANNED = "planned"
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
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"'«»]+@[^\s@<>()\[\],;:\"'«»]+\.[^\s@<>()\[\],;:\"'«».]+")
_SHOWN_ADDRESS = re.compile(rf".*<(?:mailto:)?({_ADDRESS.pattern})>")
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
        shown = _SHOWN_ADDRESS.fullmatch(_required(text))
        address = shown[1] if shown else text.removeprefix("mailto:")
        if not _ADDRESS.fullmatch(address):
            raise ArgumentError(Fault.ADDRESS)
        return build(address.lower())

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
    shape = _COUNT_AND_UNIT.fullmatch(_required(text).lower())
    try:
        return Wait(parse_duration(shape[1] + _UNITS.get(shape[2], shape[2]) if shape else text))
    except ValueError as error:
        raise ArgumentError(Fault.DURATION) from error


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


def read_accept(text: str) -> Command:
    """Nothing, or `always`."""
    if text and text.lower() not in _ALWAYS:
        raise ArgumentError(Fault.ALWAYS)
    return Accept(always=bool(text))


def _required(text: str) -> str:
    if not text:
        raise ArgumentError(Fault.MISSING)
    return text
