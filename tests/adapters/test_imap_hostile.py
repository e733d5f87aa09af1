"""The IMAP mailbox against a server that breaks off, lies, trickles, or lacks what others have."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk.adapters.imap import ImapMailbox, ImapSettings, Security
from helpdesk.adapters.imap.fetching import PIECE_BYTES
from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.ports import Cursor, Fetched, Place
from tests.fakes.imap_server import ImapServer, Mischief, Session

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MANY = 1_000
RAW = b"Subject: printer\r\n\r\nbroken\r\n"
OTHER = b"Subject: scanner\r\n\r\nbroken too\r\n"
DONE = "Helpdesk/Done"


@pytest.fixture
def server() -> Iterator[ImapServer]:
    running = ImapServer()
    yield running
    running.stop()


class Clock:
    """Time stands until a test moves it."""

    now = NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_mailbox(server: ImapServer, clock: Clock) -> Iterator[Callable[..., ImapMailbox]]:
    opened: list[ImapMailbox] = []

    def make(**changes: Any) -> ImapMailbox:
        settings = ImapSettings(
            name="support",
            host="127.0.0.1",
            port=server.port,
            security=Security.NONE,
            user="support@help.test",
            password=lambda: "secret",
            first_start="all",
            read_timeout_s=5,
        )
        opened.append(ImapMailbox(dataclasses.replace(settings, **changes), now=lambda: clock.now))
        return opened[-1]

    yield make
    for mailbox in opened:
        mailbox.close()


def fetch_all(mailbox: ImapMailbox, cursor: Cursor) -> list[Fetched]:
    return list(mailbox.fetch(mailbox.waiting(cursor, MANY).keys))


def fetch_with_patience(mailbox: ImapMailbox) -> list[Fetched]:
    """What is read at last, as the daemon does it: connect again after each failure."""
    for _ in range(5):
        with suppress(TemporaryError):
            return fetch_all(mailbox, mailbox.connect(None))
    raise AssertionError("the others were held back")


def once(act: Mischief) -> Mischief:
    """The mischief happens the first time only."""
    left = [act]
    return lambda session, arguments: bool(left) and left.pop()(session, arguments)


def say_no(code: str) -> Mischief:
    return lambda session, arguments: session.done(f"NO {code}")


def wants_body(act: Mischief) -> Mischief:
    return lambda session, arguments: "BODY.PEEK" in arguments and act(session, arguments)


# --- connections that break -----------------------------------------------------------------------


def goodbye(session: Session, arguments: str) -> bool:
    session.say("* BYE going down")
    return session.drop()


def half_a_literal(session: Session, arguments: str) -> bool:
    session.connection.sendall(b"* 1 FETCH (UID 1 BODY[] {28}\r\nSubject: pri")
    return session.drop()


def half_a_line(session: Session, arguments: str) -> bool:
    session.connection.sendall(b"* 1 FET")
    return session.drop()


def too_short_a_literal(session: Session, arguments: str) -> bool:
    session.connection.sendall(b"* 1 FETCH (UID 1 BODY[] {3}\r\n" + RAW + b")\r\n")
    return session.done()


def garbage(session: Session, arguments: str) -> bool:
    session.connection.sendall(b"\x00\xff\xfe what is this\r\n")
    return session.drop()


BREAKS = [goodbye, half_a_literal, half_a_line, too_short_a_literal, garbage, say_no("[SERVERBUG] oops")]


@pytest.mark.parametrize("act", BREAKS)
def test_fetch_that_breaks_is_temporary_and_the_next_connection_reads_everything(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox], act: Mischief
) -> None:
    server.put(RAW, OTHER)
    server.mischief["UID FETCH"] = wants_body(once(act))
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    with pytest.raises(TemporaryError):
        fetch_all(mailbox, cursor)
    assert mailbox.connect(cursor) == cursor
    assert [mail.raw for mail in fetch_all(mailbox, cursor)] == [RAW, OTHER]


def test_fetch_that_breaks_at_any_byte_loses_nothing(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    large = b"Subject: large\r\n\r\n" + b"x" * 16_000
    server.put(large)
    answer = f"* 1 FETCH (UID 1 BODY[] {{{len(large)}}}\r\n".encode() + large + b")\r\n"
    for offset in range(0, len(answer), 1_024):

        def break_off(session: Session, arguments: str, end: int = offset) -> bool:
            session.connection.sendall(answer[:end])
            return session.drop()

        server.mischief["UID FETCH"] = wants_body(once(break_off))
        mailbox = open_mailbox()
        cursor = mailbox.connect(None)
        with pytest.raises(TemporaryError):
            fetch_all(mailbox, cursor)
        mailbox.connect(cursor)
        assert [mail.raw for mail in fetch_all(mailbox, cursor)] == [large]


LARGE = b"Subject: large\r\n\r\n" + b"".join(b"line %d\r\n" % number for number in range(200_000))


def in_pieces(act: Mischief, start: int) -> Mischief:
    """The mischief happens, once, where the piece that begins there is asked for."""
    first = once(act)
    return lambda session, arguments: f"<{start}." in arguments and first(session, arguments)


@pytest.mark.parametrize("start", range(0, len(LARGE), PIECE_BYTES))
@pytest.mark.parametrize("sent", [0, 1_024, 64 * 1_024, PIECE_BYTES - 1])
def test_large_mail_that_breaks_off_at_any_piece_is_fetched_from_its_beginning(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox], start: int, sent: int
) -> None:
    def break_off(session: Session, arguments: str) -> bool:
        piece = LARGE[start : start + PIECE_BYTES]
        session.connection.sendall(b"* 1 FETCH (UID 1 BODY[]<%d> {%d}\r\n" % (start, len(piece)) + piece[:sent])
        return session.drop()

    server.put(LARGE, OTHER)
    server.mischief["UID FETCH"] = in_pieces(break_off, start)
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    with pytest.raises(TemporaryError):
        fetch_all(mailbox, cursor)
    assert mailbox.connect(cursor) == cursor
    assert [bytes(mail.raw) for mail in fetch_all(mailbox, cursor)] == [LARGE, OTHER]


def test_pieces_that_are_shorter_than_asked_for_are_put_together(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    def stingy(session: Session, arguments: str) -> bool:
        if (asked := re.search(r"<(\d+)\.", arguments)) is None:
            return False
        piece = LARGE[int(asked[1]) :][:100_000]
        session.connection.sendall(b"* 1 FETCH (UID 1 BODY[]<%b> {%d}\r\n" % (asked[1].encode(), len(piece)) + piece)
        session.say(")")
        return session.done()

    server.put(LARGE)
    server.mischief["UID FETCH"] = stingy
    mailbox = open_mailbox()
    assert [bytes(mail.raw) for mail in fetch_all(mailbox, mailbox.connect(None))] == [LARGE]


def test_more_than_was_asked_for_is_no_mail(server: ImapServer, open_mailbox: Callable[..., ImapMailbox]) -> None:
    def generous(session: Session, arguments: str) -> bool:
        session.connection.sendall(b"* 1 FETCH (UID 1 BODY[]<0> {%d}\r\n" % len(LARGE) + LARGE)
        session.say(")")
        return session.done()

    server.put(LARGE)
    server.mischief["UID FETCH"] = in_pieces(generous, 0)
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    with pytest.raises(TemporaryError, match="gave more"):
        fetch_all(mailbox, cursor)
    mailbox.connect(cursor)
    assert [bytes(mail.raw) for mail in fetch_all(mailbox, cursor)] == [LARGE]


@pytest.mark.parametrize("said", [0, len(LARGE) - 100_000, len(LARGE) + 100_000])
def test_large_mail_is_whole_whatever_size_the_server_gives(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox], said: int
) -> None:
    def lie(session: Session, arguments: str) -> bool:
        if "RFC822.SIZE" not in arguments:
            return False
        session.say(f"* 1 FETCH (UID 1 RFC822.SIZE {said or 1})")
        return session.done()

    server.put(LARGE)
    server.mischief["UID FETCH"] = lie
    mailbox = open_mailbox()
    assert [bytes(mail.raw) for mail in fetch_all(mailbox, mailbox.connect(None))] == [LARGE]


def test_mail_that_is_larger_than_its_server_says_is_found_to_be_too_large(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    def understate(session: Session, arguments: str) -> bool:
        if "RFC822.SIZE" not in arguments:
            return False
        session.say("* 1 FETCH (UID 1 RFC822.SIZE 1500000)")
        return session.done()

    server.put(LARGE)
    server.mischief["UID FETCH"] = understate
    mailbox = open_mailbox(max_bytes=1_600_000)
    (mail,) = fetch_all(mailbox, mailbox.connect(None))
    assert (mail.raw, mail.too_large > 1_600_000) == (b"Subject: large\r\n\r\n", True)


@pytest.mark.parametrize(
    "command",
    ["GREETING", "CAPABILITY", "LOGIN", "NAMESPACE", "SELECT", "LIST", "CREATE", "UID SEARCH", "UID MOVE", "IDLE"],
)
def test_connection_that_breaks_at_any_command_is_temporary(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox], command: str
) -> None:
    server.put(RAW)
    server.mischief[command] = once(lambda session, arguments: session.drop())
    mailbox = open_mailbox()

    def one_pass() -> None:
        cursor = mailbox.connect(None)
        mailbox.settle(mailbox.waiting(cursor, MANY).keys, Place.DONE)
        mailbox.waiting(cursor, MANY)
        mailbox.wait(0.01)

    with pytest.raises(TemporaryError):
        one_pass()
    one_pass()
    assert server.folders[DONE] == [RAW]


@pytest.mark.parametrize("act", [goodbye, half_a_line, garbage])
def test_idle_that_breaks_is_temporary(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox], act: Mischief
) -> None:
    def break_off(session: Session, arguments: str) -> bool:
        session.say("+ idling")
        return act(session, arguments)

    server.mischief["IDLE"] = break_off
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    mailbox.waiting(cursor, MANY)
    with pytest.raises(TemporaryError):
        mailbox.wait(20)


def test_mail_announced_in_one_packet_with_the_consent_to_idle_is_noticed(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    def announce_at_once(session: Session, arguments: str) -> bool:
        session.connection.sendall(b"+ idling\r\n* 1 EXISTS\r\n")
        return True

    server.mischief["IDLE"] = announce_at_once
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    mailbox.waiting(cursor, MANY)
    assert mailbox.wait(20) is True


def test_silent_server_is_given_up_after_the_read_timeout(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    server.mischief["UID SEARCH"] = lambda session, arguments: True
    server.put(RAW)
    mailbox = open_mailbox(read_timeout_s=0.2)
    cursor = mailbox.connect(None)
    with pytest.raises(TemporaryError, match="no answer in time while looking for mail"):
        mailbox.waiting(cursor, MANY)


def test_trickling_server_is_cut_off(server: ImapServer, open_mailbox: Callable[..., ImapMailbox]) -> None:
    def trickle(session: Session, arguments: str) -> bool:
        session.connection.settimeout(0.02)
        while True:
            session.connection.sendall(b"* ")
            with suppress(TimeoutError):
                if not session.connection.recv(1):
                    return True

    server.mischief["UID SEARCH"] = trickle
    server.put(RAW)
    mailbox = open_mailbox(exchange_timeout_s=0.3)
    cursor = mailbox.connect(None)
    with pytest.raises(TemporaryError):
        mailbox.waiting(cursor, MANY)


# --- logins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("NO [AUTHENTICATIONFAILED] no", PermanentError),
        ("NO no", PermanentError),
        ("NO [UNAVAILABLE] the directory is away", TemporaryError),
        ("NO [INUSE] too many sessions", TemporaryError),
    ],
)
def test_login_is_refused_for_good_only_when_the_password_was_judged(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox], answer: str, expected: type[Exception]
) -> None:
    server.mischief["LOGIN"] = lambda session, arguments: session.done(answer)
    with pytest.raises(expected):
        open_mailbox().connect(None)


def test_server_that_repeats_the_password_does_not_get_it_into_our_errors(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    server.mischief["LOGIN"] = lambda session, arguments: session.done(f"NO cannot run: LOGIN {arguments}")
    with pytest.raises(PermanentError) as refused:
        open_mailbox(password=lambda: "canary-4711").connect(None)
    assert "canary" not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_password_beyond_ascii_needs_a_login_that_takes_it(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    with pytest.raises(PermanentError, match="beyond ASCII"):
        open_mailbox(password=lambda: "пароль").connect(None)


def test_server_without_starttls_gets_no_password(server: ImapServer, open_mailbox: Callable[..., ImapMailbox]) -> None:
    with pytest.raises(PermanentError, match="STARTTLS is not offered"):
        open_mailbox(security=Security.STARTTLS).connect(None)
    assert server.commands("LOGIN") == []


# --- servers that lie or lack something -----------------------------------------------------------


def test_mail_announced_before_its_payload_is_left_out_and_read_later(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    server.put(b"", RAW)
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    assert [mail.key.uid for mail in fetch_all(mailbox, cursor)] == [2]
    server.mails[1].raw = OTHER
    assert [mail.raw for mail in fetch_all(mailbox, cursor)] == [OTHER, RAW]


def test_one_mail_that_breaks_every_fetch_does_not_hold_back_the_others(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    server.put(RAW, b"poison", OTHER)

    def break_on_poison(session: Session, arguments: str) -> bool:
        return "2" in arguments.partition(" ")[0] and session.drop()

    server.mischief["UID FETCH"] = wants_body(break_on_poison)
    mailbox = open_mailbox()
    caplog.set_level(logging.ERROR)
    assert [mail.raw for mail in fetch_with_patience(mailbox)] == [RAW, OTHER]
    assert "mail_left_out mailbox=support uid=2" in caplog.text

    # Perhaps it was the server, and it has been mended since.
    del server.mischief["UID FETCH"]
    clock.now += timedelta(hours=2)
    assert [mail.raw for mail in fetch_with_patience(mailbox)] == [RAW, b"poison", OTHER]


def test_missing_uidnext_is_found_by_search(server: ImapServer, open_mailbox: Callable[..., ImapMailbox]) -> None:
    server.put(RAW, RAW)
    server.next_uid_known = False
    mailbox = open_mailbox(first_start="new")
    cursor = mailbox.connect(None)
    assert cursor.uid == 2
    server.put(OTHER)
    assert [key.uid for key in mailbox.waiting(cursor, MANY).keys] == [3]
    # "3:*" names the last mail even when there is none from 3 on.
    assert list(mailbox.waiting(dataclasses.replace(cursor, uid=3), MANY).keys) == []


def test_new_uidvalidity_starts_from_the_beginning(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    server.put(RAW, OTHER)
    mailbox = open_mailbox()
    cursor = dataclasses.replace(mailbox.connect(None), uid=2)
    server.validity = 2
    with pytest.raises(TemporaryError, match="UIDVALIDITY"):
        mailbox.waiting(cursor, MANY)
    renewed = mailbox.connect(cursor)
    assert renewed == Cursor(folder="INBOX", validity=2, uid=0, since=cursor.since)
    assert [mail.raw for mail in fetch_all(mailbox, renewed)] == [RAW, OTHER]


def test_refused_move_is_temporary_and_moves_nothing(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    server.put(RAW)
    server.mischief["UID MOVE"] = once(say_no("[OVERQUOTA] full"))
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    keys = mailbox.waiting(cursor, MANY).keys
    with pytest.raises(TemporaryError, match="OVERQUOTA"):
        mailbox.settle(keys, Place.DONE)
    mailbox.connect(cursor)
    mailbox.settle(keys, Place.DONE)
    assert server.folders[DONE] == [RAW]


def test_without_move_exactly_our_mail_is_copied_and_expunged(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    server.capabilities = "UIDPLUS NAMESPACE"
    theirs, ours = server.put(OTHER, RAW)
    server.mails[theirs].flags.add(r"\Deleted")
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    mailbox.settle([key for key in mailbox.waiting(cursor, MANY).keys if key.uid == ours], Place.DONE)
    assert (list(server.mails), server.folders[DONE]) == ([theirs], [RAW])
    assert server.commands("EXPUNGE") == []


def test_without_move_a_broken_off_settlement_makes_no_second_copy(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    server.capabilities = "UIDPLUS NAMESPACE"
    server.put(RAW)
    server.mischief["UID EXPUNGE"] = once(lambda session, arguments: session.drop())
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    keys = mailbox.waiting(cursor, MANY).keys
    with pytest.raises(TemporaryError):
        mailbox.settle(keys, Place.DONE)
    mailbox.connect(cursor)
    mailbox.settle(keys, Place.DONE)
    assert (server.mails, server.folders[DONE]) == ({}, [RAW])


@pytest.mark.parametrize(
    ("permanent_flags", "marks"),
    [
        (r"(\Deleted \*)", {"$HelpdeskDone"}),
        (r"(\Deleted)", set()),  # no room for keywords of ours either
    ],
)
def test_without_uidplus_mail_stays_and_is_never_expunged(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox], permanent_flags: str, marks: set[str]
) -> None:
    server.capabilities = "NAMESPACE"
    server.permanent_flags = permanent_flags
    (uid,) = server.put(RAW)
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    mailbox.settle(mailbox.waiting(cursor, MANY).keys, Place.DONE)
    assert server.mails[uid].flags == marks
    assert server.commands("EXPUNGE") + server.commands("UID COPY") == []
    assert list(mailbox.left_behind(dataclasses.replace(cursor, uid=uid), 10)) == []


def test_without_idle_the_end_of_the_time_says_look_again(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    server.capabilities = "MOVE"
    mailbox = open_mailbox()
    cursor = mailbox.connect(None)
    mailbox.waiting(cursor, MANY)
    assert mailbox.wait(0.01) is True
    mailbox.wake()
    assert mailbox.wait(20) is False


@pytest.mark.parametrize(
    ("capabilities", "namespace", "separator", "done"),
    [
        ("MOVE NAMESPACE", '(("INBOX." ".")) NIL NIL', ".", "INBOX.Helpdesk.Done"),  # Courier, old Cyrus
        ("MOVE NAMESPACE", '(("" ".")) NIL NIL', ".", "Helpdesk.Done"),
        ("MOVE", "NIL NIL NIL", "\\\\", "Helpdesk\\\\Done"),  # no NAMESPACE: the separator comes from LIST
    ],
)
def test_folder_names_follow_the_hierarchy_of_the_server(
    server: ImapServer,
    open_mailbox: Callable[..., ImapMailbox],
    capabilities: str,
    namespace: str,
    separator: str,
    done: str,
) -> None:
    server.capabilities, server.namespace, server.separator = capabilities, namespace, separator
    open_mailbox().connect(None)
    assert server.commands("CREATE")[0] == f'"{done}"'


def test_folder_name_with_a_line_end_injects_no_command(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    evil = 'x"\r\nA9 DELETE INBOX\r\n"'
    with suppress(PermanentError, TemporaryError):
        open_mailbox(folder=evil, done_folder=evil, quarantine_folder=evil).connect(None)
    assert server.commands("SELECT") != []
    assert not any("DELETE" in line.split(" ")[1] for line in server.lines)


def test_folder_that_may_not_be_made_names_the_setting(
    server: ImapServer, open_mailbox: Callable[..., ImapMailbox]
) -> None:
    server.mischief["CREATE"] = say_no("[NOPERM] not here")
    with pytest.raises(PermanentError, match=r"Helpdesk/Done .*done_folder"):
        open_mailbox().connect(None)


def test_read_only_folder_is_refused(server: ImapServer, open_mailbox: Callable[..., ImapMailbox]) -> None:
    def read_only(session: Session, arguments: str) -> bool:
        session.say("* 0 EXISTS")
        session.say("* OK [UIDVALIDITY 1] valid")
        session.say("* OK [READ-ONLY] look, do not touch")
        return session.done("OK [READ-ONLY] done")

    server.mischief["SELECT"] = read_only
    with pytest.raises(PermanentError, match="read-only"):
        open_mailbox().connect(None)
