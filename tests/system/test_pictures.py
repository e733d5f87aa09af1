"""Letters as Chromium and a web browser show them: `templates preview --png` and `--browser`, and dark pages."""

from __future__ import annotations

import re
import shutil
import sys
import webbrowser
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from helpdesk import cli
from helpdesk.adapters.templates import Templates
from helpdesk.cli.browser import PHONE, PROGRAMS, Photographer, page_of, photographer
from helpdesk.compose import compose
from helpdesk.core.outgoing import Event
from tests.letters import FACE, KEY, NONCE, NOW, letter_of, ticket_of

NEEDS_CHROMIUM = pytest.mark.skipif(not any(map(shutil.which, PROGRAMS)), reason="Chromium is not installed")

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
[smtp]
kind = "maildir"
path = "out"
"""

# What each byte of a line is added to: the one of the pixel before, of the line above, of the one before that.
PREDICTORS: dict[int, Callable[[int, int, int], int]] = {
    0: lambda left, up, corner: 0,
    1: lambda left, up, corner: left,
    2: lambda left, up, corner: up,
    3: lambda left, up, corner: (left + up) // 2,
    4: lambda left, up, corner: min((left, up, corner), key=lambda one: abs(left + up - corner - one)),
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a desk without letters of its own."""
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of the program with these arguments."""
    monkeypatch.setattr(sys, "argv", ["helpdesk", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def width_of(png: bytes) -> int:
    """From its header (PNG, second edition, section 11.2.2)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(png[16:20])


def greens(png: bytes) -> list[int]:
    """How bright each pixel is, by its green: 0 to 255. Eight bits a channel, as Chromium writes them (section 9.2)."""
    channels = {2: 3, 6: 4}[png[25]]
    packed = b"".join(png[at + 8 : at + 8 + length] for at, length in _data_chunks(png))
    lines, size = zlib.decompress(packed), width_of(png) * channels
    above, found = bytearray(size), list[int]()
    for start in range(0, len(lines), size + 1):
        predict, line = PREDICTORS[lines[start]], bytearray(lines[start + 1 : start + 1 + size])
        for at in range(size):
            left, corner = (line[at - channels], above[at - channels]) if at >= channels else (0, 0)
            line[at] = (line[at] + predict(left, above[at], corner)) & 255
        found += line[1::channels]
        above = line
    return found


def _data_chunks(png: bytes) -> list[tuple[int, int]]:
    at, found = 8, list[tuple[int, int]]()
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            found.append((at, length))
        at += length + 12
    return found


@NEEDS_CHROMIUM
def test_a_picture_of_a_letter_is_written(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "templates", "preview", "opened", "--lang", "pl", "--png", "opened.png") == 0
    assert width_of((desk / "opened.png").read_bytes()) == 700


@NEEDS_CHROMIUM
def test_letters_are_readable_on_a_dark_ground_with_the_block_of_styles_and_where_it_is_dropped(tmp_path: Path) -> None:
    letter, ticket = letter_of(Event.STATE, "en"), ticket_of(Event.STATE, "en")
    composed = compose(letter, ticket, FACE, (), key=KEY, nonce=NONCE, now=NOW, renderer=Templates())
    whole = page_of(bytes(composed.raw))
    bare, dropped = re.subn(r"<style>.*?</style>", "", whole, flags=re.DOTALL)
    assert dropped == 1
    with photographer() as camera:
        for page in (whole, bare):
            light, dark = (shades(camera, tmp_path, page, dark=dark) for dark in (False, True))
            assert light[0] == 255  # the ground, in the corner
            assert min(light) < 64  # the words
            assert dark[0] < 64
            assert max(dark) > 192


def shades(camera: Photographer, folder: Path, page: str, *, dark: bool) -> list[int]:
    """How bright the pixels of the page are."""
    path = folder / "page.html"
    path.write_text(page, "utf-8")
    return greens(camera.photograph(path, width=PHONE, dark=dark))


def test_a_letter_is_shown_in_the_browser_of_the_system(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A browser that only keeps what it was given.
    browser = desk / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {desk}/shown\n', "utf-8")
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    monkeypatch.setattr(webbrowser, "_tryorder", None)  # the variable is read once
    assert run(monkeypatch, "templates", "preview", "opened", "--lang", "uk", "--browser") == 0
    page = Path((desk / "shown").read_text("utf-8").removeprefix("file://"))
    assert "Ми отримали вашого листа" in page.read_text("utf-8")
    page.unlink()
