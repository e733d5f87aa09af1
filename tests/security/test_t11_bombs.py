"""T11, mail built to exhaust: each bomb ends as a ticket or in quarantine, and the mail behind it is taken.

Read by the worker processes of the daemon, whose limits of memory and time are what a bomb would have to break. A
whole batch gets a minute, as a fuse: no test here measures speed.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpdesk.daemon.building import source_of
from tests.security.desk import ANNA, Desk, desk, mail

MINUTES = 60


@pytest.fixture(scope="module")
def daemon_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("bombs"), workers=True) as one:
        yield one


@contextmanager
def fuse(seconds: int = MINUTES) -> Iterator[None]:
    """Whatever hangs in here is interrupted, and the test fails."""

    def blow(*_: object) -> None:
        raise AssertionError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, blow)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def multipart(body: str, boundary: str = "x") -> bytes:
    head = mail("eve@evil.test", "A bomb", "").decode()
    return (head.replace("text/plain; charset=utf-8", f"multipart/mixed; boundary={boundary}") + body).encode()


def nested(levels: int) -> bytes:
    body = "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(levels))
    return multipart(f"{body}--b{levels}\r\n\r\nHello\r\n", "b0")


def headers(lines: str) -> bytes:
    return lines.encode() + mail("eve@evil.test", "A bomb", "Hello")


BOMBS = {
    "1,000 nested multiparts": nested(1_000),
    "20,000 nested multiparts": nested(20_000),
    "1,000 letters within letters": multipart("--x\r\nContent-Type: message/rfc822\r\n\r\n" * 1_000),
    "100,000 flat parts": multipart("--x\r\n\r\n\r\n" * 100_000 + "--x--"),
    "100,000 boundary lines of nothing": multipart("--x\r\n" * 100_000),
    "a boundary of 100,000 characters": multipart("--" + "b" * 100_000 + "\r\n\r\nHello", "b" * 100_000),
    "100,000 headers": headers("X-A: b\r\n" * 100_000),
    "a header of ten megabytes": headers("Subject: " + "a" * 10_000_000 + "\r\n"),
    "a header folded 200,000 times": headers("Subject: a\r\n" + " a\r\n" * 200_000),
    "20,000 recipients": headers("To: " + ", ".join(f"a{n}@x.test" for n in range(20_000)) + "\r\n"),
    "500 nested comments": headers("From: " + "(" * 500 + ")" * 500 + " eve@evil.test\r\n"),
    "100,000 open comments": headers("From: " + "(" * 100_000 + "\r\n"),
    "50,000 references": headers("References: " + " ".join(f"<{n}@x.test>" for n in range(50_000)) + "\r\n"),
    "5,000 parameters": headers("Content-Type: text/plain; " + "; ".join(f"a{n}=b" for n in range(5_000)) + "\r\n"),
    "100,000 continuations": headers(
        "Content-Disposition: attachment; " + "; ".join(f"filename*{n}=a" for n in range(100_000)) + "\r\n"
    ),
    "100,000 continuations in a part": multipart(
        "--x\r\nContent-Type: image/png\r\nContent-Disposition: attachment; "
        + "; ".join(f"filename*{n}=a" for n in range(100_000))
        + "\r\n\r\nHello\r\n--x--"
    ),
    "100,000 encoded words": headers("Subject: " + " ".join(["=?utf-8?q?a?="] * 100_000) + "\r\n"),
    "a base64 of nothing but rubbish": mail("eve@evil.test", "A bomb", "!" * 5_000_000).replace(b"8bit", b"base64"),
    "a quoted-printable of equal signs": mail("eve@evil.test", "A bomb", "=" * 5_000_000).replace(
        b"8bit", b"quoted-printable"
    ),
    "a charset that is no charset": mail().replace(b"charset=utf-8", b'charset="a\0b"'),
    "a codec for a charset": mail().replace(b"charset=utf-8", b"charset=rot13"),
    "a charset that packs": mail().replace(b"charset=utf-8", b"charset=zlib"),
    "100,000 open divs": mail("eve@evil.test", "A bomb", "<div>" * 100_000).replace(b"text/plain", b"text/html"),
    "one line of ten megabytes": mail("eve@evil.test", "A bomb", "a" * 10_000_000),
    "a million quote marks": mail("eve@evil.test", "A bomb", ">" * 1_000_000),
    "no header and no body": b"",
    "nothing but zeros": b"\0" * 1_000_000,
    "nothing but line ends": b"\r\n" * 1_000_000,
    "30 megabytes, over the configured size": mail("eve@evil.test", "A bomb", "a" * 30_000_000),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_bomb_is_kept_and_the_next_mail_is_taken(daemon_desk: Desk, bomb: bytes) -> None:
    with fuse():
        first, second = daemon_desk.take([bomb, mail(ANNA, "My order", "Where is it?")])
    assert second.error == ""
    assert second.ticket is not None
    kept = {entry.id for entry in daemon_desk.works.store.quarantined()}
    assert (first.error == "" and first.decision is not None) or kept


def test_a_thousand_mails_of_nothing_do_not_stop_the_desk(tmp_path: Path) -> None:
    with desk(tmp_path, workers=True) as one, fuse():
        taken = one.take([*(b"\0" * n for n in range(1_000)), mail(ANNA)])
        assert taken[-1].ticket is not None
        assert taken[-1].error == ""


def test_mail_over_the_size_is_tried_three_times_and_told(tmp_path: Path) -> None:
    with desk(tmp_path, helpdesk="max_message_mb = 1") as one:
        taken = one.take([mail("eve@evil.test", "Too large", "a" * 2_000_000), mail(ANNA)])
        assert "max_message_mb" in taken[0].error
        for _ in range(3):
            one.pass_time(1)
            one.works.intake.retry_poisoned(lambda _: source_of(one.works.config.mailboxes[0]))
        (entry,) = one.works.store.quarantined()
        assert not entry.retrying
        assert "notify" in {event for event, _ in one.written()}
