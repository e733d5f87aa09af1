"""Bytes to text, whatever their sender said about them.

Tried in this order: the declared charset, UTF-8, a guess from the first kilobytes, Windows Cyrillic or
Western. Always gives text that can be encoded again (no lone surrogates, no NUL); never raises.
"""

from __future__ import annotations

import codecs
import re

# The guess costs 1 ms for a kilobyte, and knows after a few.
MAX_GUESSED_FROM = 4_096

# Below this certainty the guess is no better than the fallback.
MIN_CONFIDENCE = 0.6

# Python calls these text encodings, but no mail is written in them: some are slow, some run escapes.
_NOT_FOR_MAIL = frozenset(["idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"])

# Names that programs really send and Python does not know.
_ALIASES = {
    "cp-1251": "cp1251", "win-1251": "cp1251", "windows1251": "cp1251", "x-cp1251": "cp1251", "ansi": "cp1251",
    "x-windows-1251": "cp1251", "cp-1250": "cp1250", "win-1250": "cp1250", "x-mac-cyrillic": "mac_cyrillic",
    "koi8r": "koi8-r", "koi8u": "koi8-u", "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8", "unicode-1-1-utf-7": "utf-7",
    "iso-8859-8-i": "iso-8859-8", "x-sjis": "shift_jis", "x-user-defined": "cp1252",
}  # fmt: skip

# Charsets in which every byte means something: that decoding succeeds is no evidence.
_NEVER_FAIL = frozenset(["iso8859-1", "cp1252", "ascii"])

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def decode(data: bytes, declared: str | None) -> tuple[str, bool]:
    """The text of the bytes, and whether they kept to the declared charset (plain ASCII counts)."""
    if data.isascii() and not _is_multibyte(declared):
        return _clean(data.decode("ascii")), True
    codec = _codec(declared)
    if codec is not None and not (codec in _NEVER_FAIL and _is_cyrillic_or_utf8(data)):
        try:
            return _clean(data.decode(codec)), True
        except (LookupError, ValueError):
            pass  # not in this charset, or a codec that is no charset (rot13)
    return _clean(_undeclared(data)), False


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text)


def _codec(name: str | None) -> str | None:
    """Python's name of a charset that mail may be written in, or None."""
    if not name or "\0" in name or len(name) > 40:
        return None
    wanted = name.strip("\"' ").lower()
    try:
        codec = codecs.lookup(_ALIASES.get(wanted, wanted)).name
    except (LookupError, ValueError):
        return None
    return None if codec.replace("-", "_") in _NOT_FOR_MAIL else codec


def _is_multibyte(declared: str | None) -> bool:
    """Are ASCII bytes not ASCII text in this charset?"""
    return declared is not None and declared.strip("\"' ").lower().startswith(
        ("utf-16", "utf-32", "utf-7", "iso-2022", "hz")
    )


def _is_cyrillic_or_utf8(data: bytes) -> bool:
    """Do bytes declared as Western look like something else: valid UTF-8, or mostly letters beyond ASCII?"""
    sample = data[:MAX_GUESSED_FROM]
    beyond = sum(1 for byte in sample if byte >= 0x80)
    letters = sum(1 for byte in sample if chr(byte).isalpha() or byte >= 0x80)
    return beyond * 3 > letters or _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _undeclared(data: bytes) -> str:
    """Text of bytes about which nothing trustworthy was said."""
    if _is_utf8(data):
        return data.decode("utf-8")
    import chardet  # its tables are 10 MB, and honest mail never needs them

    found = chardet.detect(data[:MAX_GUESSED_FROM])
    codec = _codec(found["encoding"])
    if codec is not None and (found["confidence"] or 0) >= MIN_CONFIDENCE:
        try:
            return data.decode(codec)
        except (LookupError, ValueError):
            pass  # not in this charset, or a codec that is no charset (rot13)
    return data.decode("cp1251" if _is_cyrillic_or_utf8(data) else "cp1252", "replace")
