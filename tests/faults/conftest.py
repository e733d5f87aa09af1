"""The process that raises the desks, and prepared desks on each engine: once for each file of tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.stand import PLENTY, Engine, Nursery, PostgresEngine, SqliteEngine, Stand
from tests.faults.trials import Trials


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    process = Nursery()
    yield process
    process.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Where desks keep their memory."""
    if request.param == "sqlite":
        return SqliteEngine(tmp_path_factory.mktemp("engine"))
    return PostgresEngine(request.getfixturevalue("postgres"))


@pytest.fixture(scope="module")
def trials(engine: Engine, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    """A prepared desk on each engine."""
    trials = Trials(tmp_path_factory.mktemp("trials"), engine, nursery)
    yield trials
    trials.close()


@pytest.fixture
def stand(fresh_file: Path, nursery: Nursery, tmp_path: Path) -> Iterator[Stand]:
    """A desk that has seen nothing yet."""
    shutil.copy(fresh_file, tmp_path / "helpdesk.db")
    stand = Stand(tmp_path, SqliteEngine(tmp_path), nursery, more=PLENTY)
    yield stand
    stand.close()
