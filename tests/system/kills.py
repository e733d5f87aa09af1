"""`kill -9` of the daemon at random moments while mail pours in, and the count on the servers' side afterwards.

The moments come from a seed, so that a failure can be repeated as far as two processes and two servers allow.
"""

from __future__ import annotations

import random
import re
import smtplib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage

from helpdesk.dispatch import PARALLEL
from tests.stack import HOST
from tests.system.desk import Desk, Person, eventually

# Once of so many times the daemon is killed while it starts, after so many seconds.
ONCE_OF = 5
START_S = 1.0
# Otherwise it is killed so many lines of its log and so many seconds after it was ready. Counting lines puts the kill
# into the middle of work on any machine: before, between or after the commits of a crowd, and while letters leave.
LINES = 300
SECONDS = 0.02
# A daemon that has nothing more to do logs nothing more: then it is killed all the same.
IDLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Account:
    """What the servers hold after all the kills.

    `copies`: how often a letter went again, with the same Message-ID, because the daemon died after the relay had
    accepted it and before that was noted.
    """

    mails: int
    kills: int
    tickets: int
    letters: int
    copies: int
    seconds: float


def pour(desk: Desk, *, mails: int, kills: int, seed: int, per_second: float = 6) -> Account:
    """Send `mails` mails of as many customers while the daemon is killed `kills` times; then let it finish.

    AssertionError when a mail was lost, opened two tickets or was acknowledged by two different letters.
    """
    began = time.monotonic()
    chance = random.Random(seed)
    customers = [desk.customer(number) for number in range(mails)]
    pouring = threading.Thread(target=_send_all, args=(desk, customers, per_second))
    pouring.start()
    for _ in range(kills):
        if chance.randrange(ONCE_OF) == 0:
            desk.start(wait=False)
            time.sleep(chance.uniform(0, START_S))
        else:
            lines = desk.logged().count("\n") + chance.randrange(LINES)
            desk.start()
            _await_lines(desk, lines)
            time.sleep(chance.uniform(0, SECONDS))
        desk.kill()
    pouring.join()
    with desk.running():
        _await_all(desk, customers)
    return _account(desk, customers, kills, time.monotonic() - began)


def _await_lines(desk: Desk, lines: int) -> None:
    """Until the log has this many lines, or has not grown for IDLE_S."""
    seen, since = 0, time.monotonic()
    while seen < lines and time.monotonic() < since + IDLE_S:
        time.sleep(0.005)
        found = desk.logged().count("\n")
        if found > seen:
            seen, since = found, time.monotonic()


def _send_all(desk: Desk, customers: list[Person], per_second: float) -> None:
    with smtplib.SMTP(HOST, desk.stack.ports.smtp, timeout=60) as session:
        for number, customer in enumerate(customers):
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = customer.address, desk.address, f"Вопрос {number}"
            mail["Message-ID"] = f"<{number}.{desk.label}@shop.test>"
            mail.set_content(f"Добрый день! Подскажите, пожалуйста, как оформить заказ {number}?")
            session.send_message(mail)
            time.sleep(1 / per_second)


def _await_all(desk: Desk, customers: list[Person]) -> None:
    for customer in customers:
        customer.await_letters("opened", 1, within_s=60)
    eventually(lambda: not desk.folder_ids("INBOX"), "an empty inbox")
    eventually(lambda: not desk.json("outbox"), "an empty outbox")


def _account(desk: Desk, customers: list[Person], kills: int, seconds: float) -> Account:
    expected = [customer.address for customer in customers]
    assert sorted(row["requester"] for row in desk.json("queue", "--all")) == sorted(expected)
    done = desk.folder_ids("Helpdesk/Done")
    assert Counter(done) == Counter(f"<{number}.{desk.label}@shop.test>" for number in range(len(customers)))
    assert desk.json("quarantine") == []

    for customer in customers:
        letters = customer.letters()
        assert {letter["X-Helpdesk-Event"] for letter in letters} == {"opened"}
        assert len({letter["Message-ID"] for letter in letters}) == 1, f"two acknowledgements for {customer.address}"
    notices = {(note["X-Helpdesk-Ticket"], note["Message-ID"]) for note in desk.agents[0].letters("notify")}
    assert len(notices) == len({ticket for ticket, _ in notices}) == len(customers)
    copies = _copies(desk, [*customers, desk.agents[0]])
    assert copies <= kills * PARALLEL
    return Account(
        mails=len(customers),
        kills=kills,
        tickets=len(expected),
        letters=len(customers) + len(notices),
        copies=copies,
        seconds=seconds,
    )


def _copies(desk: Desk, people: Iterable[Person]) -> int:
    """How many letters are further copies of others; AssertionError when a letter went again after it was noted."""
    noted = set(re.findall(r"queued as (\w+)", desk.logged()))
    letters: dict[str, list[str]] = defaultdict(list)
    for person in people:
        for letter in person.letters():
            letters[str(letter["Message-ID"])].append(_queue_id(letter))
    for message_id, queue_ids in letters.items():
        assert noted.isdisjoint(queue_ids[:-1]), f"{message_id} had been noted as sent and went again: {queue_ids}"
    return sum(len(queue_ids) - 1 for queue_ids in letters.values())


def _queue_id(letter: EmailMessage) -> str:
    """Under which name Postfix accepted this copy from us."""
    (found,) = re.findall(r"with ESMTPSA id (\w+)", " ".join(letter.get_all("Received", [])))
    return str(found)
