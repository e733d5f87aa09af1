"""Replies as mail programs write them: each finds its ticket, and only the new words count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import MailStack
from tests.system.clients import Client
from tests.system.desk import Desk, ticket_of

REPLIES = Path(__file__).parent.parent / "corpus" / "replies"

# In the order in which their tickets are opened: each file names the number that its ticket gets.
SHAPES = {
    # Quotes in the language of the account, below "пн, 2 мар. 2026 г. в 12:00, …:".
    "gmail-web": "Счёт пришёл, спасибо!",
    # Word's HTML and a quote without any ">", below From/Sent/To/Subject.
    "outlook-desktop": "Проверил, всё работает.",
    # No References at all; "Отв:", and the tag is torn apart between two encoded words on two lines.
    "outlook-web-otv": "Подойдёт отделение на Сумской.",
    # The "HA:" of Russian Exchange, in three words of raw koi8-r.
    "exchange-ha": "Номер накладной 4471.",
    # The requester forwards our letter back to us: two prefixes, no References.
    "outlook-forwarded-back": "Przesyłam jeszcze raz, proszę o duplikat.",
    # Q-encoded words that split the tag; a signature of the telephone between the words and the quote.
    "outlook-mobile": "Дякую, реквізити змінив.",
}


@pytest.fixture(scope="module")
def desk(mailstack: MailStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk(mailstack, tmp_path_factory.mktemp("clients"), "clients") as desk, desk.running():
        for number in range(1, len(SHAPES) + 1):
            customer = desk.customer(number)
            customer.write(desk.address, f"Вопрос {number}", "Добрый день! Подскажите, пожалуйста.")
            assert ticket_of(customer.await_letter("opened")) == 100000 + number
        yield desk


def test_every_recorded_reply_is_in_the_table() -> None:
    assert {path.stem for path in REPLIES.iterdir()} == set(SHAPES)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_reply_of_this_shape_threads(desk: Desk, shape: str) -> None:
    number = list(SHAPES).index(shape) + 1
    customer = desk.customer(number)
    acknowledgement = str(customer.await_letter("opened")["Message-ID"]).encode()
    raw = (REPLIES / f"{shape}.eml").read_bytes().replace(b"<acknowledgement@help.test>", acknowledgement)
    customer.send(raw, desk.address)
    _await_reply(desk, 100000 + number, SHAPES[shape])


@pytest.mark.parametrize("program", ["neomutt", "s-nail", "alpine"])
def test_a_reply_from_this_program_threads(desk: Desk, program: str, tmp_path: Path) -> None:
    customer = desk.customer(program)
    customer.write(desk.address, "Вопрос о скидках для постоянных покупателей", "Добрый день! Подскажите, пожалуйста.")
    acknowledgement = customer.await_letter("opened")
    Client(program, desk.stack, tmp_path).reply(customer, (acknowledgement, "Thank you, that was it."))
    _await_reply(desk, ticket_of(acknowledgement), "Thank you, that was it.")


def _await_reply(desk: Desk, number: int, words: str) -> None:
    """The desk is told of the reply, and it stands on this ticket with nothing but its new words."""
    agent = desk.agents[0]
    for_ticket = [note for note in agent.letters("notify") if ticket_of(note) == number]
    agent.await_letters("notify", len(agent.letters("notify")) + 2 - len(for_ticket))
    messages = [one for one in desk.json("show", str(number))["messages"] if one["direction"] == "in"]
    assert len(messages) == 2
    assert words in messages[1]["text"]
    assert "Мы получили" not in messages[1]["text"]
