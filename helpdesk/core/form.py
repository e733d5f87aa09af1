"""A form that is filled in by mail: its fields, what they say in a letter, what is wrong or lacking.

The Form and a letter's text in, a Filling out: the values as they were understood, and every fault by the key of its
field. `review` says what is still to be told or mended, `blank` is the empty form as text. The key of a field in a
section that repeats has the row in it: `part.2.price`. Never fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from helpdesk.core.conditions import Condition, all_hold
from helpdesk.core.field_values import Choice, Fault, FieldKind, understand
from helpdesk.core.form_lines import Names, read_lines
from helpdesk.core.forms import field_name
from helpdesk.core.texts import Texts, text_in

# A letter that fills in so many fields is that form, whatever else it says.
FEWEST_FIELDS = 3

# Rows of a section that repeats; further ones are left in the letter.
MAX_ROWS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One line of a form. `names` are other words for its label; it is asked for where `required` and all of `when`."""

    key: str
    label: Texts
    names: tuple[str, ...] = ()
    kind: FieldKind = FieldKind.TEXT
    choices: tuple[Choice, ...] = ()
    hint: Texts = ()
    required: bool = True
    when: tuple[Condition, ...] = ()
    look_up: str = ""  # the directory in which its value is looked for

    def all_names(self) -> tuple[str, ...]:
        """Every name under which people may write it."""
        return (self.key, *(label for _, label in self.label), *self.names)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Fields under a heading. One that `repeats` has a row for each item, of which `at_least` so many are wanted."""

    key: str
    label: Texts
    names: tuple[str, ...] = ()
    fields: tuple[Field, ...]
    repeats: bool = False
    at_least: int = 0

    def all_names(self) -> tuple[str, ...]:
        """Every heading under which people may put it."""
        return (self.key, *(label for _, label in self.label), *self.names)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What fields must not say together. With `fields` their values are refused; else it is pointed out once."""

    key: str
    when: tuple[Condition, ...]
    tell: Texts
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form: its sections in their order, and what its fields must not say together."""

    key: str
    title: Texts
    names: tuple[str, ...] = ()  # words by which people ask for it
    sections: tuple[Section, ...]
    checks: tuple[Check, ...] = ()

    @property
    def look_ups(self) -> tuple[tuple[str, str], ...]:
        """(field, directory) of each field whose value is looked up."""
        return tuple((one.key, one.look_up) for section in self.sections for one in section.fields if one.look_up)

    def field(self, key: str) -> Field | None:
        """The field whose key this is, with or without a row in it."""
        section, _, name = key.rpartition(".")
        section = section.partition(".")[0]
        of_section = (field for each in self.sections if not section or each.key == section for field in each.fields)
        return next((field for field in of_section if field.key == name), None)

    def key_called(self, name: str) -> str | None:
        """The key of the field that is called `name`: by its key, with a row in it or not, or by a label."""
        if self.field(name) is not None:
            return name
        fields = (field for section in self.sections if not section.repeats for field in section.fields)
        wanted = field_name(name)
        return next((field.key for field in fields if wanted in map(field_name, field.all_names())), None)

    def label(self, key: str, language: str) -> str:
        """How the field is called in `language`: "Price", or "Part 2, price" in a section that repeats."""
        field = self.field(key)
        if field is None:
            return key
        said = text_in(field.label, language, field.key)
        parts = key.split(".")
        if len(parts) < 3:
            return said
        section = next(each for each in self.sections if each.key == parts[0])
        return f"{text_in(section.label, language, section.key)} {parts[1]}, {said[:1].lower()}{said[1:]}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value was not taken: the `fault` of what was `said`, or the `check` that refuses it."""

    key: str
    fault: Fault | None = None
    said: str = ""
    check: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filling:
    """What a letter fills in: values as they were understood, and what could not be."""

    values: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def size(self) -> int:
        """How many fields the letter speaks of."""
        return len(self.values) + len(self.problems)


def fill_in(form: Form, text: str, quoted: str = "", known: Mapping[str, str] | None = None) -> Filling:
    """What the letter says of the fields. `known` are those of earlier letters.

    Whoever writes between the lines of our own blank form fills in what is `quoted`; that counts only for fields of
    which nothing is known, because the history below a letter holds older values as well.
    """
    known = known or {}
    names = Names(form)
    written = dict(read_lines(names, text, known))
    below = read_lines(names, _unquoted(quoted), known) if quoted else ()
    written = {key: said for key, said in below if key not in known and key not in written} | written
    values, problems = [], []
    for key, said in written.items():
        field = form.field(key)
        if field is None:
            continue
        value = understand(field.kind, said, field.choices)
        if isinstance(value, Fault):
            problems.append(Problem(key, value, said))
        else:
            values.append((key, value))
    return Filling(values=tuple(values), problems=tuple(problems))


def review(
    form: Form, fields: Mapping[str, str], news: Filling, today: date
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Keys of what is still to be told or mended, in the order of the form, and why values are not taken.

    `fields` is everything known with the `news` in it. A check that only points something out has a say when one of
    the fields that it looks at is new.
    """
    problems = {problem.key: problem for problem in news.problems}
    fresh = {key for key, _ in news.values}
    pointed_out = []
    for check in form.checks:
        if not all_hold(check.when, fields, today):
            continue
        for key in check.fields:
            problems.setdefault(key, Problem(key, said=fields.get(key, ""), check=check.key))
        if not check.fields and fresh & {condition.field for condition in check.when}:
            pointed_out.append(check.key)
    missing = tuple(key for key in _wanted(form, fields, today) if key in problems or key not in fields)
    others = tuple(key for key in problems if key not in missing)
    return (*missing, *others, *pointed_out), tuple(problems.values())


def _wanted(form: Form, fields: Mapping[str, str], today: date) -> Iterable[str]:
    """The keys of every field that is required, as far as is known by now."""
    for section in form.sections:
        if not section.repeats:
            yield from (field.key for field in section.fields if field.required and all_hold(field.when, fields, today))
            continue
        for row in rows(section, fields):
            begin = f"{section.key}.{row}."
            here = dict(fields) | {
                key.removeprefix(begin): said for key, said in fields.items() if key.startswith(begin)
            }
            yield from (
                f"{begin}{field.key}"
                for field in section.fields
                if field.required and all_hold(field.when, here, today)
            )


def rows(section: Section, fields: Mapping[str, str]) -> tuple[int, ...]:
    """The rows of a section that repeats: those that something is known of, and as many as are wanted."""
    begin = f"{section.key}."
    numbers = {int(key.split(".")[1]) for key in fields if key.startswith(begin)}
    return tuple(sorted(numbers | set(range(1, section.at_least + 1))))


def blank(form: Form, language: str) -> tuple[str, ...]:
    """The empty form, line by line: `Label (what it wants):` under the headings of its sections."""
    lines: list[str] = []
    for section in form.sections:
        heading = text_in(section.label, language, section.key)
        lines += [*([""] if lines else []), f"{heading} 1" if section.repeats else heading]
        for field in section.fields:
            lines.append(f"{text_in(field.label, language, field.key)}{_hint(field, language)}:")
    return tuple(lines)


def hint(field: Field, language: str) -> str:
    """What the field wants: the choices, or what the form says of it; perhaps nothing."""
    if field.choices:
        return " / ".join(text_in(choice.names, language, choice.key) for choice in field.choices)
    return text_in(field.hint, language)


def _hint(field: Field, language: str) -> str:
    said = hint(field, language)
    return f" ({said})" if said else ""


def _unquoted(quoted: str) -> str:
    return "\n".join(line.lstrip("> \t|") for line in quoted.splitlines())
