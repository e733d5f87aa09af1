"""The page on the agents' commands says what the command table says.

`python -m tests.test_commands_page` writes the table of the page anew.
"""

from __future__ import annotations

from pathlib import Path

from helpdesk.core.command_table import GRAMMAR, Row

PAGE = Path(__file__).parent.parent / "docs" / "commands.md"
BEGIN, END = "<!-- the table -->\n", "<!-- its end -->\n"
LANGUAGES = ("en", "ru", "uk", "pl")


def table() -> str:
    """Every command, as Markdown."""
    rows = "".join(f"| {' | '.join([*calls(row), row.help.en])} |\n" for row in GRAMMAR)
    return f"| English | Russian | Ukrainian | Polish | effect |\n|---|---|---|---|---|\n{rows}"


def calls(row: Row) -> list[str]:
    """How the command is written in each language: its first word and what it takes."""
    shown = [f"#{row.words.of(one).split()[0]} {row.takes.of(one).strip()}".strip() for one in LANGUAGES]
    return [f"`{call}`".replace("|", "\\|") for call in shown]


def parts(page: str) -> tuple[str, str, str]:
    """What stands before the table, the table, what stands behind it."""
    before, _, rest = page.partition(BEGIN)
    shown, _, after = rest.partition(END)
    return before, shown, after


def test_the_page_shows_every_command() -> None:
    assert parts(PAGE.read_text(encoding="utf-8"))[1] == table(), "python -m tests.test_commands_page writes it anew"


if __name__ == "__main__":
    before, _, after = parts(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")
