"""Whole conversations through the whole desk, compared with transcripts that a desk's lead has read.

A changed transcript is a changed promise: read the difference, and when it is right,
`python -m tests.test_scenarios --accept [NAME…]` writes it down.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from helpdesk.adapters.store import SqlStore, open_store
from tests.scenario import TRANSCRIPT, folders, play


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_a_conversation_goes_as_its_transcript_says(folder: Path, store: SqlStore, tmp_path: Path) -> None:
    assert play(folder, tmp_path, store) == (folder / TRANSCRIPT).read_text("utf-8")


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_what_is_planted_in_notes_and_quotations_leaves_in_no_letter(folder: Path, tmp_path: Path) -> None:
    # Every letter is looked through while it plays.
    with closing(open_store(f"sqlite:///{tmp_path}/desk.db")) as store:
        assert "== history" in play(folder, tmp_path, store, canaries=True)


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
