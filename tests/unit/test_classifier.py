"""What labelled letters teach: which situation a letter is like, and the file in which that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk.core.classifier import SLOTS, Classifier, pair_slots, word_slots
from helpdesk.core.message import Inbound, Kind
from helpdesk.core.rules import Rule, judge
from helpdesk.core.ticket import Lane
from helpdesk.core.trial import Example
from helpdesk.core.words import prepare
from helpdesk.errors import ConfigError
from helpdesk.packs import load_pack
from helpdesk.packs.weights import checksum, read_weights, write_weights

LABELS = ("", "login", "site-down")


def taught(**weights: int) -> Classifier:
    """A classifier in which words (`site`), or two side by side (`not_down`), speak for the site being down."""
    table = bytearray(SLOTS * 4)
    for words, weight in weights.items():
        first, _, second = words.partition("_")
        for slot in pair_slots([first, second]) if second else word_slots(first):
            table[slot * 4 + 2], table[slot * 4 + 3] = weight % 256, 1
    return Classifier(LABELS, (0.0, -1.0, 0.0), 0.1, bytes(table))


def test_a_letter_is_most_like_what_its_words_speak_for() -> None:
    like = taught(site=20, down=30).likeness(prepare("Our site went down"))
    assert like is not None
    assert (like.situation, like.words, like.place) == (
        "site-down",
        ("site", "down"),
        prepare("Our site went down").at[1],
    )
    assert like.chance > 99
    assert str(like) == "100 % like letters on it: site, down"


def test_a_form_of_a_word_that_nobody_labelled_is_heard() -> None:
    one = taught(магазина=20)
    like = one.likeness(prepare("С нашим магазином беда"))
    assert like is not None
    assert like.chance > 90
    assert like.words == ("магазином",)


def test_two_words_side_by_side_can_take_back_what_each_says() -> None:
    one = taught(down=20, not_down=-120)
    assert one.likeness(prepare("down")).chance > 90  # type: ignore[union-attr]
    assert one.likeness(prepare("not down")).chance < 50  # type: ignore[union-attr]


def test_the_subject_of_an_answer_says_nothing() -> None:
    one, mail = taught(down=30), prepare("Thank you", "Site down")
    assert one.likeness(mail).chance > 90  # type: ignore[union-attr]
    like = one.likeness(mail, answers=True)
    assert like is not None
    assert (like.chance < 60, like.words) == (True, ())


def test_a_letter_without_words_is_like_nothing() -> None:
    assert taught(down=30).likeness(prepare("…")) is None


def test_an_answer_without_words_is_like_nothing_whatever_its_subject_says() -> None:
    assert taught(down=30).likeness(prepare("👍", "Site down"), answers=True) is None


@pytest.mark.parametrize(("likely", "lane"), [(90, Lane.OUTAGE), (100, Lane.NORMAL)])
def test_a_rule_holds_from_its_likelihood_on_and_says_why(likely: int, lane: Lane) -> None:
    rule = Rule(name="down", likely=likely, learned=taught(down=12), situation="site-down", lane=Lane.OUTAGE)
    other = Rule(name="in", likely=likely, learned=rule.learned, situation="login", lane=Lane.OUTAGE)
    mail = Inbound(sha256="", fingerprint="", size=1, text="It is down again")
    verdict = judge((rule, other), mail, desk="", language="en", kind=Kind.HUMAN)
    assert verdict.lane is lane
    said = ["down: 92 % like letters on it: down"] if lane is Lane.OUTAGE else []
    assert [str(reason) for reason in verdict.reasons] == said


def test_what_was_learned_is_kept_and_read_again(tmp_path: Path) -> None:
    path, one = tmp_path / "ours.weights", taught(site=-3, down=30)
    write_weights(one, path)
    read = read_weights(path)
    assert read is not None
    assert (read.labels, read.bias, read.scale, read.table) == (one.labels, one.bias, one.scale, one.table)
    assert read_weights(tmp_path / "none.weights") is None


@pytest.mark.parametrize("damage", [lambda raw: raw[:-20], lambda raw: b"x" + raw, lambda _: b"", lambda _: b"{}\nx"])
def test_a_damaged_file_is_never_gone_by(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "ours.weights"
    write_weights(taught(down=30), path)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ConfigError, match=r"ours\.weights: cannot be read .* run it again for this pack"):
        read_weights(path)


def test_a_pack_goes_by_the_file_beside_it(tmp_path: Path) -> None:
    rule = '[[rule]]\nname = "down"\nlikely = 50\nlane = "outage"\nsituation = '
    (tmp_path / "ours.toml").write_text(f'{rule}"site-down"\n', "utf-8")
    write_weights(taught(down=30), tmp_path / "ours.weights")
    (one,) = load_pack("ours.toml", tmp_path).rules
    assert (one.likely, one.learned is not None) == (50, True)

    (tmp_path / "ours.toml").write_text(f'{rule}"late"\n', "utf-8")
    with pytest.raises(ConfigError, match="wants a situation of which letters were learned: login, site-down"):
        load_pack("ours.toml", tmp_path)
    assert [rule.likely for rule in load_pack("ours.toml", tmp_path, untaught=True).rules] == [0]


def test_letters_are_told_apart_whatever_their_order() -> None:
    one, other = Example("ru", None, "", "привет"), Example("ru", "login", "", "привет")
    assert checksum([one, other]) == checksum([other, one]) != checksum([one])
