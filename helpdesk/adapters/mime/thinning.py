"""A large mail without the bytes of its files: what is parsed stays small, however large the mail is.

Parsed whole, a mail of 25 MB takes ten times as much memory. Its files hardly matter to the reading: a name, a type, a
size and a hash. So each long block of base64 that is the body of a part becomes a short word that stands for it, and
what is said of the word afterwards is replaced by what holds for the file. Blocks are cut only where nothing else can
be meant: behind the header of a part, in good base64, up to the next boundary; never text, winmail.dat, or anything in
a mail that encloses others. Linear in the size of the mail. Source: RFC 2045 section 6.8, RFC 2046 section 5.1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from helpdesk.adapters.mime.parts import WHOLE
from helpdesk.core.message import Attachment, Inbound

# Smaller mails are parsed as they are, and smaller files stay in them.
LARGE = 1024 * 1024
_LONG = 64 * 1024

# A part's header is looked for in so much before its body.
_HEADER = 64 * 1024

# So much is decoded at a time.
_PIECE = 256 * 1024

# Begins behind an empty line and gives nothing back: no byte is looked at twice.
_BLOCK = re.compile(rb"(?:(?<=\n\n)|(?<=\n\r\n))(?:[A-Za-z0-9+/]++\r?\n)++(?:[A-Za-z0-9+/]*+={1,2}\r?\n)?+")
_ENCLOSES = re.compile(rb"^content-type:\s*message/", re.IGNORECASE | re.MULTILINE)
_IS_BASE64 = re.compile(rb"^content-transfer-encoding:[ \t]*base64[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_STAYS = re.compile(rb"^content-type:\s*(?:text/|[\w.-]+/(?:vnd\.)?ms-tnef)|winmail\.dat", re.IGNORECASE | re.MULTILINE)
_ENDS = re.compile(rb"(?:\r?\n)*(?:--|\Z)")


@dataclass(frozen=True, slots=True)
class Cut:
    """A file whose bytes were left out: where its base64 stands in the mail, and what it is."""

    start: int
    end: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Thin:
    """A mail to be parsed in place of the whole one; `cuts` by the hash of the word that stands for each."""

    raw: bytes
    cuts: Mapping[str, Cut]


def thin(raw: bytes) -> Thin:
    """The mail without the bytes of its large files; the mail itself where there is nothing to cut."""
    if len(raw) < LARGE or _ENCLOSES.search(raw):
        return Thin(raw, {})
    whole = memoryview(raw)
    kept: list[bytes | memoryview] = []
    cuts: dict[str, Cut] = {}
    reached = 0
    for block in _BLOCK.finditer(raw):
        cut = _cut(raw, block.start(), block.end())
        if cut is not None:
            word = f"helpdesk file {cut.sha256} {cut.size}".encode()
            cuts[hashlib.sha256(word).hexdigest()] = cut
            kept += [whole[reached : cut.start], base64.encodebytes(word)]
            reached = cut.end
    if not cuts:
        return Thin(raw, {})
    return Thin(b"".join([*kept, whole[reached:]]), cuts)


def whole_again(inbound: Inbound, raw: bytes, cuts: Mapping[str, Cut]) -> Inbound:
    """What was read of the thin mail, said of the whole one."""
    digest = hashlib.sha256(raw).hexdigest()

    def file(attachment: Attachment) -> Attachment:
        if attachment.part == WHOLE:
            return replace(attachment, size=len(raw), sha256=digest)
        cut = cuts.get(attachment.sha256)
        return attachment if cut is None else replace(attachment, size=cut.size, sha256=cut.sha256)

    return replace(inbound, size=len(raw), sha256=digest, attachments=tuple(map(file, inbound.attachments)))


def content_of(raw: bytes, cut: Cut) -> bytes:
    """The bytes of a file that was cut."""
    return b"".join(_decoded(raw, cut.start, cut.end))


def _cut(raw: bytes, start: int, end: int) -> Cut | None:
    """The file whose base64 this block is, or None where it may be something else."""
    if end - start < _LONG or not _ENDS.match(raw, end):
        return None
    before = raw[max(0, start - _HEADER) : start]
    edge = before.rfind(b"\n--")
    header = before[edge + 1 :]
    if edge < 0 or b"\n\n" in header[:-2] or b"\n\r\n" in header[:-3]:
        return None
    if _IS_BASE64.search(header) is None or _STAYS.search(header) is not None:
        return None
    size, found = 0, hashlib.sha256()
    try:
        for piece in _decoded(raw, start, end):
            size += len(piece)
            found.update(piece)
    except binascii.Error:
        return None
    return Cut(start, end, size, found.hexdigest())


def _decoded(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """The block's bytes in pieces; binascii.Error where it is not whole."""
    rest = b""
    for at in range(start, end, _PIECE):
        letters = rest + raw[at : min(at + _PIECE, end)].translate(None, b"\r\n")
        whole = len(letters) // 4 * 4
        rest = letters[whole:]
        yield base64.b64decode(letters[:whole], validate=True)
    if rest:
        raise binascii.Error("letters are missing at the end")
