"""Which language a short letter is written in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.language import guess


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Сайт лежит", "ru"),
        ("Добрый день! Не открывается сайт, помогите пожалуйста", "ru"),
        ("здравствуйте не могу войти в админку", "ru"),
        ("Нет цен ни от одного поставщика", "ru"),
        ("Ошибка 500 on checkout page, PHP Fatal error in /var/www/index.php, когда почините?", "ru"),
        ("Не проходит оплата картой", "ru"),
        ("Ціни не показує", "uk"),
        ("Не проходить оплата карткою", "uk"),  # no letter of it is Ukrainian alone
        ("Сайт не працює", "uk"),
        ("Доброго дня! Не відкривається кошик", "uk"),
        ("не можу увійти", "uk"),
        ("Немає цін від жодного постачальника", "uk"),
        ("Коли буде виправлено?", "uk"),
        ("The site is down", "en"),
        ("cannot log in since yesterday, please help", "en"),
        ("Prices are gone for all suppliers", "en"),
        ("Strona nie działa", "pl"),
        ("Dzien dobry, sklep nie dziala, prosze o pomoc", "pl"),  # without Polish letters, as on many telephones
        ("Nie mogę się zalogować", "pl"),
        ("Brak cen od wszystkich dostawców", "pl"),
    ],
)
def test_language_of_ordinary_letters(text: str, language: str) -> None:
    assert guess(text) == language


@pytest.mark.parametrize(
    "text", ["", "12345 !!!", "https://shop.example/cart", "anna@example.com", "我的网站坏了", "ок"]
)
def test_text_that_does_not_say_has_no_language(text: str) -> None:
    assert guess(text) is None


def test_addresses_do_not_count_as_words() -> None:
    assert guess("https://the-shop.example/and/this/page не открывается") == "ru"


@given(st.text(max_size=200))
def test_guess_never_raises(text: str) -> None:
    assert guess(text) in (None, "ru", "uk", "en", "pl")
