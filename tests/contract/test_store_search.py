"""Searching, on each engine: new mail at once, every word in any form, only what belongs to a ticket."""

from __future__ import annotations

import pytest

from helpdesk.adapters.store import SqlStore
from helpdesk.adapters.store.search import AT_ONCE
from helpdesk.core.decision import Filing
from helpdesk.core.facts import Wanted
from tests.desk import NOW, OPENING, decision, inbound, mail


def take(store: SqlStore, uid: int, subject: str, text: str, **values: object) -> int | None:
    """A mail that opens a ticket; its number."""
    with store.unit() as unit:
        came = mail(uid)
        decided = decision(OPENING, **values)
        number = unit.apply(decided, NOW, by="helpdesk")
        unit.file("support", came, inbound(came, subject=subject, text=text), decided, number, NOW)
        return number


def found(store: SqlStore, words: str) -> list[int]:
    return [one.ticket.number for one in store.search(words)]


def test_every_word_must_be_there_in_any_form(store: SqlStore) -> None:
    first = take(store, 1, "Оплата", "Не проходит оплата картой Visa.")
    second = take(store, 2, "Invoice", "Please send the invoice for the payment by Visa.")
    assert found(store, "оплаты visa") == [first]
    assert found(store, "VISA") == [second, first]
    assert found(store, "invoices") == [second]
    assert found(store, "invoices оплата") == []
    assert found(store, "...") == []


@pytest.mark.parametrize("words", ["' OR 1=1 --", 'a" OR "b', "NOT x", "a* AND", "(", "об'єднати & !", "\0", "\ud800"])
def test_nothing_in_a_question_is_a_query(store: SqlStore, words: str) -> None:
    take(store, 1, "Order", "Hello")
    assert found(store, words) == []


def test_words_with_apostrophes_are_found(store: SqlStore) -> None:
    number = take(store, 1, "Питання", "Чи можна об'єднати два замовлення?")
    assert found(store, "об’єднання замовлень") == [number]


def test_ticket_is_named_once_by_its_newest_mail(store: SqlStore) -> None:
    number = take(store, 1, "Order 7", "Where is it?")
    with store.unit() as unit:
        again = decision(ticket=number, filing=Filing.NOTE)
        unit.apply(again, NOW, by="helpdesk")
        unit.file("support", mail(2), inbound(mail(2), subject="Order 7", text="It was sent."), again, number, NOW)
    (one,) = store.search("order")
    assert one.ticket.number == number
    assert one.excerpt == "Order 7"


def test_commands_and_mail_of_no_ticket_are_not_found(store: SqlStore) -> None:
    take(store, 1, "Order", "#close", filing=Filing.COMMAND)
    with store.unit() as unit:
        lost = decision(ticket=None)
        unit.file("support", mail(2), inbound(mail(2), text="an advertisement"), lost, None, NOW)
    assert found(store, "close") == found(store, "advertisement") == []


def test_index_is_filled_in_steps_and_once(store: SqlStore) -> None:
    for uid in range(AT_ONCE + 3):
        take(store, uid + 1, "Order", f"number {uid}")
    assert [store.index_words() for _ in range(3)] == [AT_ONCE, 3, 0]
    assert len(found(store, "order")) == 100, "no more than anybody reads"


def test_agents_question_is_answered_with_the_facts_of_his_mail(store: SqlStore) -> None:
    number = take(store, 1, "Order", "Where is the red one?")
    with store.unit() as unit:
        wanted = Wanted(sha256="x", fingerprint="x", message_id=None, searches=("red", "blue"))
        facts = unit.facts(wanted, NOW)
    assert [(words, [one.ticket.number for one in hits]) for words, hits in facts.found] == [
        ("red", [number]),
        ("blue", []),
    ]
