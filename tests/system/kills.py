"""`kill -9` of the daemon at random moments while mail pours in, and the count on the servers' side afterwards.

The moments come from a seed, so that a failure can be repeated as far as two processes and two servers allow.
"""

from __future__ import annotations

import random
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage

from tests.stack import HOST
from tests.system.desk import Desk, Person, eventually

# The daemon is killed so many seconds after it was started, or, three times of four, after it was ready: that is
# when it reads what piled up meanwhile.
WHILE_STARTING_S = 1.5
WHILE_WORKING_S = 0.8

# A letter may go twice only where the daemon died between the relay's acceptance and our note of it. So close to the
# kill must the first copy of such a letter be; a letter that was there for longer and came again is a fault.
WINDOW_S = 1.0


@dataclass(frozen=True, slots=True)
class Account:
    """What the servers hold after all the kills.

    `doubled`: letters that went twice, with the same Message-ID; `widest_gap_s`: the longest time by which one of them
    was there before the kill that kept us from noting it.
    """

    mails: int
    kills: int
    tickets: int
    letters: int
    doubled: int
    widest_gap_s: float
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
    killed_at = []
    for _ in range(kills):
        if chance.random() < 0.25:
            desk.start(wait=False)
            time.sleep(chance.uniform(0, WHILE_STARTING_S))
        else:
            desk.start()
            time.sleep(chance.uniform(0, WHILE_WORKING_S))
        killed_at.append(time.time())
        desk.kill()
    pouring.join()
    with desk.running():
        _await_all(desk, customers)
    return _account(desk, customers, killed_at, time.monotonic() - began)


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


def _account(desk: Desk, customers: list[Person], killed_at: list[float], seconds: float) -> Account:
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
    gaps = [_gap(arrivals, killed_at) for arrivals in _copies([*customers, desk.agents[0]]) if len(arrivals) > 1]
    assert max(gaps, default=0) < WINDOW_S
    return Account(
        mails=len(customers),
        kills=len(killed_at),
        tickets=len(expected),
        letters=len(customers) + len(notices),
        doubled=len(gaps),
        widest_gap_s=max(gaps, default=0),
        seconds=seconds,
    )


def _copies(people: Iterable[Person]) -> Iterator[list[float]]:
    """Of every letter, when its copies arrived."""
    for person in people:
        for message_id in {str(letter["Message-ID"]) for letter in person.letters()}:
            yield person.arrivals(message_id)


def _gap(arrivals: list[float], killed_at: list[float]) -> float:
    """How long after the first copy arrived the daemon was killed."""
    return min(killed - arrivals[0] for killed in killed_at if killed > arrivals[0])
