"""Where in a letter the parts of a pattern stand: the machine behind core.phrases.

A part and a Prepared letter in, the Spans that fit out, in the order of reading. A part is found once per letter,
however many patterns share it. Work is linear in the words of the letter; there is no backtracking.

Most patterns do not fit most letters, so every part knows what it `needs`: groups of words, from each of which the
letter must have one. A part that misses some is not walked into.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from helpdesk.core.lexicon import OneOf, hear, listen_for, one_of, size
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


# Parts, with what each needs besides.
_Possible = tuple[tuple[Needs, tuple["Part", ...]], ...]

# The places of the first and the last word of something found.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class OfClass:
    """Any word of a class such as <number>. It is equal to any other of its name, so a letter is searched once."""

    name: str
    needs: Needs = ()

    def find(self, prepared: Prepared) -> list[Span]:
        return [(place, place) for place in of_class(prepared, self.name)]


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """One of several parts. `by_word` leads from a OneOf in the letter to the parts that it makes possible.

    Parts that need the same besides stand together, with what that is, the rarest words first.
    """

    parts: tuple[Part, ...]
    by_word: dict[OneOf, _Possible] = field(init=False, default_factory=dict)
    known: frozenset[OneOf] = field(init=False)
    always: tuple[Part, ...] = field(init=False)
    needs: Needs = field(init=False)

    def __post_init__(self) -> None:
        by_word: dict[OneOf, dict[Needs, list[Part]]] = defaultdict(lambda: defaultdict(list))
        for part in self.parts:
            # Every group must be met, so one will do for a first look: that of the rarest words tells the most.
            rarest, *others = sorted(set(part.needs), key=_commonness) or [frozenset[OneOf]()]
            for word in rarest:
                by_word[word][tuple(others)].append(part)
        # Many words make the same parts possible.
        known: dict[_Possible, _Possible] = {}
        for word, by_needs in by_word.items():
            possible = tuple((needs, tuple(some)) for needs, some in by_needs.items())
            self.by_word[word] = known.setdefault(possible, possible)
        object.__setattr__(self, "known", frozenset(by_word))
        object.__setattr__(self, "always", tuple(part for part in self.parts if not part.needs))
        object.__setattr__(self, "needs", () if self.always else (self.known,))

    def find(self, prepared: Prepared) -> list[Span]:
        heard, has = prepared.heard, prepared.has
        candidates: set[Part] = set(self.always)
        for word in heard & self.known:
            for needs, parts in self.by_word[word]:
                # What `_looked_for` does as well: most parts end here, and a call less for each counts.
                for group in needs:
                    met = has.get(group)
                    if met is None:
                        met = has[group] = not group.isdisjoint(heard)
                    if not met:
                        break
                else:
                    candidates.update(parts)
        found: set[Span] = set()
        for part in candidates:
            found.update(_found(part, prepared))
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
        lefts = _found(self.left, prepared)
        rights = _found(self.right, prepared) if lefts else []
        if not rights:
            return []
        pairs = _followed(lefts, rights, self.gap)
        if self.any_order:
            pairs += _followed(rights, lefts, self.gap) + _overlapping(lefts, rights)
        if self.unwanted and pairs:
            barred = _looked_for(self.unwanted, prepared)
            pairs = [(left, right) for left, right in pairs if not _any_within(barred, left[1] + 1, right[0] - 1)]
        return sorted({(left[0], max(left[1], right[1])) for left, right in pairs})


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
        found = _found(self.part, prepared)
        barred = _looked_for(self.unwanted, prepared) if found else []
        if not barred:
            return found
        if self.before:
            ends = {last for _, last in barred}
            return [span for span in found if ends.isdisjoint(range(span[0] - self.reach, span[0]))]
        begins = {first for first, _ in barred}
        return [span for span in found if begins.isdisjoint(range(span[1] + 1, span[1] + 1 + self.reach))]


Part = OneOf | OfClass | Either | Near | Guarded

# What is made of the same parts is the same part, in whatever pattern or pack: a letter is searched once for it.
any_of = cache(Either)
near = cache(Near)
guarded = cache(Guarded)


def spans(part: Part, prepared: Prepared) -> list[Span]:
    """Where `part` stands in the letter, in the order of reading."""
    if part not in _looked_for_before:
        listen_for(_words_of(part))
        _looked_for_before[part] = None
    if prepared.memo.get(None) != size():
        _hear(prepared)
    return _looked_for(part, prepared)


# Parts that were searched for as a whole. Words of lists that became part of larger ones never are.
_looked_for_before: dict[Part, None] = {}


def _words_of(part: Part) -> Iterator[OneOf]:
    """Every OneOf in the part."""
    match part:
        case OneOf():
            yield part
        case OfClass():
            pass
        case Either(parts=parts):
            for inner in parts:
                yield from _words_of(inner)
        case Near(left=left, right=right, unwanted=unwanted):
            for inner in (left, right, *((unwanted,) if unwanted else ())):
                yield from _words_of(inner)
        case Guarded(part=inner, unwanted=unwanted):
            yield from _words_of(inner)
            yield from _words_of(unwanted)


def _looked_for(part: Part, prepared: Prepared) -> list[Span]:
    heard = prepared.heard
    for group in part.needs:
        if group.isdisjoint(heard):
            return []
    return _found(part, prepared)


def _found(part: Part, prepared: Prepared) -> list[Span]:
    """Where a part stands of which the letter has what it needs; whoever asks has looked."""
    found: list[Span] | None = prepared.memo.get(part)
    if found is None:
        if isinstance(part, OneOf):
            found = [(place, place) for place in sorted(set(prepared.places[part]))]
        else:
            found = part.find(prepared)
        prepared.memo[part] = found
    return found


def _hear(prepared: Prepared) -> None:
    """The one pass over the words of the letter that all patterns share."""
    known = size()
    prepared.places.update(hear(prepared.by_word))
    prepared.heard.update(prepared.places)
    prepared.memo.clear()
    prepared.has.clear()
    prepared.memo[None] = known


def united(parts: tuple[Part, ...]) -> Part:
    """One part for all of them; single words are merged, so that a list of a hundred words costs one look."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Either) else (part,))]
    words = [part for part in flat if isinstance(part, OneOf)]
    others = tuple(dict.fromkeys(part for part in flat if not isinstance(part, OneOf)))
    if not words:
        return others[0] if len(others) == 1 else any_of(others)
    merged = one_of(
        frozenset(word for part in words for word in part.whole),
        tuple(dict.fromkeys(one for part in words for one in part.beginnings)),
    )
    return any_of((merged, *others)) if others else merged


def _followed(lefts: list[Span], rights: list[Span], gap: int) -> list[tuple[Span, Span]]:
    """Pairs whose right one begins behind the left one, at most `gap` words further."""
    pairs = []
    begin, count = 0, len(rights)
    for left in lefts:
        first, last = left
        while begin < count and rights[begin][0] <= first:
            begin += 1  # neither this nor a later left one is followed by it
        place = begin
        while place < count and rights[place][0] <= last + gap + 1:
            if rights[place][0] > last:
                pairs.append((left, rights[place]))
            place += 1
    return pairs


def _overlapping(lefts: list[Span], rights: list[Span]) -> list[tuple[Span, Span]]:
    """Pairs that share words, the one that begins first in front: "orders [stopped being] placed"."""
    pairs = []
    for left in lefts:
        begin = bisect_left(rights, (left[0] - _LONGEST_SPAN,))
        end = bisect_right(rights, (left[1] + 1,), begin)
        pairs += [(min(left, right), max(left, right)) for right in rights[begin:end] if right[1] >= left[0]]
    return pairs


def _any_within(barred: list[Span], first: int, last: int) -> bool:
    begin = bisect_left(barred, (first,))
    return any(span[1] <= last for span in barred[begin : bisect_right(barred, (last + 1,), begin)])
