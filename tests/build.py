"""Builders for tests of decisions: mails, tickets, policies. Only what a test speaks of differs from the default.

The cast: Anna asks, Boris is in her Cc, Eve is a stranger; Ivan and Olha are agents, Lena leads them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from helpdesk.core.calendar import Calendar
from helpdesk.core.case import Arrival
from helpdesk.core.checklist import Checklist, Item
from helpdesk.core.decide import decide
from helpdesk.core.decision import Change, Decision, Outcome
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address, Inbound
from helpdesk.core.outgoing import Audience, Event, Letter, SentLetter
from helpdesk.core.phrases import compile_pattern
from helpdesk.core.policy import Agent, Desk, Policy
from helpdesk.core.rules import Rule, Words
from helpdesk.core.ticket import Lane, Part, Participant, State, Ticket

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
NUMBER = 100001
AUTHSERV = "mx.help.test"

ANNA = Address("anna@shop.test", "Anna")
BORIS = Address("boris@shop.test", "Boris")
EVE = Address("eve@evil.test", "Eve")
DESK = Address("support@help.test", "Support")
IVAN = Agent(name="Ivan", addresses=("ivan@help.test", "ivan@home.test"))
OLHA = Agent(name="Olha", addresses=("olha@help.test",))
LENA = Agent(name="Lena", addresses=("lena@help.test",), desks=("sales",), lead=True)
IVAN_WRITES = Address("ivan@help.test", "Ivan")
OLHA_WRITES = Address("olha@help.test", "Olha")

SITE_DOWN = Rule(
    name="site-down",
    words=Words(any_of=(compile_pattern("site is down"), compile_pattern("сайт лежит"))),
    lane=Lane.OUTAGE,
    situation="site-down",
)
# What every other letter has to say: the address that fails, and since when.
GENERAL = Checklist(
    key="general",
    items=(
        Item(key="ip", ask=(("en", "Which IP?"), ("ru", "Какой IP?")), fields=("ip",)),
        Item(key="time", ask=(("en", "Since when?"), ("ru", "С каких пор?")), fields=("time",)),
    ),
)


def policy(**values: Any) -> Policy:
    """A desk `support` that recognises an outage and asks for nothing, and a second one."""
    desks = (
        Desk(name="support", address=DESK, language="en", calendar=Calendar.always(), rules=(SITE_DOWN,)),
        Desk(name="sales", address=Address("sales@help.test"), language="ru", calendar=Calendar.always()),
    )
    settings: dict[str, Any] = {
        "name": "Support",
        "instance": "ours",
        "own": frozenset({"support@help.test", "sales@help.test", "help@help.test"}),
        "desks": desks,
        "agents": (IVAN, OLHA, LENA),
        "reply_address": "support+{token}@help.test",
    }
    return Policy(**settings | values)


def asking_policy(**values: Any) -> Policy:
    """A desk that asks for what GENERAL needs."""
    desk = Desk(
        name="support",
        address=DESK,
        language="en",
        calendar=Calendar.always(),
        rules=(SITE_DOWN,),
        checklists=(GENERAL,),
    )
    return policy(**{"desks": (desk,)} | values)


def mail(text: str = "Please help.", *, sender: Address | None = ANNA, **values: Any) -> Inbound:
    """A mail to the desk; what it says makes its hash."""
    digest = sha256(f"{sender} {text} {values}".encode()).hexdigest()
    said: dict[str, Any] = {
        "sha256": digest,
        "fingerprint": digest,
        "size": 100,
        "message_id": "<mail@shop.test>",
        "sender": sender,
        "to": (DESK,),
        "subject": "A question",
        "text": text,
    }
    return Inbound(**said | values)


def verdict(results: str) -> tuple[tuple[str, str], ...]:
    """The headers of a mail in which our own server says `results`."""
    return (("authentication-results", f"{AUTHSERV}; {results}"),)


def passed(sender: Address = IVAN_WRITES) -> tuple[tuple[str, str], ...]:
    """The headers of a mail whose sender our own server has proven."""
    return verdict(f"dmarc=pass header.from={sender.domain}")


FORGED = verdict("dmarc=fail header.from=shop.test")


def ticket(number: int = NUMBER, **values: Any) -> Ticket:
    """Anna's open ticket, with Boris in Cc."""
    state: dict[str, Any] = {
        "subject": "A question",
        "requester": ANNA,
        "desk": "support",
        "state": State.OPEN,
        "participants": (Participant(ANNA, Part.REQUESTER), Participant(BORIS, Part.CC)),
        "thread": ("<first@shop.test>",),
        "opened_at": NOW - DAY,
        "active_at": NOW - DAY,
    }
    return Ticket(number=number, **state | values)


def sent(
    to: str = "ivan@help.test",
    audience: Audience = Audience.AGENT,
    event: Event = Event.NOTIFY,
    *,
    number: int | None = NUMBER,
    usable: bool = True,
    cause: int | None = None,
) -> SentLetter:
    """A letter of ours: a notification to Ivan."""
    return SentLetter(
        message_id=f"<{event}-{to}>",
        ticket=number,
        recipient=to,
        audience=audience,
        event=event,
        written_at=NOW - DAY,
        sent_at=NOW - DAY,
        usable=usable,
        cause=cause,
    )


# How the mails of most tests come in.
ARRIVAL = Arrival(desk="support", at=NOW)


def acknowledged(to: Address = ANNA, **values: Any) -> SentLetter:
    """The acknowledgement that somebody got."""
    return sent(to.address, Audience.REQUESTER, Event.OPENED, **values)


def answering(letter: SentLetter, on: Ticket, **values: Any) -> Facts:
    """What is known of a mail that answers one of our letters on a ticket."""
    return Facts(**{"letters": (letter,), "by_reference": ((letter.message_id, on),)} | values)


def decided(
    inbound: Inbound,
    facts: Facts = Facts(),  # noqa: B008 - frozen
    rules: Policy | None = None,
    *,
    now: datetime = NOW,
    **arrival: Any,
) -> Decision:
    """The decision about a mail that came in to the desk `support` just now."""
    came: dict[str, Any] = {"desk": "support", "at": now}
    return decide(inbound, facts, rules or policy(), Arrival(**came | arrival), now)


C = TypeVar("C", bound=Change)


def changes(outcome: Outcome, kind: type[C]) -> list[C]:
    """The changes of this kind, in order."""
    return [change for change in outcome.changes if isinstance(change, kind)]


def written(outcome: Outcome) -> list[tuple[str, str]]:
    """(event, recipient) of each letter, in order."""
    return [(letter.event.value, letter.to.address) for letter in outcome.letters]


def to_customers(outcome: Outcome) -> list[Letter]:
    """The letters that leave the house."""
    return [letter for letter in outcome.letters if letter.audience is Audience.REQUESTER]
