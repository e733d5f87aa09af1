"""What `helpdesk queue` shows to people; its JSON is another matter."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from helpdesk.cli import program

CONFIGURATION = """
[helpdesk]
name = "Support"
address = "support@help.example"

[[mailbox]]
name = "support"
kind = "maildir"
path = "in"

[smtp]
kind = "maildir"
path = "out"

[[agent]]
name = "Anna Nowak"
addresses = ["anna@help.example"]
"""
MAIL = (
    "From: {author}\nTo: support@help.example\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIGURATION, encoding="utf-8")
    return tmp_path


def said(desk: Path, *arguments: str) -> list[str]:
    """The lines that a command prints."""
    done = CliRunner().invoke(program(arguments), ["--config", str(desk / "config.toml"), *arguments])
    assert done.exit_code == 0, done.output
    return [line.rstrip() for line in done.output.splitlines()]


def test_columns_that_say_nothing_are_left_out(desk: Path) -> None:
    for number, (subject, text) in enumerate(
        [("Toner", "Which toner fits the P200?"), ("Не работает сайт", "Помогите, пожалуйста!")]
    ):
        mail = MAIL.format(author=f"customer{number}@shop.example", subject=subject, text=text)
        (desk / f"{number}.eml").write_text(mail, encoding="utf-8")
    said(desk, "ingest", str(desk / "0.eml"), str(desk / "1.eml"))

    heading, first, rest, second = said(desk, "queue")
    assert heading.split() == ["ticket", "subject", "requester", "state", "opened", "due", "why", "here"]
    assert first.startswith("1  100002  Не работает сайт")
    assert " out of turn: site-down (site-down: " in first
    assert rest.strip().endswith(")")
    assert second.startswith("2  100001  Toner")

    said(desk, "assign", "100001", "--to", "Anna Nowak")
    assert "assignee" in said(desk, "queue")[0]


def test_an_empty_queue_says_so(desk: Path) -> None:
    assert said(desk, "queue") == ["No ticket waits."]
