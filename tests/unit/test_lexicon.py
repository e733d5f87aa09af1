"""Which words of a letter the patterns know."""

from __future__ import annotations

from helpdesk.core.lexicon import hear, listen_for, one_of, size
from helpdesk.core.phrases import compile_pattern, find
from helpdesk.core.words import prepare


def test_words_and_beginnings_are_heard_where_they_stand() -> None:
    shop = one_of(frozenset({"магаз"}), ("магазин",))
    listen_for([shop])
    heard = hear({"магаз": [7], "магазина": [1], "мага": [3]})
    assert sorted(heard[shop]) == [1, 7]


def test_a_slip_in_a_long_beginning_is_forgiven_in_a_short_one_is_not() -> None:
    long, short = one_of(frozenset(), ("синхрониза",)), one_of(frozenset(), ("сайты",))
    listen_for([long, short])
    heard = hear({"синхроизация": [1], "сайны": [2]})
    assert (heard.get(long), heard.get(short)) == ([1], None)


def test_the_same_words_are_one_part() -> None:
    before = one_of(frozenset({"каталог"}), ())
    listen_for([before])
    known = size()
    assert one_of(frozenset({"каталог"}), ()) is before
    listen_for([before])
    assert size() == known


def test_words_that_were_merged_into_a_list_are_not_listened_for_one_by_one() -> None:
    known = size()
    find(compile_pattern("(колодец|родник|источник)"), prepare("Родник пересох"))
    assert size() == known + 1


def test_a_pattern_made_after_the_letter_was_read_finds_its_words_too() -> None:
    prepared = prepare("Витрина погасла")
    assert find(compile_pattern("витрина"), prepared) is not None
    assert find(compile_pattern("погасла"), prepared) is not None
