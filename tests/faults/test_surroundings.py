"""What the desk stands on gives way: its disk, its database file, its database server. It loses nothing and goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.faults.stand import Nursery, PostgresEngine, SqliteEngine, Stand, mail
from tests.faults.taps import Fault
from tests.faults.trials import MONDAY, TUESDAY
from tests.postgres import Cluster, cluster, missing

ANNA = mail("anna@shop.test", "Question", "How do I pay by card?")
BORIS = mail("boris@shop.test", "Another question", "How do I pay by invoice?")

# Once the file of that name is there, nothing can be made durable any more.
BROKEN_SYNC = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
static int broken(void) { return access(getenv("BROKEN_DISK"), F_OK) == 0 ? (errno = EIO) : 0; }
int fsync(int file) { return broken() ? -1 : syscall(SYS_fsync, file); }
int fdatasync(int file) { return broken() ? -1 : syscall(SYS_fdatasync, file); }
"""


def survives(stand: Stand) -> None:
    """Nothing that is not committed was moved; once all is well, everything is done once."""
    assert stand.imap.moved == []
    assert stand.relay.accepted == []


def recovers(stand: Stand) -> None:
    stand.settle(TUESDAY)
    assert stand.requesters() == ["anna@shop.test", "boris@shop.test"]
    assert stand.imap.settled == {ANNA: 1, BORIS: 1}
    assert set(stand.relay.copies().values()) == {1}


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The file system of this folder takes no writes."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def can_mount(folder: Path) -> bool:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    try:
        with read_only(folder):
            return True
    except subprocess.CalledProcessError:
        return False


def test_a_file_system_that_has_become_read_only(stand: Stand, tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("mounting needs root, and a machine that allows it")
    stand.imap.reset([ANNA, BORIS])
    with read_only(tmp_path):
        assert stand.run(Fault(), MONDAY).code == 1
    survives(stand)
    recovers(stand)


def test_a_disk_that_cannot_make_anything_durable(fresh_file: Path, tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("a C compiler makes the disk that fails")
    (tmp_path / "sync.c").write_text(BROKEN_SYNC)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", tmp_path / "sync.so", tmp_path / "sync.c"], check=True)
    broken = tmp_path / "broken"
    environment = os.environ | {"LD_PRELOAD": str(tmp_path / "sync.so"), "BROKEN_DISK": str(broken)}
    shutil.copy(fresh_file, tmp_path / "helpdesk.db")
    with (
        closing(Nursery(environment)) as nursery,
        closing(Stand(tmp_path, SqliteEngine(tmp_path), nursery)) as stand,
    ):
        stand.imap.reset([ANNA, BORIS])
        broken.touch()
        assert stand.run(Fault(), MONDAY).code == 1
        survives(stand)
        broken.unlink()
        recovers(stand)


def test_a_database_that_another_program_holds_is_waited_for(stand: Stand, tmp_path: Path) -> None:
    stand.imap.reset([ANNA, BORIS])
    with closing(sqlite3.connect(tmp_path / "helpdesk.db", check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(1, other.rollback)
        release.start()
        assert stand.run(Fault(), MONDAY).code == 0
        release.join()
    recovers(stand)


def test_a_database_that_another_program_does_not_give_back(stand: Stand, tmp_path: Path) -> None:
    stand.imap.reset([ANNA, BORIS])
    with closing(sqlite3.connect(tmp_path / "helpdesk.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert stand.run(Fault(), MONDAY, patience_s=1).code == 1
        survives(stand)
    recovers(stand)


@contextmanager
def locked(stand: Stand, table: str) -> Iterator[psycopg.Connection]:
    """Somebody else has this table for himself, until he rolls back."""
    with psycopg.connect(stand.engine.url) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield other


@pytest.fixture
def on_postgresql(postgres: Cluster, nursery: Nursery, tmp_path: Path) -> Iterator[Stand]:
    with closing(Stand(tmp_path, PostgresEngine(postgres, "locked"), nursery)) as stand:
        stand.imap.reset([ANNA, BORIS])
        yield stand


@pytest.mark.parametrize("table", ["message", "outbox"])
def test_a_table_that_somebody_else_holds_is_waited_for(on_postgresql: Stand, table: str) -> None:
    with locked(on_postgresql, table) as other:
        release = threading.Timer(0.5, other.rollback)
        release.start()
        assert on_postgresql.run(Fault(), MONDAY).code == 0
        release.join()
    recovers(on_postgresql)


@pytest.mark.parametrize("table", ["meta", "cursor", "message", "outbox"])
def test_a_table_that_somebody_else_keeps_stops_a_pass_and_not_the_desk(on_postgresql: Stand, table: str) -> None:
    with locked(on_postgresql, table):
        assert on_postgresql.run(Fault(), MONDAY, patience_s=1).code == 1
        survives(on_postgresql)
    recovers(on_postgresql)


def test_a_database_server_that_goes_down_and_comes_up_again(nursery: Nursery, tmp_path: Path) -> None:
    if wanting := missing():
        pytest.skip(f"no {wanting}")
    with cluster() as server, closing(Stand(tmp_path, PostgresEngine(server), nursery)) as stand:
        stand.imap.reset([ANNA, BORIS])
        server.stop()
        assert stand.run(Fault(), MONDAY).code == 1
        survives(stand)
        server.start()
        recovers(stand)


@pytest.mark.parametrize("command", ["UID FETCH", "UID MOVE"])
def test_a_database_server_that_restarts_amid_a_pass(nursery: Nursery, tmp_path: Path, command: str) -> None:
    if wanting := missing():
        pytest.skip(f"no {wanting}")
    with cluster() as server, closing(Stand(tmp_path, PostgresEngine(server), nursery)) as stand:
        stand.imap.reset([ANNA, BORIS])
        once = iter([None])

        def restart(said: str) -> None:
            if said == command and next(once, 0) is None:
                server.stop()
                server.start()

        stand.imap.trouble = restart
        assert stand.run(Fault(), MONDAY).code in (0, 1)
        stand.imap.trouble = lambda _: None
        recovers(stand)
