"""T15, text that makes patterns try for ever: everything that reads what strangers wrote ends, whatever they wrote.

Each text is read, decided by the shipped packs and answered as a whole. The fuse is generous: what would not end, ends
the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.core.language import guess
from helpdesk.core.quote import split
from helpdesk.core.subject_tag import find_tags, strip_prefixes, strip_tags
from tests.security.desk import EVE, Desk, desk, mail
from tests.security.test_t11_bombs import fuse

SIZE = 200_000
PIECES = {
    "attributions that never end": "On " + "x" * 200 + " at wrote ",
    "attributions in Russian": "12 марта 2026 г. в 12:00 пользователь ",
    "dates without an end": "2026-03-02 12:00 ",
    "addresses without an end": "<a@b ",
    "quote marks": "> ",
    "dashes": "-",
    "dashes and words": "----- Original ",
    "labels": "From: x\nSent: y\n",
    "blanks": " ",
    "tabs and line ends": "\t\n",
    "one letter": "a",
    "letters and blanks": "a ",
    "negations": "not not ",
    "words of outages": "сайт не работает не ",
    "half a phrase": "nobody can ",
    "equal signs": "key = ",
    "colons": "ip: ",
    "numbers": "1.1.1.1",
    "tags": "[##100001##]",
    "halves of tags": "[##",
    "prefixes": "Re: ",
    "prefixes that count": "Re[",
    "hashes": "#close ",
    "commands": "#note x\n",
    "signatures": "-- \n",
    "absences": "out of office until ",
    "bounces": "could not be delivered to ",
    "brackets": "([{",
    "quotes": "\"'`",
    "zero-width": "\u200b",
    "combining": "e\u0301\u0302\u0303",
    "emoji": "\U0001f525",
    "mixed alphabets": "аaоo",
}


@pytest.fixture(scope="module")
def full_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("patterns"), packs='["outages", "clarify"]') as one:
        yield one


def text_of(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_long_text_is_read_decided_and_answered(full_desk: Desk, piece: str) -> None:
    text = text_of(piece)
    with fuse(30):
        taken = full_desk.take(
            [
                mail(EVE, "Hello", text),
                mail(EVE, piece * 100 if "\n" not in piece else "x", text + "\nend"),
                mail(EVE, "Hello", f"<p>{text}</p>").replace(b"text/plain", b"text/html", 1),
            ]
        )
    assert [one.error for one in taken] == ["", "", ""]


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_every_reader_of_text_ends(piece: str) -> None:
    text = text_of(piece)
    with fuse(30):
        new, old = split(text)
        assert len(new) + len(old) <= 3 * len(text) + 100
        guess(text)
        find_tags(text[:1000])
        assert "[##100001##]" not in strip_tags(strip_prefixes(text[:1000]))


def test_packs_hold_no_regular_expressions() -> None:
    packs = sorted((Path(__file__).parents[2] / "helpdesk" / "packs").glob("*.toml"))
    assert packs
    # Phrases are words, gaps and alternatives (core/phrases): nothing that could back-track.
    for pack in packs:
        assert not re.search(r"\(\?[:=!<]|\\[dwsb]|\.\*|\)[+*]", pack.read_text("utf-8")), pack.name
