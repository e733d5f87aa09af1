"""What mail servers say in words about addresses that they could not reach."""

from __future__ import annotations

import pytest

from helpdesk.core.failure import failed_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Your message could not be delivered to anna@example.com", {"anna@example.com": True}),
        ("Did not reach the following recipient: Anna@Example.com", {"anna@example.com": True}),
        ("undeliverable to the following:\n\n\tanna@example.com (user not found)", {"anna@example.com": True}),
        ("anna@example.com - no such user here.", {"anna@example.com": True}),
        ("Delivery to <anna@example.com> has been delayed", {"anna@example.com": False}),
        ("Письмо не может быть доставлено следующим адресатам:\n anna@example.com", {"anna@example.com": True}),
        ("Почтовый ящик anna@example.com переполнен", {"anna@example.com": True}),
        (
            "Доставка сообщения для anna@example.com отложена, повторные попытки продолжаются",
            {"anna@example.com": False},
        ),
        ("Не вдалося доставити лист: anna@example.com", {"anna@example.com": True}),
        ("Wiadomość nie została dostarczona do: anna@example.com", {"anna@example.com": True}),
        (
            "These failed recipients:\n<a@example.com>: 550\n<b@example.com>: 550",
            {"a@example.com": True, "b@example.com": True},
        ),
        # The copy of the letter names people that nobody complained about.
        ("Not delivered to a@example.com\n--- Original message ---\nTo: c@example.com", {"a@example.com": True}),
        ("Please write to support@example.com", {}),
        ("", {}),
    ],
)
def test_server_names_who_was_not_reached(text: str, expected: dict[str, bool]) -> None:
    assert failed_in(text) == expected
