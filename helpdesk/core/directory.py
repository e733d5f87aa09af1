"""Directories: lists that a desk brings along, such as its registered customers or the service centres of makers.

A Directory says which columns there are; rows of texts, as a spreadsheet has them, become Entries or problems, each
with line and column, all at once. An entry is found by its key. Never fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpdesk.core.field_values import Fault, FieldKind, understand
from helpdesk.core.forms import field_name

# Characters of a cell; more is no entry of a list.
MAX_CELL = 500

# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column by its name in files; `kind` is how its cells are understood."""

    name: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """A kind of list. The first column is the key; `unique`: there may be one entry of each key."""

    name: str
    columns: tuple[Column, ...]
    unique: bool = True

    @property
    def key(self) -> str:
        """The column by which entries are found."""
        return self.columns[0].name


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: (column, value) of every cell that says something. `key` is folded."""

    key: str
    values: tuple[tuple[str, str], ...]

    def value(self, column: str) -> str:
        """What the entry says in this column, or an empty text."""
        return dict(self.values).get(column, "")


@dataclass(frozen=True, slots=True)
class AddEntry:
    """A change of a decision: a directory gets this entry, in place of one with its key."""

    directory: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class RemoveEntry:
    """A change of a decision: a directory loses the entry with this key (folded)."""

    directory: str
    key: str


_KINDS = {
    "address": FieldKind.EMAIL,
    "phone": FieldKind.PHONE,
    "tax_number": FieldKind.TAX_NUMBER,
    "sold": FieldKind.DATE,
}


def _columns(*names: str) -> tuple[Column, ...]:
    """The columns of these names, the key first; "!" marks the others that must be there."""
    bare = [name.rstrip("!") for name in names]
    return tuple(
        Column(name=name, kind=_KINDS.get(name, FieldKind.TEXT), required=place == 0 or "!" in names[place])
        for place, name in enumerate(bare)
    )


DIRECTORIES = {
    directory.name: directory
    for directory in (
        # The key of a customer may be a whole domain: "@shop.example".
        Directory(name="customers", columns=_columns("address", "name!", "product", "organisation")),
        Directory(name="organisations", columns=_columns("tax_number", "name!", "city")),
        Directory(
            name="representatives",
            columns=_columns("address", "tax_number!", "name", "administrator"),
        ),
        Directory(name="partners", columns=_columns("name", "address!", "city", "phone")),
        Directory(
            name="centres",
            columns=_columns("maker", "city!", "name!", "street", "phone", "address", "hours"),
            unique=False,
        ),
        Directory(name="points", columns=_columns("city", "name!", "street!", "phone", "hours"), unique=False),
        Directory(name="sales", columns=_columns("serial", "article", "sold!", "document", "buyer")),
    )
}


def folded(key: str) -> str:
    """The key as entries are looked for."""
    return field_name(key)


def read_entries(
    directory: Directory, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> tuple[list[Entry], list[str]]:
    """The entries of a file, and every problem of it in words: line, column, what was found and what is wanted."""
    names = [name.strip().lower() for name in header]
    columns = {column.name: column for column in directory.columns}
    problems = [
        f'line 1: there is no column "{name}"; want {", ".join(columns)}' for name in names if name not in columns
    ]
    problems += [
        f'line 1: the column "{one.name}" is missing'
        for one in directory.columns
        if one.required and one.name not in names
    ]
    problems += [
        f'line 1: the column "{name}" is there twice' for name in sorted({n for n in names if names.count(n) > 1})
    ]
    if problems:
        return [], problems
    entries: list[Entry] = []
    seen: dict[str, int] = {}
    for line, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        entry, wrong = _entry(directory, [columns[name] for name in names], row)
        problems += [f"line {line}: {problem}" for problem in wrong]
        if entry is None:
            continue
        if directory.unique and entry.key in seen:
            problems.append(
                f'line {line}: {directory.key} "{entry.value(directory.key)}" is also on line {seen[entry.key]}'
            )
        seen.setdefault(entry.key, line)
        entries.append(entry)
    return entries, problems


def _entry(directory: Directory, columns: Sequence[Column], row: Sequence[str]) -> tuple[Entry | None, list[str]]:
    problems, values = [], {}
    if len(row) > len(columns):
        problems.append(f"has {len(row)} cells; the header has {len(columns)}")
    for column, cell in zip(columns, row, strict=False):
        text = from_sheet(" ".join(cell.split()))
        if len(text) > MAX_CELL:
            problems.append(f"{column.name} has {len(text)} characters; at most {MAX_CELL} are kept")
        elif text:
            value = text if text.startswith("@") else understand(column.kind, text)
            if isinstance(value, Fault):
                problems.append(f'{column.name} is "{text}"; want {_WANTED[value]}')
            else:
                values[column.name] = value.lower() if column.kind is FieldKind.EMAIL or text.startswith("@") else value
        elif column.required:
            problems.append(f"{column.name} is empty")
    missing = [one.name for one in columns[len(row) :] if one.required]
    problems += [f"{name} is empty" for name in missing]
    if problems:
        return None, problems
    return Entry(folded(values[directory.key]), tuple(values.items())), []


def to_sheet(value: str) -> str:
    """The value as it is safe in a spreadsheet: what would be a formula there is text."""
    return f"'{value}" if value.startswith((*FORMULA, "'")) else value


def from_sheet(cell: str) -> str:
    """What `to_sheet` made of a value, back."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith((*FORMULA, "'")) else cell


_WANTED = {
    Fault.DATE: "a date such as 2026-03-25",
    Fault.DAY: "a day that there is",
    Fault.PHONE: "a telephone number",
    Fault.EMAIL: "a mail address",
    Fault.TAX_NUMBER: "a tax number whose check digits fit",
}
