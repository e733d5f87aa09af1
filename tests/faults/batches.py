"""`kill -9` at random moments of a desk that works through one batch of mail after another, and never begins anew.

A batch holds new questions, customers' replies, agents' answers and notes for colleagues. The desk is killed, started
again and killed again until the batch is done; what is killed while it recovers is killed a second time. After each
kill the order of things is examined (nothing moved before it was committed), in the end everything is. The moments
come from a seed, so that a failure can be repeated as far as a clock allows.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.faults.stand import AGENT, CANARY, PLENTY, Engine, Nursery, Stand, mail, reply
from tests.faults.taps import Fault
from tests.faults.trials import MONDAY

KILLED = -9

# Mails that wait when a batch begins: so many replies, answers and notes, the others are new questions.
BATCH = 50
REPLIES, ANSWERS, NOTES = 10, 5, 5

# Each fourth time so many wait: then the newest are taken in turn with the oldest.
BACKLOG = 150

# A dead sender's claim has ended by the next pass.
PASS_APART = timedelta(minutes=20)

# How the time until a kill grows after each, and shrinks after a pass that came to its end.
LONGER, SHORTER = 1.15, 0.6

# A batch that is not done after so many passes is stuck.
PASSES = 60


@dataclass(frozen=True, slots=True)
class Account:
    """What came of it. `copies`: letters that went again because the desk died before it noted the relay's answer."""

    kills: int
    batches: int
    mails: int
    letters: int
    copies: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.kills} kills during {self.mails} mails: 0 lost, 0 doubled, 0 stuck; "
            f"{self.copies} of {self.letters} letters went again; {self.seconds:.0f} s"
        )


class Batches(Stand):
    """A desk and its kills."""

    def __init__(self, folder: Path, engine: Engine, nursery: Nursery, seed: int) -> None:
        super().__init__(folder, engine, nursery, more=PLENTY)
        self._chance = random.Random(seed)
        self._now: datetime = MONDAY
        self._sent: list[bytes] = []  # every mail so far
        self._questions = 0
        self._answered: set[str] = set()  # Message-IDs of letters that somebody has replied to
        self._wrote = Counter[tuple[str, str]]()  # (customer, what: question, reply, answer, note)
        self._allowed = Counter[str]()  # how often a letter may have gone again
        self._limit_s = 1.0

    def run_until(self, kills: int) -> Iterator[int]:
        """The number of each kill; everything has been examined when it ends."""
        self.began = time.monotonic()
        self.kills = self.batches = 0
        for _ in range(2):
            # The second one brings the first replies; the desks that are struck have learned from all kinds of mail.
            self._fill()
            self.learn(self._now)
            self._now += PASS_APART
        while self.kills < kills:
            self._fill()
            for _ in range(PASSES):
                done, died = self._pass()
                if died:
                    self.kills += 1
                    yield self.kills
                if done:
                    break
            else:
                raise AssertionError(f"a batch is stuck: {len(self.imap.mails)} mails, {self.waiting()} letters wait")
            self.batches += 1
        self._examine()

    def account(self) -> Account:
        """What came of it."""
        return Account(
            kills=self.kills,
            batches=self.batches,
            mails=len(self._sent),
            letters=len(self.relay.copies()),
            copies=sum(count - 1 for count in self.relay.copies().values()),
            seconds=time.monotonic() - self.began,
        )

    def _pass(self) -> tuple[bool, bool]:
        """(nothing waits any more, the desk was killed)."""
        before = self.relay.copies()
        run = self.run(Fault(), self._now, self._chance.uniform(0, self._limit_s))
        assert run.code in (0, KILLED), f"the desk ended with {run.code} at {run.passed[-3:]}"
        # However fast the machine is, most passes are killed, and some come to their end.
        self._limit_s *= LONGER if run.code == KILLED else SHORTER
        self._now += PASS_APART
        noted = self.noted()
        for letter in self.relay.copies() - before:
            if letter not in noted:
                # Accepted by the relay, and the desk died before it could note that.
                self._allowed[letter] += 1
        self.examine_the_order()
        return run.code == 0 and not self.imap.mails and not self.waiting(), run.code == KILLED

    def _fill(self) -> None:
        """The next batch lies in the mailbox."""
        batch = [*self._replies(), *self._agents()]
        wanted = BACKLOG if self.batches % 4 == 3 else BATCH
        while len(batch) < wanted:
            number = self._questions = self._questions + 1
            customer = f"c{number}@shop{number % 50}.test"
            batch.append(mail(customer, f"Question {number}", f"How do I pay for order {number}? It is urgent."))
            self._wrote[customer, "question"] += 1
        self._chance.shuffle(batch)
        for raw in batch:
            self.imap.arrive(raw)
        self._sent += batch

    def _letters(self, event: str, count: int) -> Iterator[tuple[EmailMessage, bytes]]:
        """Letters of this kind that nobody has replied to, newest first."""
        for _, raw in reversed(self.relay.letters):
            if count == 0:
                return
            read = message_from_bytes(raw, policy=policy.default)
            if read["X-Helpdesk-Event"] == event and read["Message-ID"] not in self._answered:
                self._answered.add(str(read["Message-ID"]))
                count -= 1
                yield read, raw

    def _replies(self) -> Iterator[bytes]:
        for read, raw in self._letters("opened", REPLIES):
            customer = read["To"].addresses[0].addr_spec
            self._wrote[customer, "reply"] += 1
            yield reply(raw, customer, "One thing more: it concerns the order of yesterday.", **own_id(read))

    def _agents(self) -> Iterator[bytes]:
        customers = {row[0]: row[1] for row in self.rows("SELECT number, requester_address FROM ticket")}
        for index, (read, raw) in enumerate(self._letters("notify", ANSWERS + NOTES)):
            customer = customers[int(read["X-Helpdesk-Ticket"])]
            what = "answer" if index < ANSWERS else "note"
            text = "You can pay by card." if what == "answer" else f"#note This one {CANARY}, be careful."
            self._wrote[customer, what] += 1
            yield reply(raw, AGENT, text, **own_id(read))

    def _examine(self) -> None:
        """What must hold in the end."""
        assert self.imap.settled == Counter(self._sent), "mail was lost or doubled on the server"
        with self.connection() as connection:
            assert self._kept(connection) == set(range(1, len(self._sent) + 1)), "mail was lost"
        self.examine_the_order()
        self.examine_letters()
        for letter, count in self.relay.copies().items():
            assert count <= 1 + self._allowed[letter], f"{letter} went {count} times, {self._allowed[letter]} too many"
        assert self.findings(self._now) == []
        assert self._done() == self._wrote

    def _done(self) -> Counter[tuple[str, str]]:
        """What the desk has made of the mails, as `_wrote` counts them."""
        done = Counter[tuple[str, str]]()
        tickets = "SELECT requester_address FROM ticket"
        for (customer,) in self.rows(tickets):
            done[customer, "question"] += 1
        replies = """SELECT t.requester_address FROM message m JOIN ticket t ON t.number = m.ticket
            WHERE m.sender_address = t.requester_address AND m.disposition = 'append' AND m.filing = 'visible'"""
        for (customer,) in self.rows(replies):
            done[customer, "reply"] += 1
        for (customer,) in self.rows("SELECT to_address FROM outbox WHERE event = 'reply'"):
            done[customer, "answer"] += 1
        notes = "SELECT t.requester_address FROM message m JOIN ticket t ON t.number = m.ticket WHERE m.filing = 'note'"
        for (customer,) in self.rows(notes):
            done[customer, "note"] += 1
        return done


def own_id(letter: EmailMessage) -> dict[str, str]:
    """A Message-ID that no other reply has."""
    return {"Message_ID": f"<re.{str(letter['Message-ID']).strip('<>').partition('@')[0]}@mail.test>"}
