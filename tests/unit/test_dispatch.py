"""What becomes of letters that are due: with the real store on SQLite, a relay in memory and a clock that is set."""

from __future__ import annotations

import asyncio
import logging
import signal
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from helpdesk.adapters.store import SqlStore, open_store
from helpdesk.adapters.templates import Templates
from helpdesk.compose import compose
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Delivery, Event, Letter, OutboxState
from helpdesk.core.samples import sample_letter, sample_ticket
from helpdesk.dispatch import PARALLEL, Dispatcher
from helpdesk.errors import PermanentError, TemporaryError, UnreachableError
from helpdesk.ports import Composed, OutboxEntry, PassedOn, QueuedLetter
from helpdesk.raw import Raw
from tests.fakes.transport import FakeTransport
from tests.letters import FACE, KEY, NONCE

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
IVAN, OLHA = "ivan@x.test", "olha@x.test"


@dataclass
class Desk:
    """A dispatcher with everything around it."""

    store: SqlStore
    loop: asyncio.Runner
    relay: FakeTransport = field(default_factory=FakeTransport)
    now: datetime = T0
    told: list[tuple[int, list[Delivery]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(
            self.store, self.relay, on_failed=self._tell, now=lambda: self.now, random=lambda: 0.0
        )

    def _tell(self, letter: QueuedLetter, lost: Sequence[Delivery]) -> None:
        self.told.append((letter.id, list(lost)))

    def queue(self, *addresses: str) -> None:
        """One letter for each address."""
        with self.store.unit() as unit:
            for address in addresses:
                queued = len(self.store.outbox())
                name = f"{address}-{queued}-{len(self.relay.passed)}"
                letter = Letter(
                    event=Event.OPENED,
                    ticket=None,
                    to=Address(address),
                    audience=Audience.REQUESTER,
                    language="en",
                    dedupe_key=name,
                )
                raw = f"Message-ID: <{name}>\r\n\r\nHello\r\n".encode()
                unit.enqueue(letter, None, Composed(message_id=f"<{name}>", envelope_from="desk@help.test",
                                                    subject="Hello", text="Hello", raw=raw), self.now)  # fmt: skip

    def send(self, limit: int = 100) -> int:
        return self.loop.run(self.dispatcher.send_due(limit))

    @property
    def outbox(self) -> list[OutboxEntry]:
        return list(self.store.outbox())

    @property
    def received(self) -> list[str]:
        return [address for passed in self.relay.passed for address in passed.accepted]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/desk.db"


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    store = open_store(url)
    with asyncio.Runner() as loop:
        yield Desk(store, loop)
    store.close()


def test_letter_that_is_accepted_leaves_the_outbox(desk: Desk) -> None:
    desk.queue(IVAN)
    assert desk.send() == 1
    assert desk.received == [IVAN]
    assert desk.outbox == []
    assert desk.send() == 0
    assert desk.told == []


def test_everything_due_is_sent_in_one_pass(desk: Desk) -> None:
    addresses = [f"user{number}@x.test" for number in range(3 * PARALLEL)]
    desk.queue(*addresses)
    assert desk.send() == len(addresses)
    assert sorted(desk.received) == sorted(addresses)


def test_pass_ends_at_its_limit(desk: Desk) -> None:
    desk.queue(IVAN, OLHA)
    assert desk.send(1) == 1
    assert desk.received == [IVAN]


def test_letter_that_is_refused_for_now_waits_longer_each_time(desk: Desk) -> None:
    desk.relay.answers[IVAN] = (450, "greylisted")
    desk.queue(IVAN)
    waits = []
    for _ in range(5):
        desk.send()
        entry = desk.outbox[0]
        assert entry.next_attempt_at is not None
        waits.append((entry.next_attempt_at - desk.now) // MINUTE)
        desk.now = entry.next_attempt_at
    assert waits == [1, 5, 15, 60, 60]
    assert (entry.state, entry.recipients[0].code, entry.recipients[0].text) == (OutboxState.QUEUED, 450, "greylisted")
    desk.relay.answers.clear()
    desk.send()
    assert desk.received == [IVAN]
    assert desk.told == []


def test_letter_that_waits_is_not_tried_before_its_time(desk: Desk) -> None:
    desk.relay.answers[IVAN] = (450, "greylisted")
    desk.queue(IVAN)
    desk.send()
    desk.now += timedelta(seconds=59)
    assert desk.send() == 0
    assert desk.relay.tries == 1


def test_letter_that_is_refused_for_good_fails_and_an_agent_is_told(desk: Desk) -> None:
    desk.relay.answers[IVAN] = (550, "5.1.1 nobody")
    desk.queue(IVAN)
    desk.send()
    entry = desk.outbox[0]
    assert (entry.state, entry.next_attempt_at) == (OutboxState.FAILED, None)
    assert desk.told == [(entry.id, [Delivery(IVAN, 550, "5.1.1 nobody")])]
    desk.now += timedelta(days=1)
    assert desk.send() == 0


def test_letter_is_given_up_after_five_days_and_an_agent_is_told(desk: Desk) -> None:
    desk.relay.answers[IVAN] = (450, "later")
    desk.queue(IVAN)
    tries = 0
    while desk.send():
        tries += 1
        desk.now = desk.outbox[0].next_attempt_at or desk.now
    assert tries == 124
    assert desk.now == T0 + timedelta(days=5)
    assert desk.outbox[0].state is OutboxState.FAILED
    assert [lost for _, lost in desk.told] == [[Delivery(IVAN, 450, "later")]]


@pytest.mark.parametrize(
    "error",
    [
        TemporaryError("broke off before the text"),
        RuntimeError("a transport that does not keep its word"),
    ],
)
def test_letter_at_which_the_session_breaks_does_not_hold_up_the_others(desk: Desk, error: Exception) -> None:
    desk.queue(IVAN)
    desk.relay.error = error
    desk.send()
    desk.relay.error = None
    desk.queue(OLHA)
    assert desk.send() == 1
    assert desk.received == [OLHA]
    recipient = desk.outbox[0].recipients[0]
    assert (recipient.address, recipient.code) == (IVAN, 0)
    assert str(error) in recipient.text
    assert desk.outbox[0].next_attempt_at == T0 + MINUTE


def test_recipient_without_an_answer_is_tried_again_with_the_same_bytes(desk: Desk) -> None:
    desk.relay.answers[IVAN] = (0, "no answer after the text")
    desk.queue(IVAN)
    first = desk.outbox[0]
    desk.send()
    assert desk.outbox[0].state is OutboxState.QUEUED
    desk.relay.answers.clear()
    desk.now += MINUTE
    desk.send()
    assert [passed.raw for passed in desk.relay.passed] == [f"Message-ID: {first.message_id}\r\n\r\nHello\r\n".encode()]


# --- the relay takes no letters as large as this --------------------------------------------------


def queue_with_file(desk: Desk, event: Event, language: str = "en") -> None:
    letter, file = sample_letter(event, language), PassedOn("photo.raw", "image/x-raw", bytes(range(256)) * 2_000)
    composed = compose(
        letter, sample_ticket(event, language), FACE, (file,), key=KEY, nonce=NONCE, now=T0, renderer=Templates()
    )
    with desk.store.unit() as unit:
        unit.enqueue(letter, None, composed, T0)


@pytest.mark.parametrize(
    ("language", "words"),
    [("ru", "Файлы не приложены"), ("uk", "Файли не долучено"), ("en", "are not attached"), ("pl", "nie załączono")],
)
def test_agents_get_a_letter_that_is_too_large_without_its_files(desk: Desk, language: str, words: str) -> None:
    desk.relay.max_bytes = 100_000
    queue_with_file(desk, Event.NOTIFY, language)
    (queued,) = desk.outbox
    desk.send()
    (passed,) = desk.relay.passed
    letter = message_from_bytes(passed.raw, policy=SMTP)
    body, note = letter.iter_parts()
    assert letter["Message-ID"] == queued.message_id
    assert "photo.raw" in body.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert words in note.get_content()
    assert (desk.outbox, desk.told) == ([], [])


def test_what_a_requester_should_get_is_not_sent_without_its_files(desk: Desk) -> None:
    desk.relay.max_bytes = 100_000
    queue_with_file(desk, Event.REPLY)
    desk.send()
    assert desk.relay.passed == []
    ((_, (lost,)),) = desk.told
    assert (lost.code, desk.outbox[0].state) == (552, OutboxState.FAILED)


def test_a_full_mailbox_is_no_reason_to_leave_files_out(desk: Desk) -> None:
    queue_with_file(desk, Event.NOTIFY)
    (address,) = (one.address for one in desk.outbox[0].recipients)
    desk.relay.answers[address] = (552, "5.2.2 mailbox full")
    desk.send()
    assert (desk.relay.passed, desk.relay.tries) == ([], 1)


def test_a_letter_whose_words_alone_are_too_large_fails(desk: Desk) -> None:
    desk.relay.max_bytes = 100
    queue_with_file(desk, Event.NOTIFY)
    desk.send()
    assert desk.outbox[0].state is OutboxState.FAILED
    assert desk.relay.tries == 2


# --- the relay is away ----------------------------------------------------------------------------


def test_relay_that_is_away_is_probed_with_one_letter_and_left_alone_between(desk: Desk) -> None:
    desk.relay.error = UnreachableError("relay away")
    desk.queue(*[f"user{number}@x.test" for number in range(30)])
    desk.send()
    first_tries = desk.relay.tries
    assert first_tries <= PARALLEL  # those that were on their way together
    assert desk.dispatcher.trouble is not None
    assert desk.send() == 0
    desk.now = desk.dispatcher.trouble.retry_at
    assert desk.send() == 1
    assert desk.relay.tries == first_tries + 1
    assert desk.dispatcher.trouble.failures == 2
    assert desk.dispatcher.trouble.since == T0


def test_relay_that_returns_gets_everything_within_two_minutes(desk: Desk) -> None:
    desk.relay.error = UnreachableError("relay away")
    desk.queue(IVAN, OLHA)
    while desk.now < T0 + timedelta(hours=3):
        desk.send()
        assert desk.dispatcher.trouble is not None
        desk.now = desk.dispatcher.trouble.retry_at
    desk.relay.error = None
    returned = desk.now
    while desk.outbox:
        desk.now += timedelta(seconds=1)
        desk.send()
    assert sorted(desk.received) == [IVAN, OLHA]
    assert desk.now - returned <= 2 * MINUTE
    assert desk.dispatcher.trouble is None


def test_refused_login_keeps_the_letters_and_is_not_repeated_for_five_minutes(desk: Desk) -> None:
    desk.relay.error = PermanentError("refused the login of desk")
    desk.queue(IVAN)
    desk.send()
    assert desk.outbox[0].state is OutboxState.QUEUED
    assert desk.told == []
    desk.now += 5 * MINUTE - timedelta(seconds=1)
    assert desk.send() == 0
    desk.now += timedelta(seconds=1)
    desk.relay.error = None
    assert desk.send() == 1
    assert desk.received == [IVAN]


def test_letter_fails_visibly_when_the_relay_stays_away_for_five_days(desk: Desk) -> None:
    desk.relay.error = UnreachableError("relay away")
    desk.queue(IVAN)
    desk.send()
    desk.now += timedelta(days=5)
    desk.send()
    assert desk.outbox[0].state is OutboxState.FAILED
    assert [lost for _, lost in desk.told] == [[Delivery(IVAN, 0, "UnreachableError: relay away")]]


# --- stops and crashes ----------------------------------------------------------------------------


def test_paused_outbox_sends_nothing(desk: Desk) -> None:
    desk.queue(IVAN)
    desk.store.pause(True)
    assert desk.send() == 0
    desk.store.pause(False)
    assert desk.send() == 1


def test_nothing_is_begun_after_a_stop(desk: Desk) -> None:
    desk.queue(IVAN)
    desk.dispatcher.stop()
    assert desk.send() == 0
    assert desk.outbox[0].state is OutboxState.QUEUED


# A sender whose relay kills it in the middle of a letter.
DIES_WHILE_SENDING = """
import asyncio, os, signal, sys
from datetime import datetime
from helpdesk.adapters.store import open_store
from helpdesk.dispatch import Dispatcher

class Deadly:
    async def send(self, envelope_from, recipients, raw):
        os.kill(os.getpid(), signal.SIGKILL)

now = datetime.fromisoformat(sys.argv[2])
dispatcher = Dispatcher(
    open_store(sys.argv[1]), Deadly(), on_failed=lambda letter, lost: None, now=lambda: now, random=lambda: 0.0
)
asyncio.run(dispatcher.send_due())
"""


def test_letter_under_way_when_the_process_is_killed_goes_again_with_the_same_bytes(desk: Desk, url: str) -> None:
    desk.queue(IVAN)
    message_id = desk.outbox[0].message_id
    desk.store.close()  # this process is the one that starts afterwards
    killed = subprocess.run([sys.executable, "-c", DIES_WHILE_SENDING, url, desk.now.isoformat()], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert desk.outbox[0].state is OutboxState.SENDING
    assert desk.send() == 0  # as far as we know the other sender still waits for its relay
    desk.now += timedelta(minutes=15)
    assert desk.send() == 1
    assert [passed.raw for passed in desk.relay.passed] == [f"Message-ID: {message_id}\r\n\r\nHello\r\n".encode()]
    assert desk.outbox == []


def test_letter_whose_failure_nobody_could_be_told_is_tried_and_told_of_again(desk: Desk) -> None:
    desk.relay.answers[IVAN] = (550, "nobody")
    desk.queue(IVAN)
    told: list[int] = []

    def crash(letter: QueuedLetter, lost: Sequence[Delivery]) -> None:
        told.append(letter.id)
        if len(told) == 1:
            raise TemporaryError("the store is busy")

    desk.dispatcher = Dispatcher(desk.store, desk.relay, on_failed=crash, now=lambda: desk.now, random=lambda: 0.0)
    with pytest.raises(TemporaryError):
        desk.send()
    desk.now += timedelta(minutes=16)  # the claim's lease is over
    assert desk.send() == 1
    assert len(told) == 2
    assert desk.outbox[0].state is OutboxState.FAILED


def test_letter_whose_failure_nobody_could_be_told_does_not_make_others_go_again(desk: Desk) -> None:
    desk.relay.answers[IVAN] = (550, "nobody")
    desk.queue(IVAN, OLHA)

    def crash(letter: QueuedLetter, lost: Sequence[Delivery]) -> None:
        raise TemporaryError("the store is busy")

    desk.dispatcher = Dispatcher(desk.store, desk.relay, on_failed=crash, now=lambda: desk.now, random=lambda: 0.0)
    for _ in range(2):
        with pytest.raises(TemporaryError):
            desk.send()
        desk.now += timedelta(minutes=16)  # the claim's lease is over
    assert desk.received == [OLHA]
    assert desk.relay.tries == 3


def test_letter_that_cannot_be_read_does_not_make_others_go_again(desk: Desk, url: str) -> None:
    desk.queue(*[f"user{number}@x.test" for number in range(PARALLEL)])
    desk.queue(IVAN)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        database.execute("UPDATE outbox SET raw = x'00' WHERE to_address = ?", (IVAN,))
    with pytest.raises(zlib.error):
        desk.send()
    assert [entry.recipients[0].address for entry in desk.outbox] == [IVAN]
    assert len(desk.received) == PARALLEL


def test_letter_at_which_the_relay_hesitates_does_not_keep_others_waiting(desk: Desk) -> None:
    async def story() -> list[str]:
        hesitates = asyncio.Event()

        class SlowForIvan(FakeTransport):
            async def send(self, envelope_from: str, recipients: Sequence[str], raw: Raw) -> Sequence[Delivery]:
                if IVAN in recipients:
                    await hesitates.wait()
                return await FakeTransport.send(self, envelope_from, recipients, raw)

        relay = SlowForIvan()
        dispatcher = Dispatcher(desk.store, relay, on_failed=desk._tell, now=lambda: desk.now, random=lambda: 0.0)
        desk.queue(IVAN)
        first = asyncio.create_task(dispatcher.send_due())
        while desk.outbox[0].state is not OutboxState.SENDING:
            await asyncio.sleep(0)
        desk.queue(OLHA)
        assert await dispatcher.send_due() == 1
        assert [passed.accepted for passed in relay.passed] == [(OLHA,)]
        hesitates.set()
        assert await first == 1
        return [address for passed in relay.passed for address in passed.accepted]

    assert desk.loop.run(story()) == [OLHA, IVAN]


# --- what the operator sees -----------------------------------------------------------------------


def test_log_tells_of_each_recipient_and_of_the_relay_without_our_message_ids(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="helpdesk")
    about, away = "ticket=- event=opened to=", 'text="UnreachableError: relay away"'
    desk.relay.answers[OLHA] = (550, "5.1.1 nobody\nhere")
    desk.queue(IVAN, OLHA)
    desk.send()
    desk.relay.error = UnreachableError("relay away")
    desk.queue(IVAN)
    desk.send()
    desk.relay.error = None
    desk.now += MINUTE
    desk.send()
    assert sorted(record.getMessage() for record in caplog.records) == [
        f"deferred letter=3 {about}{IVAN} code=0 {away} attempt=1 next_at=2026-03-02T09:00:01+00:00",
        f'failed letter=2 {about}{OLHA} code=550 text="5.1.1 nobody\\nhere" attempt=1',
        'relay_down retry_at=2026-03-02T09:00:01+00:00 error="UnreachableError: relay away"',
        "relay_up down_for=60s",
        f"sent letter=1 {about}{IVAN} code=250 text=taken",
        f"sent letter=3 {about}{IVAN} code=250 text=taken",
    ]
