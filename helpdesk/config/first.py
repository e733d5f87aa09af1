"""The first configuration of a desk: the shipped example, which explains every key, with the answers filled in.

Answers -> text; pure but for reading the example. Only the first table of each name is touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

# A value of a key; None: the key is left out.
Answer = str | int | bool | list[str] | None


def example() -> str:
    """config.example.toml inside the installed package or, in a checkout, beside it."""
    package = Path(__file__).parent.parent
    inside = package / "config.example.toml"
    return (inside if inside.is_file() else package.parent / inside.name).read_text(encoding="utf-8")


def filled(text: str, answers: Mapping[str, Mapping[str, Answer]]) -> str:
    """The example with `answers` by table ("helpdesk", "mailbox", …) and key; KeyError for a key it does not have."""
    for table, keys in answers.items():
        for key, value in keys.items():
            text = _with(text, table, key, value)
    return text


def _with(text: str, table: str, key: str, value: Answer) -> str:
    head = re.search(rf"^\[+{table}\]+\n", text, re.MULTILINE)
    if head is None:
        raise KeyError(table)
    following = re.compile(r"^#?\[", re.MULTILINE).search(text, head.end())
    end = following.start() if following else len(text)
    line = re.compile(rf"^#?{key} = .*$", re.MULTILINE).search(text, head.end(), end)
    if line is None:
        raise KeyError(f"{table}.{key}")
    # JSON's strings, numbers, booleans and lists are TOML's.
    written = f"#{line[0].lstrip('#')}" if value is None else f"{key} = {json.dumps(value, ensure_ascii=False)}"
    return text[: line.start()] + written + text[line.end() :]
