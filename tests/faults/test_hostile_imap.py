"""An IMAP server that breaks off, lies, forgets or is shared with others: the whole desk recovers and loses nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.fakes.imap_server import Letter, Mischief, Session
from tests.faults.campaigns import hostile_fetch
from tests.faults.stand import Stand, mail
from tests.faults.taps import Blow, Fault
from tests.faults.trials import MONDAY, Trials

ANNA = mail("anna@shop.test", "Site is down", "Our site is down: http://shop.test gives an error 502.")
BORIS = mail("boris@shop.test", "Question", "How do I pay by card?")
CYRIL = mail("cyril@shop.test", "Another question", "How do I pay by invoice?")


# --- answers that make no sense --------------------------------------------------------------------


def goodbye(session: Session, arguments: str) -> bool:
    session.say("* BYE going down")
    return session.drop()


def half_a_literal(session: Session, arguments: str) -> bool:
    session.connection.sendall(b"* 1 FETCH (UID 4 BODY[] {2800}\r\nSubject: pri")
    return session.drop()


def too_short_a_literal(session: Session, arguments: str) -> bool:
    session.connection.sendall(b"* 1 FETCH (UID 4 BODY[] {3}\r\n" + ANNA + b")\r\n")
    return session.done()


def too_long_a_literal(session: Session, arguments: str) -> bool:
    session.connection.sendall(b"* 1 FETCH (UID 4 BODY[] {%d}\r\n" % (len(ANNA) + 200) + ANNA + b")\r\n")
    session.done()
    return session.drop()


def bad(session: Session, arguments: str) -> bool:
    return session.done("BAD what?")


def nothing_at_all(session: Session, arguments: str) -> bool:
    """OK, and no mail: as if none of them were there."""
    return session.done()


ACTS: list[Mischief] = [goodbye, half_a_literal, too_short_a_literal, too_long_a_literal, bad, nothing_at_all]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("act", ACTS)
def test_a_fetch_that_makes_no_sense_loses_nothing(trials: Trials, act: Mischief) -> None:
    deque(hostile_fetch(trials, act), maxlen=0)


# --- servers that forget ---------------------------------------------------------------------------


def test_mail_that_was_committed_and_gets_new_uids_is_recognised(stand: Stand) -> None:
    stand.imap.reset([ANNA, BORIS])
    assert stand.run(Fault(Blow.KILL, 1, point="before mailbox.settle"), MONDAY).code == -9
    stand.imap.arrive(CYRIL)
    stand.imap.renumber()
    stand.settle(MONDAY + timedelta(hours=1))
    assert stand.requesters() == ["anna@shop.test", "boris@shop.test", "cyril@shop.test"]
    assert stand.imap.settled == {ANNA: 1, BORIS: 1, CYRIL: 1}


def test_a_uid_that_is_given_to_another_mail_does_not_hide_it(stand: Stand) -> None:
    stand.imap.reset([ANNA, BORIS])
    stand.settle(MONDAY)
    stand.imap.mails = {2: Letter(CYRIL)}  # no server may do this (RFC 9051 section 2.3.1.1)
    stand.settle(MONDAY + timedelta(days=1))
    assert stand.requesters() == ["anna@shop.test", "boris@shop.test", "cyril@shop.test"]
    assert stand.imap.settled == {ANNA: 1, BORIS: 1, CYRIL: 1}


def test_mail_without_a_payload_holds_nobody_up_and_is_taken_once_it_has_one(stand: Stand) -> None:
    stand.imap.reset([ANNA, b"", CYRIL])
    assert stand.run(Fault(), MONDAY).code == 0
    assert stand.requesters() == ["anna@shop.test", "cyril@shop.test"]
    assert list(stand.imap.mails) == [2]
    stand.imap.mails[2].raw = BORIS
    stand.settle(MONDAY + timedelta(hours=1))
    assert stand.requesters() == ["anna@shop.test", "boris@shop.test", "cyril@shop.test"]


# --- servers that are shared -----------------------------------------------------------------------


def taken_away(stand: Stand, uid: int, before: str) -> Callable[[str], Mischief | None]:
    """Somebody else moves a mail out of the folder just before this command is answered."""

    def act(session: Session, arguments: str) -> bool:
        stand.imap.mails.pop(uid, None)
        return False

    return lambda command: act if command == before else None


@pytest.mark.parametrize("before", ["UID FETCH", "UID MOVE"])
def test_mail_that_somebody_else_takes_away_meanwhile_does_no_harm(stand: Stand, before: str) -> None:
    stand.imap.reset([ANNA, BORIS, CYRIL])
    stand.imap.trouble = taken_away(stand, 2, before)
    stand.settle(MONDAY)
    others = ["anna@shop.test", "cyril@shop.test"]
    assert stand.requesters() == (others if before == "UID FETCH" else sorted([*others, "boris@shop.test"]))
    assert stand.imap.settled == {ANNA: 1, CYRIL: 1}


# --- the same mail, and mail that looks the same ---------------------------------------------------


def test_the_same_mail_a_hundred_times_is_one_ticket_and_one_letter(stand: Stand) -> None:
    stand.imap.reset([ANNA] * 100)
    stand.settle(MONDAY)
    assert stand.requesters() == ["anna@shop.test"]
    assert [recipients for recipients, _ in stand.relay.letters].count(["anna@shop.test"]) == 1
    assert stand.imap.settled == {ANNA: 100}


def test_a_message_id_that_is_used_for_different_mails_drops_none_of_them(stand: Stand) -> None:
    mails = [
        mail("robot@parcels.test", f"Parcel {number}", f"Parcel {number} is late.", Message_ID="<same@parcels.test>")
        for number in range(3)
    ]
    stand.imap.reset(mails)
    stand.settle(MONDAY)
    texts = [text for (text,) in stand.rows("SELECT text FROM message WHERE uid IS NOT NULL")]
    assert sorted(text.strip() for text in texts) == [f"Parcel {number} is late." for number in range(3)]
    assert {filing for (filing,) in stand.rows("SELECT filing FROM message WHERE uid IS NOT NULL")} == {"visible"}


def test_the_copy_of_a_list_with_its_footer_is_no_second_ticket(stand: Stand) -> None:
    copy = ANNA.replace(b"\r\n\r\n", b"\r\nList-Id: <all.shop.test>\r\nPrecedence: list\r\n\r\n", 1)
    stand.imap.reset([ANNA, copy + b"-- \r\nYou get this because you are on the list all@shop.test\r\n"])
    stand.settle(MONDAY)
    assert stand.requesters() == ["anna@shop.test"]
    assert [recipients for recipients, _ in stand.relay.letters].count(["anna@shop.test"]) == 1
