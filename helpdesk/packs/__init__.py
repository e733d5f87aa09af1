"""Rule packs: TOML files with rules, checklists and the examples that test them, turned into frozen values.

`load_pack("outages", None)` reads a pack that ships with the program; `load_pack("packs/ours.toml", base)` a file of
the desk, relative to `base`. All problems of a file are reported at once in a ConfigError: file, key, what was found,
what is wanted. An unknown key is a problem, with the nearest known one. docs/rules.md describes the language.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from helpdesk.core.checklist import CUSTOMER, Checklist
from helpdesk.core.routes import Route
from helpdesk.core.rules import Rule, Words
from helpdesk.core.stages import Stage
from helpdesk.core.trial import Bar, Example
from helpdesk.errors import ConfigError, Problem
from helpdesk.packs.letters import read_letters
from helpdesk.packs.reading import PackReader, Vocabulary
from helpdesk.packs.weights import SUFFIX, read_weights

SHIPPED = Path(__file__).parent

# A pack that builds on a pack that builds on a pack …: deeper than this is a circle.
_DEEPEST = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """What one pack brings. `follow_ups` are (file, place, table) as written; the configuration reads them.

    `folders` hold more labelled letters; `all_examples` reads them.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    stages: tuple[Stage, ...] = ()
    routes: tuple[Route, ...] = ()
    examples: tuple[Example, ...] = ()
    folders: tuple[Path, ...] = ()
    bar: Bar = Bar()
    follow_ups: tuple[tuple[str, str, dict[str, object]], ...] = ()

    @property
    def recognised(self) -> tuple[Rule, ...]:
        """All that letters are labelled with, as rules: situations, and routing cases by their keys."""
        told = (one for one in self.routes if one.topic != Words())
        return (*self.rules, *(Rule(name=one.key, words=one.topic, situation=one.key) for one in told))


def shipped_packs() -> tuple[str, ...]:
    """Names of the packs that come with the program."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load_pack(name_or_path: str, base: Path | None, *, untaught: bool = False) -> Pack:
    """The pack with this name, or the one in this file. Raises ConfigError with every problem of the file.

    `untaught`: what its letters teach is left out, for they are about to teach it.
    """
    pack, vocabulary = _load(name_or_path, base, depth=0, untaught=untaught)
    checklists = pack.checklists
    if vocabulary.ask_customer and (customer := vocabulary.items.get(CUSTOMER)):
        checklists = tuple(each if each.form else replace(each, items=(customer, *each.items)) for each in checklists)
    promised = tuple(item for item in vocabulary.items.values() if item.promised)
    # What a letter says is attached can lack on any topic.
    checklists = tuple(replace(each, items=(*each.items, *promised)) for each in checklists)
    return replace(pack, checklists=tuple(each for each in checklists if each.items or each.form))


def all_examples(pack: Pack) -> tuple[Example, ...]:
    """The labelled letters of the pack: those in its file, and those in the folder beside it that has its name."""
    situations = {rule.situation for rule in pack.recognised if rule.situation}
    return pack.examples + tuple(example for folder in pack.folders for example in read_letters(folder, situations))


def _load(name_or_path: str, base: Path | None, *, depth: int, untaught: bool) -> tuple[Pack, Vocabulary]:
    """The pack with all that it extends; a rule or checklist replaces the inherited one of the same name."""
    path = pack_file(name_or_path, base)
    if depth > _DEEPEST:
        raise ConfigError((Problem(f"{path.name}: extends", "the packs extend each other in a circle"),))
    table = _table(path)
    parent, vocabulary = Pack(name=path.stem), Vocabulary()
    extended = table.get("extends", [])
    for name in [extended] if isinstance(extended, str) else extended if isinstance(extended, list) else []:
        other, words = _load(str(name), path.parent, depth=depth + 1, untaught=untaught)
        parent = _joined(parent, other)
        vocabulary.add(words)
    learned = None if untaught else read_weights(path.with_suffix(SUFFIX))
    reader = PackReader(path.name, table, vocabulary, learned, untaught=untaught)
    rules = {rule.name: rule for rule in (*parent.rules, *reader.rules())}
    own = {checklist.key: checklist for checklist in reader.checklists()}
    inherited = {checklist.key: checklist for checklist in parent.checklists if checklist.key not in own}
    pack = Pack(
        name=path.stem,
        rules=tuple(rules.values()),
        checklists=(*own.values(), *inherited.values()),
        stages=tuple({stage.key: stage for stage in (*parent.stages, *reader.stages())}.values()),
        routes=tuple({route.key: route for route in (*parent.routes, *reader.routes())}.values()),
        examples=parent.examples + reader.examples(),
        folders=(*parent.folders, *([folder] if (folder := path.with_suffix("")).is_dir() else [])),
        bar=reader.bar() or parent.bar,
        follow_ups=parent.follow_ups + reader.follow_ups(),
    )
    if reader.problems:
        raise ConfigError(tuple(reader.problems))
    return pack, reader.vocabulary


def _joined(first: Pack, second: Pack) -> Pack:
    """Both packs as one, under the name of the first; of two rules, checklists or states of a name the later one."""
    rules = {rule.name: rule for rule in (*first.rules, *second.rules)}
    checklists = {checklist.key: checklist for checklist in (*first.checklists, *second.checklists)}
    stages = {stage.key: stage for stage in (*first.stages, *second.stages)}
    return Pack(
        name=first.name,
        rules=tuple(rules.values()),
        checklists=tuple(checklists.values()),
        stages=tuple(stages.values()),
        routes=tuple({route.key: route for route in (*first.routes, *second.routes)}.values()),
        examples=first.examples + second.examples,
        folders=first.folders + second.folders,
        bar=second.bar if first.bar == Bar() else first.bar,
        follow_ups=first.follow_ups + second.follow_ups,
    )


def pack_file(name_or_path: str, base: Path | None) -> Path:
    """The file of a pack: a plain name is a shipped one, unless it looks like a file. Raises ConfigError."""
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        path = (base or Path()) / name_or_path
        if not path.is_file():
            raise ConfigError((Problem(name_or_path, f"no such file; looked for {path}"),))
        return path
    if name_or_path not in shipped_packs():
        known = ", ".join(shipped_packs())
        raise ConfigError(
            (Problem(name_or_path, f"no such pack; shipped are {known}; a file of yours ends with .toml"),)
        )
    return SHIPPED / f"{name_or_path}.toml"


def _table(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError((Problem(path.name, f"is not TOML in UTF-8: {error}"),)) from error
    except OSError as error:
        raise ConfigError((Problem(path.name, f"cannot be read: {error.strerror}"),)) from error
