"""How much of a mail is parsed: raw bytes -> the bytes to parse, and what was cut.

The parser of the standard library takes quadratic time, or gives up, on headers and structures that no program writes.
Whoever parses a mail, in a worker or in the daemon, parses these bytes; so part numbers agree as well.
"""

from __future__ import annotations

import re

MAX_HEADERS = 1_000
MAX_HEAD = 100 * 1024
MAX_HEADER = 64 * 1024

# The parser tries every open boundary on every line: so many nested multiparts, boundary-like lines, and
# lines times nested multiparts are not given to it.
_MAX_CONTAINERS = 500
_MAX_BOUNDARY_LINES = 20_000
_MAX_LINE_CHECKS = 5_000_000

_HEADER_ENDS = re.compile(rb"\n(?![ \t])|\Z")
_CONTAINER = re.compile(rb"content-type:[ \t\r\n]*(?:multipart|message)/", re.IGNORECASE)


class TooMuchError(ValueError):
    """The mail is beyond what is parsed."""


def head_of(raw: bytes) -> bytes:
    """The bytes of the header."""
    end = len(raw)
    for blank in (b"\n\n", b"\n\r\n", b"\r\r"):
        found = raw.find(blank, 0, end)
        end = found if found >= 0 else end
    return raw[:end].removesuffix(b"\r") if end < len(raw) else raw


def bounded_head(raw: bytes) -> bytes:
    """A mail with the headers of this one and no text; headers beyond the caps are left out."""
    return _kept_headers(head_of(raw[: 2 * MAX_HEAD])) + b"\r\n\r\n"


def bounded(raw: bytes) -> tuple[bytes, str]:
    """The bytes to parse, without the headers beyond the caps, and in words what was cut (empty: nothing).

    Raises TooMuchError for hostile structures.
    """
    containers = len(_CONTAINER.findall(raw))
    if containers > _MAX_CONTAINERS:
        raise TooMuchError(f"{containers} nested parts")
    if containers > 10 and containers * raw.count(b"\n") > _MAX_LINE_CHECKS:
        raise TooMuchError(f"{containers} nested parts of many lines")
    if containers and raw.count(b"\n--") > _MAX_BOUNDARY_LINES:
        raise TooMuchError("too many boundaries")
    head = head_of(raw)
    if len(head) <= MAX_HEADER and head.count(b"\n") < MAX_HEADERS:
        return raw, ""
    kept = _kept_headers(head)
    cut = len(head) - len(kept)
    return kept + raw[len(head) :], f"{cut} bytes of headers cut" if cut > 0 else ""


def _kept_headers(head: bytes) -> bytes:
    """The headers that fit into the caps; a long one is cut, and what does not fit makes no other one disappear."""
    kept: list[bytes] = []
    room = MAX_HEAD
    start = 0
    for match in _HEADER_ENDS.finditer(head):
        header = head[start : min(match.end(), start + MAX_HEADER)].rstrip(b"\r\n")
        start = match.end()
        if len(header) < room and len(kept) < MAX_HEADERS:
            kept.append(header)
            room -= len(header) + 1
    return b"\n".join(kept)
