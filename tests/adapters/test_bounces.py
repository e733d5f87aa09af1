"""What many mail servers send back when they could not deliver, and what only looks like it: who was not reached."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from helpdesk.adapters.mime.reading import read
from helpdesk.core.classify import classify
from helpdesk.core.message import Kind

RETURNED = Path(__file__).parent.parent / "corpus" / "returned"
EXPECTED = tomllib.loads((RETURNED / "expected.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if "recipients" in expected])
def test_report_names_who_was_not_reached_and_whether_for_good(name: str) -> None:
    mail = read((RETURNED / f"{name}.eml").read_bytes())
    assert mail.bounce is not None
    assert sorted(one.address for one in mail.bounce.recipients) == EXPECTED[name]["recipients"]
    assert {one.permanent for one in mail.bounce.recipients} == {EXPECTED[name]["permanent"]}
    assert classify(mail, instance="desk")[0] is Kind.BOUNCE


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if "kind" in expected])
def test_what_is_no_report_is_taken_for_none(name: str) -> None:
    mail = read((RETURNED / f"{name}.eml").read_bytes())
    assert mail.bounce is None
    assert classify(mail, instance="desk")[0] is Kind(EXPECTED[name]["kind"])


def test_every_returned_mail_of_the_corpus_is_expected_to_say_something() -> None:
    assert sorted(path.stem for path in RETURNED.glob("*.eml")) == sorted(EXPECTED)
