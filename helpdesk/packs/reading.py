"""The tables of a pack file, read key by key into rules, checklists and examples.

Problems are collected, not raised: what cannot be read is left out and named in `PackReader.problems`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from helpdesk.core.checklist import Checklist, Item
from helpdesk.core.message import Kind
from helpdesk.core.phrases import Pattern, compile_pattern, either
from helpdesk.core.rules import Rule, Words
from helpdesk.core.ticket import Lane, Priority
from helpdesk.core.trial import Bar, Example
from helpdesk.errors import Problem
from helpdesk.packs.letters import LANGUAGES, NO_SITUATION, labelled

_WORDS = {
    "any": "any_of",
    "all": "all_of",
    "unless": "unless",
    "none": "none_of",
    "until": "until",
    "narrow": "narrow",
    "wide": "wide",
}
_TOP = ("extends", "ask_customer", "bar", "words", "everywhere", "rule", "item", "checklist", "examples", "follow_up")
_RULE = (
    *("name", *_WORDS, "from", "header", "attachment", "field"),
    *("desks", "languages", "kinds", "hours", "requests_1h"),
)
_ACTIONS = ("lane", "situation", "priority", "desk", "tags", "assignee", "notify", "checklist", "take")
_ITEM = ("ask", "fields", "found", "files", "any_words", "promised")
_BAR = ("recall", "precision")
_CHECKLIST = ("key", *_WORDS, "items", "longest")

Choice = TypeVar("Choice", bound=StrEnum)
Table = dict[str, object]


class Hours(StrEnum):
    """When a letter came, by the calendar of the desk."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(slots=True)
class Vocabulary:
    """What a pack hands down to the packs that extend it."""

    words: dict[str, Pattern] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    situations: set[str] = field(default_factory=set)
    ask_customer: bool = False


class PackReader:
    """Reads one file on top of an inherited vocabulary, which it extends."""

    def __init__(self, file: str, table: Table, vocabulary: Vocabulary) -> None:
        self.file, self.table, self.vocabulary = file, table, vocabulary
        self.problems: list[Problem] = []
        self._known_keys("", table, _TOP)
        self._text("", table, "extends")
        if "ask_customer" in table:
            self.vocabulary.ask_customer = self._flag("", table, "ask_customer")
        self._word_lists()
        self._items()
        self.everywhere = self._words("everywhere", self._table("", table, "everywhere"), tuple(_WORDS))

    def rules(self) -> tuple[Rule, ...]:
        """The rules of this file, each with the conditions of [everywhere] added."""
        rules = [self._rule(f"rule[{i}]", each) for i, each in enumerate(self._tables("rule"))]
        self._named_twice("rule", [rule.name for rule in rules])
        return tuple(rules)

    def checklists(self) -> tuple[Checklist, ...]:
        """The checklists of this file."""
        checklists = [self._checklist(f"checklist[{i}]", each) for i, each in enumerate(self._tables("checklist"))]
        self._named_twice("checklist", [checklist.key for checklist in checklists])
        return tuple(checklists)

    def examples(self) -> tuple[Example, ...]:
        """The labelled letters of this file."""
        found: list[Example] = []
        examples = self._table("", self.table, "examples")
        self._known_keys("examples", examples, LANGUAGES)
        for language in examples:
            place = f"examples.{language}"
            by_situation = self._table("examples", examples, language)
            self._known_keys(place, by_situation, (*sorted(self.vocabulary.situations), NO_SITUATION))
            for situation in by_situation:
                letters = self._texts(place, by_situation, situation)
                found += [labelled(language, situation, letter) for letter in letters]
        return tuple(found)

    def bar(self) -> Bar | None:
        """What this file promises of its rules, or None."""
        table = self._table("", self.table, "bar")
        self._known_keys("bar", table, _BAR)
        return Bar(**{key: self._percent("bar", table, key) for key in _BAR}) if table else None

    def follow_ups(self) -> tuple[tuple[str, str, Table], ...]:
        """The tables [[follow_up]] as written, each with file and place."""
        return tuple((self.file, f"follow_up[{i}]", each) for i, each in enumerate(self._tables("follow_up")))

    # --- tables

    def _word_lists(self) -> None:
        lists = self._table("", self.table, "words")
        for name in lists:
            patterns = self._patterns("words", lists, name)
            if patterns:
                self.vocabulary.words[name] = either(patterns, "{" + name + "}")

    def _items(self) -> None:
        items = self._table("", self.table, "item")
        for key in items:
            place = f"item.{key}"
            table = self._table("item", items, key)
            self._known_keys(place, table, _ITEM)
            asked = self._table(place, table, "ask")
            self._known_keys(f"{place}.ask", asked, LANGUAGES)
            self.vocabulary.items[key] = Item(
                key=key,
                ask=tuple((language, self._text(f"{place}.ask", asked, language)) for language in asked),
                fields=self._texts(place, table, "fields"),
                found=self._patterns(place, table, "found"),
                files=self._texts(place, table, "files"),
                promised=self._patterns(place, table, "promised"),
                any_words="any_words" in table and self._flag(place, table, "any_words"),
            )
            if not asked:
                self._problem(f"{place}.ask", "is missing; want the request in ru, uk, en or pl")

    def _rule(self, place: str, table: Table) -> Rule:
        self._known_keys(place, table, (*_RULE, *_ACTIONS))
        name = self._required(place, table, "name")
        situation = self._text(place, table, "situation") or None
        if situation:
            self.vocabulary.situations.add(situation)
        if not any(action in table for action in _ACTIONS):
            self._problem(place, f"does nothing; want one of {', '.join(_ACTIONS)}")
        headers, fields = self._table(place, table, "header"), self._table(place, table, "field")
        requests_1h = table.get("requests_1h", 0)
        if not isinstance(requests_1h, int) or requests_1h < 0:
            self._problem(f"{place}.requests_1h", f"is {_shown(requests_1h)}; want a number of requests")
            requests_1h = 0
        return Rule(
            name=name,
            words=_added(self._words(place, table, ()), self.everywhere),
            senders=tuple(_any_of_domain(sender) for sender in self._texts(place, table, "from")),
            headers=tuple((key.lower(), self._text(f"{place}.header", headers, key)) for key in headers),
            attachments=self._texts(place, table, "attachment"),
            fields=tuple((key, self._text(f"{place}.field", fields, key)) for key in fields),
            desks=self._texts(place, table, "desks"),
            languages=self._texts(place, table, "languages"),
            kinds=self._choices(place, table, "kinds", Kind) or (Kind.HUMAN,),
            working={None: None, Hours.OPEN: True, Hours.CLOSED: False}[self._choice(place, table, "hours", Hours)],
            requests_1h=requests_1h,
            lane=self._choice(place, table, "lane", Lane),
            situation=situation,
            priority=self._choice(place, table, "priority", Priority),
            desk=self._text(place, table, "desk") or None,
            tags=self._texts(place, table, "tags"),
            assignee=self._text(place, table, "assignee") or None,
            notify=self._texts(place, table, "notify"),
            checklist=self._text(place, table, "checklist") or None,
            take=self._takes(place, table),
        )

    def _takes(self, place: str, table: Table) -> tuple[tuple[str, Pattern], ...]:
        """The fields that a rule reads from the words, each with its pattern."""
        takes = self._table(place, table, "take")
        texts = {name: self._text(f"{place}.take", takes, name) for name in takes}
        patterns = {name: self._pattern(f"{place}.take.{name}", text) for name, text in texts.items() if text}
        return tuple((name, pattern) for name, pattern in patterns.items() if pattern)

    def _checklist(self, place: str, table: Table) -> Checklist:
        self._known_keys(place, table, _CHECKLIST)
        longest = table.get("longest")
        if longest is not None and (not isinstance(longest, int) or longest < 1):
            self._problem(f"{place}.longest", f"is {_shown(longest)}; want a number of words")
            longest = None
        items = [self._item(place, key) for key in self._texts(place, table, "items")]
        return Checklist(
            key=self._required(place, table, "key"),
            items=tuple(item for item in items if item),
            topic=self._words(place, table, ()),
            longest=longest,
        )

    def _item(self, place: str, key: str) -> Item | None:
        item = self.vocabulary.items.get(key)
        if item is None:
            self._problem(f"{place}.items", f'has "{key}", but there is no [item.{key}]')
        return item

    # --- values

    def _words(self, place: str, table: Table, known: tuple[str, ...]) -> Words:
        if known:
            self._known_keys(place, table, known)
        found = {key: self._patterns(place, table, key) for key in _WORDS}
        # Where one of several will do they are looked for together: what a letter lacks is then told at a glance.
        together = {key: (either(each, key),) if each and key != "all" else each for key, each in found.items()}
        return Words(**{name: together[key] for key, name in _WORDS.items()})

    def _patterns(self, place: str, table: Table, key: str) -> tuple[Pattern, ...]:
        patterns = (self._pattern(f"{place}.{key}", text) for text in self._texts(place, table, key))
        return tuple(pattern for pattern in patterns if pattern)

    def _pattern(self, place: str, text: str) -> Pattern | None:
        try:
            return compile_pattern(text, self.vocabulary.words)
        except ValueError as error:
            self._problem(place, f'has "{text}": {error}')
            return None

    def _required(self, place: str, table: Table, key: str) -> str:
        if key not in table:
            self._problem(place, f'has no "{key}"')
        return self._text(place, table, key)

    def _text(self, place: str, table: Table, key: str) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            self._problem(_at(place, key), f"is {_shown(value)}; want a text in quotation marks")
            return ""
        return value

    def _texts(self, place: str, table: Table, key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self._problem(_at(place, key), f'is {_shown(value)}; want a list of texts, for example ["one", "two"]')
        return ()

    def _flag(self, place: str, table: Table, key: str) -> bool:
        value = table[key]
        if not isinstance(value, bool):
            self._problem(_at(place, key), f"is {_shown(value)}; want true or false")
        return value is True

    def _percent(self, place: str, table: Table, key: str) -> int:
        value = table.get(key, 0)
        if isinstance(value, int) and 0 <= value <= 100:
            return int(value)
        self._problem(_at(place, key), f"is {_shown(value)}; want a whole number of percent")
        return 0

    def _choice(self, place: str, table: Table, key: str, choices: type[Choice]) -> Choice | None:
        value = self._text(place, table, key)
        return self._chosen(_at(place, key), value, choices) if value else None

    def _choices(self, place: str, table: Table, key: str, choices: type[Choice]) -> tuple[Choice, ...]:
        chosen = [self._chosen(_at(place, key), value, choices) for value in self._texts(place, table, key)]
        return tuple(choice for choice in chosen if choice)

    def _chosen(self, place: str, value: str, choices: type[Choice]) -> Choice | None:
        if value in list(choices):
            return choices(value)
        self._problem(place, f'is "{value}"; want one of {", ".join(choices)}')
        return None

    def _table(self, place: str, table: Table, key: str) -> Table:
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self._problem(_at(place, key), f"is {_shown(value)}; want a table")
        return {}

    def _tables(self, key: str) -> list[Table]:
        value = self.table.get(key, [])
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return value
        self._problem(key, f"is {_shown(value)}; want tables, each begun by [[{key}]]")
        return []

    # --- problems

    def _known_keys(self, place: str, table: Table, known: Iterable[str]) -> None:
        for key in table:
            if key not in known:
                self._problem(_at(place, key), f"is unknown; {_nearest(key, known)}")

    def _named_twice(self, what: str, names: list[str]) -> None:
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._problem(what, f'"{name}" stands there twice; want names of their own')

    def _problem(self, place: str, text: str) -> None:
        self.problems.append(Problem(f"{self.file}: {place}", text))


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)[:40]


def _nearest(found: str, known: Iterable[str]) -> str:
    names = tuple(known)
    near = get_close_matches(found, names, n=1)
    return f'did you mean "{near[0]}"?' if near else f"want one of {', '.join(names)}"


def _added(words: Words, more: Words) -> Words:
    """The words of a rule with those of [everywhere]; a rule without words stays without."""
    if words == Words():
        return words
    return Words(**{name: getattr(words, name) + getattr(more, name) for name in _WORDS.values()})


def _any_of_domain(sender: str) -> str:
    """ "example.com" means every address there."""
    return sender if "@" in sender or "*" in sender else f"*@{sender}"
