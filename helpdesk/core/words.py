"""The words of a letter, in the shape in which patterns look for them.

A subject and a text go in; out come words with their places. Case, ё, є, ї, Polish marks, apostrophes, invisible
characters, Latin look-alikes inside Cyrillic words and Russian written in Latin letters are evened out, so that a
pattern is written once. A place is a number: the next word of a sentence stands one further, the next sentence in
another thousand, so "how far apart" and "same sentence" are sums. Never fails; reads no more than MAX_CHARS.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from helpdesk.core.lexicon import OneOf

# Characters. Nobody reports an outage behind page five, and the work for a letter of any size stays bounded.
MAX_CHARS = 10_000

# Places between the beginnings of two sentences; a longer sentence is cut.
SENTENCE = 1000
_LONGEST_SENTENCE = 900

# A heading-like fragment ("Оплата.", the subject) belongs to what follows: its end counts as so many words.
_PAUSE = 2

# A comma counts as so many words: what stands behind it belongs together less closely.
_COMMA = 2
_FRAGMENT_WORDS = 3

# Characters. A longer line was broken by the mail program, not by the writer.
_WRAPPED_LINE = 50

_INVISIBLE = re.compile("[\u00ad\u0301\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_FOLDED = tuple(zip("ёєїґąćęłńóśźż’ʼ`´", "ееігacelnoszz''''", strict=True))
_LOOK_ALIKES = str.maketrans("aceopxykmtbhi", "асеорхукмтвні")
CYRILLIC = re.compile("[а-яіїє]")
_MIXED = re.compile("[a-z](?:(?=[а-яіїє])|(?<=[а-яіїє][a-z]))")

_CHUNK = re.compile(r"\n|\S+")
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_AROUND = "\"'«»“”„()[]{}<>.,;:!?…*_-–—/\\|#№~=+"
_SENTENCE_END = re.compile(r"(?<![.…])[.!?;]+[\"'»”)]*$")
_ENDS = frozenset(".!?;\"')»”")
_BULLET = re.compile(r"[-*•–—]$|\d{1,2}[.)]$")

DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)+(?:[a-z]{2,10}|рф|укр)(?:/\S*)?")
IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}")
TIME = re.compile(r"(?:[01]?\d|2[0-3])[:.][0-5]\d(?::[0-5]\d)?(?:am|pm)?|(?:1[0-2]|[1-9])(?:am|pm)|(?:1?\d|2[0-3])h")
DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}")

_GREETINGS = frozenset(
    "здравствуйте здравствуй добрый доброго доброе день дня вечер утро утра привет приветствую коллеги уважаемые всем "
    "вітаю добрий дня ранку ранок вечір вечора привіт шановні колеги доброї ночі усім "
    "hi hello hey dear team all good morning afternoon evening support greetings there sir madam "
    "dzien dobry witam panstwo szanowni czesc witajcie zespole".split()
)

# Russian and Ukrainian in Latin letters betray themselves by one of these.
_TRANSLIT_SIGNS = frozenset(
    "ne sait sajt sayt zdravstvuyte zdravstvuite privet pozhaluysta pozhaluista pomogite srochno nas pishet".split()
)
_TRANSLIT = (
    *(("shch", "щ"), ("sch", "щ"), ("kh", "х"), ("zh", "ж"), ("ch", "ч"), ("sh", "ш"), ("ts", "ц"), ("ya", "я")),
    *(("ia", "ия"), ("yu", "ю"), ("ju", "ю"), ("ja", "я"), ("ye", "е"), ("ay", "ай"), ("oy", "ой"), ("ey", "ей")),
    *(("uy", "уй"), ("iy", "ий"), ("yy", "ый"), ("aj", "ай"), ("oj", "ой"), ("ej", "ей"), ("x", "кс"), ("ai", "ай")),
)
_TRANSLIT_LETTERS = str.maketrans("abcdefghijklmnopqrstuvwyz'", "абцдефгхийклмнопкрстувшызь")
# The same letters stand for others in Ukrainian; "tsia" and "pratsuie" are how people really write.
_UKRAINIAN = (
    *(("shch", "щ"), ("kh", "х"), ("zh", "ж"), ("ch", "ч"), ("sh", "ш"), ("tsu", "цю"), ("ts", "ц"), ("ya", "я")),
    *(("ia", "я"), ("yu", "ю"), ("iu", "ю"), ("ye", "е"), ("ie", "е"), ("yi", "і"), ("ai", "ай"), ("nhr", "нхр")),
)
_UKRAINIAN_LETTERS = str.maketrans("abcdefghijklmnopqrstuvwyz", "абцдефггійклмнопкрстуввиз")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A letter as words. `starts` and `ends` are offsets into `written`; `at` holds the places, ascending.

    `by_word` leads from a word to where it stands. `places` and `heard` are what the patterns know of it, `has` says of
    which groups of words it has some, `memo` keeps what was found: patterns share their parts (core.spans fills these).
    """

    written: str
    subject_end: int
    words: list[str]
    starts: list[int]
    ends: list[int]
    at: list[int]
    by_word: dict[str, list[int]]
    places: dict[OneOf, list[int]] = field(default_factory=dict)
    heard: set[OneOf] = field(default_factory=set)
    has: dict[frozenset[OneOf], bool] = field(default_factory=dict)
    memo: dict[object, Any] = field(default_factory=dict)

    def said(self, first: int, last: int) -> str:
        """The words between two places, as they were written."""
        begin, end = bisect_left(self.at, first), bisect_left(self.at, last)
        return " ".join(self.written[self.starts[begin] : self.ends[end]].split())

    def in_subject(self, place: int) -> bool:
        """Does the word at `place` stand in the subject?"""
        return self.starts[bisect_left(self.at, place)] < self.subject_end


def fold(text: str) -> str:
    """The letters of `text` in the form in which words are compared; same length as lower-case `text`."""
    text = text.lower()
    if not text.isascii():
        for marked, plain in _FOLDED:
            text = text.replace(marked, plain)
    return text


# Rules, checklists and others read the same letter one after another.
@lru_cache(maxsize=1)
def prepare(text: str, subject: str = "") -> Prepared:
    """The words of a letter and where they stand. Work is linear in the length read (at most MAX_CHARS)."""
    subject, text = _clean(subject), _clean(text)
    written = f"{subject}\n{text}"
    folded = fold(written)
    if len(folded) != len(written):  # a few letters of other scripts grow when lowered
        written = folded
    return _Reading(written, folded, len(subject) + 1).result()


def _clean(text: str) -> str:
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", text[:MAX_CHARS]))


class _Reading:
    """One pass over a letter: words, places, sentence ends."""

    def __init__(self, written: str, folded: str, subject_end: int) -> None:
        self.written, self.folded, self.subject_end = written, folded, subject_end
        self.words: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.at: list[int] = []
        # Latin letters among Cyrillic ones in some word
        self.mixed = CYRILLIC.search(folded) is not None and _MIXED.search(folded) is not None
        self.place = 0  # of the next word
        self.begun = 0  # index of the first word of this sentence

    def result(self) -> Prepared:
        line_start = 0
        for line in self.folded.split("\n"):
            self._read_line(line, line_start)
            newline = line_start + len(line)
            if newline < len(self.folded):
                self._line_ends(newline, len(line))
            line_start = newline + 1
        by_word: dict[str, list[int]] = defaultdict(list)
        for word, place in zip(self.words, self.at, strict=True):
            by_word[word].append(place)
        if not _TRANSLIT_SIGNS.isdisjoint(by_word):
            for word in [word for word in by_word if word.isascii() and word.isalpha()]:
                places = by_word[word]
                by_word.setdefault(from_latin(word), places)
                by_word.setdefault(from_latin_ukrainian(word), places)
        return Prepared(
            self.written,
            self.subject_end,
            self.words,
            self.starts,
            self.ends,
            self.at,
            by_word,
        )

    def _read_line(self, line: str, end: int) -> None:
        plain, index = not self.mixed, self.folded.index
        words, starts, ends, at = self.words, self.starts, self.ends, self.at
        for chunk in line.split():
            start = index(chunk, end)
            end = start + len(chunk)
            if plain and chunk.isalnum():
                # What `_word` does: nearly every word of a letter is such a one, and a call less for each counts.
                words.append(chunk)
                starts.append(start)
                ends.append(end)
                at.append(self.place)
                self.place += 1
                if self.place % SENTENCE > _LONGEST_SENTENCE:
                    self._next_sentence()
            else:
                self._read(chunk, start)

    def _read(self, chunk: str, start: int) -> None:
        core = chunk.strip(_AROUND)
        offset = start + chunk.find(core)
        if core.isalnum() or _is_one_word(core):
            self._word(core, offset, offset + len(core))
        else:
            for match in WORD.finditer(core):
                self._word(
                    match.group().removesuffix("'s").replace("'", ""), offset + match.start(), offset + match.end()
                )
        last = chunk[-1]
        if last == ",":
            self.place += _COMMA
        elif last in _ENDS and _SENTENCE_END.search(chunk[-10:]):
            self._sentence_ends()

    def _word(self, word: str, start: int, end: int) -> None:
        if self.mixed and _MIXED.search(word):
            word = word.translate(_LOOK_ALIKES)
        self.words.append(word)
        self.starts.append(start)
        self.ends.append(end)
        self.at.append(self.place)
        self.place += 1
        if self.place % SENTENCE > _LONGEST_SENTENCE:
            self._next_sentence()

    def _line_ends(self, newline: int, length: int) -> None:
        if newline == self.subject_end - 1:
            self._pause()
        elif length < _WRAPPED_LINE or _begins_item(self.folded, newline + 1):
            self._sentence_ends()

    def _sentence_ends(self) -> None:
        """A fragment is joined to what follows, a greeting is forgotten, anything else stands by itself."""
        said = self.words[self.begun :]
        if said and len(said) <= _FRAGMENT_WORDS and not _GREETINGS.issuperset(said):
            self._pause()
        elif said and not _GREETINGS.issuperset(said):
            self._next_sentence()
        elif said:
            self._forget(len(said))

    def _forget(self, count: int) -> None:
        """Greetings keep their words but lose their place: the subject and the first sentence meet."""
        for rows in (self.words, self.starts, self.ends, self.at):
            del rows[-count:]
        self.place -= count

    def _pause(self) -> None:
        if len(self.words) > self.begun:
            self.place += _PAUSE
        self.begun = len(self.words)

    def _next_sentence(self) -> None:
        self.place = (self.place // SENTENCE + 1) * SENTENCE
        self.begun = len(self.words)


def _begins_item(folded: str, index: int) -> bool:
    first = _CHUNK.match(folded, index)
    return bool(first and (first.group() == "\n" or _BULLET.match(first.group())))


def _is_one_word(core: str) -> bool:
    """Addresses, links, clock times, dates and IP addresses stay in one piece."""
    if not 3 <= len(core) <= 300:
        return False
    return (
        "@" in core
        or "://" in core
        or any(shape.fullmatch(core) for shape in (TIME, DATE, IP))
        or ("." in core and DOMAIN.fullmatch(core) is not None)
    )


def from_latin(word: str) -> str:
    """A word of Russian in Latin letters, in Cyrillic ones: `rabotaet` gives `работает`."""
    for latin, cyrillic in _TRANSLIT:
        word = word.replace(latin, cyrillic)
    return word.translate(_TRANSLIT_LETTERS)


def from_latin_ukrainian(word: str) -> str:
    """A word of Ukrainian in Latin letters, in Cyrillic ones: `pratsiuie` gives `працюе` (є is read as е)."""
    for latin, cyrillic in _UKRAINIAN:
        word = word.replace(latin, cyrillic)
    return word.translate(_UKRAINIAN_LETTERS)
