"""What `verify` finds in a store that somebody damaged, on every engine; and that it finds nothing in a sound one."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa

from helpdesk.adapters.store import SqlStore
from helpdesk.adapters.store.engine import make_engine
from helpdesk.core import audit
from helpdesk.core.audit import Finding
from helpdesk.core.decision import Filing
from helpdesk.core.message import Address, Kind
from helpdesk.core.outgoing import Delivery
from helpdesk.core.policy import Bounds
from helpdesk.verify import verify
from tests.build import policy
from tests.desk import (
    ANNA,
    HOUR,
    MINUTE,
    NOW,
    answer,
    decision,
    file,
    inbound,
    letter,
    mail,
    open_ticket,
    queue,
    record,
)

NOTE = "Клиент должен нам за прошлый месяц, отвечайте сдержанно."


def findings(store: SqlStore, now: datetime = NOW) -> list[str]:
    """What is wrong, as PLACE: FOUND."""
    said = [one for one in verify(store, policy(), now) if isinstance(one, Finding)]
    assert all(one.cure for one in said)
    return [f"{one.place}: {one.found}" for one in said]


def damage(url: str, statement: str) -> None:
    """What no program of ours would write."""
    engine = make_engine(url, foreign_keys=False)
    with engine.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount == 1
    engine.dispose()


def keep_mail(store: SqlStore, kind: Kind = Kind.HUMAN, uid: int = 1) -> int:
    """A ticket with the mail that opened it and an acknowledgement that was sent."""
    fetched = mail(uid)
    decided = decision(kind=kind)
    with store.unit() as unit:
        number = open_ticket(unit)
        unit.file("support", fetched, inbound(fetched), decided, number, NOW)
        queue(unit, letter(f"{uid}", ticket=number), number, text="Добрый день! Мы получили Ваше письмо.")
    (claimed,) = store.claim(NOW, 10)
    record(store, claimed.id, [Delivery(ANNA.address, 250, "taken")], NOW, None)
    return number


def test_a_sound_desk_gives_no_finding(store: SqlStore) -> None:
    assert findings(store) == []
    keep_mail(store)
    assert findings(store) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE raw SET size = size + 1", "its bytes are not those that came"),
        ("UPDATE raw SET content = substr(content, 2)", "its bytes cannot be unpacked"),
        ("UPDATE outbox SET raw = substr(raw, 2)", "letter 1: its bytes are damaged"),
        ("UPDATE outbox SET state = 'queued'", "letter 1: is queued, its recipients: sent, next try: None"),
        ("UPDATE outbox_recipient SET state = 'waiting'", "letter 1: is sent, its recipients: waiting"),
        ("DELETE FROM outbox_recipient", "letter 1: is sent, its recipients: none"),
        ("UPDATE meta SET next_number = 100001", "the next ticket would be 100001, and 100001 exists already"),
        ("UPDATE message SET disposition = NULL WHERE direction = 'in'", "is kept with no disposition"),
        ("UPDATE message SET reasons = '[]' WHERE direction = 'in'", "is kept with no reasons"),
        ("UPDATE outbox SET to_address = 'support@help.test'", "is addressed to support@help.test"),
        ("UPDATE outbox_recipient SET address = 'support@help.test'", "is addressed to support@help.test"),
        ("UPDATE outbox_recipient SET address = ''", "is addressed to nobody"),
        ("UPDATE message SET kind = 'bounce' WHERE direction = 'in'", "letter 1: answers machine mail (bounce)"),
    ],
)
def test_each_damage_is_found_by_itself(store: SqlStore, url: str, statement: str, found: str) -> None:
    keep_mail(store)
    damage(url, statement)
    (only,) = findings(store)
    assert found in only


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM raw_piece WHERE number = 2", "its bytes cannot be unpacked"),
        ("UPDATE raw_piece SET content = substr(content, 2) WHERE number = 1", "its bytes cannot be unpacked"),
        ("DELETE FROM outbox_piece", "letter 1: its bytes are damaged"),
    ],
)
def test_damage_to_a_part_of_something_large_is_found(store: SqlStore, url: str, statement: str, found: str) -> None:
    large = random.Random(6).randbytes(3_000_000)
    with store.unit() as unit:
        fetched = mail(1, large)
        unit.file("support", fetched, inbound(fetched), decision(), open_ticket(unit), NOW)
        queue(unit, letter("a"), text=large[:1_000_000].hex())
    assert findings(store) == []
    damage(url, statement)
    (only,) = findings(store)
    assert found in only


def test_a_letter_whose_sender_died_long_ago_is_found(store: SqlStore) -> None:
    with store.unit() as unit:
        queue(unit, letter("a"))
    store.claim(NOW, 10, lease_s=900)
    assert findings(store, NOW + 29 * MINUTE) == []
    (only,) = findings(store, NOW + 31 * MINUTE)
    assert "nobody took it over" in only
    store.pause(True)
    assert findings(store, NOW + 31 * MINUTE) == []


def test_more_automatic_letters_than_the_bound_are_found(store: SqlStore) -> None:
    fetched = mail(1)
    with store.unit() as unit:
        number = open_ticket(unit)
        decided = decision()
        unit.file("support", fetched, inbound(fetched), decided, number, NOW)
        for count in range(10):
            queue(unit, letter(f"{count}", ticket=number), number, now=NOW + count * MINUTE)
        # Not automatic, to somebody of ours, or hours later: these are not counted.
        queue(unit, answer("answer"), number, now=NOW + 10 * MINUTE)
        queue(unit, letter("later"), number, now=NOW + 4 * HOUR)
    assert findings(store) == []
    with store.unit() as unit:
        number = open_ticket(unit)
        other = mail(2)
        unit.file("support", other, inbound(other), decided, number, NOW)
        queue(unit, letter("too much"), number, now=NOW + 11 * MINUTE)
    (only,) = findings(store)
    assert f"{ANNA.address} had 10 automatic letters within 3:00:00 before it; the bound is 10" in only


def test_letters_that_an_open_breaker_should_have_held_are_found(store: SqlStore) -> None:
    narrow = replace(policy(), bounds=Bounds(per_domain_1h=2, total_1h=4))

    def found() -> list[str]:
        return [one.found for one in verify(store, narrow, NOW) if isinstance(one, Finding)]

    def answer_mail(uid: int, domain: str, at: datetime) -> None:
        writer = Address(f"{uid}@{domain}")
        fetched = mail(uid)
        with store.unit() as unit:
            number = open_ticket(unit, requester=writer)
            unit.file("support", fetched, inbound(fetched, sender=writer), decision(), number, at)
            queue(unit, letter(f"{uid}", writer, ticket=number), number, now=at)

    # As many as daemons that decide side by side may overlook.
    for uid in range(audit.OVERSHOOT + 2):
        answer_mail(uid, "one.test", NOW)
    answer_mail(1000, "two.test", NOW)
    answer_mail(1001, "one.test", NOW + HOUR)
    assert found() == []
    answer_mail(1002, "one.test", NOW + MINUTE)
    assert found() == ["202 automatic letters to one.test were made within an hour before it; the bound is 2"]
    answer_mail(1003, "three.test", NOW + MINUTE)
    assert found()[1:] == ["204 automatic letters to everybody were made within an hour before it; the bound is 4"]
    store.close_breakers(NOW + MINUTE)
    assert found() == []


def test_a_note_in_an_automatic_letter_is_found(store: SqlStore) -> None:
    number = keep_mail(store)
    with store.unit() as unit:
        file(unit, number, mail(2), Filing.NOTE, text=NOTE)
        queue(unit, letter("leak", ticket=number), number, text=f"Здравствуйте!\n\n> {NOTE}\n")
    found = [one for one in findings(store) if "note" in one]
    assert found == [f'ticket {number}: a letter to its requester holds the note "{NOTE}"']


def test_a_mail_that_is_filed_and_in_quarantine_is_found(store: SqlStore) -> None:
    keep_mail(store)
    with store.unit() as unit:
        unit.quarantine("support", mail(1), "", "", None, "broken", NOW, next_try=None)
    assert findings(store) == ["mailbox support, folder INBOX, uid 1: is filed and in quarantine"]


def test_a_row_that_points_to_nothing_is_found(store: SqlStore, url: str) -> None:
    if url.startswith("postgresql"):
        return  # refuses the damage itself
    keep_mail(store)
    damage(url, "UPDATE message SET ticket = 5 WHERE direction = 'out'")
    (only,) = findings(store)
    assert only == "database: row 2 of table message points to a row of ticket that is not there"
