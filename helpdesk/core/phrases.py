"""Patterns of words: what a desk's lead writes to recognise what a letter is about.

    сайт ..3 не работа*          in this order, at most three words between
    {order} ~ (fail*|error)      in either order, close together; {order} is a list of the pack
    -(not|isnt) down             "down", but not where a "not" stands right before it; --(…): or one word further
    shop .. -search* down        no "search" between the two

A pattern never reaches over the end of a sentence. A word-beginning of six letters and more forgives one wrong,
missing, doubled or swapped letter. "не" and "nie" may be written together with the next word. There are no regular
expressions over the letter. A pattern that cannot be understood is a ValueError in words for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from helpdesk.core.lexicon import STEM, OneOf, one_of
from helpdesk.core.spans import GUARDED, OfClass, Part, Span, guarded, near, spans, united
from helpdesk.core.word_classes import CLASSES
from helpdesk.core.words import Prepared, fold

# Words between two parts of a pattern that gives no number of its own.
USUAL_GAP = 4

# More words apart than this have nothing to do with each other.
WIDEST_GAP = 30

_NEGATIONS = frozenset({"не", "nie"})
_TOKEN = re.compile(r"\{[\w-]+\}|<\w+>|\.\.\d*|~\d*|[()|]|(?<![\w*])--?(?=[\w({<])|[\w'’-]+\*?|\S")


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A compiled pattern and the text that it was written as."""

    text: str
    root: Part = field(repr=False)


@dataclass(frozen=True, slots=True)
class Match:
    """Words of a letter that fit a pattern, as they were written."""

    span: Span
    words: str
    in_subject: bool

    def __str__(self) -> str:
        return f"{'subject' if self.in_subject else 'text'}: {self.words}"


def compile_pattern(text: str, lists: Mapping[str, Pattern] = MappingProxyType({})) -> Pattern:
    """The pattern that `text` describes; `lists` are those that it may name as {list}.

    Raises ValueError that says what stands there and what is wanted.
    """
    parser = _Parser(_TOKEN.findall(text), lists)
    root = parser.alternatives()
    if parser.left:
        raise ValueError(f'"{parser.left[0]}" has nothing to close')
    return Pattern(text, root)


def either(patterns: tuple[Pattern, ...], name: str) -> Pattern:
    """One pattern that fits wherever one of `patterns` does; `name` stands for it in messages."""
    return Pattern(name, united(tuple(pattern.root for pattern in patterns)))


def find(pattern: Pattern, prepared: Prepared) -> Match | None:
    """The first place of a letter that fits, or None."""
    found = spans(pattern.root, prepared)
    return match_at(found[0], prepared) if found else None


def places(pattern: Pattern, prepared: Prepared) -> list[Span]:
    """Every place of a letter that fits, in the order of reading."""
    return spans(pattern.root, prepared)


def match_at(span: Span, prepared: Prepared) -> Match:
    """The words that stand there."""
    return Match(span, prepared.said(*span), prepared.in_subject(span[0]))


# --- reading a pattern ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Link:
    """What stands between two parts."""

    gap: int = 0
    any_order: bool = False
    unwanted: list[Part] = field(default_factory=list)
    unwanted_near: list[Part] = field(default_factory=list)

    def guarded(self, part: Part, *, before: bool) -> Part:
        """The part, with what is unwanted right beside it or one word further."""
        for unwanted, reach in ((self.unwanted, 1), (self.unwanted_near, GUARDED)):
            if unwanted:
                part = guarded(part, united(tuple(unwanted)), before, reach)
        return part


class _Parser:
    """Recursive descent over the tokens of one pattern."""

    def __init__(self, tokens: list[str], lists: Mapping[str, Pattern]) -> None:
        self.left = tokens
        self.lists = lists

    def alternatives(self) -> Part:
        parts = [self._sequence()]
        while self.left and self.left[0] == "|":
            self.left.pop(0)
            parts.append(self._sequence())
        return united(tuple(parts))

    def _sequence(self) -> Part:
        parts: list[Part] = []
        links: list[_Link] = []
        link = _Link()
        while self.left and self.left[0] not in "|)":
            token = self.left.pop(0)
            if token in ("-", "--"):
                (link.unwanted if token == "-" else link.unwanted_near).append(self._part(self._next(token)))
            elif token.startswith(("..", "~")):
                if not parts:
                    raise ValueError(f'"{token}" stands between two words, not at the beginning')
                link.gap, link.any_order = _gap(token), token[0] == "~"
            else:
                parts.append(self._part(token))
                links.append(link)
                link = _Link()
        if not parts:
            raise ValueError("a word is missing")
        if link.gap:
            raise ValueError('".." and "~" stand between two words, not at the end')
        chain = links[0].guarded(_chained(parts, links[1:]), before=True)
        return link.guarded(chain, before=False)

    def _part(self, token: str) -> Part:
        if token == "(":
            inner = self.alternatives()
            if not self.left:
                raise ValueError('"(" is not closed')
            self.left.pop(0)
            return inner
        if token.startswith("{"):
            if token[1:-1] not in self.lists:
                known = ", ".join(sorted(self.lists)) or "none"
                raise ValueError(f"there is no list {token} (lists of this pack: {known})")
            return self.lists[token[1:-1]].root
        if token.startswith("<"):
            if token[1:-1] not in CLASSES:
                raise ValueError(f"there is no class {token} (classes: {', '.join(CLASSES)})")
            return OfClass(token[1:-1])
        return _literal(token)

    def _next(self, after: str) -> str:
        if not self.left:
            raise ValueError(f'something is missing after "{after}"')
        return self.left.pop(0)


def _gap(token: str) -> int:
    digits = token.lstrip(".~")
    gap = int(digits) if digits else USUAL_GAP
    if not 1 <= gap <= WIDEST_GAP:
        raise ValueError(f'"{token}": 1 to {WIDEST_GAP} words can stand between')
    return gap


def _literal(token: str) -> Part:
    """A word, a beginning, or several joined by hyphens: these are words of their own."""
    if not re.fullmatch(r"[\w'’-]*\w\*?", token):
        raise ValueError(f'"{token}" is not a word; wanted is a word, word*, (a|b), {{list}}, <class>, .. or ~')
    pieces = [piece for piece in fold(token.rstrip("*")).replace("'", "").split("-") if piece]
    parts: list[Part] = [one_of(frozenset({piece}), ()) for piece in pieces]
    if token.endswith("*"):
        if len(pieces[-1]) < STEM:
            raise ValueError(f'"{token}" is too short: a beginning has at least {STEM} letters')
        parts[-1] = one_of(frozenset(), (pieces[-1],))
    return _chained(parts, [_Link() for _ in parts[1:]])


def _chained(parts: list[Part], links: list[_Link]) -> Part:
    """Parts joined from left to right; a negation is joined to its right neighbour first."""
    chain = parts[0]
    rest = list(zip(links, parts[1:], strict=True))
    while rest:
        link, part = rest.pop(0)
        if rest and _is_negation(part):
            part = _joined(part, *rest.pop(0))
        chain = _joined(chain, link, part)
    return chain


def _joined(left: Part, link: _Link, right: Part) -> Part:
    between = (*link.unwanted, *link.unwanted_near)
    unwanted = united(between) if between else None
    apart = near(left, right, link.gap, link.any_order, unwanted)
    if _is_negation(left) and isinstance(right, OneOf) and not link.any_order:
        return united((apart, _written_together(right)))
    return apart


def _is_negation(part: Part) -> bool:
    return isinstance(part, OneOf) and not part.beginnings and part.whole <= _NEGATIONS


def _written_together(part: OneOf) -> OneOf:
    """Negation and word in one: "неработает"."""
    return one_of(
        frozenset(negation + word for word in part.whole for negation in _NEGATIONS),
        tuple(negation + one for one in part.beginnings for negation in _NEGATIONS),
    )
