"""Fields from lines of a letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.forms import MAX_VALUE, read_fields

SYNONYMS = {"serial": ("Серийный номер", "серійний номер", "serial number"), "browser": ("браузер",)}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Серийный номер: 01.234", (("serial", "01.234"),)),
        ("СЕРИЙНЫЙ НОМЕР :  01.234  ", (("serial", "01.234"),)),
        ("- Серийный номер: 01.234", (("serial", "01.234"),)),  # a list
        ("*Serial number:* 01", (("serial", "01"),)),  # bold in a mail program
        ("serial = 01", (("serial", "01"),)),  # the key itself, an equals sign
        ("Серийный номер：01", (("serial", "01"),)),  # a full-width colon
        ("Серийный номер:\n01.234", (("serial", "01.234"),)),  # the value on the next line
        ("Серийный номер:\nБраузер: Opera", (("browser", "Opera"),)),  # left empty
        ("Серийный номер: 1\nСерийный номер: 2", (("serial", "2"),)),  # the last one counts
        ("Браузер: Opera\nСерийный номер: 1", (("browser", "Opera"), ("serial", "1"))),
        ("Сервер пишет: нет доступа", ()),  # not every colon makes a form
        ("Браузер: http://example.com:80/", (("browser", "http://example.com:80/"),)),
        ("", ()),
    ],
)
def test_fields_are_read_from_lines(text: str, fields: tuple[tuple[str, str], ...]) -> None:
    assert read_fields(text, SYNONYMS) == fields


def test_a_value_is_cut() -> None:
    assert len(dict(read_fields("serial: " + "x" * 9999, SYNONYMS))["serial"]) == MAX_VALUE


@given(st.text())
def test_any_text_gives_fields_or_none(text: str) -> None:
    assert {key for key, _ in read_fields(text, SYNONYMS)} <= {"serial", "browser"}
