"""What is special about PostgreSQL: servers that go away, time zones that are not ours, transactions side by side."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from helpdesk.adapters.store import SqlStore, open_store
from helpdesk.adapters.store import engine as engines
from helpdesk.adapters.store.migrate import _LOCK
from helpdesk.core.decision import Schedule
from helpdesk.core.ticket import NEW
from helpdesk.errors import TemporaryError
from tests.desk import DAY, HOUR, NOW, file, mail, open_ticket, ticket, ticket_of
from tests.postgres import Cluster


def test_a_server_that_is_away_is_named_without_its_password() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(TemporaryError, match="no connection: check that the server runs") as caught:
            open_store(f"postgresql://helpdesk:hidden@127.0.0.1:{port}/helpdesk")
    assert f"127.0.0.1:{port}/helpdesk" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_moments_come_back_in_utc_wherever_the_server_stands(postgres: Cluster) -> None:
    with postgres.database() as url:
        name = url.rpartition("/")[2]
        postgres.execute(f"ALTER DATABASE {name} SET timezone TO 'Asia/Vladivostok'")
        with closing(open_store(url)) as store:
            found = ticket(store, ticket_of(store))
    assert found.opened_at == NOW
    assert found.opened_at.utcoffset() == timedelta(0)


def test_a_connection_that_the_server_closed_is_replaced(postgres: Cluster) -> None:
    with postgres.database() as url, closing(open_store(url)) as store:
        first = ticket_of(store)
        name = url.rpartition("/")[2]
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        assert ticket_of(store) == first + 1


def test_a_connection_that_the_server_closes_amid_a_mail_undoes_it_and_is_replaced(postgres: Cluster) -> None:
    with postgres.database() as url, closing(open_store(url)) as store:
        name = url.rpartition("/")[2]
        with pytest.raises(TemporaryError, match=r"closed|terminat"), store.unit() as unit:
            open_ticket(unit)
            postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            open_ticket(unit)
        assert not store.queue()
        ticket_of(store)
        assert len(store.queue()) == 1


def test_while_one_follow_up_of_a_ticket_happens_no_other_one_is_due(postgres: Cluster) -> None:
    with postgres.database() as url, closing(open_store(url)) as store:
        with store.unit() as unit:
            waiting = open_ticket(unit, Schedule(NEW, "reminder", NOW), Schedule(NEW, "auto-close", NOW + HOUR))
            other = open_ticket(unit, Schedule(NEW, "reminder", NOW + HOUR))
        with store.unit() as one:
            assert [(found.number, kind) for found, kind in one.due(NOW + DAY, 1)] == [(waiting, "reminder")]
            with store.unit() as two:
                assert [(found.number, kind) for found, kind in two.due(NOW + DAY, 9)] == [(other, "reminder")]


def test_two_programs_that_see_the_same_mail_open_one_ticket(postgres: Cluster) -> None:
    fetched = mail(1)

    def take(store: SqlStore) -> None:
        with store.unit() as unit:
            if not unit.known("support", [fetched.key]):
                file(unit, open_ticket(unit), fetched)

    with postgres.database() as url, closing(open_store(url)) as store:
        threads = [threading.Thread(target=take, args=[store]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.queue()) == 1


def test_what_somebody_else_keeps_locked_is_named_and_not_waited_for_without_end(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.01)
    with postgres.database() as url, closing(open_store(url)) as store, psycopg.connect(url) as other:
        other.execute("LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TemporaryError, match="kept what is needed locked"):
            store.queue()
        other.rollback()
        assert list(store.queue()) == []


def test_a_daemon_waits_for_another_that_changes_the_schema_however_long_that_takes(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.01)
    with postgres.database("template0") as url, psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        release = threading.Timer(0.2, other.rollback)
        release.start()
        open_store(url).close()
        release.join()
