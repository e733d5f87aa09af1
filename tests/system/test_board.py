"""The board on Dovecot: people move cards in their mail programs while mail comes in, and in the end all agree."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from helpdesk.adapters.imap import ImapBoard, ImapSettings, Security
from helpdesk.administration import order
from helpdesk.boarding import Boarding
from helpdesk.config import load
from helpdesk.core.board import Column, Spot, read_card, spot_of, spots
from helpdesk.core.command_values import Close
from helpdesk.core.ticket import State
from helpdesk.daemon.board import LEASE, BoardLoop
from helpdesk.daemon.building import Works, World, build, source_of
from helpdesk.ports import Fetched, MailKey
from tests.stack import HOST, PASSWORD, MailStack
from tests.system.clients import Client
from tests.system.desk import eventually

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIRST = 100001
MOVES = 1_000
MOVES_A_PASS = 12
USERS = count(1)
SENDERS = ("anna@shop.test", "boris@shop.test", "cleo@shop.test")

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
packs = ["outages"]

[[mailbox]]
name = "support"
kind = "maildir"
path = "in"

[smtp]
kind = "maildir"
path = "out"

[[agent]]
name = "Иван Петров"
addresses = ["ivan@staff.test"]

[[agent]]
name = "Lena"
addresses = ["lena@staff.test"]
"""


@dataclass
class Desk:
    """A desk with a board in an account of its own."""

    works: Works
    board: ImapBoard
    boarding: Boarding
    user: str
    stack: MailStack
    mails: Iterator[int] = field(default_factory=lambda: count(1))
    now: datetime = START

    def write(self, subject: str, text: str = "Please help.", sender: str = SENDERS[0]) -> int | None:
        """A customer's mail comes in; its ticket."""
        n = next(self.mails)
        raw = (
            f"From: {sender}\r\nTo: support@help.test\r\nSubject: {subject}\r\nMessage-ID: <{n}@shop.test>\r\n\r\n"
            f"{text} {n}\r\n"
        ).encode()
        mail = Fetched(key=MailKey.of_content("in", raw), raw=raw, arrived_at=self.now)
        (taken,) = self.works.intake.take(source_of(self.works.config.mailboxes[0]), [mail])
        return taken.ticket

    def keep(self) -> int:
        """Passes until nothing is left to do; how many orders were carried out."""
        orders = 0
        while done := self.boarding.keep():
            orders += done
        return orders

    def lying(self) -> dict[int, list[Spot]]:
        """Where the cards of each ticket lie."""
        key, found = self.works.store.secret_key(), dict[int, list[Spot]]()
        for mail in self.board.look():
            card = read_card(key, mail.message_id, mail.at, mail.uid, deleted=mail.deleted)
            if card is not None and not card.deleted:
                found.setdefault(card.ticket, []).append(card.at)
        return found

    def expected(self) -> dict[int, list[Spot]]:
        """Where they should."""
        places = {one.number: spot_of(one, self.works.policy, self.now) for one in self.works.store.queue(closed=True)}
        return {number: [spot] for number, spot in places.items() if spot is not None}

    def history(self, number: int) -> list[str]:
        """What the history of a ticket says was done."""
        shown = self.works.store.show(number)
        assert shown is not None
        return [line.what for line in shown.history]


@pytest.fixture
def desk(mailstack: MailStack, tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    nonces = count(1)
    made: list[Desk] = []
    world = World(
        now=lambda: made[0].now if made else START, random=lambda: 0.0, nonce=lambda: next(nonces).to_bytes(8) * 2
    )
    user = f"board{next(USERS)}@help.test"
    settings = ImapSettings(
        name="board",
        host=HOST,
        port=mailstack.ports.imaps,
        security=Security.TLS,
        user=user,
        password=lambda: PASSWORD,
        cafile=str(mailstack.cafile),
        read_timeout_s=10,
    )
    works = build(load(tmp_path / "config.toml", environ={}), world, workers=False)
    board = ImapBoard(settings, spots(works.policy), "Helpdesk")
    boarding = Boarding(works.store, works.postbox, board, now=world.now)
    made.append(Desk(works, board, boarding, user, mailstack))
    board.open()
    yield made[0]
    board.close()
    works.close()


@pytest.fixture
def person(desk: Desk) -> Iterator[IMAPClient]:
    """Somebody's mail program in the account of the board."""
    client = desk.stack.imap_login(desk.user)
    yield client
    client.logout()


def carry(person: IMAPClient, source: str, to: str) -> None:
    """Every card of one folder is moved to another."""
    person.select_folder(f"Helpdesk/{source}")
    uids = person.search("ALL")
    assert uids
    person.move(uids, f"Helpdesk/{to}")


# --- one move -------------------------------------------------------------------------------------


def test_a_new_ticket_is_a_card_with_its_subject_and_words(desk: Desk, person: IMAPClient) -> None:
    desk.write("Printer", "It does not print.")
    desk.keep()
    person.select_folder("Helpdesk/2 New", readonly=True)
    (answer,) = person.fetch(person.search("ALL"), ["ENVELOPE", "FLAGS", "BODY.PEEK[]"]).values()
    assert answer[b"ENVELOPE"].subject == b"[##100001##] Printer"
    assert b"\\Seen" not in answer[b"FLAGS"]
    assert b"It does not print." in answer[b"BODY[]"]


def test_moving_a_card_to_an_agent_assigns_and_moving_it_to_closed_closes_with_a_letter(
    desk: Desk, person: IMAPClient
) -> None:
    desk.write("Printer")
    desk.keep()
    carry(person, "2 New", "3 Mine/Иван Петров")
    desk.keep()
    (ticket,) = desk.works.store.queue()
    assert (ticket.assignee, ticket.state) == ("Иван Петров", State.OPEN)
    carry(person, "3 Mine/Иван Петров", "5 Closed")
    desk.keep()
    assert desk.works.store.queue() == []
    assert [one.event for one in desk.works.store.outbox()][-1] == "closed"
    carry(person, "5 Closed", "2 New")
    desk.keep()
    (ticket,) = desk.works.store.queue()
    assert (ticket.assignee, ticket.state) == (None, State.OPEN)
    assert desk.lying() == desk.expected() == {FIRST: [Spot(Column.NEW)]}


def test_a_card_that_is_deleted_comes_back(desk: Desk, person: IMAPClient) -> None:
    desk.write("Printer")
    desk.keep()
    person.select_folder("Helpdesk/2 New")
    person.delete_messages(person.search("ALL"))
    person.expunge()
    assert desk.lying() == {}
    desk.keep()
    assert desk.lying() == {FIRST: [Spot(Column.NEW)]}


def test_a_mail_of_somebody_elses_in_a_folder_of_the_board_is_left_alone(desk: Desk, person: IMAPClient) -> None:
    person.append("Helpdesk/2 New", b"Subject: mine\r\nMessage-ID: <card.100001.x@y>\r\n\r\nx\r\n")
    desk.write("Printer")
    desk.keep()
    assert person.select_folder("Helpdesk/2 New", readonly=True)[b"EXISTS"] == 2


def test_an_outage_does_not_wait_and_its_history_says_why_the_card_went_back(desk: Desk, person: IMAPClient) -> None:
    desk.write("Сайт лежит", "Сайт лежит, ничего не открывается.")
    desk.keep()
    carry(person, "1 Outage", "4 Waiting")
    desk.keep()
    assert desk.lying() == {FIRST: [Spot(Column.OUTAGE)]}
    assert desk.history(FIRST).count("card moved back") == 1


def test_a_move_that_crosses_a_change_of_the_ticket_loses_with_a_note(desk: Desk, person: IMAPClient) -> None:
    desk.write("Printer")
    desk.keep()
    carry(person, "2 New", "3 Mine/Lena")
    desk.now += timedelta(hours=1)
    done, _ = order(desk.works.store, desk.works.postbox, FIRST, Close(), desk.now)
    assert done
    desk.keep()
    assert desk.works.store.queue() == []
    assert desk.lying() == {FIRST: [Spot(Column.CLOSED)]}
    assert desk.history(FIRST).count("card moved back") == 1


def test_idle_on_a_folder_ends_the_wait(desk: Desk, person: IMAPClient) -> None:
    desk.write("Printer")
    desk.keep()
    carry(person, "2 New", "3 Mine/Lena")
    # Far longer than a test may take: only what the server announces ends it.
    desk.board.wait(60)
    desk.keep()
    assert desk.works.store.queue()[0].assignee == "Lena"


def test_neomutt_moves_a_card(desk: Desk, tmp_path: Path) -> None:
    desk.write("Printer")
    desk.keep()
    Client("neomutt", desk.stack, tmp_path).move(desk.user, "Helpdesk/2 New", "Helpdesk/3 Mine/Lena")
    desk.keep()
    assert desk.works.store.queue()[0].assignee == "Lena"
    assert desk.lying() == {FIRST: [Spot(Column.MINE, "Lena")]}


def test_the_loop_of_the_daemon_keeps_the_board_and_ends_when_it_is_asked_to(desk: Desk, person: IMAPClient) -> None:
    desk.board.close()
    loop = BoardLoop(
        desk.board, desk.boarding, desk.works.store, holder="test", now=lambda: desk.now, random=lambda: 0.0
    )
    loop.start()
    desk.write("Printer")
    desk.board.wake()
    eventually(lambda: person.folder_exists("Helpdesk/5 Closed"), "the folders")

    def card() -> bool:
        person.select_folder("Helpdesk/2 New")
        return bool(person.search("ALL"))

    eventually(card, "the card")
    carry(person, "2 New", "3 Mine/Lena")
    eventually(lambda: desk.works.store.queue()[0].assignee == "Lena", "the order")
    loop.stop()
    assert loop.join(10)
    assert loop.trouble is None
    # Another daemon may keep it at once.
    assert desk.works.store.take_lease(LEASE, "another", 1) is not None


# --- many moves -----------------------------------------------------------------------------------


def shuffle(desk: Desk, seed: int, moves: int, done: Counter[int], turns: threading.Semaphore) -> None:
    """A person moves, copies or deletes cards at random, a few of them in each of the `turns`."""
    dice = random.Random(seed)
    client = desk.stack.imap_login(desk.user)
    folders = [
        name for _, _, name in client.list_folders("Helpdesk/") if name[9:10] in "12345" and name != "Helpdesk/3 Mine"
    ]
    while done[seed] < moves:
        turns.acquire()
        client.select_folder(dice.choice(folders))
        uids = client.search("ALL")
        if not uids:
            continue
        uid, to = dice.choice(uids), dice.choice(folders)
        with suppress(IMAPClientError):  # the card was replaced at this very moment
            if dice.random() < 0.05:
                client.delete_messages([uid])
                client.expunge([uid])
            elif dice.random() < 0.2:
                client.copy([uid], to)
                client.delete_messages([uid])
            else:
                client.move([uid], to)
            done[seed] += 1
    client.logout()


def test_a_thousand_random_moves_of_two_people_while_mail_comes_in(desk: Desk) -> None:
    for n in range(20):
        desk.write(f"Printer {n}", sender=SENDERS[n % len(SENDERS)])
    desk.write("Сайт лежит", "Сайт лежит, ничего не открывается.")
    desk.keep()
    done, turns = Counter[int](), threading.Semaphore(0)
    people = [threading.Thread(target=shuffle, args=(desk, seed, MOVES // 2, done, turns)) for seed in (1, 2)]
    dice = random.Random(3)
    for one in people:
        one.start()
    orders = 0
    while any(one.is_alive() for one in people):
        desk.now += timedelta(minutes=1)
        turns.release(MOVES_A_PASS)
        orders += desk.boarding.keep()
        number = FIRST + dice.randrange(20)
        desk.write(f"Re: [##{number}##] Printer", "One thing more.", sender=SENDERS[(number - FIRST) % len(SENDERS)])
    orders += desk.keep()
    assert sum(done.values()) == MOVES
    assert desk.lying() == desk.expected()
    assert len(desk.expected()) == len(desk.works.store.queue(closed=True)) >= 21
    said = Counter(line for number in desk.expected() for line in desk.history(number))
    assert said["card moved"] + said["card moved back"] == orders > 0
