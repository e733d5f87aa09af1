"""T7, line ends smuggled into headers: foreign words are cleaned on their way into our letters, and never refused."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes, policy

import pytest

from helpdesk.ports import QueuedLetter
from tests.security.desk import ANNA, EVE, IVAN, LENA, Desk, mail, reply

# Line ends as programs read them, each followed by a header that must not come to be.
LINE_ENDS = ["\r\n", "\n", "\r", "\r\n ", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00\r\n", "\r\r\n"]
ONCE = ("From", "To", "Subject", "Message-ID", "Date", "Reply-To", "MIME-Version", "Content-Type", "X-Helpdesk-Event")


def encoded(text: str) -> str:
    """The text as one encoded word, which a reader decodes to what it hides."""
    return "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in text.encode()) + "?="


def check(letter: QueuedLetter) -> None:
    """Nothing but our own headers, each once, and recipients whom we chose."""
    head, _, _ = bytes(letter.raw).partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        assert b"\r" not in line
        assert b"\n" not in line
        assert b"\0" not in line
    names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    counted = Counter(name.lower() for name in names)
    assert {name: counted[name.lower()] for name in ONCE} == dict.fromkeys(ONCE, 1), letter.event
    assert "bcc" not in counted
    assert "x-evil" not in counted
    assert set(letter.recipients) <= {ANNA, EVE, IVAN, LENA, "boris@shop.test"}
    read = message_from_bytes(bytes(letter.raw), policy=policy.default)
    for part in read.walk():
        assert "bcc" not in {name.lower() for name in part}
        assert "x-evil" not in {name.lower() for name in part}


@pytest.mark.parametrize("line_end", LINE_ENDS, ids=ascii)
def test_line_ends_in_foreign_words_stay_in_their_header(open_desk: Desk, line_end: str) -> None:
    evil = encoded(f"hi{line_end}Bcc: victim@x.test{line_end}X-Evil: 1{line_end}{line_end}<b>body</b>")
    hostile = mail(
        f"{evil} <{EVE}>",
        evil,
        "Please help.",
        f"Cc: {evil} <boris@shop.test>",
        "References: <a@b>\r\n <c\x0bBcc:x@d> <e@f>",
        f"In-Reply-To: <a@b{encoded(line_end)}X-Evil:1>",
    )
    taken = open_desk.take_one(hostile)
    letters = open_desk.send()
    notified = next(letter for letter in letters if letter.event == "notify")
    open_desk.take_one(reply(notified, IVAN, f"Dear Eve,{line_end}Bcc: victim@x.test", subject=evil))
    open_desk.take_one(reply(notified, IVAN, f"#close done{line_end}X-Evil: 1", subject=evil))
    letters += open_desk.send()
    assert {letter.event for letter in letters} >= {"opened", "notify", "reply", "result"}
    for letter in letters:
        check(letter)
    assert taken.ticket is not None


@pytest.mark.parametrize("line_end", LINE_ENDS, ids=ascii)
def test_line_ends_in_the_name_of_a_file_stay_in_their_part(open_desk: Desk, line_end: str) -> None:
    name = encoded(f'a"{line_end}Bcc: victim@x.test{line_end}{line_end}X-Evil: 1.png')
    percent = "".join(f"%{byte:02X}" for byte in f'a"{line_end}X-Evil: 1'.encode())
    raw = mail(EVE, "A picture", "").decode().replace("text/plain; charset=utf-8", "multipart/mixed; boundary=x")
    part = "--x\r\nContent-Type: image/png"
    parts = (
        "--x\r\nContent-Type: text/plain\r\n\r\nSee here.\r\n"
        f'{part}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\nA\r\n'
        f"{part}\r\nContent-Disposition: attachment; filename*=utf-8''{percent}\r\n\r\nB\r\n"
        f"{part}\r\nContent-ID: <a\x0bX-Evil:1>\r\nContent-Disposition: inline\r\n\r\nC\r\n--x--\r\n"
    )
    open_desk.take_one((raw + parts).encode())
    letters = open_desk.send()
    notified = next(letter for letter in letters if letter.event == "notify")
    files = list(message_from_bytes(bytes(notified.raw), policy=policy.default).iter_attachments())
    assert len(files) >= 2
    for letter in letters:
        check(letter)
