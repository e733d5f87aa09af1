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

import re
import textwrap
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from helpdesk.core.message import Address
from helpdesk.core.outgoing import SEND_WORD, Audience, Event, LetterView, NamedFile
from helpdesk.errors import PermanentError, Problem
from helpdesk.ports import Rendered

LANGUAGES = ("ru", "uk", "en", "pl")
FALLBACK_LANGUAGE = "en"

# Of what a template makes around the words of correspondents; the longest shipped letter has 3 KiB.
MAX_OUTPUT = 256 * 1024

# Readable in every client and narrow enough to be quoted once or twice.
TEXT_WIDTH = 72

# What a template may do with a value.
FILTERS = ("capitalize", "default", "join", "length", "lower", "title", "trim", "upper")

# HTML shows one space for many; columns that somebody lined up keep theirs.
_HARD_SPACE = "\u00a0"

# A block (questions, files, …) is printed as its name between these; `compose` takes control characters out of
# everything that correspondents wrote, so no value can pass for a block.
_OPEN, _CLOSE = "\x02", "\x03"
_BLOCK = re.compile(f"{_OPEN}([a-z]+){_CLOSE}")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_FOOTER = re.compile(r"(?m)^--[ \t]*$\n?")

# (kind, value): the paragraphs of a letter, in order. The kinds are those that `base.html` knows.
Block = tuple[str, Any]
# Sections of words.toml: (section, key) -> text.
Words = Mapping[tuple[str, str], str]


class _Sandbox(ImmutableSandboxedEnvironment):
    """Templates print values, test them and loop over them; nothing else."""

    # 'a' * 10**9 would be made before any bound on the output could see it; so would '%999999999s' % x.
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"a template cannot use {operator}")

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return False

    def is_safe_callable(self, obj: Any) -> bool:
        return False


class Templates:
    """A Renderer. `own` is the desk's folder of templates, None: the shipped ones alone.

    Files are read once: make a new one to see changes.
    """

    def __init__(self, own: Path | None = None) -> None:
        shipped = _shipped()
        self._own = own
        self._shipped = _environment(shipped)
        self._desk = _environment(own, shipped) if own else self._shipped
        self._shipped_words = {language: _read_words(shipped / language / "words.toml") for language in LANGUAGES}
        self._words = dict(self._shipped_words)
        self._word_problems: list[Problem] = []
        for language in LANGUAGES if own else ():
            self._take_words(language)

    def render(self, event: str, language: str, view: LetterView) -> Rendered:
        """The letter in words, in English where the language is unknown."""
        language = language if language in LANGUAGES else FALLBACK_LANGUAGE
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
    named = _named_blocks(words, language, view)
    prose = _filled(environment, f"{language}/{event}.txt", {**_values(words, language, view), **_marks(named)})
    blocks = _blocks(prose, named)
    if view.reader_is_ours:
        # The first line, whatever a desk has made of its templates.
        blocks.insert(0, ("reach", _reach(words, view)))
    subject = view.subject or words["subject", event]
    html = _filled(environment, "base.html", {"language": language, "title": subject, "blocks": blocks})
    return Rendered(subject=subject, text="\n\n".join(_plain(*block) for block in blocks) + "\n", html=html)


def _filled(environment: _Sandbox, name: str, context: Mapping[str, object]) -> str:
    # Eight characters for each one of a value are more than escaping makes of it.
    room = MAX_OUTPUT + 8 * sum(len(str(value)) for value in context.values())
    pieces = []
    for piece in environment.get_template(name).generate(context):
        room -= len(piece)
        if room < 0:
            raise SecurityError(f"it makes more than {MAX_OUTPUT} characters")
        pieces.append(piece)
    return "".join(pieces)


def _values(words: Words, language: str, view: LetterView) -> dict[str, object]:
    """What templates print and test besides the blocks: texts in the reader's language, and claims."""
    alert = view.reasons[0].partition(":")[0] if view.reasons else ""
    return {
        "number": view.number,
        "tag": view.tag,
        "desk": view.desk,
        "subject": view.subject,
        "author": view.author,
        "agent": view.agent,
        "assignee": view.assignee,
        "situation": _word(words, "situation", view.situation),
        "resolution": _word(words, "resolution", view.resolution),
        "unanswered": view.resolution == "no-answer",
        "new": view.state == "new",
        "urgent": view.urgent,
        "held": view.held,
        "due": _day(words, view.due_at),
        "send_word": SEND_WORD[language],
        "what": words.get(("alert", f"{alert}-what"), ""),
        "why": words.get(("alert", f"{alert}-why"), ""),
        "cure": words.get(("alert", f"{alert}-cure"), ""),
    }


def _named_blocks(words: Words, language: str, view: LetterView) -> dict[str, Block]:
    """What templates print as a paragraph of its own; empty ones are falsy there."""
    body = tuple(view.body.split("\n")) if view.body else ()
    reasons = (reason.partition(": ") for reason in view.reasons)
    return {
        "questions": ("numbers", view.questions),
        "body": ("body", body),
        "quoted": ("quote", body),
        "reasons": ("list", tuple(("", _reason(words, *reason)) for reason in reasons)),
        "files": ("files", tuple((_file(words, language, file), file.cid) for file in view.files)),
        "facts": ("facts", _facts(words, view)),
    }


def _marks(named: Mapping[str, Block]) -> dict[str, str]:
    return {name: f"{_OPEN}{name}{_CLOSE}" if value else "" for name, (_, value) in named.items()}


def _word(words: Words, section: str, key: str) -> str:
    # A desk's own rules and resolutions have no entry: they are words already.
    return words.get((section, key), key)


def _reach(words: Words, view: LetterView) -> str:
    if view.audience is Audience.AGENT and view.reaches:
        return f"{words['reach', 'agent']} {', '.join(view.reaches)}"
    return words["reach", "colleagues" if view.audience is Audience.COLLEAGUES else "nobody"]


def _reason(words: Words, rule: str, separator: str, evidence: str) -> str:
    named = words.get(("rule", rule)) or words.get(("situation", rule)) or rule
    return f"{named}{separator}{evidence}"


def _file(words: Words, language: str, file: NamedFile) -> str:
    if file.size < 1024 * 1024:
        size = f"{max(1, round(file.size / 1024))} {words['file', 'kilobytes']}"
    else:
        size = f"{file.size / 1024 / 1024:.1f} {words['file', 'megabytes']}"
    size = size if language == "en" else size.replace(".", ",")
    return f"{file.name}, {size}" + ("" if file.attached else f" ({words['file', 'left']})")


def _facts(words: Words, view: LetterView) -> tuple[tuple[str, str], ...]:
    if not view.number or not view.reader_is_ours:
        return ()
    place = ", ".join(
        part
        for part in (
            _word(words, "situation", view.situation) or _word(words, "lane", view.lane),
            _word(words, "priority", view.priority) if view.priority != "normal" else "",
        )
        if part
    )
    facts = (
        ("number", view.tag),
        ("requester", view.requester),
        ("state", _word(words, "state", view.state)),
        ("resolution", _word(words, "resolution", view.resolution)),
        ("place", place),
        ("assignee", view.assignee or words["facts", "nobody"]),
        ("opened", _moment(words, view.opened_at)),
        ("held", str(view.held) if view.held else ""),
    )
    return tuple((words["facts", key], value) for key, value in facts if value) + view.fields


def _day(words: Words, at: datetime | None) -> str:
    return f"{at.day} {words['month', str(at.month)]}" if at else ""


def _moment(words: Words, at: datetime | None) -> str:
    return f"{_day(words, at)}, {at:%H:%M}" if at else ""


# --- laying out -----------------------------------------------------------------------------------


def _blocks(prose: str, named: Mapping[str, Block]) -> list[Block]:
    """The paragraphs of a filled-in template, in order."""
    letter, *footer = _FOOTER.split(prose, maxsplit=1)
    blocks: list[Block] = []
    for paragraph in _BLANK_LINES.split(letter):
        for position, piece in enumerate(_BLOCK.split(paragraph)):
            if position % 2:
                blocks.append(named[piece])
            elif piece.strip():
                blocks += _prose(piece)
    if footer:
        blocks.append(("footer", tuple(line.strip() for line in footer[0].strip().splitlines())))
    return blocks


def _prose(paragraph: str) -> list[Block]:
    """A paragraph, and the items below it; an item ends where the next one begins."""
    text, *items = re.split(r"(?m)^[ \t]*- ", paragraph)
    blocks: list[Block] = [("text", " ".join(text.split()))] if text.strip() else []
    if items:
        blocks.append(("list", tuple(_item(" ".join(item.split())) for item in items)))
    return blocks


def _item(text: str) -> tuple[str, str]:
    """(command, what it does), or ("", text) for an item that shows no command."""
    command, dash, meaning = text.partition(" — ")
    return (command, dash + meaning) if text.startswith("#") else ("", text)


def _plain(kind: str, value: Any) -> str:
    """A block of the text part."""
    match kind:
        case "text" | "reach":
            return _wrapped(value)
        case "list":
            return "\n".join(_wrapped(f"- {command}{text}", indent="  ") for command, text in value)
        case "numbers":
            return "\n".join(_wrapped(f"{n}. {text}", indent="   ") for n, text in enumerate(value, start=1))
        case "body":
            return "\n".join(value)
        case "quote":
            return "\n".join(f"> {line}".rstrip() for line in value)
        case "files":
            return "\n".join(f"- {name}" for name, _ in value)
        case "facts":
            width = max(len(label) for label, _ in value) + 1
            return "\n".join(f"{label + ':':{width}} {text}" for label, text in value)
        case "footer":
            return "\n".join(("-- ", *value))
        case _:
            raise ValueError(f"no such block: {kind}")


def _wrapped(text: str, *, indent: str = "") -> str:
    return textwrap.fill(text, TEXT_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


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
    urgent=True,
    held=1,
)
