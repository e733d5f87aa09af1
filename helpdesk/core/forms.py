"""Fields from lines such as "Серийный номер: 01.234".

Text and the names of fields with their synonyms go in, (field, value) pairs in the order of the letter come out. A
value may stand on the next line when the line ends with the colon. Unknown names are left alone: not every colon makes
a form. Never fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from helpdesk.core.words import fold

# Characters. A longer beginning of a line is a sentence with a colon in it, not the name of a field.
MAX_NAME = 60

# Characters of a value that are kept: a field is a fact, not a story.
MAX_VALUE = 500

# Lines. Nobody fills in a longer form by mail.
MAX_LINES = 500

_COLONS = (":", "：", "=", "\t")
_DECORATION = " \t*_-–—•>·\"'«»№"


def read_fields(text: str, synonyms: Mapping[str, Iterable[str]]) -> tuple[tuple[str, str], ...]:
    """The fields that `text` fills in; the last value counts when one is given twice.

    `synonyms` lead from a field to the names under which people write it. Case, ё, marks and decoration do not matter.
    """
    fields = _by_name(tuple((key, tuple(names)) for key, names in synonyms.items()))
    found: dict[str, str] = {}
    lines = text.splitlines()[:MAX_LINES]
    for index, line in enumerate(lines):
        name, value = split_line(line)
        key = fields.get(field_name(name)) if name else None
        if key is None:
            continue
        if not value and index + 1 < len(lines) and fields.get(field_name(split_line(lines[index + 1])[0])) is None:
            value = lines[index + 1].strip()
        if value:
            found[key] = value[:MAX_VALUE]
    return tuple(found.items())


# The names are those of rules and checklists, the same for every letter.
@lru_cache(maxsize=256)
def _by_name(synonyms: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, str]:
    return {field_name(name): key for key, names in synonyms for name in (key, *names)}


def split_line(line: str, longest: int = MAX_NAME) -> tuple[str, str]:
    """Name and value, cut at the first sign that may stand between; no name when there is none."""
    places = [place for sign in _COLONS if 0 < (place := line.find(sign)) <= longest]
    if not places:
        return "", ""
    cut = min(places)
    return line[:cut], line[cut + 1 :].strip(" \t*_")


def field_name(name: str) -> str:
    """The name as names are compared: folded, without decoration."""
    return " ".join(fold(name).strip(_DECORATION).replace("-", " ").split())
