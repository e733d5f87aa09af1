"""What a pattern finds in a letter, and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.phrases import Match, Pattern, compile_pattern, either, find, match_at, places
from helpdesk.core.words import MAX_CHARS, Prepared, prepare


def found(pattern: str, text: str, subject: str = "") -> str | None:
    """The words that fit, with their place, or None."""
    match = find(compile_pattern(pattern), prepare(text, subject))
    return str(match) if match else None


@pytest.mark.parametrize(
    ("pattern", "text", "words"),
    [
        ("сайт", "Сайт лежит", "Сайт"),  # case does not matter
        ("еще", "Ещё раз", "Ещё"),  # neither does ё
        ("сайт не работа*", "Наш сайт не работает.", "сайт не работает"),  # a beginning
        ("сайт ..2 лежит", "сайт у нас лежит", "сайт у нас лежит"),  # words between
        ("сайт ..1 лежит", "сайт у нас лежит", None),  # too many between
        ("лежит ..2 сайт", "сайт лежит", None),  # the order is fixed
        ("лежит ~2 сайт", "сайт лежит", "сайт лежит"),  # unless it is not
        (
            "(заказы .. оформ*) ~1 (перестал* ..1 оформ*)",
            "заказы перестали оформляться",
            "заказы перестали оформляться",
        ),
        ("працює", "не працюе", "працюе"),  # є typed as е
        ("(сайт|магазин) лежит", "магазин лежит", "магазин лежит"),
        ("dziala*", "Działa", "Działa"),  # Polish marks
        ("doesnt work", "It doesn’t work", "doesn’t work"),  # curly apostrophe
        ("веб-сервис*", "веб-сервисы и веб сервисы", "веб-сервисы"),  # a hyphen parts words
        ("не работа*", "неработает", "неработает"),  # "не" written together
        ("не ..1 работа*", "неработает", "неработает"),
        ("nie dziala*", "niedziała", "niedziała"),
        ("сайт", "cайт", "cайт"),  # a Latin c
        ("сайт .. не работа*", "sajt ne rabotaet", "sajt ne rabotaet"),  # Russian in Latin letters
        ("сайт .. не працю*", "nash sait ne pratsuie", "sait ne pratsuie"),  # Ukrainian in Latin letters
        ("синхрониза*", "синхроизация", "синхроизация"),  # a letter is missing
        ("синхрониза*", "синхорнизация", "синхорнизация"),  # two are swapped
        ("синхрониза*", "синххронизация", "синххронизация"),  # one is doubled
        ("отправля*", "отправлен", None),  # another ending is not a slip
        ("оплат*", "уплата", None),  # short words are not guessed at
        ("сайт лежит", "Сайт. Лежит", None),  # not over the end of a sentence
        ("сайт .. лежит", "Сайт. Лежит", "Сайт. Лежит"),  # but a fragment is joined to what follows
        ("сайт .. лежит", "У нас новый красивый сайт. Лежит папка.", None),
        ("сайт .. лежит", "Сайт наш, вот уже\nс утра, лежит", None),  # a short line was ended by its writer
        ("-(не|not) лежит", "сайт не лежит", None),  # guarded before
        ("--(не|not) лежит", "сайт не очень лежит", None),  # one word further
        ("-(не|not) лежит", "сайт не очень лежит", "лежит"),
        ("-(не|not) лежит", "сайт лежит", "лежит"),
        ("не работает -поиск", "не работает поиск", None),  # guarded behind
        ("сайт ..3 -поиск не работает", "сайт наш поиск не работает", None),  # guarded between
        ("сайт ..3 -поиск не работает", "сайт наш не работает", "сайт наш не работает"),
        ("<link> лежит", "shop.example.com лежит", "shop.example.com лежит"),
        ("<address>", "пишите на ivan@example.com.", "ivan@example.com"),
        ("<ip>", "мой адрес 203.0.113.7, спасибо", "203.0.113.7"),
        ("<ip>", "мой адрес 192.168.1.7", None),  # nobody outside can see it
        ("<ip>", "версия 300.1.2.3", None),
        ("<time>", "в 10:45", "10:45"),
        ("<number>", "заказ 12", "12"),
        ("<code>", "артикул OC90", "OC90"),
        ("по <name>", "проценка по Росско", "по Росско"),  # a capital inside a sentence
        ("по <name>", "проценка по rossko", "по rossko"),  # Latin among Cyrillic
        ("по <name>", "ПРОЦЕНКА ПО ВСЕМ", None),  # shouting is no name
        ("пишет ..1 <stated>", "пишет: сервер не найден", "пишет: сервер"),
        ("пишет ..1 <stated>", "пишет: 500", None),  # a number is not a text
        ("пишет ~5 <quoted>", "пишет нам «нет доступа»", "пишет нам «нет"),
    ],
)
def test_pattern_finds_words_as_written(pattern: str, text: str, words: str | None) -> None:
    assert found(pattern, text) == (f"text: {words}" if words else None)


def matches_of(pattern: Pattern, prepared: Prepared) -> list[Match]:
    return [match_at(span, prepared) for span in places(pattern, prepared)]


def test_subject_reads_on_into_the_first_sentence_over_a_greeting() -> None:
    assert found("оплата .. не проходит", "Добрый день!\nУже час не проходит", "Оплата") is not None


def test_a_match_in_the_subject_says_so() -> None:
    assert found("сайт лежит", "помогите", "Сайт лежит") == "subject: Сайт лежит"


def test_all_places_are_found_in_reading_order() -> None:
    matches = matches_of(compile_pattern("сайт лежит"), prepare("Сайт лежит. А вчера тоже сайт лежит."))
    assert [match.words for match in matches] == ["Сайт лежит", "сайт лежит"]


def test_a_list_stands_for_its_patterns() -> None:
    broken = either((compile_pattern("лежит"), compile_pattern("не работа*")), "{broken}")
    match = find(compile_pattern("сайт {broken}", {"broken": broken}), prepare("сайт не работает"))
    assert match is not None
    assert match.words == "сайт не работает"


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "a word is missing"),
        ("(сайт", '"(" is not closed'),
        ("сайт)", '")" has nothing to close'),
        ("(|сайт)", "a word is missing"),
        ("са*", "at least 3 letters"),
        ("сайт ..", "not at the end"),
        (".. сайт", "not at the beginning"),
        ("сайт ..99 лежит", "1 to 30 words"),
        ("{сайт}", "there is no list {сайт}"),
        ("<plate>", "there is no class <plate>"),
        ("сайт?", '"?" is not a word'),
        ("сайт -", "missing after"),
        ("-(", "is missing"),
    ],
)
def test_a_pattern_that_cannot_be_understood_is_explained(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refusal:
        compile_pattern(pattern)
    assert says in str(refusal.value)


def test_only_the_beginning_of_a_huge_letter_is_read() -> None:
    assert found("сайт лежит", "а " * MAX_CHARS + "сайт лежит") is None


@given(st.text(), st.text())
def test_any_text_can_be_prepared_and_searched(text: str, subject: str) -> None:
    prepared = prepare(text, subject)
    assert prepared.at == sorted(set(prepared.at))
    for match in matches_of(compile_pattern("<code> | <name> | <link> | <quoted> | (сайт ~3 -не работает)"), prepared):
        assert match.words


@given(st.lists(st.sampled_from(["сайт", "не", "работает", ".", "\n", "оплата"]), max_size=60))
def test_what_is_found_lies_within_one_sentence_or_begins_with_a_fragment(tokens: list[str]) -> None:
    prepared = prepare(" ".join(tokens))
    for match in matches_of(compile_pattern("сайт ..2 работает"), prepared):
        assert match.span[1] - match.span[0] <= 3
