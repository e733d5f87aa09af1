"""Whole conversations through the whole desk, compared with transcripts that a desk's lead has read.

A changed transcript is a changed promise: read the difference, and when it is right,
`python -m tests.test_scenarios --accept [NAME…]` writes it down.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.adapters.store import SqlStore, migrate, open_store
from tests.postgres import Cluster
from tests.scenario import TRANSCRIPT, folders, play


@pytest.fixture(scope="module")
def fresh_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database that nobody has used; copied for each scenario."""
    file = tmp_path_factory.mktemp("desk") / "fresh.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="module")
def fresh_database(postgres: Cluster) -> str:
    """A PostgreSQL database that nobody has used; copied for each scenario."""
    postgres.execute('CREATE DATABASE "scenarios"')
    migrate(postgres.url("scenarios"))
    return "scenarios"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("fresh_file"), tmp_path / "desk.db")
        yield open_store(f"sqlite:///{tmp_path}/desk.db")
        return
    template = request.getfixturevalue("fresh_database")
    with request.getfixturevalue("postgres").database(template) as url:
        yield open_store(url)


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_a_conversation_goes_as_its_transcript_says(folder: Path, store: SqlStore, tmp_path: Path) -> None:
    assert play(folder, tmp_path, store) == (folder / TRANSCRIPT).read_text("utf-8")


def accept(names: list[str]) -> None:
    """Write the transcripts of these scenarios (none named: of all) as they are now."""
    for folder in folders():
        if names and folder.name not in names:
            continue
        with tempfile.TemporaryDirectory(prefix="scenario-") as workshop:
            transcript = play(folder, Path(workshop), open_store(f"sqlite:///{workshop}/desk.db"))
        (folder / TRANSCRIPT).write_text(transcript, "utf-8")
        print(folder.name)


if __name__ == "__main__":
    if sys.argv[1:2] != ["--accept"]:
        sys.exit("usage: python -m tests.test_scenarios --accept [NAME…]")
    accept(sys.argv[2:])
