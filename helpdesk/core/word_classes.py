"""Classes of words that a pattern can name: <name>, <link>, <address>, <ip>, <number>, <time>, <code>, and passages.

A Prepared letter and the name of a class in, the places of its words out, ascending. Never fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from helpdesk.core.words import CYRILLIC, DATE, DOMAIN, IP, TIME, WORD, Prepared

# Addresses that nobody outside can see (RFC 1918, RFC 3927, loopback).
_INNER_IP = re.compile(r"(?:10|127|0)\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|fe80|f[cd]")
# A passage in quotation marks, of bounded length.
_QUOTED = re.compile(r"[«“„\"]([^«»“”„\"\n]{4,300})[»”“\"]")
_AFTER_COLON = re.compile(r":[ \t]+(?=([^\n]{4,300}))")


def _is_name(prepared: Prepared, index: int) -> bool:
    """A capital inside a sentence, or a Latin word among Cyrillic ones: a supplier, a bank, a maker."""
    word = prepared.written[prepared.starts[index] : prepared.ends[index]]
    before = prepared.written[prepared.starts[index - 1] : prepared.ends[index - 1]] if index else ""
    if not word[0].isalpha() or len(word) < 2 or "@" in word:
        return False
    if word.isascii() and before and CYRILLIC.search(prepared.words[index - 1]):
        return True
    inside = index > 0 and prepared.at[index] == prepared.at[index - 1] + 1
    shouted = word.isupper() and before.isupper()
    return word[0].isupper() and inside and not shouted


def _is_link(prepared: Prepared, index: int) -> bool:
    word = prepared.words[index]
    return "." in word and "@" not in word and ("://" in word or DOMAIN.fullmatch(word) is not None)


def _is_address(prepared: Prepared, index: int) -> bool:
    local, _, domain = prepared.words[index].partition("@")
    return bool(local) and "." in domain


def _is_ip(prepared: Prepared, index: int) -> bool:
    """An address by which the world sees a computer: inner ones do not count."""
    word = prepared.words[index]
    if not IP.fullmatch(word) or _INNER_IP.match(word):
        return False
    return ":" in word or all(int(part) < 256 for part in word.split("."))


def _is_number(prepared: Prepared, index: int) -> bool:
    return prepared.words[index].isdecimal()


def _is_time(prepared: Prepared, index: int) -> bool:
    word = prepared.words[index]
    return TIME.fullmatch(word) is not None or DATE.fullmatch(word) is not None


def _is_code(prepared: Prepared, index: int) -> bool:
    """Letters mixed with digits, or five digits and more: an article number."""
    word = prepared.words[index]
    digits = sum(letter.isdecimal() for letter in word)
    return word.isalnum() and (digits >= 5 or 1 <= digits < len(word) >= 4) and not TIME.fullmatch(word)


def _beginnings(passage: re.Pattern[str], written: str) -> frozenset[int]:
    """Offsets of the first word of each passage that has two words or more, numbers aside: a text, not a code."""
    begun = set()
    for match in passage.finditer(written):
        words = [word for word in WORD.finditer(match.group(1)) if not word.group().isdecimal()]
        if len(words) >= 2:
            begun.add(match.start(1) + words[0].start())
    return frozenset(begun)


_BY_WORD: dict[str, Callable[[Prepared, int], bool]] = {
    "name": _is_name,
    "link": _is_link,
    "address": _is_address,
    "ip": _is_ip,
    "number": _is_number,
    "time": _is_time,
    "code": _is_code,
}

# The first word of a passage: in quotation marks; behind a colon.
_PASSAGES = {"quoted": _QUOTED, "stated": _AFTER_COLON}

CLASSES = (*_BY_WORD, *_PASSAGES)


def of_class(prepared: Prepared, name: str) -> list[int]:
    """Places of all words of the class `name` (one of CLASSES), ascending."""
    if name in _PASSAGES:
        begun = _beginnings(_PASSAGES[name], prepared.written)
        return [place for place, start in zip(prepared.at, prepared.starts, strict=True) if start in begun]
    if name == "name":
        indexes = _capitals(prepared)
    else:  # what is made of letters alone is none of the others
        indexes = [index for index, word in enumerate(prepared.words) if not word.isalpha()]
    belongs = _BY_WORD[name]
    return [prepared.at[index] for index in indexes if belongs(prepared, index)]


def _capitals(prepared: Prepared) -> list[int]:
    """Words that begin with a capital or in Latin letters: no other is a name."""
    written = prepared.written
    firsts = ((index, written[start]) for index, start in enumerate(prepared.starts))
    return [index for index, first in firsts if first.isascii() or first.isupper()]
