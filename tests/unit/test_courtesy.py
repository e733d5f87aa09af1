"""A letter of thanks is recognised by its words, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from helpdesk.core.courtesy import courtesy
from helpdesk.core.message import Attachment, Inbound


def letter(text: str, *files: Attachment) -> Inbound:
    return Inbound(sha256="0" * 64, fingerprint="0" * 64, size=len(text), text=text, attachments=files)


@pytest.mark.parametrize(
    "text",
    [
        "Спасибо!",
        "Спасибо большое, всё работает!",
        "Добрый день! Благодарю за оперативность.",
        "Спасибо, Иван!",  # a name is not a request
        "Дуже дякую, запрацювало",
        "Thanks a lot, it works now.",
        "Thank you very much for your help!\n\nBest regards",
        "Dziękuję bardzo za szybką odpowiedź.",
        "Dzięki, działa",
        "Vielen Dank!",
        "Merci beaucoup",
    ],
)
def test_thanks_are_a_courtesy(text: str) -> None:
    found = courtesy(letter(text))
    assert found is not None
    assert found.rule == "courtesy"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Да",  # an answer to something
        "Ок",
        "Спасибо, но не работает",
        "Спасибо, а когда будет готово?",
        "Спасибо. Теперь не открывается корзина",
        "Спасибо 12345",  # a number is a fact
        "Thanks, still broken",
        "Thank you, please call me",
        "Дякую, але ціни не оновились",
        "Dziękuję, ale nadal nie działa",
        "Закройте заявку, спасибо",
        "Спасибо " * 20,
    ],
)
def test_whatever_may_ask_for_something_is_no_courtesy(text: str) -> None:
    assert courtesy(letter(text)) is None


def test_thanks_with_a_file_are_no_courtesy() -> None:
    photo = Attachment(part=2, name="photo.jpg", type="image/jpeg", size=70_000, sha256="1" * 64)
    assert courtesy(letter("Спасибо!", photo)) is None


def test_a_logo_in_the_signature_does_not_make_thanks_a_request() -> None:
    logo = Attachment(part=2, name="logo.png", type="image/png", size=900, sha256="1" * 64, inline=True)
    assert courtesy(letter("Спасибо!", logo)) is not None
