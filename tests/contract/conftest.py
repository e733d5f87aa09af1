"""The same store tests run on every engine: `store` is a fresh desk, `url` where it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.adapters.store import SqlStore, migrate, open_store
from tests.postgres import Cluster


@pytest.fixture(scope="session")
def fresh_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database that nobody has used; copied for each test."""
    file = tmp_path_factory.mktemp("store") / "fresh.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def fresh_database(postgres: Cluster) -> str:
    """A PostgreSQL database that nobody has used; copied for each test."""
    postgres.execute('CREATE DATABASE "fresh"')
    migrate(postgres.url("fresh"))
    return "fresh"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("fresh_file"), tmp_path / "helpdesk.db")
        yield f"sqlite:///{tmp_path}/helpdesk.db"
        return
    template = request.getfixturevalue("fresh_database")
    with request.getfixturevalue("postgres").database(template) as copy:
        yield copy


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url)
    yield opened
    opened.close()
