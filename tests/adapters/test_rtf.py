"""The letter that Outlook keeps as compressed RTF: whatever made it, its words come out."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.adapters.mime.rtf import MAX_RTF, decompress, letter

# The two examples of MS-OXRTFCP section 3: references into the words that both sides know, and into itself.
SIMPLE = bytes.fromhex(
    "2d000000 2b000000 4c5a4675 f1c5c7a7 03000a00 72637067 3132 3542 320af320 68656c09 00206277 05b06c64 7d0a800f a0"
)
OVERLAPPING = bytes.fromhex("1a000000 1c000000 4c5a4675 e2d44b51 41000420 5758595a 0d6e7d01 0eb0")


def test_compressed_text_is_expanded() -> None:
    assert decompress(SIMPLE) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_reference_that_overlaps_what_it_writes_is_expanded() -> None:
    assert decompress(OVERLAPPING) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_small_parcel_does_not_grow_without_end() -> None:
    bomb, length = bytearray(b"\0abcdefgh"), 215
    while length < MAX_RTF + 100_000:
        bomb.append(0xFF)
        for _ in range(8):
            bomb += (((length - 1) % 4096) << 4 | 15).to_bytes(2, "big")
            length += 17
    assert len(decompress(struct.pack("<IIII", 0, 2**31, 0x75465A4C, 0) + bytes(bomb))) == MAX_RTF


@pytest.mark.parametrize(
    ("rtf", "expected"),
    [
        # Bytes mean what the code page, or the font, says.
        (rb"{\rtf1\ansi\ansicpg1251 \'d1\'e0\'e9\'f2\par \'eb\'e5\'e6\'e8\'f2}", "Сайт\nлежит"),
        (rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial Cyr;}}\f1 \'d1\'e0\'e9\'f2\f0  \'e4}", "Сайт ä"),
        (rb"{\rtf1\ansi\'e4\'f6\'fc}", "äöü"),
        # Characters by number, with what older programs show in their place.
        (rb"{\rtf1\uc1\u1057?\u1072?\u1081?\u1090?}", "Сайт"),
        (rb"{\rtf1{\uc2\u1057\'3f\'3f!}\u-10179?\u-8704?}", "С!😀"),
        # Fonts, pictures, fields and what only some programs know are not words of the writer.
        (rb"{\rtf1{\fonttbl{\f0 Arial;}}{\*\generator Riched20;}{\pict 89504e47}{\info{\author Eve}}Words}", "Words"),
        (rb"{\rtf1{\field{\*\fldinst HYPERLINK http://example.com}{\fldrslt the site}}}", "the site"),
        (rb"{\rtf1 a\tab b\line c\{d\}\~e\emdash}", "a\tb\nc{d}\u00a0e—"),
        (rb"{\rtf1 torn {\b bold", "torn bold"),
        (rb"", ""),
    ],
)
def test_words_come_out_of_rich_text(rtf: bytes, expected: str) -> None:
    assert letter(rtf) == (expected, "")


def test_html_is_put_together_from_the_marks_that_outlook_left() -> None:
    rtf = (
        rb"{\rtf1\ansi\ansicpg1251\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag19 <html>}{\*\htmltag64 <p>}"
        rb"\htmlrtf {\b \htmlrtf0 \'d1\'e0\'e9\'f2 &amp; {\*\htmltag84 <br>}\htmlrtf \line }\htmlrtf0 "
        rb"co.{\*\htmltag72 </p>}}"
    )
    assert letter(rtf) == ("", "<html><p>Сайт &amp; <br>co.</p>")


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    decompress(data)
    letter(decompress(struct.pack("<IIII", 0, 2**31, 0x75465A4C, 0) + data))
    letter(b"{\\rtf1" + data)
