"""How well rules see what people who read the letters see: labelled letters and verdicts in, a confusion table out.

Recall: of the letters on a situation, how many were seen to be on it. Precision: of the letters that were seen to be
on it, how many are. A letter on no situation that is seen as none counts nowhere but in the number of letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A letter and the situation that the rules must see in it; None: none at all."""

    language: str
    situation: str | None
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A labelled letter and what was seen in it, with the reasons."""

    example: Example
    seen: str | None
    reasons: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Was seen what the label says?"""
        return self.seen == self.example.situation


@dataclass(frozen=True, slots=True)
class Bar:
    """What a pack promises of its rules, in percent."""

    recall: int = 0
    precision: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table: the letters labelled `situation` (None: no situation; ALL: on any) and their fate."""

    language: str
    situation: str | None
    letters: int
    right: int
    taken_for: tuple[tuple[str | None, int], ...]  # what else was seen in them, the commonest first
    claimed: int  # letters in which this situation was seen, rightly or not

    @property
    def recall(self) -> float | None:
        """In percent; None where there is nothing to be seen."""
        return 100 * self.right / self.letters if self.letters and self.situation is not None else None

    @property
    def precision(self) -> float | None:
        """In percent; None where nothing was seen."""
        return 100 * self.right / self.claimed if self.claimed and self.situation is not None else None

    def reaches(self, bar: Bar) -> bool:
        """Is the line as good as promised? A line without figures is."""
        return (self.recall is None or self.recall >= bar.recall) and (
            self.precision is None or self.precision >= bar.precision
        )


# Stands for every situation, and for every language.
ALL = "all"


def try_out(examples: Iterable[Example], see: Callable[[Example], Tried]) -> tuple[Tried, ...]:
    """Each letter with what `see` sees in it."""
    return tuple(see(example) for example in examples)


def table(tried: Iterable[Tried]) -> tuple[Row, ...]:
    """A block of rows for each language, then one for all: a row for each situation, then one for all of them."""
    letters = tuple(tried)
    languages = sorted({one.example.language for one in letters})
    blocks = [(language, [one for one in letters if one.example.language == language]) for language in languages]
    return tuple(row for language, block in [*blocks, (ALL, list(letters))] for row in _block(language, block))


def _block(language: str, letters: list[Tried]) -> list[Row]:
    named = {one.example.situation for one in letters} | {one.seen for one in letters}
    rows = [_row(language, situation, letters) for situation in sorted(named - {None}, key=str)]
    positive = [one for one in letters if one.example.situation is not None]
    whole = Row(
        language=language,
        situation=ALL,
        letters=len(positive),
        right=sum(one.right for one in positive),
        taken_for=(),
        claimed=sum(one.seen is not None for one in letters),
    )
    return [*rows, _row(language, None, letters), whole]


def _row(language: str, situation: str | None, letters: list[Tried]) -> Row:
    labelled = [one for one in letters if one.example.situation == situation]
    others = Counter(one.seen for one in labelled if not one.right)
    return Row(
        language=language,
        situation=situation,
        letters=len(labelled),
        right=sum(one.right for one in labelled),
        taken_for=tuple(others.most_common()),
        claimed=sum(one.seen == situation for one in letters),
    )


def wrong(tried: Iterable[Tried]) -> tuple[Tried, ...]:
    """The letters in which something else was seen than their label says."""
    return tuple(one for one in tried if not one.right)
