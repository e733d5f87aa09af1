"""Names of attachments that strangers wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.filename import MAX_BYTES, clean


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("скриншот.png", "скриншот.png"),
        ("../../etc/cron.d/x", "x"),
        ("C:\\temp\\report.doc", "report.doc"),
        ("..\\..\\boot.ini", "boot.ini"),
        (".htaccess", "htaccess"),
        ("\u200b.htaccess", "htaccess"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),  # shown as invoiceexe.jpg otherwise
        ("a\x00b\r\nc.txt", "abc.txt"),
        ('a<b>:"c|d?*.txt', "a_b___c_d__.txt"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("trailing. . .", "trailing"),
        ("two   blanks.txt", "two blanks.txt"),
        ("folder/", "folder"),
        ("...", ""),
        ("", ""),
        ("/", ""),
    ],
)
def test_name_is_shown_without_its_tricks(written: str, name: str) -> None:
    assert clean(written) == name


def test_long_name_keeps_its_ending() -> None:
    name = clean("ж" * 200 + ".pdf")
    assert len(name.encode()) <= MAX_BYTES
    assert name.endswith("ж.pdf")


@given(st.text(max_size=300))
def test_no_name_is_a_path_or_too_long(written: str) -> None:
    name = clean(written)
    assert len(name.encode()) <= MAX_BYTES
    assert not set(name) & set("/\\\0\r\n:")
    assert not name.startswith(".")
    assert clean(name) == name
