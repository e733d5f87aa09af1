"""The letters on which the recognition of outages is judged, each with the situation that a person sees in it.

They were written independently of the rules and of the letters that teach them, and each set is used once, to state
recall and precision: docs/rules.md keeps what they gave. A set that is spent moves to those that teach
(helpdesk/packs/outages). A set is a folder, with one TOML file a language, each letter a table `[[letter]]`. The text
is the body as it came, with a signature behind "-- " and quoted history beneath; subject or text may be empty.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

OUTAGES = Path(__file__).parent
TEACHING = Path(__file__).parents[2] / "helpdesk/packs/outages"

# The folders of letters that judge, and of those that teach.
FOLDERS = (OUTAGES / "seventh", *sorted(path for path in TEACHING.iterdir() if path.is_dir()))
LANGUAGES = ("ru", "uk", "en", "pl")

# In the order in which the service promises to take them out of turn.
SITUATIONS = (
    "site-down",
    "pricing-all",
    "order",
    "payments-all",
    "login",
    "web-services",
    "price-export",
    "sync",
)


@dataclass(frozen=True, slots=True)
class JudgedLetter:
    """A letter and what it is: `situation` is one of SITUATIONS, or "" when it reports no outage, and `why` not."""

    situation: str
    subject: str
    text: str
    why: str = ""


def judged_letters(folder: Path, language: str) -> tuple[JudgedLetter, ...]:
    """All letters of one language in one of FOLDERS, in file order. Raises TypeError for a key missing or unknown."""
    tables = tomllib.loads((folder / f"{language}.toml").read_text("utf-8"))["letter"]
    return tuple(JudgedLetter(**table) for table in tables)
