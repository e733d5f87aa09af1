"""Which words of a letter the patterns know: by this index a letter is read once, however many patterns there are.

The words of a letter and their places in, the places of every OneOf out (a set of words and word-beginnings that some
pattern waits for). What a word is to the patterns is remembered between letters, for so many words. A beginning of
six letters and more forgives one slip of the pen. Never fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

# Letters of a word that index it; a word-beginning in a pattern is never shorter.
STEM = 3

# Letters. Shorter beginnings have too many neighbours for a guess at what was meant.
FORGIVEN = 6

# Words of which it is remembered what they are to the patterns: a few megabytes, whatever strangers write.
_REMEMBERED = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """One word out of many: whole words, and beginnings. `needs` is itself: without one of its words it is nowhere."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]
    needs: tuple[frozenset[OneOf], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", (frozenset((self,)),))


# Every OneOf that letters are searched for, by its whole words and, for the first letters of its beginnings, by these.
# Another thread may be reading a letter: what is in here is replaced, never changed.
_by_word: dict[str, tuple[OneOf, ...]] = {}
_by_stem: dict[str, dict[str, tuple[OneOf, ...]]] = {}
_listened_for: dict[OneOf, None] = {}


@cache
def one_of(whole: frozenset[str], beginnings: tuple[str, ...]) -> OneOf:
    """The OneOf for these words; the same words give the same one, so that a letter is searched once for them."""
    return OneOf(whole, beginnings)


def listen_for(parts: Iterable[OneOf]) -> None:
    """From now on letters are searched for these as well: of the words of a pattern, those that were not merged."""
    for part in parts:
        if part in _listened_for:
            continue
        for word in part.whole:
            _by_word[word] = (*_by_word.get(word, ()), part)
        for beginning in part.beginnings:
            alike = _by_stem.get(beginning[:STEM], {})
            _by_stem[beginning[:STEM]] = {**alike, beginning: (*alike.get(beginning, ()), part)}
        _listened_for[part] = None


def size() -> int:
    """How many are listened for: what was heard in a letter before is out of date when there are more."""
    return len(_listened_for)


def hear(by_word: Mapping[str, list[int]]) -> dict[OneOf, list[int]]:
    """The places of each OneOf in a letter, in any order; `by_word` leads from its words to where they stand.

    They are put in order where they are looked at: that are few of them.
    """
    heard: dict[OneOf, list[int]] = {}
    known = size()
    for word, places in by_word.items():
        for part in _known_as(word, known):
            heard[part] = heard[part] + places if part in heard else places
    return heard


@lru_cache(maxsize=_REMEMBERED)
def _known_as(word: str, known: int) -> tuple[OneOf, ...]:
    """Each OneOf that this word belongs to, while so many are listened for."""
    found = set(_by_word.get(word, ()))
    for beginning, parts in _by_stem.get(word[:STEM], {}).items():
        if word.startswith(beginning) or (len(beginning) >= FORGIVEN and _one_slip(word, beginning)):
            found.update(parts)
    return tuple(found)


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
