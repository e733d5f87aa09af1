"""Backups of an SQLite desk: taken while mail pours in, refused when unsound, put back without doing things twice."""

from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from helpdesk import verify as workflow
from helpdesk.adapters.store import SECRET_LIFE, SqlStore, migrate, open_store
from helpdesk.adapters.store.backup import NUMBERS_SKIPPED, back_up, prune, restore
from helpdesk.core.audit import Finding
from helpdesk.draining import BATCH
from helpdesk.errors import PermanentError, TemporaryError
from tests.security.desk import START, Desk, desk, mail


def url_of(one: Desk) -> str:
    return one.works.config.database


def findings(one: Desk) -> list[Finding]:
    with closing(SqlStore(url_of(one), SECRET_LIFE)) as archive:
        steps = list(workflow.verify(archive, one.works.policy, one.now))
    return [step for step in steps if isinstance(step, Finding)]


def numbers(one: Desk) -> list[int]:
    return [ticket.number for ticket in one.works.store.queue(closed=True)]


def test_backup_taken_while_mail_pours_in_is_one_whole_desk(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        pouring = threading.Thread(
            target=one.take,
            args=([mail(f"person{n}@shop.test", f"Request {n}", "word " * 2000) for n in range(200)],),
        )
        copies = [tmp_path / f"copy{n}.db" for n in range(5)]
        pouring.start()
        for copy in copies[:-1]:
            back_up(url_of(one), copy)
        pouring.join()
        back_up(url_of(one), copies[-1])
        assert findings(one) == []
    for copy in copies:
        folder = tmp_path / copy.stem
        folder.mkdir()
        restore(f"sqlite:///{folder}/helpdesk.db", copy, "now")
        with desk(folder) as other:
            assert findings(other) == []
            # A batch is in it as a whole or not at all.
            assert len(other.works.store.queue()) % BATCH == 0
    assert len(numbers_in(copies[-1])) == 200


def numbers_in(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as database:
        return [number for (number,) in database.execute("SELECT number FROM ticket")]


def test_backup_is_private_and_one_file(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        one.open()
        shares: list[float] = []
        size = back_up(url_of(one), tmp_path / "copy.db", shares.append)
        assert size == (tmp_path / "copy.db").stat().st_size
        assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
        assert sorted(file.name for file in tmp_path.glob("copy.db*")) == ["copy.db"]
        assert shares[-1] == 1.0


def test_backup_never_replaces_a_file(tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    with desk(tmp_path) as one, pytest.raises(PermanentError, match="exists already"):
        back_up(url_of(one), tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_damaged_database_makes_no_backup(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        one.take(mail(f"person{n}@shop.test", text="word " * 500) for n in range(60))
    file = tmp_path / "helpdesk.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'message' LIMIT 1"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size + 100)
        raw.write(b"\xff" * 300)
    with pytest.raises(PermanentError, match="damaged"):
        back_up(f"sqlite:///{file}", tmp_path / "copy.db")
    assert list(tmp_path.glob("copy.db*")) == []


def test_full_disk_leaves_no_half_backup(tmp_path: Path) -> None:
    with desk(tmp_path) as one, pytest.raises(TemporaryError, match="No such file"):
        back_up(url_of(one), tmp_path / "absent" / "copy.db")


def test_restored_desk_sends_nothing_twice_and_gives_no_number_twice(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        first = one.open()
        one.take([mail("boris@shop.test", "Waits in the outbox")])
        back_up(url_of(one), tmp_path / "copy.db")
        one.send()
        later = one.open("carl@shop.test")
    done = restore(f"sqlite:///{tmp_path}/helpdesk.db", tmp_path / "copy.db", "20260302")
    assert done.held_back == 2
    assert done.aside == tmp_path / "helpdesk.db.before-20260302"
    assert numbers_in(done.aside) == [first, first + 1, later]
    with desk(tmp_path) as one:
        assert numbers(one) == [first, first + 1]
        assert one.works.store.paused()
        assert one.works.store.claim(START, 10) == []
        # The first ones have the names of mails that the desk knows.
        *_, taken = one.take(mail("dora@shop.test", f"After the restore {n}") for n in range(10))
        assert taken.ticket is not None
        assert taken.ticket > later
        assert findings(one) == []


def test_restore_without_the_old_database_leaves_a_gap_of_numbers(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        number = one.open()
        back_up(url_of(one), tmp_path / "copy.db")
    target = tmp_path / "other" / "helpdesk.db"
    target.parent.mkdir()
    done = restore(f"sqlite:///{target}", tmp_path / "copy.db", "now")
    assert (done.aside, done.next_number, done.held_back) == (None, number + 1 + NUMBERS_SKIPPED, 0)


def test_desk_that_a_daemon_works_on_is_not_replaced(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        one.open()
        back_up(url_of(one), tmp_path / "copy.db")
        one.works.store.begin_sending(START)
        with pytest.raises(PermanentError, match="a daemon works on this desk"):
            restore(url_of(one), tmp_path / "copy.db", "now")
        assert len(one.works.store.queue()) == 1
    assert list(tmp_path.glob("*.before-*")) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"Dear Sir or Madam", "no backup of a desk"),
        (b"", "not one of helpdesk"),  # SQLite takes an empty file for an empty database
    ],
)
def test_what_is_no_backup_is_refused_and_nothing_changes(tmp_path: Path, content: bytes | None, said: str) -> None:
    url = f"sqlite:///{tmp_path}/helpdesk.db"
    migrate(url)
    before = (tmp_path / "helpdesk.db").read_bytes()
    if content is not None:
        (tmp_path / "copy.db").write_bytes(content)
    with pytest.raises(PermanentError, match=said):
        restore(url, tmp_path / "copy.db", "now")
    assert (tmp_path / "helpdesk.db").read_bytes() == before
    assert list(tmp_path.glob("*.before-*")) == []


def test_backup_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    with pytest.raises(PermanentError, match="schema 9999, this program knows"):
        restore(f"sqlite:///{tmp_path}/helpdesk.db", tmp_path / "copy.db", "now")
    assert not (tmp_path / "helpdesk.db").exists()


def test_postgresql_is_pointed_to_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="pg_dump --format=custom"):
        back_up("postgresql://helpdesk@db.example/desk", tmp_path / "copy.db")


def test_oldest_backups_go_first(tmp_path: Path) -> None:
    names = [f"helpdesk-2026030{day}T010203Z.db" for day in range(1, 6)]
    for name in (*names, "other.db"):
        (tmp_path / name).touch()
    assert [file.name for file in prune(tmp_path, 2)] == names[:3]
    assert sorted(file.name for file in tmp_path.iterdir()) == [*names[3:], "other.db"]


def test_commands_copy_and_put_back(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        number = one.open()
        folder = tmp_path / "backups"
        folder.mkdir()
        assert "MB" in one.cli("backup", str(folder), "--keep", "3")
        (copy,) = folder.iterdir()
        later = one.open("boris@shop.test")
        said = one.cli("restore", str(copy))
        assert f"the next ticket gets the number {later + 1}" in said
        assert "what was there lies in" in said
    with desk(tmp_path) as one, closing(open_store(url_of(one))) as store:
        assert [ticket.number for ticket in store.queue()] == [number]
