"""The tables [field.NAME] and [[form]] of a pack file, read into forms.

Problems are collected in the reader of the file, as those of rules are: what cannot be read is left out and named.
"""

from __future__ import annotations

from collections.abc import Collection

from helpdesk.core.conditions import Condition, read_condition
from helpdesk.core.directory import DIRECTORIES
from helpdesk.core.field_values import Choice, FieldKind
from helpdesk.core.form import Check, Field, Form, Section
from helpdesk.core.texts import Texts
from helpdesk.packs.letters import LANGUAGES
from helpdesk.packs.tables import Table, TableReader

_FIELD = ("label", "names", "type", "choices", "hint", "required", "when", "look_up")
_CHOICE = (*LANGUAGES, "names")
_SECTION = ("key", "label", "names", "fields", "repeats", "at_least")
_CHECK = ("key", "when", "tell", "fields")


class FormReader:
    """Reads the forms of one file; `fields` are those of this file and of the packs that it extends."""

    def __init__(self, pack: TableReader, fields: dict[str, Field]) -> None:
        self.pack = pack
        self.fields = fields

    def read_fields(self, tables: Table) -> None:
        """Every [field.NAME] of the file. Conditions may speak of any field, so names are known first."""
        known = {*self.fields, *tables}
        for key in tables:
            self.fields[key] = self._field(key, self.pack.table_at("field", tables, key), known)

    def form(self, place: str, table: Table) -> Form:
        """The form of one table [[form]]."""
        sections = tuple(self._section(*each) for each in self.pack.tables_at(place, table, "section"))
        known = {field.key for section in sections for field in section.fields}
        return Form(
            key=self.pack.required(place, table, "key"),
            title=self.texts(place, table, "title"),
            names=self.pack.texts(place, table, "names"),
            sections=sections,
            checks=tuple(self._check(*each, known) for each in self.pack.tables_at(place, table, "check")),
        )

    def conditions(self, place: str, table: Table, key: str, known: Collection[str]) -> tuple[Condition, ...]:
        """The conditions that stand as a list of texts under `key`."""
        found = []
        for text in self.pack.texts(place, table, key):
            try:
                found.append(read_condition(text, known))
            except ValueError as error:
                self.pack.problem(f"{place}.{key}", f'has "{text}": {error}')
        return tuple(found)

    def texts(self, place: str, table: Table, key: str) -> Texts:
        """A text in several languages: `key.ru = "…"`."""
        said = self.pack.table_at(place, table, key)
        self.pack.known_keys(f"{place}.{key}", said, LANGUAGES)
        return tuple((language, self.pack.text(f"{place}.{key}", said, language)) for language in said)

    def _field(self, key: str, table: Table, known: Collection[str]) -> Field:
        place = f"field.{key}"
        self.pack.known_keys(place, table, _FIELD)
        label = self.texts(place, table, "label")
        if not label:
            self.pack.problem(f"{place}.label", "is missing; want how the field is called in ru, uk, en or pl")
        choices = self._choices(place, self.pack.table_at(place, table, "choices"))
        kind = self.pack.choice(place, table, "type", FieldKind) or (FieldKind.CHOICE if choices else FieldKind.TEXT)
        if bool(choices) is not (kind is FieldKind.CHOICE):
            self.pack.problem(f"{place}.choices", f'go with type = "choice"; the type is "{kind}"')
        return Field(
            key=key,
            label=label,
            names=self.pack.texts(place, table, "names"),
            kind=kind,
            choices=choices,
            hint=self.texts(place, table, "hint"),
            required="required" not in table or self.pack.flag(place, table, "required"),
            when=self.conditions(place, table, "when", known),
            look_up=self._directory(place, table),
        )

    def _directory(self, place: str, table: Table) -> str:
        name = self.pack.text(place, table, "look_up")
        if name and name not in DIRECTORIES:
            self.pack.problem(f"{place}.look_up", f'is "{name}"; want one of {", ".join(DIRECTORIES)}')
        return name

    def _choices(self, place: str, table: Table) -> tuple[Choice, ...]:
        found = []
        for key in table:
            here = f"{place}.choices.{key}"
            choice = self.pack.table_at(f"{place}.choices", table, key)
            self.pack.known_keys(here, choice, _CHOICE)
            names = tuple((one, self.pack.text(here, choice, one)) for one in LANGUAGES if one in choice)
            found.append(Choice(key, names, self.pack.texts(here, choice, "names")))
        return tuple(found)

    def _section(self, place: str, table: Table) -> Section:
        self.pack.known_keys(place, table, _SECTION)
        wanted = self.pack.texts(place, table, "fields")
        for key in wanted:
            if key not in self.fields:
                self.pack.problem(f"{place}.fields", f'has "{key}", but there is no [field.{key}]')
        return Section(
            key=self.pack.required(place, table, "key"),
            label=self.texts(place, table, "label"),
            names=self.pack.texts(place, table, "names"),
            fields=tuple(self.fields[key] for key in wanted if key in self.fields),
            repeats="repeats" in table and self.pack.flag(place, table, "repeats"),
            at_least=self.pack.count(place, table, "at_least", least=0) or 0,
        )

    def _check(self, place: str, table: Table, known: Collection[str]) -> Check:
        self.pack.known_keys(place, table, _CHECK)
        fields = self.pack.texts(place, table, "fields")
        for key in fields:
            if key not in known:
                self.pack.problem(f"{place}.fields", f'has "{key}", which is no field of the form')
        return Check(
            key=self.pack.required(place, table, "key"),
            when=self.conditions(place, table, "when", known),
            tell=self.texts(place, table, "tell"),
            fields=fields,
        )
