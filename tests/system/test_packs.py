"""Packs on real servers, three on one address: forms, numbers and papers by mail, look-ups, a case for a partner."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pypdfium2
import pytest

from helpdesk.core.rma import rma_number
from tests.stack import MailStack
from tests.system.desk import Desk, Person, ticket_of

RETURN = """Что нужно: возврат
Документ покупки: FV-100
Счёт: UA21 3223 1300 0002 6007 2335 6600 1
Адрес: Новая ул., 1
Условия: да

Товар 1
Название: Кабель
Количество: 2
Причина: не подошла длина

Товар 2
Название: Мышь
Количество: 1
Причина: лишняя"""
CLAIM = """Организация: Дилер
Производитель: Norvik
Модель: NX 7
Серийный номер: NX-0007
Город: Казань
Неисправность: не включается
Акт: нет
Отказ сервисного центра: нет"""


@pytest.fixture(scope="module")
def desk(mailstack: MailStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One address for returns, dealers and stores."""
    folder = tmp_path_factory.mktemp("packs")
    with Desk(mailstack, folder, "packs") as desk:
        desk.tables["helpdesk"]["packs"] = ["rma-returns", "rma-dealers", "store-routing"]
        desk.tables["desk"] = [{"name": "support", "warehouse": ["Склад 3", "Складская ул., 12"]}]
        desk.tables["partner"] = [{"name": "Магазин", "addresses": [desk.customer("store").address]}]
        desk.configure()
        for name, rows in (
            ("sales", "serial,sold,document\nNX-0007,2026-01-12,УПД 118\n"),
            ("centres", "maker,city,name,phone\nBrill,Казань,Сервис Волга,+7 843 200-00-02\n"),
            ("points", "city,name,street\nКазань,Пункт приёма,Речная 9\n"),
        ):
            (folder / f"{name}.csv").write_text(rows, encoding="utf-8")
            done = desk.cli("directory", "import", name, str(folder / f"{name}.csv"))
            assert done.returncode == 0, done.stderr
        with desk.running():
            yield desk


def words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def papers(letter: EmailMessage) -> dict[str, str]:
    """The names of the attached papers, and what is printed on each."""
    attached = {str(part.get_filename()): part.get_payload(decode=True) for part in letter.iter_attachments()}
    return {
        name: pypdfium2.PdfDocument(content)[0].get_textpage().get_text_bounded() for name, content in attached.items()
    }


def news_of(agent: Person, number: int, count: int = 1) -> EmailMessage:
    """The newest of at least so many notifications of this ticket."""
    seen = 0
    while True:
        letters = agent.await_letters("notify", seen + 1)
        about = [letter for letter in letters if ticket_of(letter) == number]
        if len(about) >= count:
            return about[-1]
        seen = len(letters)


def test_a_return_is_filled_in_confirmed_and_labelled(desk: Desk) -> None:
    customer = desk.customer("return")
    customer.write(desk.address, "Возврат", "форма возврата")
    blank = customer.await_letter("opened")
    assert "Счёт для возврата денег (IBAN):" in words(blank)
    customer.answer(blank, RETURN)
    read_back = customer.await_letter("state")
    assert "Товар 2, название – Мышь" in words(read_back)
    customer.answer(read_back, "Да")
    given = customer.await_letters("state", 2)[-1]
    number = rma_number("R", ticket_of(given))
    assert f"RMA-номер: {number}" in words(given)
    ((name, printed),) = papers(given).items()
    assert name == f"label-{number}.pdf"
    assert number in printed
    assert "Складская ул., 12" in printed
    customer.answer(given, "статус")
    assert "зарегистрировано, ждём посылку" in words(customer.await_letter("status"))


def test_a_dealer_is_authorised_by_the_sale_and_gets_papers(desk: Desk) -> None:
    customer = desk.customer("dealer")
    customer.write(desk.address, "Коммутатор", "Вышел из строя коммутатор, нужен RMA.")
    customer.answer(customer.await_letter("opened"), CLAIM)
    given = customer.await_letter("state")
    number = rma_number("R", ticket_of(given))
    assert sorted(papers(given)) == [f"act-{number}.pdf", f"letter-{number}.pdf"]
    agent = desk.agents[0]
    agent.answer(news_of(agent, ticket_of(given), 2), "#state papers-ok")
    label = customer.await_letters("state", 2)[-1]
    assert "Пункт приёма, Казань, Речная 9" in words(label)
    assert list(papers(label)) == [f"label-{number}.pdf"]


def test_a_complaint_goes_to_the_store_whose_answer_stays_with_the_agents(desk: Desk) -> None:
    customer, store, agent = desk.customer("complaint"), desk.customer("store"), desk.agents[0]
    customer.write(desk.address, "Жалоба", "Хочу пожаловаться на магазин: продавец нахамил.")
    number = ticket_of(customer.await_letter("opened"))
    news = news_of(agent, number)
    assert "#case store-complaint" in words(news)
    agent.answer(news, "#case store-complaint, Магазин")
    asked = store.await_letter("forward")
    assert "продавец нахамил" in words(asked)
    assert "руководству магазина" in words(customer.await_letter("reply"))
    store.answer(asked, "Разобрались, извиняемся. Клиент тоже был груб.")
    assert "Клиент тоже был груб" in words(news_of(agent, number, 2))
    assert not any("груб" in words(letter) for letter in customer.letters() if letter.get_body(("plain",)))
