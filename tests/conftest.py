"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.adapters.store import SqlStore, migrate, open_store
from tests import postgres as postgresql
from tests.stack import MailStack, missing_programs


@pytest.fixture(scope="session")
def mailstack() -> Iterator[MailStack]:
    """Dovecot and Postfix, started once for each test process. Use addresses of your own to stay apart from others."""
    if missing := missing_programs():
        pytest.skip(f"no real mail servers: this test needs {', '.join(missing)}")
    with MailStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Cluster]:
    """A PostgreSQL server, started once for each test process."""
    if missing := postgresql.missing():
        pytest.skip(f"no real PostgreSQL: this test needs {missing}")
    with postgresql.cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def fresh_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database that nobody has used; copied for each test."""
    file = tmp_path_factory.mktemp("store") / "fresh.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def fresh_database(postgres: postgresql.Cluster) -> str:
    """A PostgreSQL database that nobody has used; copied for each test."""
    postgres.execute('CREATE DATABASE "fresh"')
    migrate(postgres.url("fresh"))
    return "fresh"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a fresh desk is, on each engine."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("fresh_file"), tmp_path / "helpdesk.db")
        yield f"sqlite:///{tmp_path}/helpdesk.db"
        return
    template = request.getfixturevalue("fresh_database")
    with request.getfixturevalue("postgres").database(template) as copy:
        yield copy


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """A fresh desk, on each engine."""
    opened = open_store(url)
    yield opened
    opened.close()
