"""A relay that puts off, refuses, or loses count: the whole desk sends each letter once, or says that it did not."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk.adapters.store import open_store
from tests.faults.servers import no_trouble
from tests.faults.stand import AGENT, Nursery, SqliteEngine, Stand, mail
from tests.faults.taps import Fault
from tests.faults.trials import MONDAY

ANNA = mail("anna@shop.test", "Question", "How do I pay by card?")
BORIS = mail("boris@shop.test", "Another question", "How do I pay by invoice?")
LETTERS = {"anna@shop.test": 1, "boris@shop.test": 1, AGENT: 2}


def recipients(stand: Stand) -> Counter[str]:
    """Who got how many letters."""
    return Counter(recipient for _, recipient in stand.relay.accepted)


def test_who_is_put_off_by_greylisting_comes_again_and_each_letter_arrives_once(stand: Stand) -> None:
    strangers = iter(range(5))
    stand.relay.trouble = lambda verb: "451 4.7.1 greylisted" if verb == "RCPT" and next(strangers, None) else None
    stand.imap.reset([ANNA, BORIS])
    assert stand.run(Fault(), MONDAY).code == 0
    assert stand.waiting() > 0
    stand.settle(MONDAY + timedelta(hours=1))
    assert recipients(stand) == LETTERS


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "dot"])
def test_letters_refused_for_good_fail_in_sight_and_leave_when_they_are_let_go(stand: Stand, verb: str) -> None:
    stand.relay.trouble = lambda said: "550 5.7.1 not from you" if said == verb else None
    stand.imap.reset([ANNA, BORIS])
    assert stand.run(Fault(), MONDAY).code in (0, 1)
    assert stand.requesters() == ["anna@shop.test", "boris@shop.test"]
    assert stand.imap.settled == {ANNA: 1, BORIS: 1}
    assert stand.relay.accepted == []
    failed = stand.rows("SELECT to_address FROM outbox WHERE state = 'failed'")
    assert {address for (address,) in failed} == set(LETTERS)
    told = stand.rows("SELECT DISTINCT code, text FROM outbox_recipient WHERE state = 'failed'")
    assert told == [(550, "5.7.1 not from you")]
    stand.relay.trouble = no_trouble
    with closing(open_store(stand.engine.url)) as store:
        store.outbox_retry([entry.id for entry in store.outbox()], MONDAY + timedelta(hours=1))
    stand.settle(MONDAY + timedelta(hours=1))
    assert recipients(stand) >= Counter(LETTERS)
    assert set(stand.relay.copies().values()) == {1}


def test_one_address_that_does_not_exist_fails_alone_and_the_agents_learn_of_it(stand: Stand) -> None:
    stand.relay.unknown = {"anna@shop.test"}
    stand.imap.reset([ANNA, BORIS])
    for hour in range(3):
        assert stand.run(Fault(), MONDAY + timedelta(hours=hour)).code == 0
    states = stand.rows("SELECT to_address, state FROM outbox WHERE event = 'opened' ORDER BY to_address")
    assert states == [("anna@shop.test", "failed"), ("boris@shop.test", "sent")]
    assert stand.rows("SELECT state FROM outbox WHERE event = 'bounced'") == [("sent",)]
    assert recipients(stand) == {"boris@shop.test": 1, AGENT: 3}
    assert stand.findings(MONDAY + timedelta(days=1)) == []


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "reply"])
def test_a_relay_that_answers_twice_is_not_taken_at_its_word(stand: Stand, verb: str) -> None:
    twice = iter(range(3))
    stand.relay.trouble = lambda said: (
        "250 fine\r\n250 fine" if said == verb and next(twice, None) is not None else None
    )
    stand.imap.reset([ANNA, BORIS])
    stand.run(Fault(), MONDAY)
    stand.settle(MONDAY + timedelta(hours=1))
    assert set(recipients(stand)) == set(LETTERS)


def test_a_mail_to_two_mailboxes_of_one_desk_is_one_ticket_with_one_letter_each(
    fresh_file: Path, nursery: Nursery, tmp_path: Path
) -> None:
    (tmp_path / "helpdesk.db").write_bytes(fresh_file.read_bytes())
    for part in ("tmp", "new", "cur"):
        (tmp_path / "second" / part).mkdir(parents=True)
    (tmp_path / "second" / "new" / "1.copy").write_bytes(ANNA)
    more = '[[mailbox]]\nname = "second"\nkind = "maildir"\npath = "second"\n'
    with closing(Stand(tmp_path, SqliteEngine(tmp_path), nursery, more=more)) as stand:
        stand.imap.reset([ANNA])
        stand.settle(MONDAY)
        assert stand.requesters() == ["anna@shop.test"]
        assert recipients(stand) == {"anna@shop.test": 1, AGENT: 1}
        assert list((tmp_path / "second" / "new").iterdir()) == []
