"""Mail from files: what is found, in which order, under which name, and what is said about files that are no mail."""

from __future__ import annotations

import io
import mailbox as stdlib_mailbox
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk.adapters.mailfiles import mails
from helpdesk.errors import UnreadableError

RAW = b"From: a@shop.test\r\nSubject: printer\r\n\r\nbroken\r\n"
MBOX = b"""\
From a@shop.test Sat Nov 21 22:53:10 2026
Subject: first

>From the beginning it was broken.
>>From quoted twice.
From here on no empty line stands before this.

From time to time it works, says this line after an empty one.

From - Sun Feb  1 02:03:04 2026
Subject: second

short

From 1834@xxx Mon Mar 02 03:04:05 +0000 2026
Subject: third
"""


def test_eml_file_is_one_mail_as_it_lies_there(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(RAW)
    assert list(mails(str(path))) == [(str(path), RAW, None)]


def test_mbox_is_parted_at_its_from_lines_only(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(MBOX)
    assert list(mails(str(path))) == [
        (
            f"{path}#1",
            (
                b"Subject: first\n\nFrom the beginning it was broken.\n>From quoted twice.\n"
                b"From here on no empty line stands before this.\n\n"
                b"From time to time it works, says this line after an empty one.\n"
            ),
            datetime(2026, 11, 21, 22, 53, 10, tzinfo=UTC),
        ),
        (f"{path}#2", b"Subject: second\n\nshort\n", datetime(2026, 2, 1, 2, 3, 4, tzinfo=UTC)),
        (f"{path}#3", b"Subject: third\n", datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)),
    ]


def test_mbox_that_another_program_wrote_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    written = stdlib_mailbox.mbox(path)
    raws = [f"Subject: mail {number}\n\nFrom now on\n\nFrom me\n".encode() for number in range(3)]
    for raw in raws:
        written.add(raw)
    written.close()
    assert [raw for _, raw, _ in mails(str(path))] == raws


def test_mbox_with_an_impossible_date_still_gives_its_mail() -> None:
    stream = io.BytesIO(b"From x Sat Foo 99 25:61:00 2026\nSubject: a\n\nb\n")
    assert list(mails("-", stream)) == [("-#1", b"Subject: a\n\nb\n", None)]


def test_maildir_gives_every_mail_with_its_arrival(tmp_path: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()
    for name, moment in (("new/2.host", 1000), ("cur/1.host:2,S", 2000), ("tmp/3.host", 3000)):
        (tmp_path / name).write_bytes(RAW + name.encode())
        os.utime(tmp_path / name, (moment, moment))
    assert [(name, arrived_at) for name, _, arrived_at in mails(str(tmp_path))] == [
        (f"{tmp_path}/new/2.host", datetime.fromtimestamp(1000, UTC)),
        (f"{tmp_path}/cur/1.host:2,S", datetime.fromtimestamp(2000, UTC)),
    ]


def test_folder_gives_its_eml_files_by_name_and_nothing_else(tmp_path: Path) -> None:
    for name in ("10.eml", "02.EML", "notes.txt"):
        (tmp_path / name).write_bytes(RAW)
    assert [Path(name).name for name, _, _ in mails(str(tmp_path))] == ["02.EML", "10.eml"]


def test_bad_file_in_a_folder_does_not_stop_the_rest(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(b"")
    (tmp_path / "2.eml").write_bytes(RAW)
    assert [raw for _, raw, _ in mails(str(tmp_path))] == [b"", RAW]


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (RAW, ["-"]),
        (MBOX, ["-#1", "-#2", "-#3"]),  # formail, or an MTA that puts a From_ line first
    ],
)
def test_standard_input_is_a_mail_or_an_mbox(raw: bytes, names: list[str]) -> None:
    assert [name for name, _, _ in mails("-", io.BytesIO(raw))] == names


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a mail"),
        (b"only some words\nand more\n", "not a mail"),
    ],
)
def test_file_that_is_no_mail_says_so(tmp_path: Path, raw: bytes, words: str) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(raw)
    with pytest.raises(UnreadableError, match=rf"a\.eml: {words}"):
        list(mails(str(path)))


def test_missing_file_and_empty_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"nowhere\.eml: No such file"):
        list(mails(str(tmp_path / "nowhere.eml")))
    with pytest.raises(UnreadableError, match="neither a Maildir"):
        list(mails(str(tmp_path)))


def test_sources_are_left_as_they_are(tmp_path: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()
    (tmp_path / "new" / "1.host").write_bytes(RAW)
    (tmp_path / "mbox").write_bytes(MBOX)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in tmp_path.rglob("*")}
    list(mails(str(tmp_path)))
    list(mails(str(tmp_path / "mbox")))
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in tmp_path.rglob("*")} == before
