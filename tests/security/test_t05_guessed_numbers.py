"""T5, tickets by their number: a tag or an id that was guessed lets nobody in, and a flood of them is one alert."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.core.ticket import State
from tests.security.desk import ANNA, EVE, IVAN, LENA, Desk, desk, mail, reply

FLOOD = 10_000
TICKETS = 20


def one_closed(desk: Desk) -> int:
    """A ticket of Anna's that was closed."""
    number = desk.open()
    notified = next(letter for letter in desk.sent if letter.event == "notify" and letter.ticket == number)
    desk.take_one(reply(notified, IVAN, "#close"))
    desk.send()
    return number


@pytest.mark.slow
def test_ten_thousand_guessed_tags_of_a_stranger_reach_nobody(open_desk: Desk) -> None:
    numbers = [open_desk.open(f"customer{n}@shop.test") for n in range(TICKETS)]
    closed = one_closed(open_desk)
    before = {number: open_desk.conversation(number) for number in [*numbers, closed]}
    guesses = range(100_001, 100_001 + FLOOD)
    open_desk.take(mail(EVE, f"Re: [##{number:06d}##] order", f"guess {number}") for number in guesses)

    # Nothing appended, nothing reopened, and no requester heard of it.
    assert {number: open_desk.conversation(number) for number in before} == before
    assert open_desk.ticket(closed).state is State.CLOSED
    written = open_desk.written()
    assert {address for _, address in written} == {EVE, IVAN, LENA}
    # Three of them may be a request in earnest: each is a ticket of its own. Then there is silence, and one alert,
    # save for the numbers of her own three tickets, to which she does belong.
    assert written == {("opened", EVE): 3, ("notify", IVAN): 3 + 3, ("alert", LENA): 1}
    held = sum(len(open_desk.ticket(number).held) for number in before)
    assert held == TICKETS + 1 - 3
    opened = [
        ticket for ticket in open_desk.works.store.queue() if ticket.requester and ticket.requester.address == EVE
    ]
    assert held + len(opened) + 3 == FLOOD, "every mail is where the desk sees it"


def test_flood_on_one_ticket_stays_bounded_and_visible(open_desk: Desk) -> None:
    number = open_desk.open()
    open_desk.take(mail(EVE, f"[##{number}##]", f"guess {n}") for n in range(150))
    assert open_desk.written() == {("opened", EVE): 3, ("notify", IVAN): 3, ("alert", LENA): 1}
    (held,) = [one["held"] for one in json.loads(open_desk.cli("queue", "--json")) if one["number"] == number]
    assert held == 100
    history = [line.why for line in open_desk.file(number).history]
    assert sum("guessed-tags" in why for why in history) == 147


def test_guessed_ids_are_held_and_told_a_few_times(open_desk: Desk) -> None:
    first = mail(ANNA, "My order", "Where is it?")
    taken = open_desk.take_one(first)
    open_desk.send()
    known = next(line for line in first.decode().splitlines() if line.startswith("Message-ID")).partition(": ")[2]
    before = open_desk.conversation(taken.ticket or 0)
    open_desk.take(mail(EVE, "Re: My order", f"guess {n}", f"References: {known}") for n in range(150))
    assert open_desk.conversation(taken.ticket or 0) == before
    written = open_desk.written()
    assert set(written) == {("held", IVAN)}
    assert written["held", IVAN] <= 20
    assert len(open_desk.ticket(taken.ticket or 0).held) == 100


def test_stranger_learns_nothing_about_the_ticket_named(open_desk: Desk) -> None:
    number = open_desk.open(ANNA, "Our secret merger", "With Initech, on Friday.")
    open_desk.take_one(mail(EVE, f"[##{number}##]", "And?"))
    to_eve = [letter for letter in open_desk.send() if letter.recipients == (EVE,)]
    assert len(to_eve) == 1
    text = bytes(to_eve[0].raw).decode()
    assert "merger" not in text
    assert "Initech" not in text
    assert ANNA not in text
    assert to_eve[0].ticket != number


def test_many_strangers_with_a_tag_each_are_bounded_like_any_flood(tmp_path: Path) -> None:
    with desk(tmp_path, tables="[bounds]\nnotices_1h = 20") as one:
        number = one.open()
        before = one.conversation(number)
        one.take(mail(f"eve{n}@evil{n}.test", f"[##{number}##]", "Hello") for n in range(60))
        assert one.written()["notify", IVAN] == 19, "with the one about Anna's ticket that is 20 in the hour"
        one.pass_time(10)
        assert one.written() == {("digest", IVAN): 1}
        assert one.conversation(number) == before


def test_list_of_notices_is_sent_by_the_program_itself(tmp_path: Path) -> None:
    with desk(tmp_path, tables="[bounds]\nnotices_1h = 2") as one:
        one.now = datetime.now(UTC) - timedelta(minutes=11)
        one.take(mail(f"person{n}@shop.test", f"Request {n}") for n in range(5))
        for part in ("new", "cur", "tmp"):
            (tmp_path / "in" / part).mkdir(parents=True)
        one.cli("once")
        letters = [path.read_text() for path in (tmp_path / "out" / "new").iterdir()]
        (digest,) = [letter for letter in letters if "X-Helpdesk-Event: digest" in letter]
        assert [f"Request {n}" in digest for n in range(5)] == [False, False, True, True, True]
