"""`helpdesk show`: what comes by itself, and when, as people and as programs read it."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from helpdesk.cli import program

DESK = """
[helpdesk]
name = "Support"
address = "support@help.test"
timezone = "Europe/Kyiv"
packs = ["clarify"]
[calendar]
hours = "Mon-Fri 10:00-18:00"
days_off = [2026-03-09]
[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
[smtp]
kind = "maildir"
path = "out"
"""
LETTER = (
    "From: anna@shop.test\nTo: support@help.test\nSubject: It does not work\nMessage-ID: <1@shop.test>\n"
    "Date: Thu, 05 Mar 2026 16:29:00 +0200\n\nNothing works. Please help.\n"
)


def run(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(program(arguments), ["--config", str(folder / "config.toml"), *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_ticket_shows_what_is_due_and_when(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(DESK, "utf-8")
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "in" / folder).mkdir(parents=True)
    (tmp_path / "in" / "new" / "1").write_text(LETTER, "utf-8")
    run(tmp_path, "once", "--at", "2026-03-05T16:30+02:00")
    lines = [" ".join(line.split()) for line in run(tmp_path, "show", "100001").splitlines()]
    # The weekend and the Monday that is a day off are no business days.
    due = [line for line in lines if line.startswith("due: ")]
    assert due == ["due: reminder 2026-03-10 14:30 UTC", "due: auto-close 2026-03-13 14:30 UTC"]
    shown = json.loads(run(tmp_path, "show", "--json", "100001"))
    assert [(one["kind"], one["due_at"][:16]) for one in shown["follow_ups"]] == [
        ("reminder", "2026-03-10T14:30"),
        ("auto-close", "2026-03-13T14:30"),
    ]
