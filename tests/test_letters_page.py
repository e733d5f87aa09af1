"""The page for leads on the words of letters: its example does what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from helpdesk.adapters.templates import Templates
from helpdesk.compose import view
from helpdesk.core.brand import Brand
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Event
from tests.letters import FACE, letter_of, ticket_of

PAGE = (Path(__file__).parent.parent / "docs" / "letters.md").read_text("utf-8")


def block(language: str, beginning: str = "") -> str:
    """The one example in this language that begins so."""
    (found,) = re.findall(rf"^```{language}\n({re.escape(beginning)}.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_example_reads_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "closed.txt").write_text(block("jinja"), "utf-8")
    (tmp_path / "en" / "words.toml").write_text(block("toml", "[resolution]"), "utf-8")
    templates = Templates(tmp_path)
    brand = Brand(signature=("Example Ltd", "+44 20 7946 0000"))
    desk = replace(FACE, address=Address("support@example.com", "Support"), brand=brand)
    seen = view(letter_of(Event.CLOSED, "en"), ticket_of(Event.CLOSED, "en"), desk)
    assert templates.render("closed", "en", seen).text == block("text")
    assert templates.problems() == ()
