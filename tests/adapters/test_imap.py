"""The IMAP mailbox against Dovecot: first start, changes of UIDVALIDITY, protection, folders, large backlogs."""

from __future__ import annotations

import base64
import dataclasses
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from imapclient import IMAPClient

from helpdesk.adapters.imap import ImapMailbox, ImapSettings, Security
from helpdesk.adapters.imap import fetching as imap_fetching
from helpdesk.adapters.imap import mailbox as imap_mailbox
from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.ports import Cursor, MailKey, Place
from tests.stack import EXPIRED_HOST, HOST, MISNAMED_HOST, PASSWORD, MailStack

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MANY = 1_000
RAW = b"From: a@shop.test\r\nSubject: printer\r\n\r\nbroken\r\n"
USERS = count(1)


@pytest.fixture
def user() -> str:
    """A mailbox that no other test uses."""
    return f"imap{next(USERS)}@help.test"


@pytest.fixture
def person(mailstack: MailStack, user: str) -> Iterator[IMAPClient]:
    """The same mailbox in a person's mail program."""
    client = mailstack.imap_login(user)
    yield client
    client.logout()


@pytest.fixture
def open_mailbox(mailstack: MailStack, user: str) -> Iterator[Callable[..., ImapMailbox]]:
    """Makes mailboxes with default settings, save for those given, and closes them."""
    opened: list[ImapMailbox] = []

    def make(**changes: Any) -> ImapMailbox:
        settings = ImapSettings(
            name="support",
            host=HOST,
            port=mailstack.ports.imaps,
            security=Security.TLS,
            user=user,
            password=lambda: PASSWORD,
            cafile=str(mailstack.cafile),
            read_timeout_s=10,
        )
        opened.append(ImapMailbox(dataclasses.replace(settings, **changes), now=lambda: NOW))
        return opened[-1]

    yield make
    for mailbox in opened:
        mailbox.close()


def subjects(mailbox: ImapMailbox, cursor: Cursor) -> list[str]:
    return [
        line.removeprefix(b"Subject: ").decode()
        for fetched in mailbox.fetch(mailbox.waiting(cursor, MANY).keys)
        for line in bytes(fetched.raw).split(b"\r\n")
        if line.startswith(b"Subject: ")
    ]


def append(person: IMAPClient, subject: str, arrived_at: datetime, folder: str = "INBOX") -> None:
    person.append(folder, f"Subject: {subject}\r\n\r\nx\r\n".encode(), msg_time=arrived_at)


# --- first start ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_start", "taken"),
    [
        ("new", ["later"]),
        ("all", ["year-old", "5 days", "2 days", "later"]),
        # The bound lies within a day, where SEARCH alone cannot draw it.
        (timedelta(days=5), ["5 days", "2 days", "later"]),
        (timedelta(days=5) - timedelta(minutes=1), ["2 days", "later"]),
    ],
)
def test_first_start_decides_about_mail_that_lay_there(
    person: IMAPClient, open_mailbox: Callable[..., ImapMailbox], first_start: object, taken: list[str]
) -> None:
    append(person, "year-old", NOW - timedelta(days=365))
    append(person, "5 days", NOW - timedelta(days=5))
    append(person, "2 days", NOW - timedelta(days=2))
    mailbox = open_mailbox(first_start=first_start)
    cursor = mailbox.connect(None)
    append(person, "later", NOW - timedelta(minutes=1))
    assert subjects(mailbox, cursor) == taken


def test_first_start_in_an_empty_folder_takes_whatever_comes(
    person: IMAPClient, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    # The clock of this server is a day slow.
    append(person, "slow clock", NOW - timedelta(days=1))
    assert subjects(mailbox, cursor) == ["slow clock"]


def test_new_uidvalidity_reads_again_what_came_since_the_first_start(
    person: IMAPClient, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    person.create_folder("In")
    append(person, "before", NOW - timedelta(days=9), "In")
    append(person, "newest before", NOW - timedelta(days=5), "In")
    mailbox = open_mailbox(folder="In")
    first = mailbox.connect(None)
    append(person, "after", NOW - timedelta(days=3), "In")
    (key,) = mailbox.waiting(first, MANY).keys
    mailbox.close()

    person.delete_folder("In")
    person.create_folder("In")
    for subject, days in (("before", 9), ("after", 3)):
        append(person, subject, NOW - timedelta(days=days), "In")
    second = mailbox.connect(dataclasses.replace(first, uid=key.uid))

    assert (second.uid, second.since) == (0, first.since)
    assert second.validity != first.validity
    assert subjects(mailbox, second) == ["after"]
    assert list(mailbox.fetch([key])) == []


def test_uidvalidity_that_changes_under_us_asks_for_a_new_connection(
    person: IMAPClient, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    person.create_folder("In")
    mailbox = open_mailbox(folder="In")
    cursor = mailbox.connect(None)
    stale = dataclasses.replace(cursor, validity=cursor.validity + 1)
    with pytest.raises(TemporaryError, match="UIDVALIDITY"):
        mailbox.waiting(stale, MANY)


# --- protection -----------------------------------------------------------------------------------


@pytest.mark.parametrize("security", list(Security))
def test_mail_is_read_under_every_protection(
    mailstack: MailStack, user: str, open_mailbox: Callable[..., ImapMailbox], security: Security
) -> None:
    port = mailstack.ports.imaps if security is Security.TLS else mailstack.ports.imap
    mailbox = open_mailbox(port=port, security=security)
    cursor = mailbox.connect(None)
    mailstack.deliver(RAW, user, sender="a@shop.test")
    (fetched,) = mailbox.fetch(mailbox.waiting(cursor, MANY).keys)
    assert bytes(fetched.raw).endswith(RAW)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": EXPIRED_HOST}, "certificate has expired"),
        ({"host": MISNAMED_HOST}, "not valid for '127.0.0.3'"),
        ({"cafile": None}, "self-signed|local issuer"),
        ({"cafile": "/no/such/file"}, "cafile /no/such/file"),
        ({"password": lambda: "wrong"}, "login of .* is refused: .*AUTHENTICATIONFAILED.* Check user and password"),
        ({"password": lambda: "wrong\r\nA1 DELETE INBOX"}, "control character"),
        ({"host": "192.0.2.1", "security": Security.NONE}, "loopback|127.0.0.1"),
        ({"folder": "Missing/Deep"}, "Missing/Deep cannot be opened: .*The folders there are: .*INBOX"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_a_person_has_to_change_is_permanent_and_says_so(
    open_mailbox: Callable[..., ImapMailbox], changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(PermanentError, match=words):
        open_mailbox(**changes).connect(None)


def test_plain_port_under_tls_is_explained(mailstack: MailStack, open_mailbox: Callable[..., ImapMailbox]) -> None:
    with pytest.raises(PermanentError, match="does not begin with TLS"):
        open_mailbox(port=mailstack.ports.imap).connect(None)


@pytest.mark.parametrize(("host", "port"), [(HOST, 1), ("no-such-host.invalid", 993)])
def test_server_that_is_away_is_temporary(open_mailbox: Callable[..., ImapMailbox], host: str, port: int) -> None:
    with pytest.raises(TemporaryError, match=f"{host}:{port}"):
        open_mailbox(host=host, port=port).connect(None)


def test_password_shows_in_no_log_and_no_error(
    user: str, open_mailbox: Callable[..., ImapMailbox], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(PermanentError) as refused:
        open_mailbox(password=lambda: "canary-4711").connect(None)
    assert caplog.text != ""
    assert "canary" not in caplog.text
    assert base64.b64encode(f"\0{user}\0canary-4711".encode()).decode() not in caplog.text
    assert "canary" not in f"{refused.value} {refused.value.__cause__}"


# --- folders --------------------------------------------------------------------------------------


def test_folders_with_russian_names_are_made_and_used(
    person: IMAPClient, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    mailbox = open_mailbox(done_folder="Поддержка/Готово", quarantine_folder='Карантин "&"', first_start="all")
    append(person, "printer", NOW)
    cursor = mailbox.connect(None)
    mailbox.settle(mailbox.waiting(cursor, MANY).keys, Place.DONE)
    assert {"Поддержка/Готово", 'Карантин "&"'} <= {name for _, _, name in person.list_folders()}
    assert person.select_folder("Поддержка/Готово", readonly=True)[b"EXISTS"] == 1


def test_done_folder_that_was_deleted_meanwhile_is_made_again(
    person: IMAPClient, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    mailbox = open_mailbox(first_start="all")
    append(person, "printer", NOW)
    cursor = mailbox.connect(None)
    person.delete_folder("Helpdesk/Done")
    mailbox.settle(mailbox.waiting(cursor, MANY).keys, Place.DONE)
    assert person.select_folder("Helpdesk/Done", readonly=True)[b"EXISTS"] == 1


def test_mail_that_somebody_marked_as_deleted_survives_our_moves(
    person: IMAPClient, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    mailbox = open_mailbox(first_start="all")
    append(person, "theirs", NOW)
    append(person, "ours", NOW)
    cursor = mailbox.connect(None)
    theirs, ours = mailbox.waiting(cursor, MANY).keys
    person.select_folder("INBOX")
    person.delete_messages([theirs.uid])
    mailbox.settle([ours], Place.DONE)
    assert [key.uid for key in mailbox.waiting(cursor, MANY).keys] == [theirs.uid]


# --- bounds ---------------------------------------------------------------------------------------


def test_backlog_is_read_whole_in_small_blocks(
    person: IMAPClient, open_mailbox: Callable[..., ImapMailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small figures instead of a folder with 100,000 mails.
    monkeypatch.setattr(imap_mailbox, "SEARCH_MAILS", 3)
    monkeypatch.setattr(imap_fetching, "FETCH_MAILS", 4)
    monkeypatch.setattr(imap_mailbox, "MOVE_MAILS", 2)
    names = [f"mail {number}" for number in range(11)]
    for number, name in enumerate(names):
        append(person, name, NOW - timedelta(days=1, seconds=-number))
    # Holes between the UIDs must not shift anything.
    person.select_folder("INBOX")
    person.delete_messages([2, 5, 6])
    person.uid_expunge([2, 5, 6])
    left = [name for number, name in enumerate(names, 1) if number not in (2, 5, 6)]

    mailbox = open_mailbox(first_start="all")
    cursor = mailbox.connect(None)
    assert subjects(mailbox, cursor) == left
    parts, part = [], mailbox.waiting(cursor, 2)
    while part.keys:
        parts.append(([key.uid for key in part.keys], part.count))
        part = mailbox.waiting(part.next, 2)
    # How many wait is counted by blocks where they were not searched.
    assert parts == [([1, 3], 8), ([4, 7], 6), ([8, 9], 4), ([10, 11], 2)]
    halfway = dataclasses.replace(cursor, uid=7)
    assert subjects(mailbox, halfway) == left[4:]
    assert [key.uid for key in mailbox.left_behind(halfway, 3)] == [7, 4, 3]
    mailbox.settle(mailbox.waiting(cursor, MANY).keys, Place.DONE)
    assert person.select_folder("Helpdesk/Done", readonly=True)[b"EXISTS"] == len(left)


def test_large_mails_are_fetched_a_few_at_a_time(
    person: IMAPClient, open_mailbox: Callable[..., ImapMailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_fetching, "FETCH_BYTES", 10_000)
    header = b"Subject: x\r\n\r\n"
    for size in (6_000, 6_000, 25_000, 100, 100):
        person.append("INBOX", header + b"x" * size, msg_time=NOW)
    mailbox = open_mailbox(first_start="all")
    keys = mailbox.waiting(mailbox.connect(None), MANY).keys
    answers = []
    while keys:
        mails = mailbox.fetch(keys)
        answers.append([len(mail.raw) - len(header) for mail in mails])
        keys = keys[keys.index(mails[-1].key) + 1 :]
    # Up to the bound and no further, save for one mail.
    assert answers == [[6_000, 6_000], [25_000], [100, 100]]


def test_calls_without_a_connection_are_temporary(open_mailbox: Callable[..., ImapMailbox]) -> None:
    with pytest.raises(TemporaryError, match="not connected"):
        open_mailbox().fetch([MailKey("INBOX", 0, 1)])
