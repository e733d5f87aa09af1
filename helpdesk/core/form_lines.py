"""The lines of a letter as fields of a form: which line fills in what.

A line is `Name: value`; names are those of any language, in any order, with numbers, marks, hints in brackets and
small slips. A heading begins a section, with the row where it repeats ("Part 2"); the first field of such a section
once more begins the next row. A long text goes on over the next lines until an empty one. Never fails.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from helpdesk.core.field_values import FieldKind
from helpdesk.core.forms import MAX_LINES, MAX_VALUE, field_name, split_line

if TYPE_CHECKING:
    from helpdesk.core.form import Field, Form, Section

# How alike a name must be to one of the form's, 0.0-1.0, and how long: "Серийный номр" is a slip, "Цех" is no "Цена".
_ALIKE = 0.86
_SHORTEST_SLIP = 6

# Characters of a name with its hint in brackets.
_LONGEST_NAME = 120

_HINT = re.compile(r"\s*\([^()]*\)\s*$")
_NUMBERED = re.compile(r"^\s*\d{1,2}[.)]\s+")
_ROW = re.compile(r"^(.*?)\s*(?:№|#|no\.?)?\s*(\d{1,2})$")


class Names:
    """Every name of a form, folded, and what it stands for."""

    def __init__(self, form: Form) -> None:
        self.headings = {_folded(name): section for section in form.sections for name in section.all_names()}
        self.single: dict[str, Field] = {}
        self.rows: dict[str, dict[str, Field]] = {}
        for section in form.sections:
            names = self.rows.setdefault(section.key, {}) if section.repeats else self.single
            for field in section.fields:
                for name in field.all_names():
                    names.setdefault(_folded(name), field)
        self.repeating = {section.key: section for section in form.sections if section.repeats}


def read_lines(names: Names, text: str, known: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What the lines of `text` fill in, by key; the last value counts. `known` tells which rows there are already."""
    return tuple(_Reading(names, known).read(text.splitlines()[:MAX_LINES]).items())


class _Reading:
    def __init__(self, names: Names, known: Mapping[str, str]) -> None:
        self.names = names
        self.found: dict[str, str] = {}
        self.section: Section | None = None  # the one that repeats and whose row is being read
        self.row = 0
        self.taken = {
            key: max((int(name.split(".")[1]) for name in known if name.startswith(f"{key}.")), default=0)
            for key in names.repeating
        }

    def read(self, lines: list[str]) -> dict[str, str]:
        index = 0
        while index < len(lines):
            line = lines[index]
            index += 1
            if self._heading(line):
                continue
            name, value = _split(line)
            field = self._field(name)
            if field is None:
                continue
            key = self._key(field)
            while index < len(lines) and self._goes_on(lines[index], field, value):
                value = f"{value} {lines[index].strip()}".strip()
                index += 1
            if value:
                self.found[key] = value[:MAX_VALUE]
        return self.found

    def _goes_on(self, line: str, field: Field, value: str) -> bool:
        """Does the value go on, or only begin, on this line?"""
        if not line.strip() or (value and field.kind is not FieldKind.TEXT):
            return False
        return self._field(_split(line)[0]) is None and self._section_of(line) is None

    def _heading(self, line: str) -> bool:
        """Does a section begin here? Then it is the one that further lines belong to."""
        begun = self._section_of(line)
        if begun is None:
            return False
        section, row = begun
        self.section = section if section.repeats else None
        if section.repeats:
            self._begin_row(section, row)
        return True

    def _section_of(self, line: str) -> tuple[Section, int] | None:
        bare = _folded(line.rstrip(" :.\t"))
        numbered = _ROW.match(bare)
        for name, row in ((bare, 0), *(((numbered[1].strip(), int(numbered[2])),) if numbered else ())):
            section = self.names.headings.get(name)
            if section is not None and (section.repeats or not row):
                return section, row
        return None

    def _begin_row(self, section: Section, row: int) -> None:
        self.section, self.row = section, row or self.taken[section.key] + 1
        self.taken[section.key] = max(self.taken[section.key], self.row)

    def _field(self, name: str) -> Field | None:
        wanted = _folded(name)
        if not wanted:
            return None
        here = self.names.rows[self.section.key] if self.section else {}
        for names in (here, self.names.single, *self.names.rows.values()):
            if wanted in names:
                return names[wanted]
        if len(wanted) < _SHORTEST_SLIP:
            return None
        near = difflib.get_close_matches(wanted, [*here, *self.names.single], n=1, cutoff=_ALIKE)
        return (here.get(near[0]) or self.names.single.get(near[0])) if near else None

    def _key(self, field: Field) -> str:
        """The key of the field where it stands now."""
        if self.section is not None and field in self.section.fields:
            first_again = field is self.section.fields[0] and f"{self.section.key}.{self.row}.{field.key}" in self.found
            if first_again:
                self._begin_row(self.section, 0)
            return f"{self.section.key}.{self.row}.{field.key}"
        if field in self.names.single.values():
            self.section = None
            return field.key
        section = next(each for each in self.names.repeating.values() if field in each.fields)
        self._begin_row(section, 0)
        return f"{section.key}.{self.row}.{field.key}"


def _split(line: str) -> tuple[str, str]:
    """Name and value. A colon within the brackets of a hint parts nothing."""
    name, value = split_line(line, _LONGEST_NAME)
    if "(" in name and ")" not in name and ")" in value:
        inside, _, rest = value.partition(")")
        return f"{name} {inside})", split_line(f".{rest}", _LONGEST_NAME)[1]
    return name, value


def _folded(name: str) -> str:
    return field_name(_HINT.sub("", _NUMBERED.sub("", name)))
