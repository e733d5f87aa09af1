"""Small mails, decisions and letters for tests of the store: only what a test speaks of differs from the default."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from helpdesk.core.decision import Change, Decision, Disposition, Filing, OpenTicket, Outcome, Proof, Role
from helpdesk.core.facts import Facts, Wanted
from helpdesk.core.message import Address, Inbound, Kind, Reason
from helpdesk.core.outgoing import Audience, Delivery, Event, Letter, OutboxState
from helpdesk.core.ticket import NEW, Lane, Priority, State, Ticket
from helpdesk.ports import Composed, Fetched, MailKey, Store, TicketFile, Tried, Unit
from helpdesk.raw import Raw

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ANNA = Address("anna@customer.test", "Анна")
PETER = Address("peter@customer.test", "Peter")
IVAN = Address("ivan@desk.test", "Иван Петров")

OPENING = OpenTicket(
    subject="Сайт лежит",
    requester=ANNA,
    desk="support",
    state=State.NEW,
    lane=Lane.NORMAL,
    priority=Priority.NORMAL,
    situation=None,
    language="ru",
    checklist=None,
    missing=(),
    fields=(),
    cc=(),
    opened_at=NOW,
    reasons=(),
)


def mail(uid: int, raw: Raw = b"", **values: Any) -> Fetched:
    """A mail of the folder INBOX; every uid has its own bytes."""
    came: dict[str, Any] = {"key": MailKey("INBOX", 1, uid), "raw": raw or b"mail %d\r\n" % uid, "arrived_at": NOW}
    return Fetched(**came | values)


def inbound(fetched: Fetched, **values: Any) -> Inbound:
    """What the mail says: Anna writes, its Message-ID is <UID@customer.test>."""
    sha256 = hashlib.sha256(bytes(fetched.raw)).hexdigest()
    said: dict[str, Any] = {
        "sha256": sha256,
        "fingerprint": f"fingerprint of {sha256}",
        "size": len(fetched.raw),
        "message_id": f"<{fetched.key.uid}@customer.test>",
        "sender": ANNA,
        "subject": "Сайт лежит",
        "text": "Не открывается с утра.",
    }
    return Inbound(**said | values)


def decision(*changes: Change, **values: Any) -> Decision:
    """A decision of `changes` about a stranger's mail; it opens a ticket unless `ticket` says otherwise."""
    decided: dict[str, Any] = {
        "disposition": Disposition.OPEN,
        "kind": Kind.HUMAN,
        "role": Role.STRANGER,
        "proof": Proof.NONE,
        "ticket": NEW,
        "filing": Filing.VISIBLE,
        "changes": changes,
        "reasons": (Reason("test", "a mail of a test"),),
    }
    return Decision(**decided | values)


def open_ticket(unit: Unit, *more: Change, now: datetime = NOW, **values: Any) -> int:
    """A new ticket; its number."""
    number = unit.apply(Outcome(ticket=NEW, changes=(replace(OPENING, **values), *more)), now, by="test")
    assert number is not None
    return number


def change(unit: Unit, ticket: int, *changes: Change, now: datetime = NOW) -> None:
    """Carry out changes on a ticket."""
    unit.apply(Outcome(ticket=ticket, changes=changes), now, by="Иван Петров")


def file(unit: Unit, ticket: int | None, fetched: Fetched, filing: Filing = Filing.VISIBLE, **said: Any) -> None:
    """Keep a mail on a ticket."""
    decided = decision(disposition=Disposition.APPEND, ticket=ticket, filing=filing)
    unit.file("support", fetched, inbound(fetched, **said), decided, ticket, NOW)


def letter(token: str, to: Address = ANNA, **values: Any) -> Letter:
    """An acknowledgement to Anna."""
    wanted: dict[str, Any] = {
        "event": Event.OPENED,
        "ticket": None,
        "to": to,
        "audience": Audience.REQUESTER,
        "language": "ru",
        "dedupe_key": token,
    }
    return Letter(**wanted | values)


def answer(token: str, to: Address = ANNA, **values: Any) -> Letter:
    """What the agent Иван Петров wrote to Anna."""
    return letter(token, to, **{"event": Event.REPLY, "automatic": False, "sender_name": IVAN.name} | values)


def queue(
    unit: Unit, wanted: Letter, ticket: int | None = None, now: datetime = NOW, text: str = "Здравствуйте!"
) -> bool:
    """Queue a letter whose Message-ID is <DEDUPE_KEY@desk.test>."""
    composed = Composed(
        message_id=f"<{wanted.dedupe_key}@desk.test>",
        envelope_from="support@desk.test",
        subject="[##100001##] Сайт лежит",
        text=text,
        raw=f"Message-ID: <{wanted.dedupe_key}@desk.test>\r\nSubject: hello\r\n\r\n{text}".encode(),
    )
    return unit.enqueue(wanted, ticket, composed, now)


def record(
    store: Store, letter_id: int, deliveries: Sequence[Delivery], now: datetime, next_attempt_at: datetime | None
) -> OutboxState:
    """Keep what the relay said of one letter; the letter's state."""
    (state,) = store.record_deliveries([Tried(letter_id, deliveries, next_attempt_at)], now)
    return state


def ask(**values: Any) -> Wanted:
    """A question for facts about a mail that nobody has seen."""
    return Wanted(**{"sha256": "unseen", "fingerprint": "unseen", "message_id": "<unseen@customer.test>"} | values)


def ticket_of(store: Store, **values: Any) -> int:
    """A new ticket in a transaction of its own; its number."""
    with store.unit() as unit:
        return open_ticket(unit, **values)


def facts(store: Store, now: datetime = NOW, **wanted: Any) -> Facts:
    """What the store knows of a mail that nobody has seen, save for what `wanted` says."""
    with store.unit() as unit:
        return unit.facts(ask(**wanted), now)


def ticket(store: Store, number: int) -> Ticket:
    """The ticket, which must exist."""
    with store.unit() as unit:
        found = unit.ticket(number)
    assert found is not None
    return found


def shown(store: Store, number: int) -> TicketFile:
    """The ticket with everything on it, which must exist."""
    found = store.show(number)
    assert found is not None
    return found
