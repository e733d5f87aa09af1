"""Where in a letter the parts of a pattern stand: the machine behind core.phrases.

A part and a Prepared letter in, the Spans that fit out, in the order of reading. A part is found once per letter,
however many patterns share it. Work is linear in the words of the letter; there is no backtracking.

Most patterns do not fit most letters, so every part knows what it `needs`: groups of words, from each of which the
letter must have one. A part that misses some is not walked into.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from helpdesk.core.lexicon import OneOf, hear, one_of, size
from helpdesk.core.word_classes import of_class
from helpdesk.core.words import Prepared

# Words before or behind a part among which an unwanted word is looked for, where it need not stand right beside.
GUARDED = 2


# Places. What a part of a pattern covers is never longer, so overlaps are looked for no further back.
_LONGEST_SPAN = 60


# Letters. Words up to this length ("не", "the", "się") are in every letter and say little.
_COMMON = 3

# What a part needs: from each group one OneOf.
Needs = tuple[frozenset[OneOf], ...]


class Span(NamedTuple):
    """The places of the first and the last word of something found."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class OfClass:
    """Any word of a class such as <number>."""

    name: str
    needs: Needs = ()

    def find(self, prepared: Prepared) -> list[Span]:
        return [Span(place, place) for place in of_class(prepared, self.name)]


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """One of several parts. `by_word` leads from a OneOf in the letter to the parts that it makes possible."""

    parts: tuple[Part, ...]
    by_word: dict[OneOf, list[Part]] = field(init=False)
    known: frozenset[OneOf] = field(init=False)
    always: tuple[Part, ...] = field(init=False)
    needs: Needs = field(init=False)

    def __post_init__(self) -> None:
        by_word: dict[OneOf, list[Part]] = defaultdict(list)
        for part in self.parts:
            # Every group must be met, so one will do for a first look: that of the rarest words tells the most.
            for word in min(part.needs, key=_commonness, default=()):
                by_word[word].append(part)
        object.__setattr__(self, "by_word", dict(by_word))
        object.__setattr__(self, "known", frozenset(by_word))
        object.__setattr__(self, "always", tuple(part for part in self.parts if not part.needs))
        object.__setattr__(self, "needs", () if self.always else (self.known,))

    def find(self, prepared: Prepared) -> list[Span]:
        heard = prepared.heard
        met = {part for word in heard & self.known for part in self.by_word[word]}
        found: set[Span] = set()
        for part in (*self.always, *met):
            # What `spans` would say as well: most parts end here, and a call less for each counts.
            for group in part.needs:
                if group.isdisjoint(heard):
                    break
            else:
                found.update(spans(part, prepared))
        return sorted(found)


def _commonness(group: frozenset[OneOf]) -> int:
    """How likely a letter has one of these: many words, and short ones."""
    words = (word for part in group for word in (*part.whole, *part.beginnings))
    return sum(30 if len(word) <= _COMMON else 1 for word in words)


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """Two parts with at most `gap` words between them, none of which is unwanted.

    In any order they may also overlap.
    """

    left: Part
    right: Part
    gap: int
    any_order: bool
    unwanted: Part | None
    needs: Needs = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", self.left.needs + self.right.needs)

    def find(self, prepared: Prepared) -> list[Span]:
        lefts = spans(self.left, prepared)
        rights = spans(self.right, prepared) if lefts else []
        if not rights:
            return []
        pairs = _followed(lefts, rights, self.gap)
        if self.any_order:
            pairs += _followed(rights, lefts, self.gap) + _overlapping(lefts, rights)
        if self.unwanted and pairs:
            barred = spans(self.unwanted, prepared)
            pairs = [(left, right) for left, right in pairs if not _any_within(barred, left.last + 1, right.first - 1)]
        return sorted({Span(left.first, max(left.last, right.last)) for left, right in pairs})


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """A part that counts only where nothing unwanted stands among the `reach` words before (or after) it."""

    part: Part
    unwanted: Part
    before: bool
    reach: int
    needs: Needs = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", self.part.needs)

    def find(self, prepared: Prepared) -> list[Span]:
        found = spans(self.part, prepared)
        if not found:
            return []
        barred = spans(self.unwanted, prepared)
        if self.before:
            ends = {span.last for span in barred}
            return [span for span in found if ends.isdisjoint(range(span.first - self.reach, span.first))]
        begins = {span.first for span in barred}
        return [span for span in found if begins.isdisjoint(range(span.last + 1, span.last + 1 + self.reach))]


Part = OneOf | OfClass | Either | Near | Guarded


def spans(part: Part, prepared: Prepared) -> list[Span]:
    """Where `part` stands in the letter, in the order of reading."""
    memo = prepared.memo
    if memo.get(None) != size():
        _hear(prepared)
    heard = prepared.heard
    for group in part.needs:
        if group.isdisjoint(heard):
            return []
    found: list[Span] | None = memo.get(part)
    if found is None:
        found = memo[part] = (
            [Span(place, place) for place in prepared.places[part]] if isinstance(part, OneOf) else part.find(prepared)
        )
    return found


def _hear(prepared: Prepared) -> None:
    """The one pass over the words of the letter that all patterns share."""
    prepared.places.update(hear(prepared.by_word))
    prepared.heard.update(prepared.places)
    prepared.memo.clear()
    prepared.memo[None] = size()


def united(parts: tuple[Part, ...]) -> Part:
    """One part for all of them; single words are merged, so that a list of a hundred words costs one look."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Either) else (part,))]
    words = [part for part in flat if isinstance(part, OneOf)]
    others = tuple(dict.fromkeys(part for part in flat if not isinstance(part, OneOf)))
    if not words:
        return others[0] if len(others) == 1 else Either(others)
    merged = one_of(
        frozenset(word for part in words for word in part.whole),
        tuple(dict.fromkeys(one for part in words for one in part.beginnings)),
    )
    return Either((merged, *others)) if others else merged


def _followed(lefts: list[Span], rights: list[Span], gap: int) -> list[tuple[Span, Span]]:
    """Pairs whose right one begins behind the left one, at most `gap` words further."""
    pairs = []
    for left in lefts:
        begin = bisect_left(rights, (left.last + 1,))
        end = bisect_right(rights, (left.last + gap + 2,), begin)
        pairs += [(left, right) for right in rights[begin:end]]
    return pairs


def _overlapping(lefts: list[Span], rights: list[Span]) -> list[tuple[Span, Span]]:
    """Pairs that share words, the one that begins first in front: "orders [stopped being] placed"."""
    pairs = []
    for left in lefts:
        begin = bisect_left(rights, (left.first - _LONGEST_SPAN,))
        end = bisect_right(rights, (left.last + 1,), begin)
        pairs += [(min(left, right), max(left, right)) for right in rights[begin:end] if right.last >= left.first]
    return pairs


def _any_within(barred: list[Span], first: int, last: int) -> bool:
    begin = bisect_left(barred, (first,))
    return any(span.last <= last for span in barred[begin : bisect_right(barred, (last + 1,), begin)])
