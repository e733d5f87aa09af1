"""A large mail without the bytes of its files: what is parsed stays small, however large the mail is.

Parsed whole, a mail of 25 MB takes ten times as much memory. Its files hardly matter to the reading: a name, a type, a
size and a hash. So each long block of base64 that is the body of a part becomes a short word that stands for it, also
within enclosed mails, and whoever needs the bytes of a part puts the block in the place of the word again, piece by
piece. Blocks are cut only where nothing else can be meant: behind the header of a part, in good base64, up to the next
boundary; never text to be read, a winmail.dat or an encoded mail. Linear in the size of the mail.
Source: RFC 2045 section 6.8, RFC 2046 section 5.1.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import mmap

# Smaller mails are parsed as they are, and smaller files stay in them.
LARGE = 1024 * 1024
_LONG = 64 * 1024

# A part's header is looked for in so much before its body.
_HEADER = 64 * 1024

# So much is decoded at a time.
_PIECE = 256 * 1024

# Begins behind an empty line and gives nothing back: no byte is looked at twice.
_BLOCK = re.compile(rb"(?:(?<=\n\n)|(?<=\n\r\n))(?:[A-Za-z0-9+/]++\r?\n)++(?:[A-Za-z0-9+/]*+={1,2}\r?\n)?+")
_IS_BASE64 = re.compile(rb"^content-transfer-encoding:[ \t]*base64[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_TNEF = re.compile(rb"^content-type:\s*[\w.-]+/(?:vnd\.)?ms-tnef|winmail\.dat", re.IGNORECASE | re.MULTILINE)
_ENCODED_MAIL = re.compile(rb"^content-type:\s*message/", re.IGNORECASE | re.MULTILINE)
_TEXT = re.compile(rb"^content-type:\s*text/", re.IGNORECASE | re.MULTILINE)
_IS_FILE = re.compile(rb"^content-disposition:\s*attachment", re.IGNORECASE | re.MULTILINE)
_ENDS = re.compile(rb"(?:\r?\n)*(?:--|\Z)")


# Perhaps a word that stands for a block.
_LINE = re.compile(rb"^[A-Za-z0-9+/]+={0,2}\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Thin:
    """A mail to be parsed in place of `whole`, and where in that each block stands, by the word that stands for it."""

    raw: bytes
    whole: bytes | mmap
    blocks: Mapping[bytes, tuple[int, int]]

    def size(self, content: bytes) -> int:
        """How many bytes a part has of which the parse gave `content`."""
        return sum(map(len, self.pieces(content)))

    def pieces(self, content: bytes) -> Iterator[bytes]:
        """All bytes of that part, a few at a time."""
        block = self.blocks.get(content)
        if block is not None:
            yield from _decoded(self.whole, *block)
            return
        # An enclosed mail: its own files stand in it as they came, but for the line ends, which the parser has changed.
        reached = 0
        for line in _LINE.finditer(content) if self.blocks else ():
            word = _word_in(line[0])
            if word in self.blocks:
                yield content[reached : line.start()]
                reached = line.end()
                start, end = self.blocks[word]
                for at in range(start, end, _PIECE):
                    yield self.whole[at : min(at + _PIECE, end)].translate(None, b"\r")
        yield content[reached:]


def thin(whole: bytes | mmap, sha256: str) -> Thin:
    """The mail without the bytes of its large files; the mail itself where there is nothing to cut.

    `sha256` of the mail is a part of the words: nobody can write one of them into the mail itself.
    """
    kept: list[bytes] = []
    blocks: dict[bytes, tuple[int, int]] = {}
    reached = 0
    for block in _BLOCK.finditer(whole) if len(whole) >= LARGE else ():
        start, end = block.span()
        if end - start >= _LONG and _is_file(whole, start, end):
            word = f"{sha256[:16]} {start}-{end}".encode()
            blocks[word] = (start, end)
            kept += [whole[reached:start], base64.encodebytes(word)]
            reached = end
    if not blocks and isinstance(whole, bytes):
        return Thin(whole, whole, {})
    return Thin(b"".join([*kept, whole[reached:]]), whole, blocks)


def holds_text_in_a_file(thinned: bytes) -> bool:
    """Is what stands in the mail perhaps within a winmail.dat? That has to be taken as a whole."""
    return _TNEF.search(thinned) is not None


def _is_file(raw: bytes | mmap, start: int, end: int) -> bool:
    """Is this block the body of a file, and nothing else?"""
    if not _ENDS.match(raw, end):
        return False
    before = raw[max(0, start - _HEADER) : start]
    edge = before.rfind(b"\n--")
    header = before[edge + 1 :]
    if (edge < 0 and start > _HEADER) or b"\n\n" in header[:-2] or b"\n\r\n" in header[:-3]:
        return False
    if not _IS_BASE64.search(header) or _TNEF.search(header) or _ENCODED_MAIL.search(header):
        return False
    if _TEXT.search(header) and not _IS_FILE.search(header):
        return False
    try:
        for _ in _decoded(raw, start, end):
            pass
    except binascii.Error:
        return False
    return True


def _word_in(line: bytes) -> bytes:
    """What a line of base64 says, where it may be a word of ours."""
    try:
        said = base64.b64decode(line) if len(line) < 100 else b""
    except binascii.Error:
        return b""
    return said


def _decoded(raw: bytes | mmap, start: int, end: int) -> Iterator[bytes]:
    """The block's bytes in pieces; binascii.Error where it is not whole."""
    rest = b""
    for at in range(start, end, _PIECE):
        letters = rest + raw[at : min(at + _PIECE, end)].translate(None, b"\r\n")
        whole = len(letters) // 4 * 4
        rest = letters[whole:]
        yield base64.b64decode(letters[:whole], validate=True)
    if rest:
        raise binascii.Error("letters are missing at the end")
