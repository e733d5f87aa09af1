"""The confusion table of labelled letters."""

from __future__ import annotations

from helpdesk.core.trial import ALL, Bar, Example, Row, Tried, table, wrong


def tried(language: str, label: str | None, seen: str | None) -> Tried:
    return Tried(Example(language, label, "", "text"), seen)


LETTERS = (
    tried("ru", "site", "site"),
    tried("ru", "site", "order"),
    tried("ru", "site", None),
    tried("ru", "order", "order"),
    tried("ru", None, None),
    tried("ru", None, "site"),
)


def row(language: str, situation: str | None) -> Row:
    (found,) = (one for one in table(LETTERS) if (one.language, one.situation) == (language, situation))
    return found


def test_a_situation_has_recall_and_precision_and_what_it_was_taken_for() -> None:
    site = row("ru", "site")
    assert (site.letters, site.right, site.claimed) == (3, 1, 2)
    assert site.taken_for == (("order", 1), (None, 1))
    assert (round(site.recall or 0), round(site.precision or 0)) == (33, 50)


def test_letters_on_nothing_have_no_recall_but_count_against_precision() -> None:
    assert row("ru", None).recall is None
    assert row("ru", ALL).precision == 50
    assert row("ru", ALL).recall == 50


def test_a_row_for_all_languages_stands_last() -> None:
    more = (*LETTERS, tried("pl", "site", "site"))
    assert [one.language for one in table(more) if one.situation == ALL] == ["pl", "ru", ALL]


def test_the_bar_is_reached_or_not() -> None:
    assert row("ru", ALL).reaches(Bar(recall=50, precision=50))
    assert not row("ru", ALL).reaches(Bar(recall=51))
    assert not row("ru", ALL).reaches(Bar(precision=51))
    assert row("ru", None).reaches(Bar(recall=100, precision=100))


def test_only_letters_taken_wrongly_are_wrong() -> None:
    assert [(one.example.situation, one.seen) for one in wrong(LETTERS)] == [
        ("site", "order"),
        ("site", None),
        (None, "site"),
    ]
