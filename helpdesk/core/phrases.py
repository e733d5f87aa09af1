"""Patterns of words: what a desk's lead writes to recognise what a letter is about.

    сайт ..3 не работа*          in this order, at most three words between
    {order} ~ (fail*|error)      in either order, close together; {order} is a list of the pack
    -(not|isnt) down             "down", but not where a "not" stands right before it

A pattern never reaches over the end of a sentence. A word-beginning of six letters and more forgives one wrong,
missing, doubled or swapped letter. "не" and "nie" may be written together with the next word. Matching takes time
linear in the number of words: there are no regular expressions over the letter. A pattern that cannot be understood
is a ValueError in words for people.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from helpdesk.core.words import CLASSES, STEM, Prepared, fold

# Words between two parts of a pattern where it gives no number of its own.
USUAL_GAP = 4

# More words apart than this have nothing to do with each other.
WIDEST_GAP = 30

# Words before the first and after the last part of a pattern among which an unwanted word is looked for.
GUARDED = 2

# Letters. Shorter words have too many neighbours for a guess at what was meant.
_FORGIVEN = 6

_NEGATIONS = frozenset({"не", "nie"})
_TOKEN = re.compile(r"\{[\w-]+\}|<\w+>|\.\.\d*|~\d*|[()|]|(?<![\w*])-(?=[\w({<])|[\w'’-]+\*?|\S")


class Span(NamedTuple):
    """The places of the first and the last word of something found."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Match:
    """Words of a letter that fit a pattern, as they were written."""

    span: Span
    words: str
    in_subject: bool

    def __str__(self) -> str:
        return f"{'subject' if self.in_subject else 'text'}: {self.words}"


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """One word out of many: whole words and beginnings."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]
    stems: frozenset[str]

    def spans(self, prepared: Prepared) -> list[Span]:
        found: set[str] = {word for word in self.whole if word in prepared.by_word}
        if not self.stems.isdisjoint(prepared.by_stem):
            for beginning in self.beginnings:
                for word in prepared.by_stem.get(beginning[:STEM], ()):
                    if word.startswith(beginning) or (len(beginning) >= _FORGIVEN and _one_slip(word, beginning)):
                        found.add(word)
        return [Span(place, place) for place in sorted({p for word in found for p in prepared.by_word[word]})]


@dataclass(frozen=True, slots=True, eq=False)
class _Class:
    """Any word of a class such as <number>."""

    name: str

    def spans(self, prepared: Prepared) -> list[Span]:
        return [Span(place, place) for place in prepared.of_class(self.name)]


@dataclass(frozen=True, slots=True, eq=False)
class _Any:
    """One of several parts."""

    parts: tuple[_Node, ...]

    def spans(self, prepared: Prepared) -> list[Span]:
        return sorted({span for part in self.parts for span in _spans(part, prepared)})


@dataclass(frozen=True, slots=True, eq=False)
class _Join:
    """Two parts close together, with nothing unwanted between them."""

    left: _Node
    right: _Node
    gap: int
    either_order: bool
    unwanted: _Node | None

    def spans(self, prepared: Prepared) -> list[Span]:
        lefts = _spans(self.left, prepared)
        rights = _spans(self.right, prepared) if lefts else []
        pairs = _followed(lefts, rights, self.gap)
        if self.either_order:
            pairs += _followed(rights, lefts, self.gap)
        if self.unwanted and pairs:
            barred = _spans(self.unwanted, prepared)
            pairs = [(a, b) for a, b in pairs if not _any_from(barred, a.last + 1, b.first - 1)]
        return sorted({Span(a.first, max(a.last, b.last)) for a, b in pairs})


@dataclass(frozen=True, slots=True, eq=False)
class _Guarded:
    """A part that counts only where nothing unwanted stands right before or right after it."""

    part: _Node
    before: _Node | None
    after: _Node | None

    def spans(self, prepared: Prepared) -> list[Span]:
        found = _spans(self.part, prepared)
        if self.before and found:
            ends = {span.last for span in _spans(self.before, prepared)}
            found = [span for span in found if ends.isdisjoint(range(span.first - GUARDED, span.first))]
        if self.after and found:
            begins = {span.first for span in _spans(self.after, prepared)}
            found = [span for span in found if begins.isdisjoint(range(span.last + 1, span.last + 1 + GUARDED))]
        return found


_Node = _Words | _Class | _Any | _Join | _Guarded


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A compiled pattern and the text that it was written as."""

    text: str
    root: _Node = field(repr=False)


def compile_pattern(text: str, words: Mapping[str, Pattern] = MappingProxyType({})) -> Pattern:
    """The pattern that `text` describes; `words` are the lists that it may name as {list}.

    Raises ValueError with the place and what is wanted.
    """
    parser = _Parser(_TOKEN.findall(text), words)
    root = parser.alternatives()
    if parser.left:
        raise ValueError(f'"{parser.left[0]}" has nothing to close')
    return Pattern(text, root)


def either(patterns: tuple[Pattern, ...], name: str) -> Pattern:
    """One pattern that fits wherever one of `patterns` does; `name` stands for it in messages."""
    return Pattern(name, _united(tuple(pattern.root for pattern in patterns)))


def find(pattern: Pattern, prepared: Prepared) -> Match | None:
    """The first place of a letter that fits, or None."""
    return next(iter(find_all(pattern, prepared)), None)


def find_all(pattern: Pattern, prepared: Prepared) -> tuple[Match, ...]:
    """Every place of a letter that fits, in the order of reading."""
    return tuple(
        Match(span, prepared.said(*span), prepared.in_subject(span.first)) for span in _spans(pattern.root, prepared)
    )


# --- reading a pattern ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Link:
    """What stands between two parts."""

    gap: int = 0
    either_order: bool = False
    unwanted: list[_Node] = field(default_factory=list)


class _Parser:
    """Recursive descent over the tokens of one pattern."""

    def __init__(self, tokens: list[str], words: Mapping[str, Pattern]) -> None:
        self.left = tokens
        self.words = words

    def alternatives(self) -> _Node:
        parts = [self._sequence()]
        while self.left and self.left[0] == "|":
            self.left.pop(0)
            parts.append(self._sequence())
        return _united(tuple(parts))

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        links: list[_Link] = []
        link = _Link()
        while self.left and self.left[0] not in "|)":
            token = self.left.pop(0)
            if token == "-":
                link.unwanted.append(self._part(self._next("-")))
            elif token.startswith(("..", "~")):
                if not parts:
                    raise ValueError(f'"{token}" stands between two words, not at the beginning')
                link.gap, link.either_order = _gap(token), token[0] == "~"
            else:
                parts.append(self._part(token))
                links.append(link)
                link = _Link()
        if not parts:
            raise ValueError("a word is missing")
        if link.gap:
            raise ValueError('".." and "~" stand between two words, not at the end')
        return _guarded(_chained(parts, links[1:]), links[0].unwanted, link.unwanted)

    def _part(self, token: str) -> _Node:
        if token == "(":
            inner = self.alternatives()
            if self._next("(") != ")":
                raise ValueError('"(" is not closed')
            return inner
        if token.startswith("{"):
            if token[1:-1] not in self.words:
                known = ", ".join(sorted(self.words)) or "none"
                raise ValueError(f"there is no list {token} (lists of this pack: {known})")
            return self.words[token[1:-1]].root
        if token.startswith("<"):
            if token[1:-1] not in CLASSES:
                raise ValueError(f"there is no class {token} (classes: {', '.join(CLASSES)})")
            return _Class(token[1:-1])
        return _literal(token)

    def _next(self, after: str) -> str:
        if not self.left:
            raise ValueError(f'something is missing after "{after}"')
        return self.left.pop(0)


def _gap(token: str) -> int:
    digits = token.lstrip(".~")
    gap = int(digits) if digits else USUAL_GAP
    if not 1 <= gap <= WIDEST_GAP:
        raise ValueError(f'"{token}": at most {WIDEST_GAP} words can stand between')
    return gap


def _literal(token: str) -> _Node:
    """A word, a beginning, or several joined by hyphens: these are words of their own."""
    if not re.fullmatch(r"[\w'’-]*\w\*?", token):
        raise ValueError(f'"{token}" is not a word; wanted is a word, word*, (a|b), {{list}}, <class>, .. or ~')
    pieces = [piece for piece in fold(token.rstrip("*")).replace("'", "").split("-") if piece]
    nodes: list[_Node] = [_one_of({piece}, ()) for piece in pieces]
    if token.endswith("*"):
        if len(pieces[-1]) < STEM:
            raise ValueError(f'"{token}" is too short: a beginning has at least {STEM} letters')
        nodes[-1] = _one_of((), (pieces[-1],))
    return _chained(nodes, [_Link() for _ in nodes[1:]])


def _one_of(whole: frozenset[str] | set[str] | tuple[()], beginnings: tuple[str, ...]) -> _Words:
    return _Words(frozenset(whole), beginnings, frozenset(beginning[:STEM] for beginning in beginnings))


def _united(parts: tuple[_Node, ...]) -> _Node:
    """One node for all parts; single words are merged, so that a list of hundred words costs one look."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, _Any) else (part,))]
    words = [part for part in flat if isinstance(part, _Words)]
    others = tuple(part for part in flat if not isinstance(part, _Words))
    if not words:
        return others[0] if len(others) == 1 else _Any(others)
    merged = _one_of(
        frozenset(word for part in words for word in part.whole),
        tuple(dict.fromkeys(beginning for part in words for beginning in part.beginnings)),
    )
    return _Any((merged, *others)) if others else merged


def _chained(parts: list[_Node], links: list[_Link]) -> _Node:
    """Parts joined from left to right; a negation binds to its right neighbour first."""
    chain = parts[0]
    rest = list(zip(links, parts[1:], strict=True))
    while rest:
        link, part = rest.pop(0)
        if rest and _is_negation(part) and not rest[0][0].either_order:
            part = _negated(part, *rest.pop(0))
        chain = (
            _negated(chain, link, part) if _is_negation(chain) and not link.either_order else _joined(chain, link, part)
        )
    return chain


def _joined(left: _Node, link: _Link, right: _Node) -> _Node:
    return _Join(left, right, link.gap, link.either_order, _united(tuple(link.unwanted)) if link.unwanted else None)


def _negated(negation: _Node, link: _Link, part: _Node) -> _Node:
    """The negation apart from its word, or written together with it: "неработает"."""
    apart = _joined(negation, link, part)
    together = _prefixed(part)
    return _Any((apart, together)) if together else apart


def _is_negation(node: _Node) -> bool:
    return isinstance(node, _Words) and not node.beginnings and node.whole <= _NEGATIONS


def _prefixed(node: _Node) -> _Words | None:
    if not isinstance(node, _Words):
        return None
    return _one_of(
        {prefix + word for word in node.whole for prefix in _NEGATIONS},
        tuple(prefix + beginning for beginning in node.beginnings for prefix in _NEGATIONS),
    )


def _guarded(part: _Node, before: list[_Node], after: list[_Node]) -> _Node:
    if not before and not after:
        return part
    return _Guarded(part, _united(tuple(before)) if before else None, _united(tuple(after)) if after else None)


# --- looking --------------------------------------------------------------------------------------


def _spans(node: _Node, prepared: Prepared) -> list[Span]:
    found = prepared.memo.get(node)
    if found is None:
        found = prepared.memo[node] = node.spans(prepared)
    return found


def _followed(lefts: list[Span], rights: list[Span], gap: int) -> list[tuple[Span, Span]]:
    """Pairs whose right one begins at most `gap` words behind the left one."""
    pairs = []
    for left in lefts:
        begin = bisect_left(rights, (left.last + 1,))
        end = bisect_right(rights, (left.last + gap + 2,))
        pairs += [(left, right) for right in rights[begin:end]]
    return pairs


def _any_from(spans: list[Span], first: int, last: int) -> bool:
    """Does one of `spans` lie within first..last?"""
    begin = bisect_left(spans, (first,))
    return any(span.last <= last for span in spans[begin : bisect_right(spans, (last + 1,))])


def _one_slip(word: str, beginning: str) -> bool:
    """Does `word` begin with `beginning` when one letter is put right (wrong, missing, too many, swapped)?

    Not the last letter: there a difference is grammar ("отправля…", "отправле…").
    """
    length = len(beginning)
    same = next((i for i in range(min(len(word), length)) if word[i] != beginning[i]), length)
    if same >= length - 1:
        return False
    return (
        word.startswith(beginning[same + 1 :], same + 1)
        or word.startswith(beginning[same:], same + 1)
        or (word.startswith(beginning[same + 1 :], same) and len(word) >= length - 1)
        or (
            word[same : same + 2] == beginning[same : same + 2][::-1]
            and word.startswith(beginning[same + 2 :], same + 2)
        )
    )
