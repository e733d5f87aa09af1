"""Labelled letters by which rules are tested: folders with a TOML file for each language.

`ru.toml`, or several such as `ru-short.toml`, lead from a situation to its letters, each `subject // text`; the
situation `none` holds letters in which no rule may see anything. Whole letters stand as tables `[[letter]]` with
`situation` (or ""), `subject` and `text`: the body as it came, with signature and history. Files in folders below count
as well. Only `helpdesk rules test` and the tests read them. Problems of all files are told at once in a ConfigError.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from helpdesk.core.trial import Example
from helpdesk.errors import ConfigError, Problem

LANGUAGES = ("ru", "uk", "en", "pl")

# Between the subject and the text of a letter.
SUBJECT_MARK = "//"

# The name of the letters that are on no situation.
NO_SITUATION = "none"


def labelled(language: str, situation: str, letter: str) -> Example:
    """The example that stands as `letter` under `situation`."""
    subject, mark, text = letter.partition(SUBJECT_MARK)
    label = None if situation == NO_SITUATION else situation
    return Example(language, label, *((subject.strip(), text.strip()) if mark else ("", letter)))


def _whole_letters(value: object) -> list[dict[str, str]]:
    """The tables `[[letter]]`; what is no text in them reads as an empty one."""
    tables = [table for table in value if isinstance(table, dict)] if isinstance(value, list) else []
    return [{key: text for key, text in table.items() if isinstance(text, str)} for table in tables]


def read_letters(folder: Path, situations: Iterable[str]) -> tuple[Example, ...]:
    """All labelled letters below `folder`; `situations` are those that the rules know."""
    known = {*situations, NO_SITUATION}
    problems: list[Problem] = []
    found: list[Example] = []
    for path in sorted(folder.rglob("*.toml")):
        place = str(path.relative_to(folder.parent))
        language = path.stem.partition("-")[0]
        if language not in LANGUAGES:
            problems.append(Problem(place, f"its name must begin with the language: {', '.join(LANGUAGES)}"))
            continue
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(Problem(place, f"is not TOML in UTF-8: {error}"))
            continue
        for letter in _whole_letters(table.pop("letter", [])):
            situation, subject, text = (letter.get(key, "") for key in ("situation", "subject", "text"))
            if situation and situation not in known:
                problems.append(
                    Problem(place, f'"{situation}" is no situation; want one of {", ".join(sorted(known))}')
                )
            found.append(Example(language, None if situation in ("", NO_SITUATION) else situation, subject, text))
        for situation, letters in table.items():
            if situation not in known:
                problems.append(
                    Problem(place, f'"{situation}" is no situation; want one of {", ".join(sorted(known))}')
                )
            elif not isinstance(letters, list) or not all(isinstance(letter, str) for letter in letters):
                problems.append(Problem(f"{place}: {situation}", 'want a list of letters: ["subject // text", …]'))
            else:
                found += [labelled(language, situation, letter) for letter in letters]
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(found)
