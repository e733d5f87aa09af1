"""Problems of a configuration file, collected while it is read: file, key, what was found, what is wanted.

Values of unknown keys and of the database are never shown: they may hold a password.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from helpdesk.errors import Problem

MAX_SHOWN = 60  # characters of a value that was found; more hides the message

_WANTED = {
    "string_type": "want text in quotes",
    "int_type": "want a whole number, without quotes",
    "bool_type": "want true or false, without quotes",
    "date_type": "want a date such as 2026-01-09, without quotes",
    "list_type": "want a list in square brackets",
    "dict_type": "want a table",
}


class Problems:
    """What is wrong with one file so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []

    def add(self, text: str) -> None:
        """Note one thing; `text` begins with the key."""
        self.found.append(Problem(self.file, text))

    def add_invalid(self, place: str, error: ValidationError, fields: Mapping[str, str]) -> None:
        """Note everything that is wrong with the table at `place`, which may have `fields`: name and description."""
        for detail in error.errors(include_url=False):
            key = place + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in detail["loc"])
            name = str(detail["loc"][-1])
            match detail["type"]:
                case "missing":
                    self.add(f"{key} is missing; want {fields[name]}")
                case "extra_forbidden":
                    self.add_unknown(key, name, fields)
                case _:
                    found = "set" if name == "database" else shown(detail["input"])
                    self.add(f"{key} is {found}; {_wanted(detail)}")

    def add_unknown(self, key: str, name: str, known: Iterable[str]) -> None:
        """Note a key that does not exist, with the nearest one that does."""
        if get_close_matches(name, ["password", *known], n=1) == ["password"]:
            self.add(f"{key} does not belong in this file; write the password into a file and name it in password_file")
        else:
            self.add(f"{key} is not known here{did_you_mean(name, known)}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "port"?` for the nearest known word, else the known words; begins with a semicolon."""
    words = sorted(known)
    nearest = get_close_matches(word, words, n=1)
    return f'; did you mean "{nearest[0]}"?' if nearest else "; known are " + ", ".join(words)


def shown(value: object) -> str:
    """A value as the file has it, cut short."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _wanted(detail: Mapping[str, Any]) -> str:
    """What a value should have been, in words."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            return str(context["error"])
        case "greater_than_equal":
            return f"want at least {context['ge']}"
        case "less_than_equal":
            return f"want at most {context['le']}"
        case "literal_error":
            return f"want one of {context['expected']}"
        case "too_short":
            return "want one entry at least"
        case kind:
            return _WANTED.get(kind, str(detail["msg"]))
