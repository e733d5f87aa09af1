"""The queue as an agent gets it by mail: in the language of the desk."""

from __future__ import annotations

import pytest

from helpdesk.core.listing import queue_list
from helpdesk.core.ticket import Held, Lane, Priority, State
from tests.build import EVE, NOW, ticket


@pytest.mark.parametrize(
    ("language", "marks"),
    [
        ("en", "‼ site-down, open, high, @Ivan, held 1"),
        ("ru", "‼ site-down, в работе, важное, @Ivan, ждут решения: 1"),
        ("uk", "‼ site-down, у роботі, важливе, @Ivan, чекають рішення: 1"),
        ("pl", "‼ site-down, w toku, ważne, @Ivan, czekają na decyzję: 1"),
    ],
)
def test_the_queue_is_in_the_language_of_the_desk(language: str, marks: str) -> None:
    held = (Held(id=7, sender=EVE, subject="", at=NOW),)
    urgent = ticket(
        state=State.OPEN, lane=Lane.OUTAGE, situation="site-down", priority=Priority.HIGH, assignee="Ivan", held=held
    )
    (line,) = queue_list((urgent,), language)
    assert line.endswith(f" · {marks}")


def test_an_empty_queue_says_so_in_every_language() -> None:
    assert len({queue_list((), language)[0] for language in ("en", "ru", "uk", "pl")}) == 4
