"""Everybody reports the same outage at once to one desk, while few write to another: who gets what, and when.

The reports go to Postfix as fast as it takes them, so the storm is harder than the same number within ten minutes. The
delay of a letter is the time from when Postfix has accepted the mail to when Dovecot has the acknowledgement.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from dataclasses import dataclass

from tests.system.desk import Desk, Person, eventually

REPORTS = (
    ("Сайт лежит", "Добрый день! Сайт не открывается ни у кого, клиенты звонят."),
    ("Сайт не працює", "Добрий день, наш сайт не працює, клієнти не можуть зайти."),
    ("Our site is down", "Hello, our web shop is down, nobody can open it."),
    ("Strona nie działa", "Dzień dobry, nasza strona nie działa, klienci nie mogą wejść."),
)
QUESTION = ("Invoice for February", "Hello, please send the invoice for February once more.")

# Requesters of one situation who make an incident, by default.
REPORTERS = 3


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of it: seconds, and letters to each agent of the desk that was stormed."""

    reports: int
    sending: float
    until_all_knew: float
    calm: list[float]
    meanwhile: list[float]
    notices: int

    def __str__(self) -> str:
        calm, meanwhile = statistics.median(self.calm), statistics.median(self.meanwhile)
        return (
            f"{self.reports} reports within {self.sending:.0f} s, all answered after {self.until_all_knew:.0f} s; "
            f"{self.notices} letters to each agent; another desk's acknowledgement took {calm:.1f} s before (median) "
            f"and {meanwhile:.1f} s meanwhile (median; at most {max(self.meanwhile):.1f} s)"
        )


def two_desks(desk: Desk) -> str:
    """A second desk with a mailbox and an agent of its own beside the first; its address."""
    sales = f"sales.{desk.label}@help.test"
    first = desk.tables["mailbox"][0]
    desk.tables["mailbox"].append(first | {"name": "sales", "desk": "sales", "user": sales})
    desk.tables["desk"] = [{"name": "support"}, {"name": "sales", "address": sales}]
    for agent, serves in zip(desk.tables["agent"], ("support", "sales"), strict=True):
        agent["desks"] = [serves]
    desk.configure()
    return sales


def rage(desk: Desk, sales: str, reports: int, others: int, *, within_s: float = 600) -> Storm:
    """Storm a running desk of two agents; AssertionError says who got what should not have been sent."""
    calm = [_asked(desk, f"calm{n}", sales, within_s) for n in range(others)]

    customers = [desk.customer(number) for number in range(reports)]
    asking: list[tuple[Person, float]] = []
    began = time.time()
    for number, customer in enumerate(customers):
        subject, text = REPORTS[number % len(REPORTS)]
        customer.write(desk.address, subject, text)
        if number % (reports // others) == 0:
            asking.append(_ask(desk, f"meanwhile{number}", sales))
    sent = time.time()
    for customer in customers:
        customer.await_letters("opened", 1, within_s=within_s)
    knew = time.time()
    meanwhile = [_delay(person, since, within_s) for person, since in asking]
    eventually(lambda: desk.json("outbox") == [], "an empty outbox", within_s=within_s)

    notices = _account(desk, customers)
    return Storm(reports, sent - began, knew - began, calm, meanwhile, notices)


def _account(desk: Desk, customers: list[Person]) -> int:
    """One incident with everybody on it, one acknowledgement each, few notices; how many an agent got."""
    rows = desk.json("queue", "--desk", "support")
    (incident,) = [row for row in rows if row["requester"] is None]
    shown = desk.json("show", str(incident["number"]))
    assert (incident["situation"], len(shown["links"])) == ("site-down", len(customers))
    assert {link["kind"] for link in shown["links"]} == {"incident"}

    told_later = 0
    for customer in customers:
        events = Counter(letter["X-Helpdesk-Event"] for letter in customer.letters())
        assert events["opened"] == 1
        assert events.total() - 1 == events["incident"] <= 1, events
        told_later += events["incident"]
    # Only whoever was acknowledged before there was an incident.
    assert told_later == REPORTERS - 1

    events = Counter(letter["X-Helpdesk-Event"] for letter in desk.agents[0].letters())
    # One for each report before it, one for the incident; the rest comes as a list every ten minutes, and an alert.
    assert events["notify"] == REPORTERS
    assert events.total() - events["notify"] - events["digest"] - events["alert"] == 0, events
    return events.total()


def _ask(desk: Desk, name: str, sales: str) -> tuple[Person, float]:
    person = desk.customer(name)
    person.write(sales, *QUESTION)
    return person, time.time()


def _asked(desk: Desk, name: str, sales: str, within_s: float) -> float:
    return _delay(*_ask(desk, name, sales), within_s)


def _delay(person: Person, since: float, within_s: float) -> float:
    """Seconds until the acknowledgement lay in the mailbox."""
    (letter,) = person.await_letters("opened", 1, within_s=within_s)
    return person.arrival_of(letter) - since
