"""What labelled letters teach about a new one: how likely it is on which situation, and which words say so.

A linear classifier. A letter is the set of its words; each word speaks by its beginning and by its pieces of four
letters, so that forms that nobody labelled and slips of the pen are heard; two words side by side speak as a pair. What
each of these says for each situation was learned (adapters.learning) and stands in a table under the checksum of its
letters: there is no list of words. Two things under one checksum share what they say. Pure; the work is linear in the
words of a letter; never fails.
"""

from __future__ import annotations

import math
from array import array
from binascii import crc32
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from helpdesk.core.words import Prepared

# Rows of the table. Letters of one kind know some 60,000 pieces and pairs; a fifth of them then shares a row.
SLOTS = 1 << 17

# Letters of the beginning of a word, and of a piece of it. Inflected languages change what stands behind.
_STEM, _PIECE = 5, 4

# Words whose sums are kept: nearly all that occur in a desk's letters.
_KNOWN_WORDS = 8192

# Words named as the reason, and the letters of one that tells a reader anything.
_SPOKEN, _TELLING = 4, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """The situation that a letter is most like, if any is at all likely.

    `chance` in percent: that the letter is on any of the situations. `words` spoke most for this one, as they were
    written and in reading order; the first stands at `place`.
    """

    situation: str
    chance: int
    words: tuple[str, ...]
    place: int

    def __str__(self) -> str:
        return f"{self.chance} % like letters on it: {', '.join(self.words)}"


class Classifier:
    """Learned weights: `labels[0]` is "" for no situation. A row of `table` holds a weight for each label, then a mass.

    Both are small numbers; the weights times `scale` are real. A letter's sums are divided by the root of its mass, so
    that long and short letters are judged alike. `letters` is the checksum of what it was learned from.
    """

    def __init__(
        self, labels: tuple[str, ...], bias: tuple[float, ...], scale: float, table: bytes, letters: str = ""
    ) -> None:
        self.labels, self.bias, self.scale, self.letters = labels, bias, scale, letters
        self._table = array("b", table)
        self._width = len(labels) + 1
        self._of_word = lru_cache(_KNOWN_WORDS)(self._sum_of_word)

    @property
    def table(self) -> bytes:
        """The weights and masses as they are kept."""
        return self._table.tobytes()

    def likeness(self, prepared: Prepared, *, answers: bool = False) -> Likeness | None:
        """What the letter is most like; None without words. `answers`: its subject is that of an earlier letter."""
        begin = first_word(prepared, answers=answers)
        words = prepared.words[begin:]
        if not words:
            return None
        sums = _added([*map(self._of_word, set(words)), *self._rows(pair_slots(words))])
        chances = self._chances(sums)
        best = max(range(1, len(self.labels)), key=chances.__getitem__)
        spoken = self._spoken(words, best)
        return Likeness(
            situation=self.labels[best],
            chance=round(100 * (1 - chances[0])),
            words=tuple(_as_written(prepared, begin + i) for i in spoken),
            place=prepared.at[begin + (spoken[0] if spoken else 0)],
        )

    def _chances(self, sums: tuple[int, ...]) -> list[float]:
        size = self.scale / math.sqrt(max(sums[-1], 1))
        scores = [bias + size * one for bias, one in zip(self.bias, sums, strict=False)]
        highest = max(scores)
        powers = [math.exp(score - highest) for score in scores]
        return [power / sum(powers) for power in powers]

    def _spoken(self, words: list[str], label: int) -> list[int]:
        """Where the words stand that say most for the label and against "no situation", in reading order."""
        told = [(i, word) for i, word in enumerate(words) if len(word) >= _TELLING] or list(enumerate(words))
        first = {word: i for i, word in reversed(told)}
        weights = {word: (row := self._of_word(word))[label] - row[0] for word in first}
        loudest = sorted((word for word in first if weights[word] > 0), key=lambda word: (-weights[word], word))
        return sorted(first[word] for word in loudest[:_SPOKEN])

    def _sum_of_word(self, word: str) -> tuple[int, ...]:
        return _added([(0,) * self._width, *self._rows(word_slots(word))])

    def _rows(self, slots: Iterable[int]) -> Iterator[array[int]]:
        """What was learned of them; most pairs of words are new."""
        table, width = self._table, self._width
        return (table[slot : slot + width] for each in slots if table[(slot := each * width) + width - 1])


def first_word(prepared: Prepared, *, answers: bool) -> int:
    """The index of the first word that counts: `answers`, and the subject is that of an earlier letter."""
    return bisect_left(prepared.starts, prepared.subject_end) if answers else 0


def word_slots(word: str) -> set[int]:
    """The rows in which a word speaks: its beginning, and its pieces."""
    marked = f"^{word}$"
    pieces = (marked[i : i + _PIECE] for i in range(max(1, len(marked) - _PIECE + 1)))
    return {crc32(piece.encode()) % SLOTS for piece in (word[:_STEM] + "*", *pieces)}


def pair_slots(words: list[str]) -> set[int]:
    """The rows in which words speak that stand side by side."""
    stems = [word[:_STEM].encode() for word in words]
    return {crc32(second, crc32(first)) % SLOTS for first, second in pairwise(stems)}


def _added(rows: list[tuple[int, ...] | array[int]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*rows, strict=True)))


def _as_written(prepared: Prepared, i: int) -> str:
    return prepared.written[prepared.starts[i] : prepared.ends[i]]
