"""What is special about the SQLite file: who may read it, what is promised of its disk, and its errors in words."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from helpdesk.adapters.store import engine as engines
from helpdesk.adapters.store import open_store
from helpdesk.adapters.store.models import METADATA
from helpdesk.adapters.store.turns import Turns
from helpdesk.core.decision import (
    Record,
)
from helpdesk.core.outgoing import Audience
from helpdesk.core.sender import Remember
from helpdesk.core.ticket import NEW
from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.ports import Cursor
from tests.desk import (
    ANNA,
    IVAN,
    NOW,
    OPENING,
    answer,
    ask,
    change,
    decision,
    file,
    inbound,
    letter,
    mail,
    open_ticket,
    queue,
    record,
    ticket_of,
)
from tests.statements import before_statements


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "helpdesk.db"


@contextmanager
def listening(name: str, listener: Callable[..., None]) -> Iterator[None]:
    """Let `listener` hear an event of every engine."""
    event.listen(sa.Engine, name, listener)
    try:
        yield
    finally:
        event.remove(sa.Engine, name, listener)


@contextmanager
def pragma(text: str) -> Iterator[None]:
    """Every new connection begins with this PRAGMA."""

    def begin(connection: Any, _: object) -> None:
        connection.execute(f"PRAGMA {text}")

    with listening("connect", begin):
        yield


def test_nobody_else_may_read_the_mail(database: Path) -> None:
    store = open_store(f"sqlite:///{database}")
    ticket_of(store)
    files = sorted(database.parent.iterdir())
    assert [file.name for file in files] == ["helpdesk.db", "helpdesk.db-shm", "helpdesk.db-wal"]
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600"] * 3


def test_every_commit_is_on_the_disk_and_references_are_checked(database: Path) -> None:
    store = open_store(f"sqlite:///{database}")
    with store.unit() as unit:
        # Synchronous 2 is FULL.
        found = [
            unit._connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert found == ["wal", 2, 1, 30_000]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemporaryError, match=r"nowhere/helpdesk\.db: No such file or directory: check the folder"):
        open_store(f"sqlite:///{tmp_path}/nowhere/helpdesk.db")


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("max_page_count = 1", r"helpdesk\.db: the disk is full: make room"),
        ("query_only = ON", r"helpdesk\.db: it cannot be written: give the file and its folder to the user"),
    ],
)
def test_a_store_that_cannot_write_says_why_and_recovers(database: Path, cause: str, words: str) -> None:
    url = f"sqlite:///{database}"
    first = ticket_of(open_store(url))
    with pragma(cause), pytest.raises(TemporaryError, match=words) as caught:
        store = open_store(url)
        for uid in range(50):
            with store.unit() as unit:
                file(unit, None, mail(uid, bytes(range(256)) * 100))
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert ticket_of(open_store(url)) == first + 1


def test_a_full_disk_is_no_fault_of_the_mail_within_a_savepoint(database: Path) -> None:
    url = f"sqlite:///{database}"
    open_store(url)
    with pragma("max_page_count = 1"):
        store = open_store(url)
        with pytest.raises(TemporaryError), store.unit() as unit:
            for uid in range(50):
                with unit.savepoint():
                    number = open_ticket(unit)
                    file(unit, number, mail(uid, uid.to_bytes(4) * 10_000), text="x" * 4000 * uid)
    assert open_store(url).queue() == []


def test_a_database_locked_by_another_program_is_no_loss(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{database}"
    open_store(url)
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0)
    store = open_store(url)
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TemporaryError, match=r"helpdesk\.db: another program has kept it locked"):
        ticket_of(store)
    assert store.queue() == []  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    assert ticket_of(store) == 100001


def test_a_program_that_leaves_does_not_take_our_write_ahead_log_along(database: Path) -> None:
    """POSIX locks go when a process closes any descriptor of a file; the last to leave a database deletes the log."""
    store = open_store(f"sqlite:///{database}")
    log = Path(f"{database}-wal")
    script = (
        "import sqlite3, sys; other = sqlite3.connect(sys.argv[1]);"
        "print(other.execute('SELECT count(*) FROM ticket').fetchone()[0]); other.close()"
    )
    with store.unit() as unit:
        store.queue()  # on a second connection of ours
        before = log.stat().st_ino
        subprocess.run([sys.executable, "-c", script, database], check=True)
        open_ticket(unit)
    assert log.stat().st_ino == before
    seen = subprocess.run([sys.executable, "-c", script, database], capture_output=True, check=True)
    assert seen.stdout == b"1\n"


def test_a_file_that_is_no_database_is_refused(database: Path) -> None:
    database.write_bytes(b"not a database at all " * 100)
    with pytest.raises(PermanentError, match=r"helpdesk\.db: file is not a database: restore it from a backup"):
        open_store(f"sqlite:///{database}")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("helpdesk.db", "the database URL cannot be read"),
        ("sqlite://", "the database must be a file"),
        ("sqlite:///:memory:", "the database must be a file"),
        ("mysql://root:secret@localhost/x", r'"mysql://root:\*\*\*@localhost/x" is of no known kind'),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, words: str) -> None:
    with pytest.raises(PermanentError, match=words):
        open_store(url)


def test_every_look_up_on_the_way_of_a_mail_uses_an_index(database: Path) -> None:
    """No table but the one-row `meta` is read from end to end, and no index but that of what is open."""
    store = open_store(f"sqlite:///{database}")
    statements: list[tuple[str, Any]] = []

    def note(_: object, statement: str, parameters: Any) -> None:
        several = isinstance(parameters, list) and parameters and isinstance(parameters[0], list | tuple)
        statements.append((statement, parameters[0] if several else parameters))

    end = before_statements(note)
    try:
        with store.unit() as unit:
            open_ticket(unit)
            fetched = mail(1)
            unit.known("support", [fetched.key])
            unit.facts(
                ask(
                    references=("<1@x>",),
                    tokens=("a",),
                    tags=(100001, 100002),
                    sender=ANNA.address,
                    bounced_message_id="<b@desk.test>",
                    queue=True,
                ),
                NOW,
            )
            decided = decision(OPENING, Record(NEW, "x", "y"), Remember(ANNA.address, name="A"))
            number = unit.apply(decided, NOW, by="x")
            assert number is not None
            unit.file("support", fetched, inbound(fetched), decided, number, NOW)
            change(unit, number, Record(number, "x", "y"))
            queue(unit, letter("a"), number)
            queue(unit, answer("b"), number)
            queue(unit, letter("c", IVAN, audience=Audience.AGENT), number)
            unit.save_cursor("support", Cursor(folder="INBOX", validity=1, uid=1, since=NOW))
            unit.due(NOW, 10)
        (claimed, *_) = store.claim(NOW, 10)
        record(store, claimed.id, [], NOW, NOW)
        store.next_letter_due()
        store.outbox()
    finally:
        end()
    with sqlite3.connect(database) as connection:
        plans = {
            step[3]
            for statement, parameters in statements
            if statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE"))
            for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        }
    connection.close()
    of_open_outages = "SCAN ticket USING INDEX ix_ticket_opened_at"
    scanned = {plan.split()[1] for plan in plans if plan.startswith("SCAN") and plan != of_open_outages}
    assert scanned & set(METADATA.tables) == {"meta"}
    # Among the letters of the ticket, not among all that wait: those are many while the relay is away.
    assert "SEARCH outbox USING INDEX ix_outbox_ticket (ticket=?)" in plans
    assert not {plan for plan in plans if plan.startswith("SEARCH outbox USING INDEX ix_outbox_state")}
    assert len(plans) > 20


def test_what_is_written_after_another_program_looked_is_seen_by_the_next(database: Path) -> None:
    look = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT paused FROM meta').fetchone()[0])"

    def another_program_sees() -> str:
        seen = subprocess.run([sys.executable, "-c", look, str(database)], check=True, capture_output=True, text=True)
        return seen.stdout.strip()

    store = open_store(f"sqlite:///{database}")
    with store.unit():
        # A second connection while the first is open: it must leave the first one's locks alone.
        assert not store.paused()
    assert another_program_sees() == "0"
    store.pause(True)
    assert another_program_sees() == "1"
    store.close()


def test_nobody_waits_for_the_index_of_words_of_an_idle_desk(database: Path) -> None:
    store = open_store(f"sqlite:///{database}")
    with store.unit(), ThreadPoolExecutor(1) as beside:
        assert beside.submit(store.index_words).result() == 0
    store.close()


def test_letters_of_a_sender_that_died_are_due_when_the_next_one_begins(database: Path) -> None:
    dying, living = open_store(f"sqlite:///{database}"), open_store(f"sqlite:///{database}")
    with dying.unit() as unit:
        queue(unit, letter("a"))
    dying.begin_sending(NOW)
    (claimed,) = dying.claim(NOW, 10)

    living.begin_sending(NOW)
    assert living.claim(NOW, 10) == [], "the first sender lives and holds the letter"
    living.close()

    dying.close()  # the system does the same to the lock of a process that is killed
    living.begin_sending(NOW)
    (again,) = living.claim(NOW, 10)
    assert (again.id, again.message_id) == (claimed.id, claimed.message_id)
    living.close()


def test_threads_write_in_the_order_in_which_they_asked() -> None:
    turns, order = Turns(patience_s=30), []

    def write(name: int) -> None:
        with turns.turn():
            order.append(name)

    threads = [threading.Thread(target=write, args=[name]) for name in range(5)]
    with turns.turn():
        for place, thread in enumerate(threads, start=1):
            thread.start()
            while turns.waiting < place:
                thread.join(0.001)
    # Whoever has just written has to stand at the end of the queue.
    write(5)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4, 5]


def test_who_waits_for_a_turn_in_vain_is_told_so() -> None:
    turns = Turns(patience_s=0.01)
    with turns.turn():
        with pytest.raises(TemporaryError, match="kept the database"), turns.turn():
            pass
        assert turns.waiting == 0
    with turns.turn():  # and nobody stands in the way afterwards
        pass
