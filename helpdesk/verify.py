"""Workflow: everything that the desk has kept -> what is not as it must be, each with its cure.

What core/audit says of each record, over the whole database, as one look: mail that comes meanwhile changes nothing.
Reads everything once, in order; memory stays small. The servers' side (is each mail in the folder where it belongs,
did the relay get each letter once) needs their ledgers: the fault campaigns compare those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from helpdesk.core.audit import (
    Breakers,
    Finding,
    KeptLetter,
    KeptMail,
    KeptRaw,
    Windows,
    letter_findings,
    mail_findings,
    note_findings,
    number_findings,
    raw_findings,
)
from helpdesk.core.policy import Policy


class Records(Protocol):
    """What the desk has kept, as of one moment."""

    def count(self) -> int:
        """How many raws, mails and letters there are."""

    def damage(self) -> Sequence[str]:
        """What the database itself finds wrong with its file and with the links between its rows."""

    def raws(self) -> Iterator[KeptRaw]: ...
    def mails(self) -> Iterator[KeptMail]: ...
    def letters(self) -> Iterator[KeptLetter]:
        """In the order in which they were made."""

    def notes_beside_letters(self) -> Iterator[tuple[int, str, str]]:
        """Of each ticket: every note with every letter to the requester that it could have slipped into."""

    def numbers(self) -> tuple[int, int | None]:
        """The number of the next ticket, and the highest that is taken."""

    def keys_kept_twice(self) -> Sequence[str]:
        """Mails that are both filed and in quarantine."""

    def paused(self) -> bool: ...
    def resumed_at(self) -> datetime | None:
        """When the breakers were closed by hand last."""


class Archive(Protocol):
    """A store that can be looked through."""

    def records(self) -> AbstractContextManager[Records]:
        """Everything as of now, until the context ends."""


def verify(archive: Archive, policy: Policy, now: datetime) -> Iterator[Finding | float]:
    """Findings as they are made, and in between how much has been looked at (0.0-1.0)."""
    with archive.records() as records:
        yield from _whole(records)
        total, done = records.count() + 1, 0
        windows, breakers = Windows(policy.bounds), Breakers(policy.bounds, records.resumed_at())
        paused = records.paused()
        for raw in records.raws():
            yield from raw_findings(raw)
            yield (done := done + 1) / total
        for mail in records.mails():
            yield from mail_findings(mail)
            yield (done := done + 1) / total
        for letter in records.letters():
            yield from letter_findings(letter, policy, now, paused=paused)
            yield from windows.findings(letter)
            yield from breakers.findings(letter)
            yield (done := done + 1) / total
        for ticket, note, text in records.notes_beside_letters():
            yield from note_findings(ticket, note, text)


def _whole(records: Records) -> Iterator[Finding]:
    """The database and its counters as a whole."""
    for damage in records.damage():
        yield Finding("database", damage, "stop the daemon, keep a copy of the database, restore a backup")
    yield from number_findings(*records.numbers())
    for key in records.keys_kept_twice():
        yield Finding(key, "is filed and in quarantine", "report this; `helpdesk quarantine` shows the second copy")
