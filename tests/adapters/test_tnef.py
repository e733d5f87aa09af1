"""winmail.dat: the files in it come out, whatever state it is in."""

from __future__ import annotations

import struct
from base64 import encodebytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.adapters.mime.parts import part
from helpdesk.adapters.mime.reading import read
from helpdesk.adapters.mime.tnef import File, unpack


def attribute(number: int, value: bytes) -> bytes:
    return struct.pack("<BII", 2, number, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def text_property(key: int, text: str) -> bytes:
    value = text.encode("utf-16-le") + b"\0\0"
    return struct.pack("<HHII", 0x1F, key, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def properties(*values: bytes) -> bytes:
    return struct.pack("<I", len(values)) + b"".join(values)


HEAD = struct.pack("<IH", 0x223E9F78, 1)
BEGIN = attribute(0x00069002, b"\0" * 14)
PARCEL = (
    HEAD
    + attribute(0x00069007, struct.pack("<II", 1251, 0))
    + BEGIN
    + attribute(0x00018010, "счёт.pdf".encode("cp1251") + b"\0")
    + attribute(0x0006800F, b"%PDF")
    + BEGIN
    + attribute(0x00018010, b"LONG~1.TXT\0")
    + attribute(0x0006800F, b"words")
    + attribute(0x00069005, properties(struct.pack("<HHI", 3, 0x0E20, 5), text_property(0x3707, "длинное имя.txt")))
)
FILES = (File("счёт.pdf", "", b"%PDF"), File("длинное имя.txt", "", b"words"))


def letter(parcel: bytes, body: str = "See the files.") -> bytes:
    return (
        b"From: anna@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
        + body.encode()
        + b'\n--b\nContent-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64\n\n'
        + encodebytes(parcel)
        + b"--b\nContent-Type: image/png; name=last.png\n\nx\n--b--\n"
    )


def test_files_come_out_with_their_long_names() -> None:
    assert unpack(PARCEL).files == FILES


def test_mail_has_the_files_instead_of_the_parcel() -> None:
    mail = read(letter(PARCEL))
    assert [(file.name, file.type, file.size) for file in mail.attachments] == [
        ("счёт.pdf", "application/pdf", 4),
        ("длинное имя.txt", "text/plain", 5),
        ("last.png", "image/png", 1),
    ]
    assert mail.text == "See the files."
    assert [part(letter(PARCEL), file.part).content for file in mail.attachments] == [b"%PDF", b"words", b"x"]


def test_letter_inside_the_parcel_is_read_when_there_is_no_other() -> None:
    inside = HEAD + attribute(0x00069003, properties(text_property(0x1000, "Сайт лежит")))
    assert read(letter(inside, body="")).text == "Сайт лежит"
    assert read(letter(inside, body="Another")).text == "Another"


def binary_property(key: int, value: bytes) -> bytes:
    return struct.pack("<HHII", 0x102, key, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def as_rtf(text: bytes) -> bytes:
    """Stored, not compressed: the simplest form in which the format may come."""
    return struct.pack("<IIII", len(text) + 12, len(text), 0x414C454D, 0) + text


def test_letter_that_outlook_keeps_in_its_own_format_is_read() -> None:
    rtf = as_rtf(
        rb"{\rtf1\ansi\ansicpg1251\fromhtml1{\*\htmltag64 <p>}\'d1\'e0\'e9\'f2{\*\htmltag84 <br>}\htmlrtf \line"
        rb"\htmlrtf0 \'eb\'e5\'e6\'e8\'f2{\*\htmltag72 </p>}{\*\htmltag64 <blockquote>}old{\*\htmltag72 </blockquote>}}"
    )
    inside = HEAD + attribute(0x00069003, properties(binary_property(0x1009, rtf)))
    mail = read(letter(inside, body=""))
    assert (mail.text, mail.quoted) == ("Сайт\nлежит", "> old")


def test_parcel_that_cannot_be_opened_stays_a_file() -> None:
    assert [file.name for file in read(letter(b"rubbish")).attachments] == ["winmail.dat", "last.png"]


@pytest.mark.parametrize("end", range(0, len(PARCEL), 7))
def test_torn_parcel_gives_what_was_readable(end: int) -> None:
    found = unpack(PARCEL[:end]).files
    assert [file.content for file in found if file.content] == [b"%PDF", b"words"][: sum(1 for f in found if f.content)]


@given(st.lists(st.tuples(st.sampled_from([0x00069002, 0x0006800F, 0x00069005, 0x00069003]), st.binary(max_size=60))))
def test_any_attributes_are_read(values: list[tuple[int, bytes]]) -> None:
    unpack(HEAD + b"".join(attribute(number, value) for number, value in values))
