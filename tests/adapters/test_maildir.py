"""What is special about a Maildir: flags, foreign programs, time stamps, files that must not change."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.adapters import maildir
from helpdesk.adapters.maildir import MaildirMailbox
from helpdesk.errors import PermanentError
from helpdesk.ports import Place

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MANY = 1_000
RAW = b"Subject: printer\n\nbare line feeds, and a NUL: \0\n"


@pytest.fixture
def mailbox(tmp_path: Path) -> MaildirMailbox:
    return MaildirMailbox("support", tmp_path, now=lambda: NOW)


def put(path: Path, raw: bytes = RAW, *, hours_ago: float = 1) -> Path:
    path.write_bytes(raw)
    moment = (NOW - timedelta(hours=hours_ago)).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_mail_is_read_from_new_and_cur_by_arrival(mailbox: MaildirMailbox, tmp_path: Path) -> None:
    cursor = mailbox.connect(None)
    put(tmp_path / "new" / "1.host", b"younger", hours_ago=1)
    put(tmp_path / "cur" / "2.host:2,S", b"older", hours_ago=2)
    mails = mailbox.fetch(mailbox.waiting(cursor, MANY).keys)
    assert [(mail.raw, mail.arrived_at) for mail in mails] == [
        (b"older", NOW - timedelta(hours=2)),
        (b"younger", NOW - timedelta(hours=1)),
    ]


def test_mail_that_another_program_flags_keeps_its_key(mailbox: MaildirMailbox, tmp_path: Path) -> None:
    cursor = mailbox.connect(None)
    path = put(tmp_path / "new" / "1.host")
    (key,) = mailbox.waiting(cursor, MANY).keys
    path.rename(tmp_path / "cur" / "1.host:2,RS")
    assert list(mailbox.waiting(cursor, MANY).keys) == [key]
    assert [mail.raw for mail in mailbox.fetch([key])] == [RAW]


def test_settled_file_is_the_same_file_with_the_same_flags(mailbox: MaildirMailbox, tmp_path: Path) -> None:
    cursor = mailbox.connect(None)
    before = {
        put(tmp_path / "new" / "1.host").stat().st_ino: "1.host:2,",
        put(tmp_path / "cur" / "2.host:2,F").stat().st_ino: "2.host:2,F",
    }
    mailbox.settle(mailbox.waiting(cursor, MANY).keys, Place.QUARANTINE)
    moved = list((tmp_path / ".Helpdesk.Quarantine" / "cur").iterdir())
    assert {path.stat().st_ino: path.name for path in moved} == before
    assert all(path.read_bytes() == RAW for path in moved)
    assert all(path.stat().st_mtime == (NOW - timedelta(hours=1)).timestamp() for path in moved)


def test_subfolders_look_like_maildir_to_other_programs(mailbox: MaildirMailbox, tmp_path: Path) -> None:
    mailbox.connect(None)
    for name in (".Helpdesk.Done", ".Helpdesk.Quarantine"):
        parts = {path.name for path in (tmp_path / name).iterdir()}
        assert parts == {"tmp", "new", "cur", "maildirfolder"}
        assert stat.S_IMODE((tmp_path / name / "cur").stat().st_mode) == 0o700


def test_files_that_are_no_mail_are_left_alone(mailbox: MaildirMailbox, tmp_path: Path) -> None:
    cursor = mailbox.connect(None)
    put(tmp_path / "new" / ".nfs0001")  # a network file system keeps a deleted file so
    put(tmp_path / "tmp" / "half-written")
    assert list(mailbox.waiting(cursor, MANY).keys) == []


def test_empty_file_waits_until_it_is_written(mailbox: MaildirMailbox, tmp_path: Path) -> None:
    cursor = mailbox.connect(None)
    path = put(tmp_path / "new" / "1.host", b"")
    assert list(mailbox.waiting(cursor, MANY).keys) == []
    path.write_bytes(RAW)
    assert [mail.raw for mail in mailbox.fetch(mailbox.waiting(cursor, MANY).keys)] == [RAW]


def test_large_mails_are_read_a_few_at_a_time(
    mailbox: MaildirMailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maildir, "FETCH_BYTES", 10_000)
    cursor = mailbox.connect(None)
    for number, size in enumerate((6_000, 6_000, 25_000)):
        put(tmp_path / "new" / f"{number}.host", b"x" * size, hours_ago=9 - number)
    keys = mailbox.waiting(cursor, MANY).keys
    assert [len(mail.raw) for mail in mailbox.fetch(keys)] == [6_000, 6_000]
    assert [len(mail.raw) for mail in mailbox.fetch(keys[2:])] == [25_000]


def test_mail_that_could_not_be_settled_waits_again(mailbox: MaildirMailbox, tmp_path: Path) -> None:
    cursor = mailbox.connect(None)
    put(tmp_path / "new" / "1.host")
    (key,) = mailbox.waiting(cursor, MANY).keys
    assert list(mailbox.left_behind(cursor, 10)) == []
    assert list(mailbox.waiting(cursor, MANY).keys) == [key]


def test_missing_maildir_is_for_a_person_to_mend(tmp_path: Path) -> None:
    mailbox = MaildirMailbox("support", tmp_path / "typo", now=lambda: NOW)
    with pytest.raises(PermanentError, match=r"mailbox support: .*typo is not a folder"):
        mailbox.connect(None)
    assert not (tmp_path / "typo").exists()
