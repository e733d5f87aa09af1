"""The letters on which the recognition of outages is judged, each with the situation that a person sees in it.

They were written independently of the rules and each set is used once, to state recall and precision: whoever changes
a rule because of one of them has spent the set (`judged`, `third` and `fourth` are spent; docs/rules.md keeps what they
gave at first). Nobody builds on `fifth`, not even after it is judged. A set is a folder, with one TOML file a language,
each letter a table `[[letter]]`. The text is the body as it came, with a signature behind "-- " and quoted history
beneath; subject or text may be empty.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

OUTAGES = Path(__file__).parent

# The folders, in the order in which they are to be used.
FOLDERS = ("judged", "fresh", "third", "fourth", "fifth")
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

    language: str
    situation: str
    subject: str
    text: str
    why: str = ""


def judged_letters(language: str, folder: str = "judged") -> tuple[JudgedLetter, ...]:
    """All letters of one language in one of FOLDERS, in file order. Raises TypeError for a key missing or unknown."""
    tables = tomllib.loads((OUTAGES / folder / f"{language}.toml").read_text("utf-8"))["letter"]
    return tuple(JudgedLetter(language=language, **table) for table in tables)
