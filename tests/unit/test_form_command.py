"""`helpdesk form`: blank forms on the terminal."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from helpdesk.cli import program
from helpdesk.core.form import blank
from helpdesk.packs import load_pack

DESK = """
[helpdesk]
name = "Warranty"
address = "acts@example.com"
packs = ["warranty-acts"]
[[mailbox]]
name = "acts"
kind = "maildir"
path = "in"
[smtp]
kind = "maildir"
path = "out"
"""


def run(folder: Path, *arguments: str) -> str:
    file = folder / "config.toml"
    file.write_text(DESK, "utf-8")
    result = CliRunner().invoke(program(["form"]), ["--config", str(file), "form", *arguments])
    return result.output if result.exit_code == 0 else str(result.exception)


def test_forms_are_listed_and_printed_in_a_language(tmp_path: Path) -> None:
    (act,) = load_pack("warranty-acts", None).checklists
    assert act.form is not None
    assert run(tmp_path) == "act: Warranty act\n"
    for name in ("act", "Гарантийный акт"):
        assert run(tmp_path, name, "--language", "pl").splitlines() == list(blank(act.form, "pl"))


def test_an_unknown_form_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    assert run(tmp_path, "claim") == 'there is no form "claim" on this desk; there are: act'
