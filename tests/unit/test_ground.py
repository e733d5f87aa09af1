"""What `check` says of disk, clock and certificates."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.adapters.store import SECRET_LIFE, SqlStore, open_store
from helpdesk.daemon.ground import CERTIFICATE_LEFT, CLOCK_ERROR, certificate, clock, disk, ground, soundness

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("free", "size", "worried", "fatal"),
    [
        (50_000_000_000, 10_000_000, False, False),
        (900_000_000, 10_000_000, True, False),  # little, though more than the database
        (3_000_000_000, 4_000_000_000, True, False),  # much, though less than a backup takes
        (99_000_000, 10_000_000, True, True),
    ],
)
def test_a_disk_that_fills_is_told_before_mail_stops(free: int, size: int, worried: bool, fatal: bool) -> None:
    found = disk(Path("/var/lib/helpdesk"), free, size)
    assert (bool(found.cure), bool(found.why), found.fatal) == (worried, worried, fatal)


def test_a_clock_that_was_set_back_is_told() -> None:
    assert clock(None, NOW).cure == ""
    assert clock(NOW + CLOCK_ERROR, NOW).cure == ""
    told = clock(NOW + CLOCK_ERROR + SECOND, NOW)
    assert "2026-03-02 09:00 UTC, but something here is of 2026-03-02 09:05" in told.found
    assert told.cure != ""


def test_a_certificate_that_ends_soon_is_told() -> None:
    assert list(certificate("smtp", None, NOW)) == []
    assert [one.cure for one in certificate("smtp", NOW + CERTIFICATE_LEFT, NOW)] == [""]
    (told,) = certificate("smtp", NOW + CERTIFICATE_LEFT - SECOND, NOW)
    assert told.found == "its certificate ends on 2026-03-16"
    assert told.cure != ""
    assert not told.fatal


def test_a_damaged_database_is_told_with_what_to_do(fresh_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "helpdesk.db"
    file.write_bytes(fresh_file.read_bytes())
    url = f"sqlite:///{file}"
    with closing(open_store(url)) as store:
        assert "sound" in [one.found for one in ground(url, store, NOW)]
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'outbox' LIMIT 1").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as damaged:
        damaged.seek((page - 1) * size)
        damaged.write(b"\xff" * 100)
    with closing(SqlStore(url, SECRET_LIFE)) as store:
        told = [one for one in soundness(file.stat().st_size, store) if one.fatal]
    assert told
    assert all("restore a backup" in one.cure and one.why for one in told)
