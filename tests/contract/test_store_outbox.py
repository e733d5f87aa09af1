"""How a store keeps letters until they are sent, or visibly failed."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from helpdesk.adapters.store import SqlStore
from helpdesk.core.decision import (
    CancelLetters,
    MarkBounced,
)
from helpdesk.core.message import Bounce, FailedRecipient
from helpdesk.core.outgoing import Audience, Delivery, OutboxState, RecipientState
from helpdesk.ports import OutboxEntry, OutboxRecipient, Tried
from tests.desk import (
    ANNA,
    DAY,
    HOUR,
    IVAN,
    MINUTE,
    NOW,
    PETER,
    SECOND,
    answer,
    change,
    facts,
    letter,
    open_ticket,
    queue,
    record,
    shown,
    ticket,
)


def received(state: RecipientState, code: int, text: str) -> OutboxRecipient:
    return OutboxRecipient(address=ANNA.address, state=state, code=code, text=text)


def report(address: str, status: str, *, permanent: bool) -> Bounce:
    """A delivery report about the letter "a"."""
    failed = FailedRecipient(address=address, status=status, permanent=permanent)
    return Bounce(recipients=(failed,), original_message_id="<a@desk.test>")


def test_answers_of_the_relay_are_kept_together_with_the_next_claim(store: SqlStore) -> None:
    with store.unit() as unit:
        for name in ("a", "b", "c"):
            queue(unit, letter(name))
    first, second = store.claim(NOW, 2)
    tried = [
        Tried(first.id, [Delivery(ANNA.address, 250, "taken")], NOW + MINUTE),
        Tried(second.id, [Delivery(ANNA.address, 450, "later")], NOW + MINUTE),
    ]
    (third,) = store.claim(NOW, 10, tried=tried)
    assert [(entry.id, entry.state) for entry in store.outbox()] == [
        (second.id, OutboxState.QUEUED),
        (third.id, OutboxState.SENDING),
    ]


def test_a_letter_leaves_as_it_was_composed(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        assert queue(unit, letter("a"), number, text="Здравствуйте, Анна") is True
    (claimed,) = store.claim(NOW, 10)
    assert (claimed.ticket, claimed.event, claimed.message_id) == (number, "opened", "<a@desk.test>")
    assert (claimed.envelope_from, claimed.recipients) == ("support@desk.test", (ANNA.address,))
    assert bytes(claimed.raw).decode() == "Message-ID: <a@desk.test>\r\nSubject: hello\r\n\r\nЗдравствуйте, Анна"
    assert (claimed.attempts, claimed.created_at) == (0, NOW)


def test_a_letter_with_a_known_dedupe_key_is_not_queued_again(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        assert queue(unit, letter("a"), number) is True
        assert queue(unit, letter("a"), number) is False
    assert len(store.outbox()) == 1
    kept = shown(store, number)
    assert len(kept.messages) == 1


def test_what_the_requester_gets_is_a_message_of_the_ticket(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, answer("a", shown_to=(ANNA,), shown_cc=(PETER,)), number, text="Перезагрузите.")
        queue(unit, letter("b", IVAN, audience=Audience.AGENT), number)
    kept = shown(store, number)
    (message,) = kept.messages
    assert (message.direction, message.sender) == ("out", "Иван Петров <support@desk.test>")
    assert (message.to, message.cc) == ((str(ANNA),), (str(PETER),))
    assert (message.text, message.message_id, message.at) == ("Перезагрузите.", "<a@desk.test>", NOW)


def test_an_answer_to_several_people_is_one_message(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, answer("a", ANNA), number)
        queue(unit, answer("b", PETER), number)
        queue(unit, answer("c", ANNA), number, now=NOW + MINUTE)
    kept = shown(store, number)
    assert [one.message_id for one in kept.messages] == ["<a@desk.test>", "<c@desk.test>"]
    assert len(store.outbox()) == 3


def test_a_letter_waits_out_its_undo_window(store: SqlStore) -> None:
    with store.unit() as unit:
        queue(unit, answer("a", send_after=NOW + 20 * SECOND))
    assert store.claim(NOW + 19 * SECOND, 10) == []
    assert len(store.claim(NOW + 20 * SECOND, 10)) == 1


def test_a_large_letter_leaves_as_it_was_written(store: SqlStore) -> None:
    text = random.Random(5).randbytes(1_500_000).hex()
    with store.unit() as unit:
        queue(unit, letter("a"), text=text)
        queue(unit, letter("b"))
    large, small = store.claim(NOW, 10)
    assert bytes(large.raw).decode() == f"Message-ID: <a@desk.test>\r\nSubject: hello\r\n\r\n{text}"
    assert (large.id, len(small.raw) < 1_000) == (1, True)


def test_urgent_letters_leave_first_then_the_longest_due(store: SqlStore) -> None:
    with store.unit() as unit:
        queue(unit, letter("later"), now=NOW)
        queue(unit, letter("earlier"), now=NOW - HOUR)
        queue(unit, letter("urgent", IVAN, urgent=True), now=NOW)
    assert [one.message_id for one in store.claim(NOW, 2)] == ["<urgent@desk.test>", "<earlier@desk.test>"]
    assert [one.message_id for one in store.claim(NOW, 2)] == ["<later@desk.test>"]


def test_two_senders_never_get_the_same_letter(store: SqlStore) -> None:
    with store.unit() as unit:
        for n in range(100):
            queue(unit, letter(f"t{n}"))
    start = threading.Barrier(2)

    def claim_all() -> list[int]:
        start.wait()
        mine: list[int] = []
        while batch := store.claim(NOW, 7):
            mine += [one.id for one in batch]
        return mine

    with ThreadPoolExecutor(2) as pool:
        one, other = (future.result() for future in [pool.submit(claim_all), pool.submit(claim_all)])
    assert sorted(one + other) == sorted({entry.id for entry in store.outbox()})


def test_a_crashed_senders_letters_come_back_after_the_lease(store: SqlStore) -> None:
    with store.unit() as unit:
        queue(unit, letter("a"))
    (first,) = store.claim(NOW, 10, lease_s=60)
    assert store.claim(NOW + 59 * SECOND, 10) == []
    (again,) = store.claim(NOW + 60 * SECOND, 10)
    assert (again.id, again.message_id, again.raw, again.attempts) == (first.id, first.message_id, first.raw, 1)


def test_an_accepted_letter_is_sent_and_leaves_the_outbox(store: SqlStore) -> None:
    with store.unit() as unit:
        queue(unit, letter("a"))
    (claimed,) = store.claim(NOW, 10)
    assert [entry.state for entry in store.outbox()] == [OutboxState.SENDING]
    taken = [Delivery(ANNA.address, 250, "queued")]
    assert record(store, claimed.id, taken, NOW + SECOND, None) is OutboxState.SENT
    assert store.outbox() == []
    assert store.claim(NOW + 100 * DAY, 10) == []
    assert facts(store, tokens=("a",)).letters[0].sent_at == NOW + SECOND


def test_a_deferred_letter_comes_back_at_its_next_attempt(store: SqlStore) -> None:
    with store.unit() as unit:
        queue(unit, letter("a"))
    (claimed,) = store.claim(NOW, 10)
    deferred = [Delivery(ANNA.address, 450, "greylisted")]
    assert record(store, claimed.id, deferred, NOW, NOW + MINUTE) is OutboxState.QUEUED
    assert store.outbox() == [
        OutboxEntry(
            id=claimed.id,
            ticket=None,
            event="opened",
            subject="[##100001##] Сайт лежит",
            state=OutboxState.QUEUED,
            message_id="<a@desk.test>",
            attempts=1,
            next_attempt_at=NOW + MINUTE,
            recipients=(received(RecipientState.WAITING, 450, "greylisted"),),
        )
    ]
    assert store.claim(NOW + 59 * SECOND, 10) == []
    assert [one.attempts for one in store.claim(NOW + MINUTE, 10)] == [1]


@pytest.mark.parametrize(
    ("deliveries", "next_attempt_at"),
    [
        ([Delivery(ANNA.address, 550, "no such user")], NOW + MINUTE),  # refused for good
        ([Delivery(ANNA.address, 450, "later")], None),  # given up
        ([Delivery(ANNA.address, 0, "broken")], None),
        ([], None),  # no answer at all, given up
    ],
)
def test_a_letter_that_cannot_arrive_ends_visibly_failed(
    store: SqlStore, deliveries: list[Delivery], next_attempt_at: datetime | None
) -> None:
    with store.unit() as unit:
        queue(unit, letter("a"))
    (claimed,) = store.claim(NOW, 10)
    assert record(store, claimed.id, deliveries, NOW, next_attempt_at) is OutboxState.FAILED
    (entry,) = store.outbox()
    assert (entry.state, entry.next_attempt_at) == (OutboxState.FAILED, None)
    assert [one.state for one in entry.recipients] == [RecipientState.FAILED]
    assert store.claim(NOW + 100 * DAY, 10) == []


def test_an_answer_for_a_stranger_changes_nothing(store: SqlStore) -> None:
    with store.unit() as unit:
        queue(unit, letter("a"))
    (claimed,) = store.claim(NOW, 10)
    stray = [Delivery("somebody@else.test", 250, "ok")]
    assert record(store, claimed.id, stray, NOW, NOW + MINUTE) is OutboxState.QUEUED


def test_a_letter_once_accepted_stays_accepted(store: SqlStore) -> None:
    with store.unit() as unit:
        queue(unit, letter("a"))
    (claimed,) = store.claim(NOW, 10)
    record(store, claimed.id, [Delivery(ANNA.address, 250, "ok")], NOW, None)
    # A second sender, whose lease was over, was refused.
    late = [Delivery(ANNA.address, 550, "no")]
    assert record(store, claimed.id, late, NOW, NOW + MINUTE) is OutboxState.SENT


def test_a_bounce_makes_a_sent_letter_a_failed_one(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, letter("a"), number)
    (claimed,) = store.claim(NOW, 10)
    record(store, claimed.id, [Delivery(ANNA.address, 250, "ok")], NOW, None)
    delayed = report(ANNA.address, "4.4.1", permanent=False)
    # The address that failed is the one to which Anna's mail is forwarded.
    failed = report("anna@home.test", "5.1.1", permanent=True)
    with store.unit() as unit:
        change(unit, number, MarkBounced("<a@desk.test>", delayed))
    assert store.outbox() == []
    with store.unit() as unit:
        change(unit, number, MarkBounced("<a@desk.test>", failed))
    (entry,) = store.outbox()
    assert entry.state is OutboxState.FAILED
    assert entry.recipients == (received(RecipientState.BOUNCED, 250, "anna@home.test: 5.1.1"),)


def test_an_administrator_sends_failed_and_waiting_letters_again(store: SqlStore) -> None:
    with store.unit() as unit:
        for token in ("failed", "sent", "waiting"):
            queue(unit, letter(token))
    ids = {one.message_id: one.id for one in store.claim(NOW, 10)}
    failed, sent, waiting = (ids[f"<{token}@desk.test>"] for token in ("failed", "sent", "waiting"))
    record(store, failed, [Delivery(ANNA.address, 550, "no")], NOW, None)
    record(store, sent, [Delivery(ANNA.address, 250, "ok")], NOW, None)
    record(store, waiting, [Delivery(ANNA.address, 450, "later")], NOW, NOW + DAY)
    assert store.outbox_retry([failed, sent, waiting, 999], NOW) == sorted([failed, waiting])
    assert {one.id for one in store.claim(NOW, 10)} == {failed, waiting}
    (again,) = (entry for entry in store.outbox() if entry.id == failed)
    assert [one.state for one in again.recipients] == [RecipientState.WAITING]


def test_a_cancelled_letter_never_leaves_and_was_never_said(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, letter("a"), number)
        queue(unit, letter("b"), number)
    first, second = (entry.id for entry in store.outbox())
    (claimed,) = store.claim(NOW, 1)
    # What is on its way cannot be taken back.
    assert claimed.id == first
    assert store.outbox_cancel([first, second]) == [second]
    assert store.claim(NOW, 10) == []
    assert [entry.id for entry in store.outbox()] == [first]
    assert ticket(store, number).thread == ("<a@desk.test>",)
    kept = shown(store, number)
    assert [(one.message_id, one.filing) for one in kept.messages] == [
        ("<a@desk.test>", "visible"),
        ("<b@desk.test>", "recorded"),
    ]


def test_an_agent_takes_back_the_answer_that_has_not_left(store: SqlStore) -> None:
    later = NOW + 20 * SECOND
    with store.unit() as unit:
        number, other = open_ticket(unit), open_ticket(unit)
        queue(unit, letter("automatic", send_after=later), number)
        queue(unit, answer("mine", send_after=later), number)
        queue(unit, answer("copy", PETER, send_after=later), number)
        queue(unit, answer("colleague", sender_name="Мария", send_after=later), number)
        queue(unit, answer("elsewhere", send_after=later), other)
    assert ticket(store, number).unsent == ("Иван Петров", "Мария")
    with store.unit() as unit:
        change(unit, number, CancelLetters(number, "Иван Петров"))
    assert [entry.message_id for entry in store.outbox()] == [
        "<automatic@desk.test>",
        "<colleague@desk.test>",
        "<elsewhere@desk.test>",
    ]
    assert ticket(store, number).unsent == ("Мария",)


def test_an_answer_on_its_way_cannot_be_taken_back(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, answer("a"), number)
    store.claim(NOW, 10)
    assert ticket(store, number).unsent == ()
    with store.unit() as unit:
        change(unit, number, CancelLetters(number, "Иван Петров"))
    assert [entry.state for entry in store.outbox()] == [OutboxState.SENDING]


def test_a_paused_outbox_holds_everything_back_and_intake_goes_on(store: SqlStore) -> None:
    assert store.paused() is False
    store.pause(True)
    with store.unit() as unit:
        assert queue(unit, letter("a")) is True
    assert store.paused() is True
    assert store.claim(NOW, 10) == []
    assert store.next_letter_due() is None
    store.pause(False)
    assert store.next_letter_due() == NOW
    assert len(store.claim(NOW, 10)) == 1


def test_the_next_letter_due_is_known(store: SqlStore) -> None:
    assert store.next_letter_due() is None
    with store.unit() as unit:
        queue(unit, letter("a"), now=NOW + DAY)
        queue(unit, letter("b"), now=NOW + 2 * DAY)
    assert store.next_letter_due() == NOW + DAY
    store.claim(NOW + DAY, 1, lease_s=60)
    assert store.next_letter_due() == NOW + DAY + MINUTE  # should the sender crash
    first, _ = store.outbox()
    record(store, first.id, [Delivery(ANNA.address, 250, "ok")], NOW, None)
    assert store.next_letter_due() == NOW + 2 * DAY
