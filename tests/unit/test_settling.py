"""In which language somebody is answered, letter after letter."""

from __future__ import annotations

from itertools import accumulate

import pytest

from helpdesk.core.sender import Contact, Settled
from helpdesk.core.settling import Tongue, learn, shown_by
from tests.build import mail


def answered_in(*shown: str | None, before: Tongue | None = None) -> list[str | None]:
    """The language of the answer to each of these letters."""

    def next_one(known: Tongue, language: str | None) -> Tongue:
        return learn(Contact("anna@shop.test", language=known.language, settled=known.settled), language)

    told = accumulate(shown, next_one, initial=before or learn(None, None))
    return [tongue.language for tongue in told][1:]


def test_the_first_letter_that_shows_its_language_settles_it() -> None:
    assert answered_in(None, "uk", None) == [None, "uk", "uk"]


def test_one_letter_in_another_language_changes_nothing() -> None:
    assert answered_in("ru", "en", "ru", "en", "ru") == ["ru"] * 5


def test_two_letters_in_a_row_in_another_language_change_it() -> None:
    assert answered_in("ru", "pl", "pl", "ru", None, "pl") == ["ru", "ru", "pl", "pl", "pl", "pl"]


def test_a_letter_that_shows_nothing_does_not_part_the_two() -> None:
    assert answered_in("ru", "pl", None, "pl") == ["ru", "ru", "ru", "pl"]


def test_what_the_requester_chose_stays_whatever_he_writes_in() -> None:
    assert answered_in("ru", "ru", "pl", before=Tongue("en", Settled.CHOSEN)) == ["en", "en", "en"]


@pytest.mark.parametrize(
    ("declared", "text", "shown"),
    [
        ("uk-UA, ru", "Please help, I cannot log in to the site.", "uk"),
        ("de-DE", "Please help, I cannot log in to the site.", "en"),  # none that we write
        ("en-GB", "Не могу войти на сайт, помогите, пожалуйста.", "ru"),  # a program of the whole world
        ("en-GB", "Nie mogę się zalogować, proszę o pomoc.", "en"),
        ("", "Nie mogę się zalogować, proszę o pomoc.", "pl"),
        ("", "ok", None),
    ],
)
def test_a_declaration_counts_before_the_words(declared: str, text: str, shown: str | None) -> None:
    headers = (("content-language", declared),) if declared else ()
    assert shown_by(mail(text, headers=headers), text) == shown
