"""Whole conversations through a running desk, and the account of every mail on the servers' side.

One conversation: a customer writes, gets the acknowledgement with the tag, an agent is notified and answers, the
customer gets the answer and replies, the agent closes, the customer is told. All customers act at once, step by step.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from email.message import EmailMessage

from tests.system.desk import Desk, Person, eventually, ticket_of

# What a customer of one conversation gets, in this order, and nothing else.
LETTERS = ["opened", "reply", "closed"]

QUESTIONS = (
    ("Вопрос о скидках", "Здравствуйте! Какая скидка положена при заказе от ста штук?"),
    ("Як змінити реквізити", "Добрий день! Підкажіть, будь ласка, як змінити реквізити в рахунку."),
    ("How do I change my invoice address", "Hello, where can I change the address on my invoices?"),
    ("Pytanie o fakturę", "Dzień dobry, gdzie znajdę fakturę za zeszły miesiąc?"),
    ("Re: Ваше предложение", "Добрый день. Пришлите, пожалуйста, прайс-лист за этот квартал."),
)


@dataclass(slots=True)
class Conversation:
    """One customer's mails, by what was sent, and the number that the ticket got."""

    customer: Person
    sent: list[EmailMessage]
    ticket: int = 0


def converse(desk: Desk, count: int, *, within_s: float = 60) -> list[Conversation]:
    """Hold `count` conversations at once with the running desk; on return every one of them is over."""
    agent = desk.agents[0]
    conversations = []
    for number in range(count):
        customer = desk.customer(number)
        subject, text = QUESTIONS[number % len(QUESTIONS)]
        conversations.append(Conversation(customer, [customer.write(desk.address, subject, text)]))
    for one in conversations:
        one.ticket = ticket_of(one.customer.await_letters("opened", 1, within_s=within_s)[0])

    for note in agent.await_letters("notify", count, within_s=within_s):
        agent.answer(note, f"Ответ на обращение {ticket_of(note)}: уточнили и отправили вам подробности.")
    for one in conversations:
        answer = one.customer.await_letters("reply", 1, within_s=within_s)[0]
        one.sent.append(one.customer.answer(answer, "Спасибо, всё получилось!"))

    for note in agent.await_letters("notify", 2 * count, within_s=within_s)[count:]:
        agent.answer(note, "#close")
    for one in conversations:
        one.customer.await_letters("closed", 1, within_s=within_s)
    agent.await_letters("result", count, within_s=within_s)
    return conversations


def account(desk: Desk, conversations: list[Conversation]) -> None:
    """Every mail is where it belongs, on the servers and in the desk; AssertionError says which is not."""
    count, agent = len(conversations), desk.agents[0]
    eventually(lambda: not desk.folder_ids("INBOX"), "an empty inbox")
    assert desk.json("outbox") == []

    assert Counter(letter["X-Helpdesk-Event"] for letter in agent.letters()) == {"notify": 2 * count, "result": count}
    for one in conversations:
        letters = one.customer.letters()
        assert [letter["X-Helpdesk-Event"] for letter in letters] == LETTERS
        for letter in letters:
            assert f"[##{one.ticket}##]" in letter["Subject"]
            assert letter["From"].addresses[0].addr_spec == desk.address
            assert agent.address not in shown(letter)
        assert letters[0]["In-Reply-To"] == one.sent[0]["Message-ID"]

    tickets = {row["number"]: row for row in desk.json("queue", "--all")}
    assert {number: row["requester"] for number, row in tickets.items()} == {
        one.ticket: one.customer.address for one in conversations
    }
    assert {row["state"] for row in tickets.values()} == {"closed"}
    assert len({one.ticket for one in conversations}) == count

    # Four mails of each conversation came to us: the customer's two and the agent's two.
    done = desk.folder_ids("Helpdesk/Done")
    assert len(done) == len(set(done)) == 4 * count
    assert {str(mail["Message-ID"]) for one in conversations for mail in one.sent} <= set(done)
    assert desk.json("quarantine") == []


def shown(letter: EmailMessage) -> str:
    """All that a letter says to whoever looks into it: its headers and its texts, decoded."""
    headers = "".join(f"{name}: {value}\n" for name, value in letter.items())
    texts = (part.get_content() for part in letter.walk() if part.get_content_maintype() == "text")
    return headers + "\n".join(texts)
