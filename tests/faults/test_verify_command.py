"""`helpdesk verify` as the administrator meets it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
[[mailbox]]
name = "support"
kind = "maildir"
path = "inbox"
[smtp]
kind = "maildir"
path = "sent"
"""


def command(folder: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What a command on the desk in this folder says."""
    program = [sys.executable, "-m", "helpdesk", "--config", str(folder / "config.toml"), *words]
    return subprocess.run(program, input=stdin, capture_output=True, text=True, check=False)


def test_a_sound_desk_passes_and_a_damaged_one_is_named_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    mail = "From: anna@shop.test\nTo: support@help.test\nSubject: Question\nMessage-ID: <1@shop.test>\n\nHow much?\n"
    assert command(tmp_path, "ingest", "-", stdin=mail).returncode == 0
    sound = command(tmp_path, "verify", "--json")
    assert (sound.returncode, sound.stdout) == (0, "[]\n")

    with sqlite3.connect(tmp_path / "helpdesk.db") as database:
        database.execute("UPDATE meta SET next_number = 100001")
    broken = command(tmp_path, "verify", "--json")
    (finding,) = json.loads(broken.stdout)
    assert broken.returncode == 65
    assert finding["found"] == "the next ticket would be 100001, and 100001 exists already"
    assert set(finding) == {"place", "found", "cure"}
    told = command(tmp_path, "verify")
    assert told.returncode == 65
    assert finding["found"] in told.stdout
    assert finding["cure"] in told.stdout
