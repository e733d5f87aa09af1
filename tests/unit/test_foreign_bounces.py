"""The foreign bounces lie with what their owners wrote down about them: the folder and its table agree.

How well they are read is measured, not tested: a test that demanded it would be built on them.
"""

from __future__ import annotations

import email
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "corpora" / "foreign_bounces"
KINDS = {"bounce", "delayed", "auto-reply", "report", "delivered", "human"}
LICENCES = {"BSD-2-Clause", "MIT"}


def table() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))["message"]
    return rows


def test_every_message_has_one_row_and_every_row_its_message() -> None:
    assert sorted(row["file"] for row in table()) == sorted(path.name for path in FOLDER.glob("*.eml"))


def test_every_row_says_whose_the_message_is_and_by_what_licence_it_is_kept() -> None:
    named = (FOLDER / "LICENSES.md").read_text(encoding="utf-8")
    for row in table():
        owner, repository, *_ = row["source"].split("/")
        assert f"{owner}/{repository}" in named, row["file"]
        assert row["licence"] in LICENCES, row["file"]
        assert row["kind"] in KINDS, row["file"]


def test_an_expected_address_stands_in_its_message() -> None:
    for row in table():
        message = email.message_from_bytes((FOLDER / row["file"]).read_bytes())
        decoded = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
        said = b" ".join([message.as_bytes(), *(text for text in decoded if isinstance(text, bytes))]).lower()
        for address in (*row.get("recipients", []), *row.get("also", [])):
            assert address.lower().encode() in said, (row["file"], address)
