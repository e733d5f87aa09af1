"""A desk moves into another database, on each pair of engines: every row, after any kill, or not at all."""

from __future__ import annotations

import os
import random
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel.sql.sqltypes import UTCDateTime

from helpdesk.adapters.store import moving, open_store
from helpdesk.adapters.store.columns import Strings, Text
from helpdesk.adapters.store.engine import make_engine
from helpdesk.adapters.store.models import METADATA
from helpdesk.core.audit import Finding
from helpdesk.core.decision import Schedule
from helpdesk.core.incident import HangOn
from helpdesk.core.message import Attachment
from helpdesk.core.outgoing import Delivery
from helpdesk.core.regrouping import Merge
from helpdesk.core.ticket import NEW
from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.ports import Cursor
from helpdesk.verify import verify
from tests.build import policy
from tests.desk import HOUR, NOW, PETER, change, file, letter, mail, open_ticket, queue, record, ticket_of
from tests.postgres import Cluster

ROOT = Path(__file__).parents[2]

Make = Callable[..., str]


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes a place for a database of an engine, with nothing there yet or a copy of a template."""
    made = ExitStack()
    numbers = count(1)

    def make(engine: str, template: str = "") -> str:
        if engine == "sqlite":
            file = tmp_path / f"{next(numbers)}.db"
            if template:
                shutil.copy(template, file)
            return f"sqlite:///{file}"
        database: AbstractContextManager[str] = request.getfixturevalue("postgres").database(template or "template1")
        return made.enter_context(database)

    with made:
        yield make


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A desk with something in every table."""
    file = tmp_path_factory.mktemp("moving") / "filled.db"
    fill(f"sqlite:///{file}")
    return str(file)


@pytest.fixture(scope="session")
def filled_database(postgres: Cluster) -> str:
    """The same on PostgreSQL."""
    postgres.execute("CREATE DATABASE filled")
    fill(postgres.url("filled"))
    return "filled"


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, new_database: Make) -> str:
    """A desk with something in every table."""
    template = request.getfixturevalue("filled_file" if request.param == "sqlite" else "filled_database")
    return new_database(request.param, template)


@pytest.fixture
def target(source: str, new_database: Make) -> str:
    """Where nothing is yet, on the other engine."""
    return new_database("postgresql" if source.startswith("sqlite") else "sqlite")


def fill(url: str, tickets: int = 6) -> None:
    """Mail with files and in every script, letters in each state, quarantine, and whatever else there may be."""
    with closing(open_store(url)) as store:
        for uid in range(1, tickets + 1):
            with store.unit() as unit:
                number = open_ticket(unit, Schedule(NEW, "reminder", NOW + HOUR), subject="Сайт лежит \U0001f525")
                invoice = Attachment(part=2, name="счёт.pdf", type="application/pdf", size=3, sha256="ab", inline=False)
                file(unit, number, mail(uid, bytes(range(256)) * uid), attachments=(invoice,))
                queue(unit, letter(f"opened {uid}"), number)
                queue(unit, letter(f"told {uid}", PETER), number)
                unit.quarantine("support", mail(1000 + uid), "", "сломано", None, "broken", NOW, next_try=None)
                unit.save_cursor("support", Cursor(folder="INBOX", validity=1, uid=uid, since=NOW))
        for claimed in store.claim(NOW, tickets):
            record(store, claimed.id, [Delivery(to, 250, "ok") for to in claimed.recipients], NOW, None)
        lease = store.take_lease("support", "a daemon", 60)
        assert lease is not None
        store.give_back(lease)
    fill_what_is_empty(url)


def fill_what_is_empty(url: str) -> None:
    """One row in each table that has none: tables that come later are moved by this test as well."""
    engine = make_engine(url)
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            if connection.execute(sa.select(table).limit(1)).first() is None:
                values = {column.name: some_value(connection, column) for column in table.columns}
                connection.execute(sa.insert(table).values(values))
    engine.dispose()


def some_value(connection: sa.Connection, column: sa.Column[Any]) -> object:
    """Something that the column takes."""
    for key in column.foreign_keys:
        return connection.execute(sa.select(key.column).limit(1)).scalar_one()
    if isinstance(column.type, sa.Enum):
        return list(column.type.enum_class)[-1] if column.type.enum_class else column.type.enums[-1]
    if isinstance(column.type, Strings):
        return ("семь",)
    if isinstance(column.type, UTCDateTime):
        return NOW
    if isinstance(column.type, Text):
        return "семь"
    return {bool: True, int: 7, float: 7.5, str: "семь", bytes: b"\0\xff"}[column.type.python_type]


def rows(url: str) -> dict[str, list[str]]:
    """Everything in the database, whichever tables it has."""
    engine = make_engine(url)
    with engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
        found = {
            name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(METADATA.tables[name])))
            for name in names
            if not name.startswith("search_index")  # derived from the messages: it fills by itself
        }
    engine.dispose()
    return found


def move(source: str, target: str) -> list[moving.Step]:
    return list(moving.move(source, target))


def findings(url: str) -> list[Finding]:
    with closing(open_store(url)) as store:
        return [one for one in verify(store, policy(), NOW) if isinstance(one, Finding)]


def test_every_row_of_every_table_arrives(source: str, target: str) -> None:
    before = rows(source)
    assert [name for name, found in before.items() if not found] == []
    steps = move(source, target)
    assert rows(target) == before == rows(source)
    assert steps[-1].done == steps[-1].total == 2 * sum(map(len, before.values()))
    assert findings(target) == findings(source) == []


def test_a_ticket_that_leads_to_a_newer_one_moves_before_it(source: str, target: str) -> None:
    with closing(open_store(source)) as store:
        old, newer, hanging, incident = (ticket_of(store) for _ in range(4))
        with store.unit() as unit:
            change(unit, newer, Merge(old, newer, regroups=False), HangOn(hanging, incident))
    list(moving.move(source, target))
    with closing(open_store(target)) as store:
        moved = store.show(old)
        assert moved is not None
        assert moved.ticket.merged_into == newer
        hangs = store.show(hanging)
        assert hangs is not None
        assert hangs.ticket.incident == incident


def test_a_desk_moves_within_one_engine_too(source: str, new_database: Make) -> None:
    target = new_database(source.partition(":")[0])
    move(source, target)
    assert rows(target) == rows(source)


def test_work_goes_on_in_the_new_database(source: str, target: str) -> None:
    move(source, target)
    highest = {name: len(found) for name, found in rows(target).items()}
    with closing(open_store(target)) as store, store.unit() as unit:
        number = open_ticket(unit)
        assert number == 100001 + highest["ticket"]
        file(unit, number, mail(77))
        assert queue(unit, letter("goes on"), number)
        unit.quarantine("support", mail(78), "", "", None, "broken", NOW, next_try=None)
    assert len(rows(target)["outbox"]) == highest["outbox"] + 1


KILLED_UNTIL_IT_ENDS = """
import os, random, signal, sys
from sqlalchemy.engine.default import DefaultDialect
from helpdesk.adapters.store import moving

source, target = sys.argv[1:]
chance = random.Random(source[:6] + target[:6])
moving.BLOCK_ROWS = 3
commit = DefaultDialect.do_commit
left = 0

def passes():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

def watched(self, connection):
    passes()
    commit(self, connection)
    passes()

def kills():
    global left
    for count in range(100):
        left = chance.randrange(1, 60 + 10 * count)
        child = os.fork()
        if not child:
            for step in moving.move(source, target):
                passes()
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if ended != -9:
            return ended, count

DefaultDialect.do_commit = watched
print(*kills())
"""


def test_a_move_that_is_killed_goes_on_where_it_was(source: str, target: str) -> None:
    program = [sys.executable, "-c", KILLED_UNTIL_IT_ENDS, source, target]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(program, env=environment, check=True, capture_output=True, text=True)
    code, kills = map(int, ended.stdout.split())
    assert (code, ended.stderr) == (0, "")
    assert kills > 2
    assert rows(target) == rows(source)
    assert findings(target) == []


def stop_early(source: str, target: str, steps: int = 2) -> None:
    """A move that comes no further than this."""
    begun = moving.move(source, target)
    for _ in range(steps):
        next(begun)
    begun.close()  # type: ignore[attr-defined]


def test_no_program_works_on_a_database_that_is_not_complete(source: str, target: str) -> None:
    stop_early(source, target)
    with pytest.raises(PermanentError, match="being moved into this database"):
        open_store(target)
    move(source, target)
    open_store(target).close()


def test_a_move_that_is_done_may_be_asked_for_again(source: str, target: str) -> None:
    move(source, target)
    move(source, target)
    assert rows(target) == rows(source)


def test_a_desk_that_went_on_elsewhere_is_not_overwritten(source: str, target: str) -> None:
    move(source, target)
    with closing(open_store(target)) as store:
        number = ticket_of(store)
    with pytest.raises(PermanentError, match="meta 1 differs from its source"):
        move(source, target)
    with closing(open_store(target)) as store:
        assert store.show(number) is not None


def test_a_source_that_changed_between_two_parts_of_a_move_is_noticed(source: str, target: str) -> None:
    stop_early(source, target, steps=8)
    engine = make_engine(source)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE contact SET name = 'another'"))
    engine.dispose()
    with pytest.raises(PermanentError, match=r"contact .* differs from its source.*begin again"):
        move(source, target)


def test_another_desk_is_not_touched(source: str, target: str) -> None:
    with closing(open_store(target)) as store:
        ticket_of(store)
    before = rows(target)
    with pytest.raises(PermanentError, match="holds another desk: choose an empty database"):
        move(source, target)
    assert rows(target) == before


def test_a_move_of_another_desk_is_not_gone_on_with(source: str, target: str, new_database: Make) -> None:
    stop_early(source, target)
    other = new_database("sqlite")
    fill(other, tickets=1)
    with pytest.raises(PermanentError, match="another desk is being moved into"):
        move(other, target)


def test_a_database_of_another_program_is_not_touched(source: str, new_database: Make) -> None:
    target = new_database("sqlite")
    with sqlite3.connect(target.removeprefix("sqlite:///")) as connection:
        connection.execute("CREATE TABLE customers (x)")
    connection.close()
    with pytest.raises(PermanentError, match="holds tables of another program"):
        move(source, target)


def test_a_desk_that_a_daemon_reads_is_refused(source: str, target: str) -> None:
    with closing(open_store(source)) as store:
        lease = store.take_lease("support", "the daemon", 60)
        assert lease is not None
        with pytest.raises(TemporaryError, match=r"a daemon reads support and works on .*: stop it first"):
            move(source, target)
        store.give_back(lease)
    move(source, target)


def test_a_file_that_a_daemon_sends_from_is_refused(new_database: Make) -> None:
    source, target = new_database("sqlite"), new_database("sqlite")
    fill(source)
    with closing(open_store(source)) as store:
        store.begin_sending(NOW)
        with pytest.raises(TemporaryError, match=r"a daemon works on .*\.db: stop it first"):
            move(source, target)
    move(source, target)


def test_nobody_writes_to_the_old_database_meanwhile(source: str, target: str) -> None:
    begun = moving.move(source, target)
    next(begun)
    engine = make_engine(source)
    with engine.connect() as connection:
        statement = "PRAGMA busy_timeout = 1" if source.startswith("sqlite") else "SET lock_timeout = '1ms'"
        connection.execute(sa.text(statement))
        with pytest.raises(TemporaryError):
            connection.execute(sa.text("UPDATE meta SET next_number = 1"))
    engine.dispose()
    list(begun)
    assert rows(target) == rows(source)


def test_a_database_is_not_moved_into_itself(source: str) -> None:
    with pytest.raises(PermanentError, match="source and target are the same database"):
        move(source, source)


def test_where_no_desk_is_nothing_is_made(new_database: Make, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="there is no desk in"):
        move(new_database("sqlite"), new_database("sqlite"))
    assert list(tmp_path.iterdir()) == []


def test_keys_are_compared_whatever_order_the_database_prefers(new_database: Make, postgres: Cluster) -> None:
    source = new_database("sqlite")
    fill(source)
    engine = make_engine(source)
    addresses = ["_@x.test", "a@x.test", "B@x.test", "ё@x.test", "\U0001f525@x.test", "é@x.test", "Ж@x.test"]
    with engine.begin() as connection:
        for address in addresses:
            values = {"address": address, "name": "", "blocked": False, "failing": False}
            connection.execute(sa.insert(METADATA.tables["contact"]).values(values))
    engine.dispose()
    postgres.execute("CREATE DATABASE icu TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
    try:
        move(source, postgres.url("icu"))
        assert rows(postgres.url("icu")) == rows(source)
    finally:
        postgres.execute("DROP DATABASE icu WITH (FORCE)")


def test_a_mail_that_is_large_is_committed_alone(new_database: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = new_database("sqlite"), new_database("sqlite")
    with closing(open_store(source)) as store, store.unit() as unit:
        for uid in (1, 2, 3):
            file(unit, open_ticket(unit), mail(uid, random.Random(uid).randbytes(3000)))
    monkeypatch.setattr(moving, "BLOCK_BYTES", 2000)
    steps = [step.doing for step in move(source, target)]
    assert steps.count("copying raw") == 3
    assert steps.count("copying ticket") == 1


# --- the command ----------------------------------------------------------------------------------

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
database = "{database}"
[[mailbox]]
name = "support"
kind = "maildir"
path = "inbox"
[smtp]
kind = "maildir"
path = "sent"
"""


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-m", "helpdesk", "--config", str(folder / "config.toml"), *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False, env=environment, cwd=folder)


def example() -> Sequence[str]:
    """FROM and TO of the example in the documentation."""
    shown = (ROOT / "docs" / "postgresql.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^helpdesk migrate-database (.+)$", shown, re.MULTILINE)
    return shlex.split(line)


def test_the_example_of_the_documentation_moves_a_desk(tmp_path: Path, postgres: Cluster) -> None:
    source, target = example()
    assert source.startswith("sqlite:///")
    (tmp_path / "config.toml").write_text(CONFIG.format(database="sqlite:///helpdesk.db"))
    fill(f"sqlite:///{tmp_path}/helpdesk.db")
    with postgres.database() as url:
        assert target.startswith("postgresql://")
        done = command(tmp_path, "migrate-database", source.replace("/var/lib/helpdesk", str(tmp_path)), url)
        assert done.returncode == 0, done.stderr
        assert re.search(r"✓ \d+ rows are there, each compared with its source", done.stdout)
        assert "✓ everything is as it must be" in done.stdout
        (tmp_path / "config.toml").write_text(CONFIG.format(database=url))
        assert "100006" in command(tmp_path, "queue").stdout


def test_a_refusal_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.format(database="sqlite:///helpdesk.db"))
    missing = command(tmp_path, "migrate-database", "sqlite:///absent.db", "sqlite:///new.db")
    assert (missing.returncode, missing.stdout) == (69, "")
    assert missing.stderr == "there is no desk in absent.db\n"
    wrong = command(tmp_path, "migrate-database", "absent.db", "sqlite:///new.db")
    assert wrong.returncode == 69
    assert 'want "sqlite:///FILE" or "postgresql://…"' in wrong.stderr
    fill(f"sqlite:///{tmp_path}/helpdesk.db", tickets=1)
    with closing(open_store(f"sqlite:///{tmp_path}/helpdesk.db")) as store:
        store.begin_sending(NOW)
        busy = command(tmp_path, "migrate-database", "sqlite:///helpdesk.db", "sqlite:///new.db")
    assert busy.returncode == 75
    assert "stop it first" in busy.stderr
