"""Words that somebody looks for in mail, in whatever form they were written.

What is searched and what is looked for are evened out alike (case, ё, Polish marks, apostrophes), and a word that is
looked for gives up its ending: "оплаты" finds "оплата" and "оплатить", "invoices" finds "invoice". Every word must be
there. Numbers and short words are taken as they stand. Never fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.ticket import Ticket
from helpdesk.core.words import WORD, fold

# Characters of one mail that can be found; what stands behind them is a log or a list.
SEARCHED = 20_000

# Words of one question that count.
MAX_WORDS = 10

# Characters around the first word found.
_AROUND = 60

# Fewer letters say nothing.
_SHORTEST_STEM = 4

_ENDINGS = tuple(
    sorted(
        (
            # Russian and Ukrainian
            "иями ями ами ого его ому ему ыми ими ться тся ешь ете ает ают уют ить ать ять еть ила или ило ала али ало "
            "ов ев ей ий ый ой ая яя ое ее ые ие ую юю ам ям ах ях ом ем ою ею их ых им ым ил ал ит ат ут ют "
            "ок ку ка ки ке ком кам ков ків ание ания анию анием ение ения ению ением ання анню анням ення енню енням "
            "ові еві ості ість істю ією ії ів їв ії ієм ти а я о е у ю ы и ь й і ї "
            # Polish, without its marks
            "iami ami ach owi ego emu ymi imi ych osci osc owie ow ia ie ii em om ac ec ic yc al il "
            # English
            "ing ed es ly a e i o u y s"
        ).split(),
        key=len,
        reverse=True,
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket with what was looked for, and the words around it in its newest mail that says so."""

    ticket: Ticket
    excerpt: str
    at: datetime


def searchable(subject: str, text: str) -> str:
    """The words of a mail as they are kept for searching, with blanks between them."""
    return " ".join(WORD.findall(fold(f"{subject}\n{text}"[:SEARCHED])))


def beginnings(words: str) -> tuple[str, ...]:
    """What the words that are looked for begin with, without doubles; empty where there is no word in it."""
    return tuple(dict.fromkeys(_stem(word) for word in WORD.findall(fold(words))))[:MAX_WORDS]


def excerpt(subject: str, text: str, wanted: tuple[str, ...]) -> str:
    """One line of the mail around the first word that begins with one of `wanted`; else how it begins."""
    for said in (text, subject):
        line = " ".join(said[:SEARCHED].split())
        for word in WORD.finditer(fold(line)):
            if word.group().startswith(wanted):
                begin, end = max(0, word.start() - _AROUND), word.end() + _AROUND
                return f"{'…' if begin else ''}{line[begin:end].strip()}{'…' if end < len(line) else ''}"
    return " ".join(text[: 2 * _AROUND].split())


def _stem(word: str) -> str:
    """The word without its ending."""
    if word.isascii() and not word.isalpha():
        return word
    for ending in _ENDINGS:
        if len(word) - len(ending) >= _SHORTEST_STEM and word.endswith(ending):
            return word[: -len(ending)]
    return word
