"""Labelled letters teach a classifier: it hears in new letters what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from helpdesk.adapters.learning import NothingToLearnError, learn
from helpdesk.cli import program
from helpdesk.core.trial import Example
from helpdesk.core.words import prepare

LETTERS = (
    ("site-down", "The site is down"), ("site-down", "Our shop site does not open"),
    ("site-down", "The site went down at noon"), ("site-down", "Shop does not open for anybody"),
    ("login", "Nobody can log in"), ("login", "Customers cannot log in to the shop"),
    ("login", "We cannot log in any more"), ("login", "Log in fails for everybody"),
    (None, "Please change our phone"), (None, "Please send the invoice"),
    (None, "How do I change the invoice"), (None, "Thank you, please send it"),
)  # fmt: skip
EXAMPLES = tuple(Example("en", situation, "", text) for situation, text in LETTERS)


@pytest.mark.parametrize(
    ("text", "situation"),
    [("the site is down!", "site-down"), ("Nobody of us can log in", "login"), ("please change the invoice", None)],
)
def test_a_new_letter_is_heard(text: str, situation: str | None) -> None:
    like = learn(EXAMPLES).likeness(prepare(text))
    assert like is not None
    assert (like.situation if like.chance >= 50 else None) == situation


def test_two_labels_are_enough() -> None:
    like = learn([one for one in EXAMPLES if one.situation != "login"]).likeness(prepare("The site is down"))
    assert like is not None
    assert (like.situation, like.chance > 60) == ("site-down", True)


def test_the_same_letters_teach_the_same() -> None:
    one, other = learn(EXAMPLES, "abc"), learn(EXAMPLES)
    assert (one.table, one.bias, one.letters) == (other.table, other.bias, "abc")


def test_letters_on_one_thing_alone_teach_nothing() -> None:
    with pytest.raises(NothingToLearnError, match="want letters on at least one situation, and letters on none"):
        learn([one for one in EXAMPLES if one.situation])


def test_a_lead_teaches_a_pack_of_her_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rules = "".join(
        f'[[rule]]\nname = "{name}"\nlikely = 50\nlane = "outage"\nsituation = "{name}"\n'
        for name in ("site-down", "login")
    )
    Path("ours.toml").write_text(rules, "utf-8")
    Path("ours").mkdir()
    for folder in ("first", "second"):
        (Path("ours") / folder).mkdir()
        lines = [f'[[letter]]\nsituation = "{one or ""}"\ntext = "{text} ({folder})"\n' for one, text in LETTERS]
        (Path("ours") / folder / "en.toml").write_text("".join(lines), "utf-8")

    def said(*arguments: str) -> str:
        result = CliRunner().invoke(program(arguments), list(arguments))
        assert result.exit_code == 0, result.output
        return result.output

    assert said("rules", "learn", "ours.toml") == "24 letters learned: ours.weights\n"
    assert "100.0 / 100.0" in said("rules", "test", "ours.toml")
    held_out = said("rules", "learn", "ours.toml", "--held-out")
    assert "first: 12 letters, 100.0 / 100.0" in held_out
    assert "second: 12 letters, 100.0 / 100.0" in held_out
