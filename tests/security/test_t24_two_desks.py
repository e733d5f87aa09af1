"""T24, a desk that answers a desk: they fall silent by themselves, whatever a relay takes from their headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from helpdesk.ports import QueuedLetter
from tests.security.desk import Desk, desk, mail, opened, words

LEFT, RIGHT = "support@left.test", "support@right.test"
DAYS = 45
BOUND = 20  # automatic letters to one address in 24 hours

Relay = Callable[[QueuedLetter], bytes]


def intact(letter: QueuedLetter) -> bytes:
    return bytes(letter.raw)


def without(*names: str) -> Relay:
    """A relay that takes these headers away, folded lines included."""
    pattern = re.compile(rb"(?im)^(?:%s)[^\n]*\n(?:[ \t][^\n]*\n)*" % "|".join(names).encode())

    def strip(letter: QueuedLetter) -> bytes:
        head, end, body = bytes(letter.raw).partition(b"\r\n\r\n")
        return pattern.sub(b"", head + b"\r\n").removesuffix(b"\r\n") + end + body

    return strip


def rewritten(letter: QueuedLetter) -> bytes:
    """A robot that writes each letter anew: nothing is left by which a thread or a loop could be known."""
    return mail(letter.envelope_from, f"News {letter.id}", words(letter), to=letter.recipients[0])


AUTOMATIC = ("Auto-Submitted", "X-Auto-Response-Suppress", r"X-Helpdesk-\S+", "Precedence")
RELAYS = {
    "headers intact": intact,
    "marks of automatic mail taken away": without(*AUTOMATIC),
    "threads taken away, too": without(*AUTOMATIC, "References", "In-Reply-To", "Reply-To"),
    "ids taken away, too": without(*AUTOMATIC, "References", "In-Reply-To", "Reply-To", "Message-ID"),
}


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[dict[str, Desk]]:
    """Two desks that ask, remind and close."""
    with ExitStack() as stack:
        yield {
            address: stack.enter_context(desk(tmp_path / address, address=address, packs='["outages", "clarify"]'))
            for address in (LEFT, RIGHT)
        }


def exchanged(desks: dict[str, Desk], relay: Relay, days: int) -> list[int]:
    """How many letters went from desk to desk on each day."""
    each_day = []
    for _ in range(days):
        letters = 0
        for _ in range(24):
            for one in desks.values():
                for letter in one.send():
                    to = letter.recipients[0]
                    if to in desks or "+" in to:
                        letters += 1
                        desks[RIGHT if "right" in to else LEFT].take([relay(letter)])
            for one in desks.values():
                one.pass_time(60)
        each_day.append(letters)
    return each_day


@pytest.mark.parametrize("relay", RELAYS.values(), ids=RELAYS)
def test_two_desks_fall_silent(desks: dict[str, Desk], relay: Relay) -> None:
    # Somebody at the one desk writes to the other in the desk's name.
    desks[LEFT].take([mail(RIGHT, "It does not work", "Please help.", to=LEFT)])
    letters = exchanged(desks, relay, DAYS)
    assert 1 <= sum(letters) <= 2 * BOUND
    assert max(letters) <= 2 * BOUND
    assert letters[DAYS // 2 :] == [0] * (DAYS - DAYS // 2)


def test_robot_that_never_threads_is_bounded_every_day(desks: dict[str, Desk]) -> None:
    desks[LEFT].take([mail(RIGHT, "It does not work", "Please help.", to=LEFT)])
    letters = exchanged(desks, rewritten, 4)
    assert max(letters) <= 2 * BOUND


def test_our_own_letter_that_comes_back_is_filed_in_silence(open_desk: Desk) -> None:
    open_desk.open()
    open_desk.take([bytes(letter.raw) for letter in open_desk.sent])
    assert open_desk.written() == {}
    assert len(open_desk.works.store.queue()) == 1


def test_letter_to_an_address_of_our_own_is_never_written(tmp_path: Path) -> None:
    with desk(tmp_path, helpdesk='aliases = ["help@help.test"]') as one:
        one.take(mail(sender) for sender in ("support@help.test", "help@help.test", "none@help.test"))
        outside = {address for _, address in one.written()}
        assert outside == {"ivan@staff.test"}


def test_agents_robot_that_answers_everything_gets_a_bounded_number_of_letters(tmp_path: Path) -> None:
    with desk(tmp_path, tables="[bounds]\nnotices_1h = 20") as one:
        one.open()
        queue, heard = list(one.sent), 0
        for _ in range(12):
            for _ in range(60):
                # An out-of-office without any mark, to every letter that the agent gets.
                answers = [answer(letter) for letter in queue if letter.recipients == ("ivan@staff.test",)]
                heard += len(answers)
                one.take(answers)
                queue = one.send()
            one.pass_time(10)
            queue = one.send()
        # In two hours: 20 letters an hour and a list every ten minutes.
        assert heard <= 2 * 20 + 12


def answer(letter: QueuedLetter) -> bytes:
    read = opened(letter)
    return mail(
        "ivan@staff.test",
        f"Re: {read['Subject']}",
        f"I am away. {letter.id}",
        f"In-Reply-To: {read['Message-ID']}",
        f"References: {read['Message-ID']}",
        to=str(read["Reply-To"]),
    )
