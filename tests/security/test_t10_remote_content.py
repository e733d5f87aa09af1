"""T10, pictures that tell who reads: letters load nothing from anywhere, and reading a mail asks nobody."""

from __future__ import annotations

import re
import socket

import pytest

from tests.security.desk import EVE, IVAN, Desk, mail, opened, page

REMOTE = (
    '<img src="http://evil.test/1.gif">', "<img src=//evil.test/2.gif>", '<img srcset="http://evil.test/3.gif 2x">',
    '<picture><source srcset="http://evil.test/4.gif"></picture>', '<body background="http://evil.test/5.gif">',
    '<td style="background-image:url(http://evil.test/6.gif)">x</td>', "<style>@import 'http://evil.test/7.css';</style>",
    '<link rel="stylesheet" href="http://evil.test/8.css">', '<link rel="dns-prefetch" href="//evil.test">',
    '<video poster="http://evil.test/9.gif"></video>', '<iframe src="http://evil.test/10"></iframe>',
    '<object data="http://evil.test/11"></object>', '<meta http-equiv="refresh" content="0;url=http://evil.test/12">',
    '<input type="image" src="http://evil.test/13.gif">', '<svg><image href="http://evil.test/14.svg"/></svg>',
    '<audio src="http://evil.test/15.mp3"></audio>', '<base href="http://evil.test/">',
    "<style>@font-face{font-family:x;src:url(http://evil.test/16.woff)}</style>",
)  # fmt: skip
LOADING = re.compile(
    r"(?i)<[^>]+\s(?:src|srcset|background|poster|data|href|action|style)\s*=\s*[\"']?[^\"'>]*(?://|url\()"
)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whoever asks for a connection or a name is written down, and gets none."""
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return asked


def test_letters_about_tracking_mail_load_nothing_and_nobody_is_asked(
    open_desk: Desk, no_network: list[object]
) -> None:
    for n, remote in enumerate(REMOTE):
        html = mail(f"eve{n}@evil.test", f"News {n}", f"<p>Hello</p>{remote}").replace(b"text/plain", b"text/html", 1)
        open_desk.take_one(html)
        open_desk.take_one(mail(f"mallory{n}@evil.test", f"News {n}", remote))
    letters = open_desk.send()
    assert len([letter for letter in letters if letter.event == "notify"]) == 2 * len(REMOTE)
    assert [found for letter in letters for found in LOADING.findall(page(letter))] == []
    assert no_network == []


def test_picture_of_the_mail_itself_is_shown(open_desk: Desk) -> None:
    head = mail(EVE, "A picture", "").decode().replace("text/plain; charset=utf-8", "multipart/related; boundary=xx")
    parts = (
        '--xx\r\nContent-Type: text/html\r\n\r\n<p>See</p><img src="cid:one@evil.test">\r\n'
        "--xx\r\nContent-Type: image/png; name=one.png\r\nContent-ID: <one@evil.test>\r\n\r\nPNG\r\n--xx--\r\n"
    )
    open_desk.take_one((head + parts).encode())
    (notified,) = [letter for letter in open_desk.send() if letter.recipients == (IVAN,)]
    shown = re.findall(r'src="cid:([^"]+)"', page(notified))
    attached = [str(part["Content-ID"]).strip("<>") for part in opened(notified).walk() if part["Content-ID"]]
    assert shown == attached
    assert len(shown) == 1


def test_read_receipts_are_neither_asked_for_nor_sent(open_desk: Desk) -> None:
    open_desk.take_one(mail(EVE, "Hello", "Hello", f"Disposition-Notification-To: {EVE}", f"Return-Receipt-To: {EVE}"))
    letters = open_desk.send()
    assert {letter.event for letter in letters} == {"opened", "notify"}
    assert not [letter for letter in letters if b"notification-to" in bytes(letter.raw).lower()]
    assert not [letter for letter in letters if b"receipt" in bytes(letter.raw).lower()]
