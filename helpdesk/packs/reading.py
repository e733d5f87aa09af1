"""The tables of a pack file, read key by key into rules, checklists and examples.

Problems are collected, not raised: what cannot be read is left out and named in `PackReader.problems`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from helpdesk.core.checklist import Checklist, Item
from helpdesk.core.classifier import Classifier
from helpdesk.core.directory import DIRECTORIES
from helpdesk.core.duration import Duration, parse_duration
from helpdesk.core.form import Field
from helpdesk.core.message import Kind
from helpdesk.core.phrases import Pattern, compile_pattern, either
from helpdesk.core.routes import Route
from helpdesk.core.rules import Rule, Words
from helpdesk.core.stages import Stage, Trigger
from helpdesk.core.ticket import Lane, Priority, State
from helpdesk.core.trial import Bar, Example
from helpdesk.packs.form_reading import FormReader
from helpdesk.packs.letters import LANGUAGES, NO_SITUATION, labelled
from helpdesk.packs.tables import Table, TableReader, at

_WORDS = {
    "any": "any_of",
    "all": "all_of",
    "unless": "unless",
    "none": "none_of",
    "until": "until",
    "narrow": "narrow",
    "wide": "wide",
}
_TOP = (
    *("extends", "ask_customer", "bar", "words", "senders", "everywhere", "rule", "item", "checklist", "examples"),
    *("follow_up", "field", "form", "state", "route"),
)
_RULE = (
    *("name", *_WORDS, "from", "organisation", "header", "attachment", "field"),
    *("likely", "desks", "languages", "kinds", "contact", "hours", "requests_1h"),
)
_ACTIONS = ("lane", "situation", "priority", "desk", "tags", "assignee", "notify", "checklist", "template", "take")
_ITEM = ("ask", "fields", "found", "files", "any_words", "promised", "when", "photo")
_BAR = ("recall", "precision")
_CHECKLIST = ("key", *_WORDS, "items", "longest", "max_file_mb")
_STATE = ("key", "is", "label", "from", "words", "on", "when", "rma", "registers", "documents", "letter", "for_good")
_ROUTE = ("key", "label", *_WORDS, "reply", "partner", "forward", "insists", "again", "expects", "watch")
_FORM = ("key", "title", "names", "items", "section", "check", "max_file_mb")


class Hours(StrEnum):
    """When a letter came, by the calendar of the desk."""

    OPEN = "open"
    CLOSED = "closed"


class Acquaintance(StrEnum):
    """Has the sender written before?"""

    KNOWN = "known"
    NEW = "new"


@dataclass(slots=True)
class Vocabulary:
    """What a pack hands down to the packs that extend it."""

    senders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    words: dict[str, Pattern] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    situations: set[str] = field(default_factory=set)
    ask_customer: bool = False

    def add(self, other: Vocabulary) -> None:
        """Take what another pack hands down, too."""
        self.senders |= other.senders
        self.words |= other.words
        self.items |= other.items
        self.fields |= other.fields
        self.situations |= other.situations
        self.ask_customer = self.ask_customer or other.ask_customer


class PackReader(TableReader):
    """Reads one file on top of an inherited vocabulary, which it extends.

    `learned` is what its labelled letters taught; `untaught`: they are about to teach, `likely` cannot be asked yet.
    """

    def __init__(
        self,
        file: str,
        table: Table,
        vocabulary: Vocabulary,
        learned: Classifier | None = None,
        *,
        untaught: bool = False,
    ) -> None:
        super().__init__(file)
        self.table, self.vocabulary, self.learned, self.untaught = table, vocabulary, learned, untaught
        self.known_keys("", table, _TOP)
        if not isinstance(table.get("extends"), list):
            self.text("", table, "extends")
        else:
            self.texts("", table, "extends")
        if "ask_customer" in table:
            self.vocabulary.ask_customer = self.flag("", table, "ask_customer")
        self._word_lists()
        self.forms = FormReader(self, vocabulary.fields)
        self.forms.read_fields(self.table_at("", table, "field"))
        self._sender_lists()
        self._items()
        self.everywhere = self._words("everywhere", self.table_at("", table, "everywhere"), tuple(_WORDS))

    def rules(self) -> tuple[Rule, ...]:
        """The rules of this file, each with the conditions of [everywhere] added."""
        rules = [self._rule(*each) for each in self.tables_at("", self.table, "rule")]
        self._named_twice("rule", [rule.name for rule in rules])
        return tuple(rules)

    def checklists(self) -> tuple[Checklist, ...]:
        """The checklists of this file; those with forms first: they are told by their fields."""
        checklists = [self._checklist(*each) for each in self.tables_at("", self.table, "checklist")]
        forms = [self._form(*each) for each in self.tables_at("", self.table, "form")]
        self._named_twice("checklist", [checklist.key for checklist in (*checklists, *forms)])
        return (*forms, *checklists)

    def stages(self) -> tuple[Stage, ...]:
        """The desk's own states of this file."""
        stages = [self._stage(*each) for each in self.tables_at("", self.table, "state")]
        self._named_twice("state", [stage.key for stage in stages])
        known = {*(stage.key for stage in stages), *State}
        for stage in stages:
            for key in stage.came_from:
                if key not in known:
                    self.problem(f"state {stage.key}.from", f'has "{key}", which is no state')
        return tuple(stages)

    def routes(self) -> tuple[Route, ...]:
        """The routing cases of this file, each with the conditions of [everywhere] added."""
        routes = [self._route(*each) for each in self.tables_at("", self.table, "route")]
        self._named_twice("route", [route.key for route in routes])
        return tuple(routes)

    def examples(self) -> tuple[Example, ...]:
        """The labelled letters of this file."""
        found: list[Example] = []
        examples = self.table_at("", self.table, "examples")
        self.known_keys("examples", examples, LANGUAGES)
        for language in examples:
            place = f"examples.{language}"
            by_situation = self.table_at("examples", examples, language)
            self.known_keys(place, by_situation, (*sorted(self.vocabulary.situations), NO_SITUATION))
            for situation in by_situation:
                letters = self.texts(place, by_situation, situation)
                found += [labelled(language, situation, letter) for letter in letters]
        return tuple(found)

    def bar(self) -> Bar | None:
        """What this file promises of its rules, or None."""
        table = self.table_at("", self.table, "bar")
        self.known_keys("bar", table, _BAR)
        return Bar(**{key: self.percent("bar", table, key) for key in _BAR}) if table else None

    def follow_ups(self) -> tuple[tuple[str, str, Table], ...]:
        """The tables [[follow_up]] as written, each with file and place."""
        return tuple((self.file, *each) for each in self.tables_at("", self.table, "follow_up"))

    # --- tables

    def _word_lists(self) -> None:
        lists = self.table_at("", self.table, "words")
        for name in lists:
            patterns = self._patterns("words", lists, name)
            if patterns:
                self.vocabulary.words[name] = either(patterns, "{" + name + "}")

    def _sender_lists(self) -> None:
        lists = self.table_at("", self.table, "senders")
        for name in lists:
            self.vocabulary.senders[name] = self._senders("senders", lists, name)

    def _items(self) -> None:
        items = self.table_at("", self.table, "item")
        for key in items:
            place = f"item.{key}"
            table = self.table_at("item", items, key)
            self.known_keys(place, table, _ITEM)
            asked = self.table_at(place, table, "ask")
            self.known_keys(f"{place}.ask", asked, LANGUAGES)
            self.vocabulary.items[key] = Item(
                key=key,
                ask=tuple((language, self.text(f"{place}.ask", asked, language)) for language in asked),
                fields=self.texts(place, table, "fields"),
                found=self._patterns(place, table, "found"),
                files=self.texts(place, table, "files"),
                promised=self._patterns(place, table, "promised"),
                when=self.forms.conditions(place, table, "when", self.vocabulary.fields),
                photo="photo" in table and self.flag(place, table, "photo"),
                any_words="any_words" in table and self.flag(place, table, "any_words"),
            )
            if not asked:
                self.problem(f"{place}.ask", "is missing; want the request in ru, uk, en or pl")

    def _rule(self, place: str, table: Table) -> Rule:
        self.known_keys(place, table, (*_RULE, *_ACTIONS))
        name = self.required(place, table, "name")
        situation = self.text(place, table, "situation") or None
        if situation:
            self.vocabulary.situations.add(situation)
        if not any(action in table for action in _ACTIONS):
            self.problem(place, f"does nothing; want one of {', '.join(_ACTIONS)}")
        headers, fields = self.table_at(place, table, "header"), self.table_at(place, table, "field")
        likely = self._likely(place, table, situation)
        return Rule(
            name=name,
            words=_added(self._words(place, table, ()), self.everywhere),
            likely=likely,
            learned=self.learned if likely else None,
            senders=self._senders(place, table, "from"),
            organisations=self.texts(place, table, "organisation"),
            headers=tuple((key.lower(), self.text(f"{place}.header", headers, key)) for key in headers),
            attachments=self.texts(place, table, "attachment"),
            fields=tuple((key, self.text(f"{place}.field", fields, key)) for key in fields),
            desks=self.texts(place, table, "desks"),
            languages=self.texts(place, table, "languages"),
            kinds=self.choices(place, table, "kinds", Kind) or (Kind.HUMAN,),
            known={None: None, Acquaintance.KNOWN: True, Acquaintance.NEW: False}[
                self.choice(place, table, "contact", Acquaintance)
            ],
            working={None: None, Hours.OPEN: True, Hours.CLOSED: False}[self.choice(place, table, "hours", Hours)],
            requests_1h=self.count(place, table, "requests_1h", least=0) or 0,
            lane=self.choice(place, table, "lane", Lane),
            situation=situation,
            priority=self.choice(place, table, "priority", Priority),
            desk=self.text(place, table, "desk") or None,
            tags=self.texts(place, table, "tags"),
            assignee=self.text(place, table, "assignee") or None,
            notify=self.texts(place, table, "notify"),
            checklist=self.text(place, table, "checklist") or None,
            template=self._template(place, table),
            take=self._takes(place, table),
        )

    def _likely(self, place: str, table: Table, situation: str | None) -> int:
        likely = self.count(place, table, "likely", least=1) or 0
        if likely > 100:
            self.problem(f"{place}.likely", f"is {likely}; want percent, 1 to 100")
        elif not likely or self.untaught:
            return 0
        elif self.learned is None:
            self.problem(f"{place}.likely", f"has nothing to go by; `helpdesk rules learn {self.file}` teaches it")
        elif situation not in self.learned.labels[1:]:
            known = ", ".join(self.learned.labels[1:])
            self.problem(f"{place}.likely", f"wants a situation of which letters were learned: {known}")
        return likely

    def _senders(self, place: str, table: Table, key: str) -> tuple[str, ...]:
        """Shell patterns of addresses; `{name}` stands for the list of that name."""
        found: list[str] = []
        for sender in self.texts(place, table, key):
            if not sender.startswith("{"):
                found.append(sender if "@" in sender or "*" in sender else f"*@{sender}")  # everybody there
            elif sender.strip("{}") in self.vocabulary.senders:
                found += self.vocabulary.senders[sender.strip("{}")]
            else:
                known = ", ".join(sorted(self.vocabulary.senders)) or "none"
                self.problem(at(place, key), f'has "{sender}", but there is no such list in [senders] ({known})')
        return tuple(found)

    def _template(self, place: str, table: Table) -> str | None:
        name = self.text(place, table, "template")
        if name and not re.fullmatch(r"[\w-]+", name):
            self.problem(f"{place}.template", f'is "{name}"; want a name of letters, digits and hyphens')
            return None
        return name or None

    def _takes(self, place: str, table: Table) -> tuple[tuple[str, Pattern], ...]:
        """The fields that a rule reads from the words, each with its pattern."""
        takes = self.table_at(place, table, "take")
        texts = {name: self.text(f"{place}.take", takes, name) for name in takes}
        patterns = {name: self._pattern(f"{place}.take.{name}", text) for name, text in texts.items() if text}
        return tuple((name, pattern) for name, pattern in patterns.items() if pattern)

    def _checklist(self, place: str, table: Table) -> Checklist:
        self.known_keys(place, table, _CHECKLIST)
        items = [self._item(place, key) for key in self.texts(place, table, "items")]
        return Checklist(
            key=self.required(place, table, "key"),
            items=tuple(item for item in items if item),
            topic=self._words(place, table, ()),
            longest=self.count(place, table, "longest"),
            max_file_mb=self.count(place, table, "max_file_mb"),
        )

    def _form(self, place: str, table: Table) -> Checklist:
        """A checklist with a form: its items are asked for beside the fields."""
        self.known_keys(place, table, (*_FORM, *_WORDS))
        form = self.forms.form(place, table)
        items = [self._item(place, key) for key in self.texts(place, table, "items")]
        return Checklist(
            key=form.key,
            items=tuple(item for item in items if item),
            topic=self._words(place, table, ()),
            form=form,
            max_file_mb=self.count(place, table, "max_file_mb"),
        )

    def _stage(self, place: str, table: Table) -> Stage:
        self.known_keys(place, table, _STATE)
        state = self.choice(place, table, "is", State)
        known = {*self.vocabulary.fields, *self.vocabulary.items, *DIRECTORIES}
        if state is None or state is State.NEW:
            self.problem(f"{place}.is", "want one of open, waiting, closed")
        return Stage(
            key=self.required(place, table, "key"),
            state=state or State.OPEN,
            label=self.forms.texts(place, table, "label"),
            came_from=self.texts(place, table, "from"),
            words=self._patterns(place, table, "words"),
            on=self.choice(place, table, "on", Trigger),
            when=self.forms.conditions(place, table, "when", known),
            rma="rma" in table and self.flag(place, table, "rma"),
            registers="registers" in table and self.flag(place, table, "registers"),
            documents=self.texts(place, table, "documents"),
            letter=self.forms.texts(place, table, "letter"),
            for_good="for_good" in table and self.flag(place, table, "for_good"),
        )

    def _route(self, place: str, table: Table) -> Route:
        self.known_keys(place, table, _ROUTE)
        texts = {key: self.forms.texts(place, table, key) for key in ("label", "reply", "forward", "again", "expects")}
        if not texts["reply"] and not texts["forward"]:
            self.problem(place, "does nothing; want reply, forward or both")
        key = self.required(place, table, "key")
        self.vocabulary.situations.add(key)
        return Route(
            key=key,
            topic=_added(self._words(place, table, ()), self.everywhere),
            partner=self.text(place, table, "partner"),
            insists="insists" in table and self.flag(place, table, "insists"),
            watch=self._duration(place, table, "watch"),
            **texts,
        )

    def _duration(self, place: str, table: Table, key: str) -> Duration | None:
        try:
            return parse_duration(self.text(place, table, key)) if key in table else None
        except ValueError as error:
            self.problem(f"{place}.{key}", f'is "{table[key]}"; {error}')
            return None

    def _item(self, place: str, key: str) -> Item | None:
        item = self.vocabulary.items.get(key)
        if item is None:
            self.problem(f"{place}.items", f'has "{key}", but there is no [item.{key}]')
        return item

    # --- values

    def _words(self, place: str, table: Table, known: tuple[str, ...]) -> Words:
        if known:
            self.known_keys(place, table, known)
        found = {key: self._patterns(place, table, key) for key in _WORDS}
        # Where one of several will do they are looked for together: what a letter lacks is then told at a glance.
        together = {key: (either(each, key),) if each and key != "all" else each for key, each in found.items()}
        return Words(**{name: together[key] for key, name in _WORDS.items()})

    def _patterns(self, place: str, table: Table, key: str) -> tuple[Pattern, ...]:
        patterns = (self._pattern(f"{place}.{key}", text) for text in self.texts(place, table, key))
        return tuple(pattern for pattern in patterns if pattern)

    def _pattern(self, place: str, text: str) -> Pattern | None:
        try:
            return compile_pattern(text, self.vocabulary.words)
        except ValueError as error:
            self.problem(place, f'has "{text}": {error}')
            return None

    def _named_twice(self, what: str, names: list[str]) -> None:
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.problem(what, f'"{name}" stands there twice; want names of their own')


def _added(words: Words, more: Words) -> Words:
    """The words of a rule with those of [everywhere]; a rule without words stays without."""
    if words == Words():
        return words
    return Words(**{name: getattr(words, name) + getattr(more, name) for name in _WORDS.values()})
