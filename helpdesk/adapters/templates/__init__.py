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
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from helpdesk.adapters.templates.faults import FILTERS, Fault, fault_of
from helpdesk.adapters.templates.page import complaints
from helpdesk.core.brand import text_on
from helpdesk.core.language import LANGUAGES
from helpdesk.core.layout import blocks_of, glance, marks, plain
from helpdesk.core.outgoing import Event, LetterView, Picture
from helpdesk.core.papers import PaperView
from helpdesk.core.trial_views import FULL, VIEWS
from helpdesk.core.wording import Words, named_blocks, reach, values
from helpdesk.errors import PermanentError, Problem
from helpdesk.ports import Rendered

FALLBACK_LANGUAGE = "en"

# Of what a template makes around the words of correspondents; the longest shipped letter has 3 KiB.
MAX_OUTPUT = 256 * 1024

# After so many pieces the length of what was made is looked at; a piece is text of the template, or one value.
_PIECES = 100

# What begins so is an acknowledgement that a rule names by the rest: `opened-returns.txt` is its template `returns`.
_CHOSEN = f"{Event.OPENED}-"

# The folder, in that of each language, of papers that go with letters.
PAPERS = "papers"

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
        tried = self._tried(event, language, view)
        if isinstance(tried, Rendered):
            return tried
        if self._own is None:
            raise PermanentError(f"the shipped template fails: {tried}")
        try:
            shipped = _rendered(self._shipped, self._shipped_words[language], event, language, view)
        except Exception as error:
            raise PermanentError(f"the shipped template {language}/{event}.txt fails: {error}") from error
        return replace(shipped, problem=f"{tried}; the shipped template is used instead")

    def _tried(self, event: str, language: str, view: LetterView) -> Rendered | Fault:
        """The letter in the desk's own words, or what is wrong with them."""
        try:
            return _rendered(self._desk, self._words[language], event, language, view)
        except Exception as error:  # whatever a desk's template does, its mail leaves
            return fault_of(error, f"{language}/{event}.txt", offered(self._words[language], language, view))

    def paper(self, name: str, language: str, view: PaperView) -> str:
        """The paper in words, with its marks (see `core/papers`). PermanentError where its template fails."""
        file = f"{language if language in LANGUAGES else FALLBACK_LANGUAGE}/{PAPERS}/{name}.txt"
        try:
            return _filled(self._desk.get_template(file), {one.name: getattr(view, one.name) for one in fields(view)})
        except Exception as error:  # whatever a desk's template does, its letter leaves
            raise PermanentError(f"the paper {fault_of(error, file, frozenset())}") from error

    @property
    def shipped_folder(self) -> Path:
        """Where the shipped files lie, to be copied and changed."""
        return _shipped()

    def own_file(self, event: str, language: str) -> Path | None:
        """The desk's own words for this letter, where it has any."""
        path = (self._own or Path()) / language / f"{event}.txt"
        return path if self._own and path.is_file() else None

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the templates: every letter is tried with everything that it must survive."""
        found = [*self._word_problems, *self._unused()]
        for language in LANGUAGES:
            for event in Event:
                found += self._trials(event, language, "")
            for path in self._chosen_by_rules(language):
                found += self._trials(Event.OPENED, language, path.stem.removeprefix(_CHOSEN))
        return tuple(dict.fromkeys(found))

    def _trials(self, event: Event, language: str, chosen: str) -> Iterator[Problem]:
        pages: set[str] = set()
        for name, view in VIEWS.items():
            tried = self._tried(event.value, language, replace(view, template=chosen))
            if isinstance(tried, Fault):
                yield Problem(self._shown(tried.file, tried.line), f"{tried.text} (tried: {name})")
                return  # the other trials would say the same again
            if view is FULL and not tried.text.strip():
                yield Problem(
                    self._shown(_files(event, language, chosen)[0]), "the letter is empty; print {{ body }} at least"
                )
            for complaint in complaints(tried.html) if tried.html not in pages else ():
                yield Problem(self._shown("base.html"), f"{complaint}; compare it with the shipped file")
            pages.add(tried.html)

    def _shown(self, file: str, line: int = 0) -> str:
        """The file as its owner finds it."""
        place = str(self._own / file) if self._own and (self._own / file).exists() else f"templates/{file}"
        return f"{place}, line {line}" if line else place

    def _own_files(self) -> Iterator[Path]:
        folder = self._own
        return (path for path in folder.rglob("*") if path.is_file()) if folder else iter(())

    def _chosen_by_rules(self, language: str) -> list[Path]:
        """Acknowledgements of the desk that the action `template` of a rule may name."""
        return sorted((self._own / language).glob(f"{_CHOSEN}*.txt")) if self._own else []

    def _is_known(self, path: Path) -> bool:
        own = path.relative_to(self._own or Path())
        chosen = self._chosen_by_rules(own.parts[0])
        return (_shipped() / own).is_file() or own.parts[1:2] == (PAPERS,) or path in chosen

    def _unused(self) -> Iterator[Problem]:
        """Files whose names say nothing to us: a misspelt one would silently change nothing."""
        known = [path.relative_to(_shipped()).as_posix() for path in _shipped().rglob("*") if path.is_file()]
        for path in sorted(self._own_files()):
            if self._own and path.suffix in (".txt", ".html", ".toml") and not self._is_known(path):
                nearest = get_close_matches(path.relative_to(self._own).as_posix(), known, n=1)
                cure = f"; did you mean {nearest[0]}?" if nearest else "; see `helpdesk templates list`"
                yield Problem(str(path), f"no letter has this name, so the file is not used{cure}")

    def _take_words(self, language: str) -> None:
        path = (self._own or Path()) / language / "words.toml"
        if not path.exists():
            return
        place = str(path)
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


# --- filling in -----------------------------------------------------------------------------------


def offered(words: Words, language: str, view: LetterView) -> frozenset[str]:
    """The names of all values and blocks that a template can print."""
    return frozenset(values(words, language, view)) | frozenset(named_blocks(words, language, view))


def _rendered(environment: _Sandbox, words: Words, event: str, language: str, view: LetterView) -> Rendered:
    named = named_blocks(words, language, view)
    context = {**values(words, language, view), **marks(named)}
    prose = _filled(environment.select_template(_files(event, language, view.template)), context)
    blocks = blocks_of(prose, named)
    if view.reader_is_ours and event != Event.PAGE:
        # The first line, whatever a desk has made of its templates.
        blocks.insert(0, ("reach", reach(words, view)))
    subject = view.subject or words["subject", event]
    page = {"language": language, "title": subject, "glance": glance(blocks), "blocks": blocks, **_looks(view)}
    html = _filled(environment.get_template("base.html"), page)
    return Rendered(subject=subject, text=plain(blocks), html=html)


def _looks(view: LetterView) -> dict[str, object]:
    """What `base.html` needs to know of the desk's brand."""
    logo = view.logo or Picture("", 0, 0)
    return {
        "desk": view.desk,
        "colour": view.colour,
        "text_on_colour": text_on(view.colour) if view.colour else "",
        "logo": logo.cid,
        "logo_width": logo.width,
        "logo_height": logo.height,
    }


def _files(event: str, language: str, chosen: str) -> list[str]:
    """The file that a rule chose, where the desk has it in this language; then that of the event."""
    return [*([f"{language}/{event}-{chosen}.txt"] if chosen else []), f"{language}/{event}.txt"]


def _filled(template: jinja2.Template, context: Mapping[str, object]) -> str:
    pieces = template.generate(context)
    filled = ""
    while some := list(islice(pieces, _PIECES)):
        filled += "".join(some)
        # Eight characters for each one of a value are more than escaping makes of it.
        if len(filled) > MAX_OUTPUT and len(filled) > MAX_OUTPUT + 8 * sum(len(str(one)) for one in context.values()):
            raise SecurityError(f"it makes more than {MAX_OUTPUT} characters")
    return filled
