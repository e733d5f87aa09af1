"""How a store keeps mail, bad mail and its place in a mailbox."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import sqlalchemy as sa

from helpdesk.adapters.store import SqlStore
from helpdesk.adapters.store.engine import make_engine
from helpdesk.adapters.store.models import RAW, RAW_PIECE
from helpdesk.core.decision import (
    Assign,
    Disposition,
    Filing,
)
from helpdesk.core.message import Address, Attachment
from helpdesk.core.ticket import Part
from helpdesk.ports import Cursor, MailKey, StoredAttachment
from helpdesk.raw import kept
from tests.desk import (
    ANNA,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    OPENING,
    PETER,
    change,
    decision,
    facts,
    file,
    inbound,
    mail,
    open_ticket,
    shown,
    ticket,
    ticket_of,
)

# --- mail in --------------------------------------------------------------------------------------


def test_a_mail_is_filed_once_however_often_it_comes(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        for _ in range(3):
            file(unit, number, mail(1), text="the first time")
        file(unit, number, mail(1), text="another time")
    kept = shown(store, number)
    assert [one.text for one in kept.messages] == ["the first time"]


def test_keys_of_messages_and_of_quarantined_mail_are_known(store: SqlStore) -> None:
    keys = [MailKey("INBOX", 1, 1), MailKey("INBOX", 1, 2), MailKey("INBOX", 2, 1), MailKey("Spam", 1, 1)]
    with store.unit() as unit:
        file(unit, None, mail(1))
        unit.quarantine("support", mail(2), "", "", None, "broken", NOW, next_try=None)
        assert set(unit.known("support", keys)) == set(keys[:2])
        assert unit.known("other", keys) == {}


def test_keys_are_as_large_as_sources_make_them(store: SqlStore) -> None:
    key = MailKey("INBOX", 2**32 - 1, 2**63 - 1)
    with store.unit() as unit:
        file(unit, None, mail(1, key=key))
        assert set(unit.known("support", [key])) == {key}


def test_a_message_is_shown_as_it_was_written(store: SqlStore) -> None:
    files = (
        Attachment(part=2, name="фото.jpg", type="image/jpeg", size=10, sha256="f1"),
        Attachment(part=3, name="logo.png", type="image/png", size=5, sha256="f2", inline=True, content_id="logo"),
    )
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1), to=(Address("support@desk.test"),), cc=(PETER,), attachments=files)
    kept = shown(store, number)
    (message,) = kept.messages
    assert (message.direction, message.filing, message.sender) == ("in", "visible", "Анна <anna@customer.test>")
    assert message.to == ("support@desk.test",)
    assert message.cc == ("Peter <peter@customer.test>",)
    assert (message.subject, message.message_id) == ("Сайт лежит", "<1@customer.test>")
    assert (message.at, message.text) == (NOW, "Не открывается с утра.")
    assert message.attachments == (
        StoredAttachment(name="фото.jpg", type="image/jpeg", size=10, sha256="f1"),
        StoredAttachment(name="logo.png", type="image/png", size=5, sha256="f2"),
    )


def test_the_text_that_was_decided_on_is_kept_instead(store: SqlStore) -> None:
    fetched = mail(1)
    with store.unit() as unit:
        number = open_ticket(unit)
        decided = decision(disposition=Disposition.COMMAND, ticket=number, filing=Filing.NOTE, text="for colleagues")
        unit.file("support", fetched, inbound(fetched), decided, number, NOW)
    kept = shown(store, number)
    assert [(one.direction, one.text) for one in kept.messages] == [("note", "for colleagues")]


@pytest.mark.parametrize(
    "text",
    [
        "NUL \0 in the middle",  # PostgreSQL refuses it
        "half a character \udc80",  # neither engine can encode a lone surrogate
        "'; DROP TABLE ticket; --",
        "😀 è и\r\n",
    ],
)
def test_strange_characters_do_not_stop_a_mail(store: SqlStore, text: str) -> None:
    with store.unit() as unit:
        number = open_ticket(unit, subject=text, reasons=(text,), requester=Address("a@b.test", text))
        file(unit, number, mail(1), subject=text, text=text, message_id=f"<{text}@x>", references=(f"<r{text}@x>",))
    expected = text.replace("\0", "\ufffd").replace("\udc80", "\ufffd")
    found = ticket(store, number)
    assert (found.subject, found.reasons) == (expected, (expected,))
    again = facts(store, references=(f"<{text}@x>",))
    assert [(one, of.number) for one, of in again.by_reference] == [(f"<{text}@x>", number)]


def test_raw_bytes_are_found_by_their_message(store: SqlStore) -> None:
    raw = bytes(range(256)) * 100
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1, raw), Filing.HELD)
    (held,) = ticket(store, number).held
    with store.unit() as unit:
        assert unit.raw_of(held.id) == raw
        assert unit.raw_of(held.id + 1) is None


LARGE = random.Random(4).randbytes(3_000_000)


@pytest.mark.parametrize("raw", [LARGE, b"word " * 1_000_000], ids=["files", "text"])
def test_large_mail_is_kept_in_rows_that_fit_into_memory(store: SqlStore, url: str, raw: bytes) -> None:
    with store.unit() as unit:
        for uid, same in ((1, kept([raw])), (2, raw)):
            file(unit, open_ticket(unit), mail(uid, same))
        entry = unit.quarantine("support", mail(3, raw), "eve", "boom", None, "died", NOW, next_try=NOW)
        (poison,) = unit.poisoned(NOW, 10)
    assert bytes(poison.raw) == bytes(store.quarantine_raw(entry) or b"") == raw
    with store.unit() as unit:
        assert [bytes(unit.raw_of(message) or b"") for message in (1, 2)] == [raw, raw]
    engine = make_engine(url)
    with engine.connect() as connection:
        rows = [*connection.execute(sa.select(RAW.c.content)), *connection.execute(sa.select(RAW_PIECE.c.content))]
        assert max(len(row.content) for row in rows) < 1_500_000
        assert len(rows) == (3 if raw is LARGE else 1)
    engine.dispose()


# --- quarantine and cursors -----------------------------------------------------------------------


def test_a_quarantined_mail_is_tried_when_its_time_comes(store: SqlStore) -> None:
    with store.unit() as unit:
        entry = unit.quarantine("support", mail(1, b"bomb"), "eve", "boom", "<b@x>", "died", NOW, next_try=NOW + HOUR)
        assert unit.poisoned(NOW, 10) == []
        (poison,) = unit.poisoned(NOW + HOUR, 10)
    assert (poison.id, poison.mailbox, poison.key) == (entry, "support", mail(1).key)
    assert (poison.raw, poison.arrived_at, poison.attempts) == (b"bomb", NOW, 1)
    assert store.quarantine_raw(entry) == b"bomb"
    assert store.quarantine_raw(entry + 1) is None


def test_a_mail_being_tried_is_left_alone_for_a_while(store: SqlStore) -> None:
    with store.unit() as unit:
        unit.quarantine("support", mail(1), "", "", None, "died", NOW, next_try=NOW)
        assert len(unit.poisoned(NOW, 10)) == 1
    with store.unit() as unit:
        assert unit.poisoned(NOW + MINUTE, 10) == []
        assert len(unit.poisoned(NOW + HOUR, 10)) == 1


def test_quarantining_again_counts_the_attempts(store: SqlStore) -> None:
    with store.unit() as unit:
        first = unit.quarantine("support", mail(1), "eve", "boom", None, "died", NOW, next_try=NOW)
        assert unit.quarantine("support", mail(1), "eve", "boom", None, "died again", NOW, next_try=None) == first
        assert unit.poisoned(NOW + DAY, 10) == []
    (entry,) = store.quarantined()
    assert (entry.id, entry.attempts, entry.error, entry.retrying) == (first, 2, "died again", False)
    assert (entry.mailbox, entry.at, entry.sender, entry.subject) == ("support", NOW, "eve", "boom")


def test_an_administrator_lets_a_mail_be_tried_again(store: SqlStore) -> None:
    with store.unit() as unit:
        entry = unit.quarantine("support", mail(1), "", "", None, "died", NOW, next_try=None)
        headers = unit.quarantine("support", mail(2), "", "", None, "TooLarge: 31 MB", NOW, next_try=None)
    # Of a mail that was too large there is nothing to try.
    assert store.quarantine_retry([entry, headers, headers + 1], NOW) == [entry]
    with store.unit() as unit:
        assert [poison.id for poison in unit.poisoned(NOW, 10)] == [entry]


def test_the_ticket_made_of_the_headers_is_known_at_the_next_try(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        entry = unit.quarantine("support", mail(1), "", "", None, "died", NOW, next_try=None)
        unit.gave_up(entry, number)
    store.quarantine_retry([entry], NOW)
    with store.unit() as unit:
        assert [poison.ticket for poison in unit.poisoned(NOW, 10)] == [number]


def test_the_mail_fills_in_the_ticket_made_of_its_headers(store: SqlStore) -> None:
    sketch = ticket_of(store, subject="?", words=False)
    with store.unit() as unit:
        change(unit, sketch, Assign(sketch, "Ivan"))
        filled = unit.apply(decision(replace(OPENING, over=sketch, requester=PETER, cc=(ANNA,))), NOW, by="x")
    assert filled == sketch
    found = shown(store, sketch).ticket
    assert (found.subject, found.words, found.assignee, found.opened_at) == ("Сайт лежит", True, "Ivan", NOW)
    assert [(one.address, one.part) for one in found.participants] == [(PETER, Part.REQUESTER), (ANNA, Part.CC)]
    assert ticket_of(store) == sketch + 1


def test_a_mail_that_went_through_after_all_leaves_quarantine(store: SqlStore) -> None:
    with store.unit() as unit:
        entry = unit.quarantine("support", mail(1), "", "", None, "died", NOW, next_try=NOW)
        file(unit, None, mail(1))
        unit.release(entry)
        assert set(unit.known("support", [mail(1).key])) == {mail(1).key}
    assert store.quarantined() == []


def test_a_cursor_is_kept_for_each_mailbox(store: SqlStore) -> None:
    first = Cursor(folder="INBOX", validity=2**32 - 1, uid=7, since=NOW)
    with store.unit() as unit:
        assert unit.cursor("support") is None
        unit.save_cursor("support", first)
        unit.save_cursor("sales", Cursor(folder="INBOX", validity=1, uid=1, since=NOW))
        unit.save_cursor("support", Cursor(folder="INBOX", validity=2**32 - 1, uid=9, since=NOW))
        assert unit.cursor("support") == Cursor(folder="INBOX", validity=2**32 - 1, uid=9, since=NOW)


# --- past mail ------------------------------------------------------------------------------------


def test_mails_that_opened_tickets_come_again_by_row_and_only_since_a_moment(store: SqlStore) -> None:
    with store.unit() as unit:
        numbers = [open_ticket(unit) for _ in range(3)]
        for n, number in enumerate(numbers):
            unit.file("support", mail(n + 1), inbound(mail(n + 1)), decision(), number, NOW)
        file(unit, numbers[0], mail(9))
    first = store.opening_mails(NOW - HOUR, after=0, limit=2)
    rest = store.opening_mails(NOW - HOUR, after=first[-1].id, limit=2)
    assert [one.ticket.number for one in (*first, *rest)] == numbers
    assert all(one.raw for one in first)
    assert store.opening_mails(NOW + HOUR, after=0, limit=9) == ()
