"""The files inside a winmail.dat, the parcel in which Outlook sends what it cannot say in MIME.

Bytes in, files and the body out. Outlook writes attributes one behind the other; each file begins
with a rendering attribute, has a short title, and a block of properties that may give it a longer name. What is
torn or unknown ends the reading or is passed over: the result is what was readable, possibly nothing. Never
raises. Checksums are not verified: a damaged file is worth more to a desk than none. Text in Outlook's own
compressed format is handed out as it is, for `rtf`. Source: the published formats MS-OXTNEF and MS-OXCDATA.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from helpdesk.adapters.mime.charset import decode

# A larger parcel is passed on as it is, and so are files beyond the hundredth.
MAX_PARCEL = 30 * 1024 * 1024
MAX_FILES = 100
_MAX_PROPERTIES = 2_000

_SIGNATURE = 0x223E9F78
_HEADER = struct.Struct("<BII")
_CHECKSUM = 2

# Attributes, by number and type in one.
_BODY, _MESSAGE_PROPERTIES, _CODE_PAGE = 0x0002800C, 0x00069003, 0x00069007
_FILE_BEGINS, _FILE_TITLE, _FILE_CONTENT, _FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005

# Properties, and the lengths of the types that have a fixed one (padded to four bytes).
_PLAIN_BODY, _RTF_BODY, _HTML_BODY = 0x1000, 0x1009, 0x1013
_CONTENT, _NAME, _LONG_NAME, _MIME_TYPE = 0x3701, 0x3704, 0x3707, 0x370E
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_OBJECT, _STRING, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_MANY = 0x1000
_NAMED = 0x8000
_UTF_16 = "utf-16-le"


@dataclass(slots=True)
class File:
    """A file of the parcel; `type` is empty where none is told."""

    name: str = ""
    type: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What was readable: the files in their order, and the letter's text in the forms in which the parcel holds it."""

    files: tuple[File, ...]
    text: str = ""
    html: str = ""
    compressed_rtf: bytes = b""


def unpack(data: bytes) -> Parcel:
    """The contents of a winmail.dat; an empty parcel for anything else."""
    files: list[File] = []
    texts: dict[int, str] = {}
    charset, compressed_rtf = "cp1252", b""
    for attribute, value in _attributes(data):
        if attribute == _CODE_PAGE and len(value) >= 4:
            charset = f"cp{int.from_bytes(value[:4], 'little')}"
        elif attribute == _BODY:
            texts.setdefault(_PLAIN_BODY, _text(value, charset))
        elif attribute == _MESSAGE_PROPERTIES:
            found = _properties(value, charset)
            texts |= {key: _text(*found[key]) for key in (_PLAIN_BODY, _HTML_BODY) if key in found}
            compressed_rtf = found[_RTF_BODY][0] if _RTF_BODY in found else compressed_rtf
        elif attribute == _FILE_BEGINS:
            if len(files) >= MAX_FILES:
                break
            files.append(File())
        elif files:
            _add(files[-1], attribute, value, charset)
    kept = tuple(file for file in files if file.name or file.content)
    return Parcel(kept, texts.get(_PLAIN_BODY, ""), texts.get(_HTML_BODY, ""), compressed_rtf)


def _add(file: File, attribute: int, value: bytes, charset: str) -> None:
    """What one attribute says about the file that was begun last."""
    if attribute == _FILE_TITLE:
        file.name = file.name or _text(value, charset)
    elif attribute == _FILE_CONTENT:
        file.content = value
    elif attribute == _FILE_PROPERTIES:
        found = _properties(value, charset)
        for key in (_LONG_NAME, _NAME):
            if key in found:
                file.name = _text(*found[key])
                break
        if _MIME_TYPE in found:
            file.type = _text(*found[_MIME_TYPE]).lower()
        if not file.content and _CONTENT in found:
            file.content = found[_CONTENT][0]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes up to the first torn one."""
    if len(data) > MAX_PARCEL or data[:4] != _SIGNATURE.to_bytes(4, "little"):
        return
    at = 6
    while at + _HEADER.size <= len(data):
        _, attribute, length = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        if at + length > len(data):
            return
        yield attribute, data[at : at + length]
        at += length + _CHECKSUM


def _properties(data: bytes, charset: str) -> dict[int, tuple[bytes, str]]:
    """The first value of every property that can be read, with the charset in which it is a text."""
    found: dict[int, tuple[bytes, str]] = {}
    try:
        count, at = _number(data, 0), 4
        for _ in range(min(count, _MAX_PROPERTIES)):
            kind, key = struct.unpack_from("<HH", data, at)
            at += 4
            if key >= _NAMED:
                at = _after_name(data, at)
            value, at = _value(data, at, kind)
            found.setdefault(key, (value, _UTF_16 if kind & ~_MANY == _UNICODE else charset))
    except (struct.error, ValueError):
        pass  # torn, or of a type without a known length: what was read so far counts
    return found


def _value(data: bytes, at: int, kind: int) -> tuple[bytes, int]:
    """The first value at this place, and where the next property begins. Raises ValueError for unknown types."""
    single = kind & ~_MANY
    count = 1
    if kind & _MANY or single in (_STRING, _UNICODE, _BINARY, _OBJECT):
        count, at = _number(data, at), at + 4
    first = b""
    for number in range(count):
        if single in _FIXED:
            length, begin = _FIXED[single], at
        elif single in (_STRING, _UNICODE, _BINARY, _OBJECT):
            length, begin = _number(data, at), at + 4
        else:
            raise ValueError(f"property of type {single:#x}")
        if begin + length > len(data):
            raise ValueError("torn property")
        if number == 0:
            first = data[begin : begin + length]
        at = begin + length + -length % 4
    # An object begins with the number of its interface.
    return first[16:] if single == _OBJECT else first, at


def _after_name(data: bytes, at: int) -> int:
    """Where the value of a named property begins."""
    by_text = _number(data, at + 16) == 1
    at += 20
    length = _number(data, at) if by_text else 0
    return at + 4 + length + -length % 4


def _number(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _text(value: bytes, charset: str) -> str:
    """A string that ends at its first null."""
    value = value[: len(value) & ~1] if charset == _UTF_16 else value.partition(b"\0")[0]
    return decode(value, charset)[0].strip()
