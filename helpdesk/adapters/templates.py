"""Letters in words: a view and the templates of its language -> subject, text and HTML.

A letter is one text file for each event and language (`ru/opened.txt`), written like a mail: paragraphs, lines that
begin with "- ", a footer under "--". It is filled in once; the text part and, through `base.html`, the HTML part are
two views of the same paragraphs, so they always say the same. Names, labels and fixed subjects of a language
are in its `words.toml`. A desk lays files of the same names into a folder of its own.

What correspondents wrote is only ever a value: it is never compiled, templates can call nothing and look into
nothing, and only `base.html` makes markup, with everything escaped. A desk's template that fails is
replaced by the shipped one, and the answer says so; PermanentError when the shipped one fails as well.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from helpdesk.core.layout import blocks_of, marks, plain
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event, LetterView, NamedFile
from helpdesk.core.wording import Words, named_blocks, reach, values
from helpdesk.errors import PermanentError, Problem
from helpdesk.ports import Rendered

LANGUAGES = ("ru", "uk", "en", "pl")
FALLBACK_LANGUAGE = "en"

# Of what a template makes around the words of correspondents; the longest shipped letter has 3 KiB.
MAX_OUTPUT = 256 * 1024

# After so many pieces the length of what was made is looked at; a piece is text of the template, or one value.
_PIECES = 100

# What a template may do with a value.
FILTERS = ("capitalize", "default", "join", "length", "lower", "title", "trim", "upper")

# HTML shows one space for many; columns that somebody lined up keep theirs.
_HARD_SPACE = "\u00a0"


class _Sandbox(ImmutableSandboxedEnvironment):
    """Templates print values, test them and loop over them; nothing else."""

    # 'a' * 10**9 would be made before any bound on the output could see it; so would '%999999999s' % x.
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"a template cannot use {operator}")

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return False

    def is_safe_callable(self, obj: Any) -> bool:
        # What does not exist is "called" to fail with its name.
        return isinstance(obj, jinja2.Undefined)


class Templates:
    """A Renderer. `own` is the desk's folder of templates, None: the shipped ones alone.

    Files are read once: make a new one to see changes.
    """

    def __init__(self, own: Path | None = None) -> None:
        shipped = _shipped()
        self._own = own
        self._shipped = _environment(shipped)
        self._desk = _environment(own, shipped) if own else self._shipped
        # The letters to several agents about one mail differ in their secrets alone.
        self._rendered = lru_cache(maxsize=4)(self._render)
        self._shipped_words = {language: _read_words(shipped / language / "words.toml") for language in LANGUAGES}
        self._words = dict(self._shipped_words)
        self._word_problems: list[Problem] = []
        for language in LANGUAGES if own else ():
            self._take_words(language)

    def render(self, event: str, language: str, view: LetterView) -> Rendered:
        """The letter in words, in English where the language is unknown."""
        return self._rendered(event, language if language in LANGUAGES else FALLBACK_LANGUAGE, view)

    def _render(self, event: str, language: str, view: LetterView) -> Rendered:
        try:
            return _rendered(self._desk, self._words[language], event, language, view)
        except Exception as error:  # whatever a desk's template does, its mail leaves
            if self._own is None:
                raise PermanentError(f"the shipped template {language}/{event}.txt fails: {error}") from error
            problem = _explained(error, f"{language}/{event}.txt")
        try:
            rendered = _rendered(self._shipped, self._shipped_words[language], event, language, view)
        except Exception as error:
            raise PermanentError(f"the shipped template {language}/{event}.txt fails: {error}") from error
        return Rendered(subject=rendered.subject, text=rendered.text, html=rendered.html, problem=problem)

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the templates, for `check`: every letter is tried full and nearly empty."""
        found = {
            rendered.problem: Problem(f"templates/{language}/{event}.txt", rendered.problem)
            for language in LANGUAGES
            for event in Event
            for view in (FULL_VIEW, EMPTY_VIEW)
            if (rendered := self.render(event.value, language, view)).problem
        }
        return (*self._word_problems, *found.values())

    def _take_words(self, language: str) -> None:
        path = (self._own or Path()) / language / "words.toml"
        if not path.exists():
            return
        place = f"templates/{language}/words.toml"
        try:
            own = _read_words(path)
        except (OSError, ValueError) as error:
            self._word_problems.append(Problem(place, f"cannot be read ({error}); the shipped words are used"))
            return
        known = self._shipped_words[language]
        # Names of rules, situations and resolutions are a desk's own; the other keys are what the program looks up.
        open_sections = {"rule", "situation", "resolution"}
        for section, key in own:
            if (section, key) not in known and section not in open_sections:
                self._word_problems.append(Problem(place, f"{section}.{key} is not used; see the shipped words.toml"))
        self._words[language] = {**known, **own}


# --- reading --------------------------------------------------------------------------------------


def _shipped() -> Path:
    """The templates inside the installed package or, in a checkout, beside it."""
    package = Path(str(files("helpdesk")))
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def _environment(*folders: Path) -> _Sandbox:
    environment = _Sandbox(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=200,
    )
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters["spaces"] = lambda line: line.expandtabs(8).replace("  ", _HARD_SPACE * 2)
    return environment


def _read_words(path: Path) -> Words:
    """Sections of texts; raises ValueError on anything else."""
    words = {}
    for section, texts in tomllib.loads(path.read_text("utf-8")).items():
        if not isinstance(texts, dict):
            raise ValueError(f"{section}: want a section, [{section}]")
        for key, text in texts.items():
            if not isinstance(text, str):
                raise ValueError(f"{section}.{key}: want a text in quotes")
            words[section, key] = text
    return words


def _explained(error: Exception, template: str) -> str:
    place = getattr(error, "name", None) or template
    line = getattr(error, "lineno", None)
    return f"{place}{f', line {line}' if line else ''}: {error}; the shipped template is used instead"


# --- filling in -----------------------------------------------------------------------------------


def _rendered(environment: _Sandbox, words: Words, event: str, language: str, view: LetterView) -> Rendered:
    named = named_blocks(words, language, view)
    prose = _filled(environment, f"{language}/{event}.txt", {**values(words, language, view), **marks(named)})
    blocks = blocks_of(prose, named)
    if view.reader_is_ours and event != Event.PAGE:
        # The first line, whatever a desk has made of its templates.
        blocks.insert(0, ("reach", reach(words, view)))
    subject = view.subject or words["subject", event]
    html = _filled(environment, "base.html", {"language": language, "title": subject, "blocks": blocks})
    return Rendered(subject=subject, text=plain(blocks), html=html)


def _filled(environment: _Sandbox, name: str, context: Mapping[str, object]) -> str:
    # Eight characters for each one of a value are more than escaping makes of it.
    room = MAX_OUTPUT + 8 * sum(len(str(value)) for value in context.values())
    pieces = environment.get_template(name).generate(context)
    filled = ""
    while some := list(islice(pieces, _PIECES)):
        filled += "".join(some)
        if len(filled) > room:
            raise SecurityError(f"it makes more than {MAX_OUTPUT} characters")
    return filled


# --- samples --------------------------------------------------------------------------------------

EMPTY_VIEW = LetterView(number=0, tag="", desk="", audience=Audience.NOBODY, reader_is_ours=True)

FULL_VIEW = LetterView(
    number=100001,
    tag="[##100001##]",
    desk="Support",
    audience=Audience.AGENT,
    reader_is_ours=True,
    reaches=(str(Address("anna@example.net", "Anna")),),
    subject="The site is down",
    author="Anna <anna@example.net>",
    agent="Jan",
    body="Nothing opens.\nPlease help!",
    questions=("When did it begin?", "Which message do you see?"),
    reasons=("site-down: site is down", "quarantine: cannot be read"),
    files=(NamedFile(name="screen.png", size=52_000, attached=True, cid="picture-1@example.com"),),
    requester="Anna <anna@example.net>",
    assignee="Jan",
    state="new",
    lane="outage",
    priority="high",
    situation="site-down",
    resolution="no-answer",
    fields=(("ip", "192.0.2.1"),),
    opened_at=datetime(2026, 3, 12, 9, 30, tzinfo=UTC),
    due_at=datetime(2026, 3, 17, 9, 30, tzinfo=UTC),
    begins_at=datetime(2026, 3, 13, 9, 30, tzinfo=UTC),
    urgent=True,
    held=1,
    apart_from="[##100002##]",
    incident=True,
    gathers=37,
)
