"""From nothing, or from any older version, to the schema of this program; on both engines."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from helpdesk.adapters.store import migrate, open_store, schema_version
from helpdesk.adapters.store.engine import make_engine, transaction
from helpdesk.adapters.store.migrate import MIGRATIONS, WANTED
from helpdesk.adapters.store.models import METADATA
from helpdesk.core.decision import Outcome, SetState
from helpdesk.core.directory import Entry
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.sender import Contact, Remember, Settled
from helpdesk.core.service_levels import SetClock
from helpdesk.core.ticket import FIRST_NUMBER, Clock, Satisfaction, State
from helpdesk.core.wishes import SetLanguage, SetQuiet, SetSatisfaction
from helpdesk.errors import PermanentError
from tests.desk import IVAN, facts, letter, open_ticket, queue, ticket_of


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/helpdesk.db"
        return
    with request.getfixturevalue("postgres").database() as empty:
        yield empty


def checks(engine: sa.Engine) -> dict[str, set[tuple[str | None, str]]]:
    """The CHECK constraints of every table."""
    inspector = sa.inspect(engine)
    return {
        table: {(check["name"], check["sqltext"]) for check in inspector.get_check_constraints(table)}
        for table in METADATA.tables
    }


def test_the_migrations_lead_to_the_tables_of_the_program(url: str) -> None:
    migrate(url)
    engine = make_engine(url)
    with engine.connect() as connection:
        # The index for searching is no table of rows: what makes it stands in its migration alone.
        options = {"include_name": lambda name, *_: not (name or "").startswith(("search_index", "ix_search_index"))}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []
    engine.dispose()


def test_the_migrations_allow_the_values_of_the_program(url: str) -> None:
    migrate(url)
    engine = make_engine(url)
    migrated = checks(engine)
    with transaction(engine, writes=True) as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    assert migrated == checks(engine)
    assert len(migrated["outbox"]) == 3
    engine.dispose()


def test_the_newest_migration_is_the_version_wanted() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == f"{WANTED:04}"


def test_the_version_is_seen_without_changing_anything(url: str, tmp_path: Path) -> None:
    assert schema_version(url) == (0, WANTED)
    assert list(tmp_path.iterdir()) == []
    migrate(url)
    assert schema_version(url) == (WANTED, WANTED)


def test_migrating_again_changes_nothing(url: str) -> None:
    with closing(open_store(url)) as store:
        key = store.secret_key()
        migrate(url)
        assert store.secret_key() == key


def test_a_database_of_a_newer_program_is_refused(url: str) -> None:
    migrate(url)
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(PermanentError, match=f"schema 9999, this program knows {WANTED}: it was used by a newer"):
        open_store(url)


def upgrade_to(url: str, revision: str) -> None:
    """Bring a database to an older schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = make_engine(url, foreign_keys=False)
    with transaction(engine, writes=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_tickets_of_an_older_desk_stay_what_they_are(url: str) -> None:
    upgrade_to(url, "0001")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ticket VALUES (100001, 'Help', 'anna@shop.test', 'Anna', 'support', 'open', 'normal', "
                "'normal', NULL, NULL, 'en', NULL, NULL, '[]', '[]', '[]', :no, :no, :at, :at, NULL, NULL)"
            ),
            {"no": False, "at": "2026-03-02 09:00:00+00:00"},
        )
    engine.dispose()
    with closing(open_store(url)) as store:
        kept = store.show(FIRST_NUMBER)
        assert kept is not None
        assert (kept.ticket.subject, kept.ticket.merged_into, kept.ticket.regrouped_at) == ("Help", None, None)


def test_letters_are_counted_as_before_in_the_wider_index(url: str) -> None:
    upgrade_to(url, "0004")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO outbox (event, audience, automatic, urgent, to_address, to_domain, agent, dedupe_key, "
                "message_id, token, spent, envelope_from, subject, raw, state, attempts, created_at) VALUES "
                "('notify', 'agent', :yes, :no, :to, 'desk.test', '', 'a', '<a@desk.test>', 'a', :no, "
                "'support@desk.test', 'Help', :raw, 'sent', 1, :at)"
            ),
            {"yes": True, "no": False, "to": IVAN.address, "raw": b"", "at": "2026-03-02 09:00:00+00:00"},
        )
    engine.dispose()
    with closing(open_store(url)) as store, store.unit() as unit:
        assert unit.letters_to_ours(IVAN.address, datetime(2026, 3, 1, tzinfo=UTC)) == 1


def test_large_mail_that_was_kept_in_one_row_is_read_as_before(url: str) -> None:
    upgrade_to(url, "0008")
    raw = random.Random(9).randbytes(2_500_000)
    named = {
        "sha256": sha256(raw).hexdigest(),
        "content": zlib.compress(raw),
        "size": len(raw),
        "yes": True,
        "no": False,
    }
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        for statement in (
            """INSERT INTO raw VALUES (:sha256, :size, :content)""",
            """INSERT INTO quarantine
                (mailbox, folder, validity, uid, sha256, arrived_at, at, sender, subject, error, attempts)
                VALUES ('support', 'INBOX', 1, 1, :sha256, :at, :at, '', '', 'broken', 3)""",
            """INSERT INTO outbox
                (event, audience, automatic, urgent, to_address, to_domain, agent, dedupe_key, message_id, token, spent,
                envelope_from, subject, raw, state, attempts, created_at, next_attempt_at)
                VALUES ('notify', 'agent', :yes, :no, 'ivan@desk.test', 'desk.test', '', 'a', '<a@desk.test>', 'a', :no,
                'support@desk.test', 'Help', :content, 'queued', 0, :at, :at)""",
        ):
            connection.execute(sa.text(statement), named | {"at": "2026-03-02 09:00:00+00:00"})
    engine.dispose()
    with closing(open_store(url)) as store:
        (entry,) = store.quarantined()
        assert bytes(store.quarantine_raw(entry.id) or b"") == raw
        (claimed,) = store.claim(datetime(2026, 3, 3, tzinfo=UTC), 10)
        assert bytes(claimed.raw) == raw


def test_several_programs_may_start_at_once(url: str) -> None:
    script = (
        "import sys; from helpdesk.adapters.store import open_store; store = open_store(sys.argv[1]);"
        "sys.stdin.read(); print(store.secret_key().hex())"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", script, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        for _ in range(4)
    ]
    results = [program.communicate() for program in programs]
    assert [error for _, error in results] == [b""] * 4
    assert len({key for key, _ in results}) == 1
    with closing(open_store(url)) as store:
        assert ticket_of(store) == FIRST_NUMBER


def test_alembic_is_not_loaded_for_a_database_that_is_up_to_date(url: str) -> None:
    migrate(url)
    script = (
        "import sys; from helpdesk.adapters.store import open_store; open_store(sys.argv[1]);"
        "sys.exit('alembic' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    assert subprocess.run([sys.executable, "-c", script, url], env=environment, check=False).returncode == 0


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    # A table of that name stands in the way of the first migration.
    file = tmp_path / "helpdesk.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE outbox (x)")
    connection.close()
    url = f"sqlite:///{file}"
    with pytest.raises(Exception, match="outbox"):
        migrate(url)
    assert schema_version(url) == (0, WANTED)
    engine = make_engine(url)
    assert sa.inspect(engine).get_table_names() == ["outbox"]
    engine.dispose()


def test_letters_of_a_desk_without_partners_stay_and_reach_none(url: str) -> None:
    upgrade_to(url, "0011")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO outbox (event, audience, automatic, urgent, to_address, to_domain, agent, dedupe_key, "
                "message_id, token, spent, envelope_from, subject, raw, state, attempts, created_at) VALUES "
                "('notify', 'agent', :yes, :no, 'ivan@desk.test', 'desk.test', '', 'k', '<t@desk.test>', 't', :no, "
                "'support@desk.test', 'Help', :raw, 'sent', 1, :at)"
            ),
            {"yes": True, "no": False, "raw": b"", "at": "2026-03-02 09:00:00+00:00"},
        )
    with closing(open_store(url)) as store:
        (kept,) = facts(store, references=("<t@desk.test>",)).letters
        assert (kept.audience, kept.partner) == (Audience.AGENT, None)
        news = letter("news", IVAN, event=Event.FORWARD, audience=Audience.PARTNER)
        with store.unit() as unit:
            queue(unit, news, open_ticket(unit))
        assert facts(store, references=("<news@desk.test>",)).letters[0].audience is Audience.PARTNER
    engine.dispose()


def test_letters_that_wait_or_failed_are_found_in_the_narrower_indexes(url: str) -> None:
    upgrade_to(url, "0016")
    engine = make_engine(url)
    at = "2026-03-02 09:00:00+00:00"
    with transaction(engine, writes=True) as connection:
        for name, event, state, due in (
            ("a", "held", "queued", at),
            ("b", "notify", "failed", None),
            ("c", "notify", "sending", at),
            ("d", "held", "sent", None),
        ):
            connection.execute(
                sa.text(
                    "INSERT INTO outbox (event, audience, automatic, urgent, to_address, to_domain, agent, dedupe_key, "
                    "message_id, token, spent, envelope_from, subject, raw, state, attempts, created_at, "
                    "next_attempt_at) VALUES (:event, 'agent', :yes, :no, 'ivan@desk.test', 'desk.test', '', :name, "
                    ":name, :name, :no, 'support@desk.test', :name, :raw, :state, 1, :at, :due)"
                ),
                {"name": name, "event": event, "state": state, "due": due, "at": at}
                | {"yes": True, "no": False, "raw": zlib.compress(b"")},
            )
    engine.dispose()
    with closing(open_store(url)) as store:
        assert [letter.subject for letter in store.outbox()] == ["a", "b", "c"]
        assert store.next_letter_due() == datetime(2026, 3, 2, 9, tzinfo=UTC)
        assert facts(store, now=datetime(2026, 3, 2, 9, 30, tzinfo=UTC)).counts.held_notices_1h == 2
        assert len(store.claim(datetime(2026, 3, 3, tzinfo=UTC), 10)) == 2


def test_letters_of_a_desk_without_returns_stay_and_may_tell_of_one(url: str) -> None:
    upgrade_to(url, "0019")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO outbox (event, audience, automatic, urgent, to_address, to_domain, agent, dedupe_key, "
                "message_id, token, spent, envelope_from, subject, raw, state, attempts, created_at) VALUES "
                "('morning', 'nobody', :yes, :no, 'ivan@desk.test', 'desk.test', '', 'k', '<t@desk.test>', 't', :no, "
                "'support@desk.test', 'Help', :raw, 'sent', 1, :at)"
            ),
            {"yes": True, "no": False, "raw": b"", "at": "2026-03-02 09:00:00+00:00"},
        )
    with closing(open_store(url)) as store:
        with store.unit() as unit:
            ticket = open_ticket(unit)
            queue(unit, letter("number", event=Event.RMA), ticket)
            queue(unit, letter("parcel", event=Event.SHIPPED), ticket)
        assert {entry.event for entry in store.outbox()} == {"rma", "shipped"}
        assert facts(store, references=("<t@desk.test>",)).letters[0].event is Event.MORNING
    engine.dispose()


def test_letters_and_tickets_of_a_desk_without_incidents_stay_what_they_are(url: str) -> None:
    upgrade_to(url, "0003")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ticket VALUES (100001, 'Help', 'anna@shop.test', 'Anna', 'support', 'open', 'outage', "
                "'normal', 'site-down', NULL, 'en', NULL, NULL, '[]', '[]', '[]', :no, :no, :at, :at, NULL, NULL, "
                "NULL, NULL)"
            ),
            {"no": False, "at": "2026-03-02 09:00:00+00:00"},
        )
    with closing(open_store(url)) as store:
        with store.unit() as unit:
            queue(unit, letter("before", event=Event.OPENED), FIRST_NUMBER)
            queue(unit, letter("after", event=Event.INCIDENT), FIRST_NUMBER)
        kept = store.show(FIRST_NUMBER)
        assert kept is not None
        assert (kept.ticket.subject, kept.ticket.incident, kept.ticket.gathers) == ("Help", None, None)
        assert [entry.event for entry in store.outbox()] == ["opened", "incident"]
        # What is no kind of letter is still refused.
        with pytest.raises(sa.exc.IntegrityError), transaction(engine, writes=True) as connection:
            connection.execute(sa.text("UPDATE outbox SET event = 'rumour'"))
    engine.dispose()


def test_tickets_of_a_desk_without_service_levels_have_no_clock_and_may_get_one(url: str) -> None:
    upgrade_to(url, "0008")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ticket VALUES (100001, 'Help', 'anna@shop.test', 'Anna', 'support', 'open', 'normal', "
                "'normal', NULL, NULL, 'en', NULL, NULL, '[]', '[]', '[]', :no, :no, :at, :at, NULL, NULL, "
                "NULL, NULL, NULL)"
            ),
            {"no": False, "at": "2026-03-02 09:00:00+00:00"},
        )
    engine.dispose()
    clock = Clock(begun_at=datetime(2026, 3, 2, 9, tzinfo=UTC))
    with closing(open_store(url)) as store, store.unit() as unit:
        before = unit.ticket(FIRST_NUMBER)
        assert before is not None
        assert (before.subject, before.clock) == ("Help", None)
        changes = (SetClock(FIRST_NUMBER, clock),)
        unit.apply(Outcome(ticket=FIRST_NUMBER, changes=changes), clock.begun_at, by="helpdesk")
        after = unit.ticket(FIRST_NUMBER)
        assert after is not None
        assert after.clock == clock


def test_requesters_of_an_older_desk_still_get_automatic_letters_and_may_stop_them(url: str) -> None:
    upgrade_to(url, "0010")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ticket VALUES (100001, 'Help', 'anna@shop.test', 'Anna', 'support', 'open', 'normal', "
                "'normal', NULL, NULL, 'en', NULL, NULL, '[]', '[]', '[]', :no, :no, :at, :at, NULL, NULL, "
                "NULL, NULL, NULL)"
            ),
            {"no": False, "at": "2026-03-02 09:00:00+00:00"},
        )
    engine.dispose()
    with closing(open_store(url)) as store, store.unit() as unit:
        before = unit.ticket(FIRST_NUMBER)
        assert before is not None
        assert (before.subject, before.quiet) == ("Help", False)
        changes = (SetQuiet(FIRST_NUMBER), SetLanguage(FIRST_NUMBER, "pl"))
        unit.apply(Outcome(ticket=FIRST_NUMBER, changes=changes), datetime(2026, 3, 2, 9, tzinfo=UTC), by="anna")
        after = unit.ticket(FIRST_NUMBER)
        assert after is not None
        assert (after.quiet, after.language) == (True, "pl")


def test_tickets_of_a_desk_that_asked_nobody_have_no_answer_and_letters_may_say_that_they_stay_closed(url: str) -> None:
    upgrade_to(url, "0012")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ticket VALUES (100001, 'Help', 'anna@shop.test', 'Anna', 'support', 'open', 'normal', "
                "'normal', NULL, NULL, 'en', NULL, NULL, '[]', '[]', '[]', :no, :no, :at, :at, NULL, NULL, "
                "NULL, NULL, NULL, :no)"
            ),
            {"no": False, "at": "2026-03-02 09:00:00+00:00"},
        )
    engine.dispose()
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with closing(open_store(url)) as store:
        with store.unit() as unit:
            queue(unit, letter("before", event=Event.CLOSED), FIRST_NUMBER)
            queue(unit, letter("after", event=Event.STAYS_CLOSED), FIRST_NUMBER)
            before = unit.ticket(FIRST_NUMBER)
            changes = (SetSatisfaction(FIRST_NUMBER, Satisfaction.CALL_ME),)
            unit.apply(Outcome(ticket=FIRST_NUMBER, changes=changes), at, by="anna@shop.test")
            after = unit.ticket(FIRST_NUMBER)
        assert before is not None
        assert (before.subject, before.satisfaction) == ("Help", None)
        assert after is not None
        assert after.satisfaction is Satisfaction.CALL_ME
        assert [entry.event for entry in store.outbox()] == ["closed", "stays-closed"]


def test_tickets_of_a_desk_without_states_of_its_own_are_in_none_and_may_enter_one(url: str) -> None:
    upgrade_to(url, "0014")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ticket (number, subject, requester_address, requester_name, desk, state, lane, priority, "
                "language, missing, fields, reasons, words, forged, opened_at, active_at, quiet) "
                "VALUES (100001, 'Act', 'anna@shop.test', 'Anna', 'support', 'open', 'normal', 'normal', 'en', '[]', "
                "'[]', '[]', :no, :no, :at, :at, :no)"
            ),
            {"no": False, "at": "2026-03-02 09:00:00+00:00"},
        )
    engine.dispose()
    with closing(open_store(url)) as store, store.unit() as unit:
        before = unit.ticket(FIRST_NUMBER)
        assert before is not None
        assert (before.subject, before.state, before.stage) == ("Act", State.OPEN, None)
        changes = (SetState(FIRST_NUMBER, State.WAITING, stage="shipped"),)
        unit.apply(Outcome(ticket=FIRST_NUMBER, changes=changes), datetime(2026, 3, 2, 9, tzinfo=UTC), by="helpdesk")
        after = unit.ticket(FIRST_NUMBER)
        assert after is not None
        assert (after.state, after.stage) == (State.WAITING, "shipped")


def test_a_desk_gets_directories_that_are_empty(url: str) -> None:
    upgrade_to(url, "0017")
    with closing(open_store(url)) as store:
        assert store.directory_sizes() == {}
        anna = Entry("anna@shop.test", (("address", "anna@shop.test"), ("name", "Anna")))
        store.replace_directory("customers", [anna])
        assert store.find_entries("customers", ["anna@shop.test", "@shop.test"]) == [anna]
        store.replace_directory("customers", [])
        assert store.directory("customers") == []


def test_languages_that_an_older_desk_remembered_stay_and_may_be_chosen_from_now_on(url: str) -> None:
    upgrade_to(url, "0020")
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        row = {"no": False}
        connection.execute(sa.text("INSERT INTO contact VALUES ('anna@shop.test', 'Anna', 'uk', :no, :no)"), row)
    engine.dispose()
    with closing(open_store(url)) as store:
        before = facts(store, sender="anna@shop.test").contact
        with store.unit() as unit:
            open_ticket(unit, Remember("anna@shop.test", language="pl", settled=Settled.CHOSEN))
        after = facts(store, sender="anna@shop.test").contact
    assert before == Contact("anna@shop.test", name="Anna", language="uk", settled=Settled.LETTERS)
    assert after == Contact("anna@shop.test", name="Anna", language="pl", settled=Settled.CHOSEN)
