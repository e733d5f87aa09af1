"""The first configuration of a desk: the shipped example with answers in it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from helpdesk.config import load
from helpdesk.config.first import Answer, example, filled


def test_answers_take_the_place_of_the_examples_and_nothing_else_changes() -> None:
    answers: dict[str, dict[str, Answer]] = {
        "helpdesk": {"name": 'Ремонт "Север" \\ x', "timezone": "Europe/Warsaw"},
        "mailbox": {"port": 1993, "user": "me"},
        "agent": {"lead": True, "addresses": ["a@example.org"]},
        "smtp": {"user": None, "password_file": None},
    }
    before = tomllib.loads(example())
    after = tomllib.loads(filled(example(), answers))
    before["helpdesk"] |= answers["helpdesk"]
    before["mailbox"][0] |= answers["mailbox"]
    before["agent"][0] |= answers["agent"]
    del before["smtp"]["user"], before["smtp"]["password_file"]
    assert after == before


def test_every_line_is_still_there() -> None:
    text = filled(example(), {"smtp": {"user": None, "port": 465}})
    assert len(text.splitlines()) == len(example().splitlines())
    assert '#user = "support@example.com"' in text.partition("[smtp]")[2].partition("[[agent]]")[0]


@pytest.mark.parametrize(("table", "key"), [("helpdesk", "nmae"), ("mailbos", "name"), ("agent", "remind_after")])
def test_a_key_that_the_example_does_not_have_is_no_answer(table: str, key: str) -> None:
    with pytest.raises(KeyError):
        filled(example(), {table: {key: "x"}})


def test_filled_example_is_a_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(filled(example(), {"helpdesk": {"name": "Desk\nBcc: x"}}), "utf-8")
    with pytest.raises(Exception, match=r"helpdesk\.name"):
        load(file, environ={}, logins=False)
    file.write_text(filled(example(), {"helpdesk": {"name": "Desk"}}), "utf-8")
    assert load(file, environ={}, logins=False).desks[0].address.name == "Desk"
