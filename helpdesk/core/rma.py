"""RMA numbers: what stands on the parcel of a return, so that the warehouse finds its ticket.

`R-1000013` is the series of a desk, the number of the ticket and a check digit. A ticket's number is never used twice,
so neither is this one. The digit is that of H. M. Damm (Total anti-symmetrische Quasigruppen, 2004): every single wrong
digit and every swap of two neighbours shows. Numbers are read as people type them: in either alphabet, with blanks
and any dash. Pure, linear in the length; never fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# The names of the fields in which a ticket keeps them.
RMA = "rma"
TRACKING = "tracking"

# Row: what came out so far, column: the next digit. Zero on the diagonal, so that a check digit ends every number in 0.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)

# Capital letters that look the same in both alphabets, and every dash that a keyboard or a mail program makes.
_LATIN = str.maketrans("АВЕЅІЈКМНОРСТУХ‐‑‒–—−", "ABESIJKMHOPCTYX------")
_NUMBER = re.compile(r"(?<![0-9A-Z])([A-Z]{1,4}) ?-? ?([0-9](?:[ -]?[0-9]){6,12})(?![0-9A-Z])")
# Hardly any letter has so many digits in a row, with at most one character between two of them.
_DIGITS = re.compile(r"[0-9](?:.?[0-9]){6}")

# A mail that means an RMA number names it near its beginning.
MAX_READ = 2_000


@dataclass(frozen=True, slots=True)
class Named:
    """An RMA number as somebody wrote it: `ticket` is None where its check digit shows a slip of the pen."""

    number: str
    ticket: int | None


def rma_number(series: str, ticket: int) -> str:
    """The RMA number of a ticket in this series."""
    digits = f"{ticket:06d}"
    return f"{series}-{digits}{check_digit(digits)}"


def check_digit(digits: str) -> str:
    """The digit that makes a sound number of these."""
    row = 0
    for digit in digits:
        row = int(_DAMM[row][int(digit)])
    return str(row)


def named_in(text: str, series: Iterable[str]) -> tuple[Named, ...]:
    """Every RMA number of these series near the beginning of the text, in order, without doubles."""
    known = frozenset(series)
    return _named_in(text[:MAX_READ], known) if known else ()


# What to load for a mail and what it means are two questions about the same text.
@lru_cache(maxsize=2)
def _named_in(text: str, known: frozenset[str]) -> tuple[Named, ...]:
    if not _DIGITS.search(text):
        return ()
    found = _NUMBER.finditer(text.upper().translate(_LATIN))
    read = (_read(shape[1], re.sub(r"[ -]", "", shape[2])) for shape in found if shape[1] in known)
    return tuple(dict.fromkeys(read))


def _read(series: str, digits: str) -> Named:
    # The whole, check digit included, comes out as zero where nothing was mistyped.
    sound = check_digit(digits) == "0"
    return Named(f"{series}-{digits}", int(digits[:-1]) if sound else None)
