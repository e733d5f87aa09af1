"""What is looked for in mail: words in any form, evened out like the mail itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.search import MAX_WORDS, SEARCHED, beginnings, excerpt, searchable

# Asked, and how a mail says it: another case, number or part of speech.
FORMS = [
    ("оплаты", "Не проходит оплата картой"),
    ("оплатой", "Хотим оплатить счёт"),
    ("счета", "Где мой счёт?"),
    ("поставщики", "Пропал один поставщик"),
    ("синхронизацию", "Синхронизация стоит"),
    ("рахунку", "Надішліть рахунок"),
    ("замовлень", "Моє замовлення не прийшло"),
    ("об'єднання", "Треба об’єднати заявки"),
    ("faktury", "Proszę o fakturę"),
    ("zamówień", "Zamówienie nie dotarło"),
    ("płatności", "Nie działa płatność"),
    ("invoices", "Where is the invoice?"),
    ("ordering", "I ordered two of them"),
    ("payments", "No payment works"),
    ("ЁЛКА", "елка"),
    ("203.0.113.7", "from 203.0.113.7 we see nothing"),
    ("anna@shop.test", "Write to anna@shop.test"),
    ("AB-1234", "article ab-1234"),
]

# Words that only look alike.
OTHERS = [("счёт", "Расчёт готов"), ("order", "The border is closed"), ("12", "Row 112"), ("1234567", "1234568")]


def says(text: str, asked: str) -> bool:
    """Does one of the words of the text begin with each of those asked for?"""
    words = searchable("", text).split()
    return all(any(word.startswith(beginning) for word in words) for beginning in beginnings(asked))


@pytest.mark.parametrize(("asked", "text"), FORMS)
def test_words_are_found_in_another_form(asked: str, text: str) -> None:
    assert says(text, asked)


@pytest.mark.parametrize(("asked", "text"), OTHERS)
def test_other_words_are_not_found(asked: str, text: str) -> None:
    assert not says(text, asked)


def test_excerpt_is_the_place_where_it_stands() -> None:
    text = "Hello,\n\n" + "much else " * 40 + "\nand the payment\nof Monday is missing. " + "More " * 40
    shown = excerpt("Order", text, beginnings("payments"))
    assert "and the payment of Monday is missing" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) < 150


def test_excerpt_of_what_stands_in_the_subject_alone_is_the_subject() -> None:
    assert excerpt("Invoice 7", "Hello", beginnings("invoice")) == "Invoice 7"


@given(st.text(max_size=300))
def test_every_mail_is_found_by_its_own_words(text: str) -> None:
    assert says(text, text)
    assert len(beginnings(text)) <= MAX_WORDS


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=50))
def test_excerpts_are_one_short_line_of_any_text(subject: str, text: str, asked: str) -> None:
    shown = excerpt(subject, text, beginnings(asked))
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= 2 * 60 + len(text) + len(subject)


def test_what_stands_far_behind_is_not_searched() -> None:
    assert "needle" not in searchable("", "hay " * SEARCHED + "needle")
