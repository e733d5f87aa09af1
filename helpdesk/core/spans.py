"""Where in a letter the parts of a pattern stand: the machine behind core.phrases.

A part and a Prepared letter in, the Spans that fit out, in the order of reading. A part is found once per letter,
however many patterns share it. Work is linear in the words of the letter; there is no backtracking.

Most patterns do not fit most letters, so every part knows what it `needs`: groups of beginnings of words, from each of
which the letter must have one. A part that misses some is not walked into.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from helpdesk.core.word_classes import of_class
from helpdesk.core.words import STEM, Prepared

# Words before or behind a part among which an unwanted word is looked for, where it need not stand right beside.
GUARDED = 2

# Letters. Shorter beginnings have too many neighbours for a guess at what was meant.
FORGIVEN = 6


# Places. What a part of a pattern covers is never longer, so overlaps are looked for no further back.
_LONGEST_SPAN = 60


# What a part needs: from each group one beginning of a word (STEM letters).
Needs = tuple[frozenset[str], ...]


class Span(NamedTuple):
    """The places of the first and the last word of something found."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """One word out of many: whole words, and beginnings by their first letters."""

    whole: frozenset[str]
    beginnings: Mapping[str, tuple[str, ...]]
    needs: Needs

    def find(self, prepared: Prepared) -> list[Span]:
        found = set(prepared.by_word.keys() & self.whole)
        for stem in prepared.stems & self.beginnings.keys():
            for word in prepared.by_stem[stem]:
                if word not in found and any(_begins(word, beginning) for beginning in self.beginnings[stem]):
                    found.add(word)
        return [Span(place, place) for place in sorted({place for word in found for place in prepared.by_word[word]})]


@dataclass(frozen=True, slots=True, eq=False)
class OfClass:
    """Any word of a class such as <number>."""

    name: str
    needs: Needs = ()

    def find(self, prepared: Prepared) -> list[Span]:
        return [Span(place, place) for place in of_class(prepared, self.name)]


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """One of several parts. `by_stem` leads from a beginning in the letter to the parts that it makes possible."""

    parts: tuple[Part, ...]
    by_stem: dict[str, list[Part]] = field(init=False)
    always: tuple[Part, ...] = field(init=False)
    needs: Needs = field(init=False)

    def __post_init__(self) -> None:
        by_stem: dict[str, list[Part]] = defaultdict(list)
        for part in self.parts:
            # Every group must be met, so one will do for a first look: the smallest tells the most.
            for stem in min(part.needs, key=len, default=()):
                by_stem[stem].append(part)
        object.__setattr__(self, "by_stem", dict(by_stem))
        object.__setattr__(self, "always", tuple(part for part in self.parts if not part.needs))
        object.__setattr__(self, "needs", () if self.always else (frozenset(by_stem),))

    def find(self, prepared: Prepared) -> list[Span]:
        met = {part for stem in prepared.stems & self.by_stem.keys() for part in self.by_stem[stem]}
        return sorted({span for part in (*self.always, *met) for span in spans(part, prepared)})


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
    for group in part.needs:
        if group.isdisjoint(prepared.stems):
            return []
    found = prepared.memo.get(part)
    if found is None:
        found = prepared.memo[part] = part.find(prepared)
    return found


@cache
def one_of(whole: frozenset[str], beginnings: tuple[str, ...]) -> OneOf:
    """The part for these words; the same words give the same part, so that a letter is searched once for them."""
    by_stem: dict[str, list[str]] = defaultdict(list)
    for beginning in beginnings:
        by_stem[beginning[:STEM]].append(beginning)
    needs = frozenset(word[:STEM] for word in (*whole, *beginnings))
    return OneOf(whole, {stem: tuple(found) for stem, found in by_stem.items()}, (needs,))


def united(parts: tuple[Part, ...]) -> Part:
    """One part for all of them; single words are merged, so that a list of a hundred words costs one look."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Either) else (part,))]
    words = [part for part in flat if isinstance(part, OneOf)]
    others = tuple(dict.fromkeys(part for part in flat if not isinstance(part, OneOf)))
    if not words:
        return others[0] if len(others) == 1 else Either(others)
    merged = one_of(
        frozenset(word for part in words for word in part.whole),
        tuple(dict.fromkeys(one for part in words for several in part.beginnings.values() for one in several)),
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


def _begins(word: str, beginning: str) -> bool:
    return word.startswith(beginning) or (len(beginning) >= FORGIVEN and _one_slip(word, beginning))


def _one_slip(word: str, beginning: str) -> bool:
    """Does `word` begin with `beginning` when one letter is put right (wrong, missing, too many, swapped)?

    Not the last letter: there a difference is grammar ("отправля…", "отправле…").
    """
    length = len(beginning)
    same = next((i for i in range(min(len(word), length)) if word[i] != beginning[i]), length)
    if same >= length - 1 or len(word) < length - 1:
        return False
    wrong = word.startswith(beginning[same + 1 :], same + 1)
    too_many = word.startswith(beginning[same:], same + 1)
    missing = word.startswith(beginning[same + 1 :], same)
    swapped = word[same : same + 2] == beginning[same + 1] + beginning[same]
    return wrong or too_many or missing or (swapped and word.startswith(beginning[same + 2 :], same + 2))
