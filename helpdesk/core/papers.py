"""Papers: what is drawn for a letter and printed, such as the label of a return.

A PaperView is all that the template of a paper may show; a Line is what it says line by line: a heading, a row of a
table, a barcode. `lines_of` reads the filled template. Values of correspondents hold none of its marks, so they draw
nothing. Never fails: what is no mark is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

# Millimetres. A page between a stamp and a poster; A4 where a template names none.
A4 = (210, 297)
_SMALLEST, _LARGEST = 30, 1000

# A paper of more lines is no letter.
MAX_LINES = 400

_PAGE = re.compile(r"\[page ([0-9]{2,4}) ([0-9]{2,4})\]")
_MARK = re.compile(r"\[(code128|qr): ?(.+)\]")
_PLAIN = str.maketrans("[]|#", "()/№")


class Kind(StrEnum):
    """What a line is."""

    TITLE = "title"
    HEADING = "heading"
    ROW = "row"  # name and value
    CODE128 = "code128"
    QR = "qr"
    TEXT = "text"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a paper; `value` of a row is its second cell."""

    kind: Kind
    text: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """What is to be drawn on a page of `size` (width and height in millimetres)."""

    size: tuple[int, int]
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperView:
    """All that the template of a paper may show, without marks of its own."""

    number: int
    rma: str
    desk: str
    address: str  # of mail
    warehouse: tuple[str, ...]
    requester: str
    day: date
    fields: tuple[tuple[str, str], ...] = ()


def unmarked(value: str) -> str:
    """The value as one line that is nothing but text on a paper."""
    return " ".join(value.translate(_PLAIN).split())


def lines_of(filled: str) -> Paper:
    """The filled template, line by line."""
    size, lines = A4, []
    for line in filled.splitlines()[:MAX_LINES]:
        said = line.strip()
        if page := _PAGE.fullmatch(said):
            width, height = (min(max(int(each), _SMALLEST), _LARGEST) for each in page.groups())
            size = (width, height)
        else:
            lines.append(_line(said))
    return Paper(size, tuple(lines))


def _line(said: str) -> Line:
    if mark := _MARK.fullmatch(said):
        return Line(Kind(mark[1]), mark[2].strip())
    if said.startswith("|"):
        name, _, value = said[1:].partition("|")
        return Line(Kind.ROW, name.strip(), value.strip())
    if said.startswith("## "):
        return Line(Kind.HEADING, said[3:].strip())
    if said.startswith("# "):
        return Line(Kind.TITLE, said[2:].strip())
    return Line(Kind.TEXT if said else Kind.GAP, said)
