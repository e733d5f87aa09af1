"""What is special about PostgreSQL: a server that is away, and time zones that are not ours."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import timedelta

import pytest

from helpdesk.adapters.store import open_store
from helpdesk.errors import TemporaryError
from tests.desk import NOW, ticket, ticket_of
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
