"""The way of a mail through the whole program, as many times as time allows.

Each mail is read and decided on a desk that knows nothing of it and has no rules; one in a hundred is also taken in
for good: facts, all rules that ship with the program, commit, letters composed and queued, in the real store. What
goes wrong is a Crash with the mail that caused it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random

from helpdesk.adapters.mime.reading import read
from helpdesk.config import load
from helpdesk.core.case import wanted
from helpdesk.core.decide import decide
from helpdesk.core.decision import Decision, Disposition
from helpdesk.core.facts import Facts
from helpdesk.core.message import Inbound, Kind
from helpdesk.core.outgoing import Audience
from helpdesk.core.policy import Policy
from helpdesk.daemon.building import Works, World, build, source_of
from helpdesk.ports import Fetched, MailKey
from tests.fuzz.mutations import corpus, mutate

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

# One mail in so many is taken in for good; more would test the disk.
TAKEN = 100

SAME = 60

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
reply_address = "support+{token}@help.test"
trusted_authserv = "mx.help.test"
partners = ["shop@partner.test"]

[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
spam_header = "X-Spam-Flag: YES"

[smtp]
kind = "maildir"
path = "out"

[[agent]]
name = "Ivan"
addresses = ["ivan@staff.test"]
lead = true

[[desk]]
name = "support"

[[desk]]
name = "sales"
address = "sales@help.test"
language = "uk"
"""


@dataclass(frozen=True, slots=True)
class Crash:
    """A mail on which the program failed, and how."""

    raw: bytes
    error: str


@dataclass(slots=True)
class Tally:
    """What became of the mails so far."""

    mails: int = 0
    dispositions: Counter[Disposition] = field(default_factory=Counter)
    crashes: list[Crash] = field(default_factory=list)
    slowest_s: float = 0.0  # processor time of one mail
    slowest: bytes = b""


class Traveller:
    """Sends mails down the whole path of one desk."""

    def __init__(self, works: Works) -> None:
        self._works = works
        desks = tuple(replace(desk, rules=(), checklists=()) for desk in works.policy.desks)
        self._policy = replace(works.policy, desks=desks)  # the rules look at every word: a third of the time
        self._source = source_of(works.config.mailboxes[0])
        self._uids = count(1)

    def decide(self, raw: bytes) -> Decision:
        """Read and decide, on a desk that knows nothing; AssertionError where the decision breaks a promise."""
        inbound = read(raw)
        arrival = self._source.arrival(self._mail(raw))
        wanted(inbound, self._policy, arrival)
        decision = decide(inbound, Facts(), self._policy, arrival, NOW)
        _check(inbound, decision, self._policy)
        return decision

    def take(self, raw: bytes) -> None:
        """Take the mail in for good; AssertionError where it ends in quarantine."""
        (taken,) = self._works.intake.take(self._source, [self._mail(raw)])
        assert taken.error == "", taken.error

    def _mail(self, raw: bytes) -> Fetched:
        return Fetched(key=MailKey("", 0, next(self._uids)), raw=raw, arrived_at=NOW)


def _check(inbound: Inbound, decision: Decision, policy: Policy) -> None:
    """What holds for every decision, whatever the mail."""
    assert decision.reasons, "no reason"
    for letter in decision.letters:
        assert not policy.is_ours(letter.to.address), "a letter to ourselves"
        outside = letter.audience is Audience.REQUESTER
        assert decision.kind is Kind.HUMAN or not outside, "a letter to a machine"
        assert inbound.sender is not None or not outside, "a letter to nobody in particular"


@contextmanager
def traveller() -> Iterator[Traveller]:
    """A desk in a temporary folder, with the real rules, store and templates."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-fuzz-") as folder:
        file = Path(folder) / "config.toml"
        file.write_text(CONFIG, encoding="utf-8")
        nonces = count(1)
        world = World(now=lambda: NOW, random=lambda: 0.5, nonce=lambda: next(nonces).to_bytes(8).ljust(16))
        works = build(load(file, environ=os.environ), world, workers=False)
        try:
            yield Traveller(works)
        finally:
            works.close()


def travel(seed: str, go_on: Callable[[int], bool]) -> Tally:
    """Mails drawn by `seed`, as long as `go_on` of their number so far says so."""
    chance, mails, tally = Random(seed), corpus(), Tally()
    with traveller() as desk:
        while go_on(tally.mails):
            raw = mutate(chance, mails)
            began = time.process_time()
            try:
                tally.dispositions[desk.decide(raw).disposition] += 1
                if tally.mails % TAKEN == 0:
                    desk.take(raw)
            except Exception as error:  # whatever it is, it is what we look for
                tally.crashes.append(Crash(raw, f"{type(error).__name__}: {error}"))
            tally.mails += 1
            spent = time.process_time() - began
            if spent > tally.slowest_s:
                tally.slowest_s, tally.slowest = spent, raw
    return tally


def survive(seed: str, *, mails: int) -> None:
    """AssertionError with what is left of the first crashers, unless each of so many mails ends with a decision."""
    tally = travel(seed, lambda done: done < mails)
    assert [shrink(crash) for crash in different(tally.crashes)] == [], "put what is left of each into tests/corpus"
    assert sum(tally.dispositions.values()) == mails


def different(crashes: Iterable[Crash]) -> list[Crash]:
    """An example of each sort of crash: those whose messages begin alike are one."""
    return list({crash.error[:SAME]: crash for crash in crashes}.values())


def shrink(crash: Crash) -> Crash:
    """The crash with as little of its mail as still fails in the same way: whole lines first, then bytes."""
    sort = crash.error.partition(":")[0]
    with traveller() as desk:

        def fails(raw: bytes) -> bool:
            try:
                desk.decide(raw)
                desk.take(raw)
            except Exception as error:  # as above
                return type(error).__name__ == sort
            return False

        lines = _fewer(crash.raw.splitlines(keepends=True), lambda kept: fails(b"".join(kept)))
        single = [bytes([byte]) for line in lines for byte in line]
        if len(single) < 2_000:
            single = _fewer(single, lambda kept: fails(b"".join(kept)))
        return Crash(b"".join(single), crash.error)


def _fewer(pieces: list[bytes], still: Callable[[list[bytes]], bool]) -> list[bytes]:
    """A part of the pieces for which `still` holds, without any run that can be left out."""
    size = max(len(pieces) // 2, 1)
    while size:
        at = 0
        while at < len(pieces):
            fewer = pieces[:at] + pieces[at + size :]
            if still(fewer):
                pieces = fewer
            else:
                at += size
        size //= 2
    return pieces
