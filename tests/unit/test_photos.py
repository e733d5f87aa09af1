"""Which picture shows what, and which ones do not count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.message import Attachment
from helpdesk.core.photos import (
    LARGEST_LOGO,
    SMALLEST_PHOTO,
    FileFault,
    FileProblem,
    Photos,
    Wanted,
    recognise,
)
from helpdesk.core.words import MAX_CHARS

PLATE = Wanted("plate", ("шильдик", "фото шильдика", "nameplate"))
RECEIPT = Wanted("receipt", ("чек", "гарантийный талон", "талон", "receipt"))
DAMAGE = Wanted("damage", ("поломка", "фото поломки", "damage"))
ALL = (PLATE, RECEIPT, DAMAGE)
MB = 1024 * 1024


def photo(
    name: str, size: int = 300_000, *, kind: str = "image/jpeg", inline: bool = False, same: str = ""
) -> Attachment:
    return Attachment(part=2, name=name, type=kind, size=size, sha256=same or name, inline=inline)


def seen(text: str, *names: str) -> dict[str, str]:
    return dict(recognise([photo(name) for name in names], text, ALL).taken)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ("шильдик.jpg", "Чек.jpg", "фото поломки 1.jpg")),  # their own names
        ("", ("shildik.jpg", "IMG_receipt.png", "damage_2.webp")),  # in Latin letters, in English
        ("a.jpg – шильдик\nb.jpg – чек\nc.jpg: поломка", ("a.jpg", "b.jpg", "c.jpg")),  # lines that name the file
        ("Шильдик: a.jpg\nЧек: b.jpg\nПоломка: c.jpg", ("a.jpg", "b.jpg", "c.jpg")),
        ("1 – шильдик, 2 – чек, 3 – поломка", ("a.jpg", "b.jpg", "c.jpg")),  # lines that count them
        ("Фото 3: поломка\nФото 1: шильдик\nФото 2: талон", ("a.jpg", "b.jpg", "c.jpg")),
        ("Во вложении шильдик, чек и поломка", ("a.jpg", "b.jpg", "c.jpg")),  # in the order of the files
        ("Вот фото", ("a.jpg", "b.jpg", "c.jpg")),  # as many as were wanted
    ],
)
def test_pictures_are_told_apart(text: str, names: tuple[str, ...]) -> None:
    assert seen(text, *names) == dict(zip(("plate", "receipt", "damage"), names, strict=True))


def test_things_named_in_another_order_lead_their_files() -> None:
    assert seen("поломка и шильдик", "a.jpg", "b.jpg") == {"damage": "a.jpg", "plate": "b.jpg"}


def test_only_the_beginning_of_a_huge_letter_names_pictures() -> None:
    named = "b.jpg – шильдик\na.jpg – чек\n"
    assert seen(named, "a.jpg", "b.jpg") == {"plate": "b.jpg", "receipt": "a.jpg"}
    assert seen("слово " * MAX_CHARS + "\n" + named, "a.jpg", "b.jpg") == {}


def test_a_picture_that_may_be_anything_is_asked_about() -> None:
    found = recognise([photo("IMG_1.jpg")], "Вот фото", ALL)
    assert found == Photos(problems=(FileProblem(FileFault.UNCLEAR, "IMG_1.jpg"),))


def test_one_file_shows_one_thing() -> None:
    assert seen("", "шильдик.jpg") == {"plate": "шильдик.jpg"}


@pytest.mark.parametrize(
    "file",
    [
        photo("photo.heic", kind="application/octet-stream"),  # a telephone's own format
        photo("scan.pdf", 40_000, kind="application/pdf"),
        photo("scan.PDF", 40_000, kind="application/octet-stream"),
        photo("image001.png", LARGEST_LOGO, inline=True),  # a photo that was put into the letter
    ],
)
def test_what_shows_something_counts(file: Attachment) -> None:
    assert recognise([file], "", (PLATE,)).taken == (("plate", file.name),)


@pytest.mark.parametrize(
    "file",
    [
        photo("шильдик.jpg", SMALLEST_PHOTO - 1),  # nothing can be read on it
        photo("image001.png", LARGEST_LOGO - 1, inline=True),  # the logo of a signature
        photo("шильдик.docx", kind="application/msword"),
    ],
)
def test_what_shows_nothing_does_not_count(file: Attachment) -> None:
    assert recognise([file], "", (PLATE,)) == Photos()


def test_the_same_picture_twice_is_one() -> None:
    twice = [photo("a.jpg", same="x"), photo("b.jpg", same="x")]
    assert len(recognise(twice, "", (PLATE, RECEIPT)).taken) == 0


def test_a_file_beyond_the_bound_is_told_and_does_not_count() -> None:
    found = recognise([photo("шильдик.jpg", 8 * MB + 1), photo("чек.jpg", 8 * MB)], "", (PLATE, RECEIPT), limit_mb=8)
    assert found.taken == (("receipt", "чек.jpg"),)
    assert found.problems == (FileProblem(FileFault.TOO_LARGE, "шильдик.jpg", 8),)


def test_the_right_picture_replaces_a_wrong_one_only_by_name() -> None:
    known = Wanted("plate", PLATE.names, open=False)
    assert recognise([photo("шильдик2.jpg")], "", (known,)).taken == (("plate", "шильдик2.jpg"),)
    assert recognise([photo("IMG_2.jpg")], "Ещё фото", (known,)) == Photos()


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=6))
def test_any_names_and_text_give_each_file_one_thing(text: str, names: list[str]) -> None:
    found = recognise([photo(name, same=str(place)) for place, name in enumerate(names)], text, ALL)
    assert len(found.taken) <= len(names)
