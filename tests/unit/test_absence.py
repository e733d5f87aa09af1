"""Until when an out-of-office answer says that nobody is there."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.absence import announced, away_until, is_notice

WRITTEN = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am out of the office until 2026-12-01.", date(2026, 12, 1)),
        ("I will be away from 23.11.2026 to 01.12.2026, back on 2 December 2026", date(2026, 12, 2)),
        ("I'm on vacation through December 5th, 2026.", date(2026, 12, 5)),
        ("I will return to the office on Monday, 30 November.", date(2026, 11, 30)),
        ("I am away till 12/24/2026", date(2026, 12, 24)),  # only one order of these numbers is a date
        ("Нахожусь в отпуске с 20.11.2026 по 04.12.2026.", date(2026, 12, 4)),
        ("Буду отсутствовать до 1 декабря включительно", date(2026, 12, 1)),
        ("Вернусь 11 января.", date(2027, 1, 11)),  # the next one
        ("Перебуваю у відпустці до 5 грудня 2026 року", date(2026, 12, 5)),
        ("Jestem na urlopie do 4 grudnia 2026 r.", date(2026, 12, 4)),
        ("Wracam 07.12.2026", date(2026, 12, 7)),
        ("Ich bin bis zum 4. Dezember 2026 nicht im Büro.", date(2026, 12, 4)),
        # The forms and languages of the world.
        ("Je suis absent du bureau jusqu'au 4 décembre 2026 inclus.", date(2026, 12, 4)),
        ("Je serai de retour le 7 décembre.", date(2026, 12, 7)),
        ("Estaré fuera de la oficina hasta el 4 de diciembre de 2026.", date(2026, 12, 4)),
        ("Sono assente fino al 4 dicembre 2026.", date(2026, 12, 4)),
        ("Rientro il 07/12/2026.", date(2026, 12, 7)),
        ("Estarei ausente até 4 de dezembro de 2026.", date(2026, 12, 4)),
        ("Ik ben afwezig tot en met 4-12-2026.", date(2026, 12, 4)),
        ("Ich bin ab dem 07.12.2026 wieder im Büro.", date(2026, 12, 7)),
        ("Ich bin bis einschließlich 4.12. nicht erreichbar", date(2026, 12, 4)),
        ("2026年12月4日まで不在にしております。", date(2026, 12, 4)),
        ("12月4日まで休暇をいただいております。", date(2026, 12, 4)),
        ("I am on leave 23.11.2026 - 04.12.2026.", date(2026, 12, 4)),
        ("Away from 23 November to 4 December", date(2026, 12, 4)),
        ("Буду в офисе 7 дек. 2026", date(2026, 12, 7)),
        ("Повертаюсь 5-го грудня", date(2026, 12, 5)),
        ("Będę dostępny od 7 grudnia", date(2026, 12, 7)),
        ("I am back on 2026/12/07", date(2026, 12, 7)),
        ("Available again from Dec 7, 2026", date(2026, 12, 7)),
        # A day of the week is the next one; 20 November 2026 is a Friday.
        ("I am out of the office until Monday.", date(2026, 11, 23)),
        ("Меня не будет до понедельника", date(2026, 11, 23)),
        ("Wracam w piątek", date(2026, 11, 27)),
        ("Out until Monday, 30 November", date(2026, 11, 30)),
        ("I am out of the office.", None),
        ("Call us at 10.12.2026 for details", None),  # a date, but not the end of anything
        ("I am away until 31.02.2026", None),  # no such day
        ("Answers take up to 5 days, until 99/99/99", None),
        ("Our office has been here until 01.12.1998", None),  # long ago
    ],
)
def test_end_of_an_absence_is_read(text: str, expected: date | None) -> None:
    assert away_until(text, WRITTEN) == expected


@pytest.mark.parametrize(
    ("subject", "absent"),
    [
        ("Automatic reply: the site does not work", True),  # what follows is the subject of our letter
        ("Réponse automatique : ticket", True),
        ("Automatische Antwort", True),
        ("自動応答: お問い合わせ", True),
        ("Automatiskt svar: ticket", True),
        ("Absence: ticket", True),
        ("Vacation", True),
        ("Out of office", True),
        # People write about answers and absences.
        ("Autoresponder does not work", False),
        ("Автоответчик не работает", False),
        ("Out of office: how to switch it on?", True),  # taken for one: a colon follows
        ("Absence de réponse", False),
        ("Nieobecność ucznia", False),
        ("Отпуск за свой счёт", False),
        ("OOO Romashka", False),
    ],
)
def test_subject_of_an_absence_is_known_from_a_letter_about_one(subject: str, absent: bool) -> None:
    assert announced(subject) is absent


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("I am out of the office until Friday. In urgent cases please contact boris@example.com.", True),
        ("Ich bin im Urlaub. In dringenden Fällen wenden Sie sich an Boris.", True),
        ("Нахожусь в отпуске до 5 декабря, по срочным вопросам пишите Борису.", True),
        ("Перебуваю у відпустці, у термінових випадках телефонуйте Борису.", True),
        ("Jestem na urlopie. W pilnych sprawach proszę o kontakt z Borysem.", True),
        ("I am on vacation, but the site is down, please repair it", False),
        ("I am out of the office, please contact boris@example.com. Has he sent you the photos?", False),
    ],
)
def test_letter_that_says_nothing_but_that_nobody_is_there(text: str, notice: bool) -> None:
    assert is_notice(text) is notice


def test_day_without_a_year_needs_the_day_of_writing() -> None:
    assert away_until("back on 2 December", None) is None
    assert away_until("back on 2 December 2026", None) == date(2026, 12, 2)


@given(st.text())
def test_any_text_is_looked_at(text: str) -> None:
    away_until(f"until {text}", WRITTEN)
