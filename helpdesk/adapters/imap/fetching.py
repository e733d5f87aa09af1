"""Mails of an IMAP folder by UID: as they are, in batches, and within bounds of memory.

Small mails are fetched many at a time, a large one by itself and in pieces, of one that is too large only the headers.
One unreadable mail must not hold back the others: who was in a FETCH that broke is asked for alone, then left out.
A mail whose pieces break off is fetched from its beginning again; nobody gets a part of one.

Fails with TemporaryError (connect again) or PermanentError, see `connection`.
Source: RFC 9051 section 6.4.5 (BODY.PEEK[]<offset.length>).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from helpdesk.adapters.imap.connection import Connection, ImapSettings
from helpdesk.errors import TemporaryError
from helpdesk.raw import CARRIED, Raw, Spool

log = logging.getLogger(__name__)

FETCH_MAILS = 50  # measured: larger batches are no faster
FETCH_BYTES = 8_000_000  # so much is fetched at once, so that mails do not pile up in memory
PIECE_BYTES = 512 * 1024  # so much of a large mail is asked for at a time
HEADER_BYTES = 200_000  # so much of the headers of a mail that is too large itself
LONE_TRIES = 3  # so often a mail that breaks its FETCH is asked for by itself, then it is left out
FORGIVEN_AFTER = timedelta(hours=1)  # without a broken FETCH: perhaps it was the server, not the mail
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

# A mail, when it arrived, and its size where that is more than is taken: then the mail is its headers alone.
Found = tuple[Raw, datetime, int]


@dataclass(frozen=True, slots=True)
class _Sized:
    """A mail to fetch, and how large the server says it is."""

    uid: int
    size: int


class Fetching:
    """Remembers which mails broke a FETCH, over many connections."""

    def __init__(self, settings: ImapSettings, connection: Connection, *, now: Callable[[], datetime]) -> None:
        self._name = settings.name
        self._max_bytes = settings.max_bytes
        self._connection = connection
        self._now = now
        self._broken_fetches: Counter[int] = Counter()
        self._broken_at = BEGINNING

    def fetch(self, uids: Sequence[int]) -> dict[int, Found]:
        """The mails that could be read, as many as fit into memory; the last ones are missing when they do not."""
        fetched: dict[int, Found] = {}
        room = FETCH_BYTES
        for group in self._groups(uids):
            found = self._fetch_group(group)
            fetched |= found
            room -= sum(len(raw) for raw, _, _ in found.values())
            if room <= 0:
                break
        return fetched

    def _fetch_group(self, group: Sequence[_Sized]) -> dict[int, Found]:
        uids = [mail.uid for mail in group]
        try:
            with self._connection.exchange(f"fetching the mail of UID {uids[0]} and {len(uids) - 1} more") as client:
                if self._is_apart(group[0]):
                    found = self._fetch_large(client, group[0])
                else:
                    answers = client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE"])
                    found = {uid: self._found(answer, answer.get(b"BODY[]")) for uid, answer in answers.items()}
        except TemporaryError:
            self._broken_fetches.update(uids)
            self._broken_at = self._now()
            raise
        for uid in uids:
            self._broken_fetches.pop(uid, None)
        # Exchange announces a mail before its payload can be read: an empty answer is no mail.
        return {uid: mail for uid, mail in found.items() if mail[0]}

    def _fetch_large(self, client: Any, mail: _Sized) -> dict[int, Found]:
        """One mail piece by piece; the server's word on its size is no more than a guess (Exchange)."""
        if mail.size > self._max_bytes:
            return self._fetch_headers(client, mail.uid, mail.size)
        spool, length, answer = Spool(), 0, {}
        while answer := client.fetch([mail.uid], [f"BODY.PEEK[]<{length}.{PIECE_BYTES}>", "INTERNALDATE"]).get(
            mail.uid
        ):
            piece = answer.get(f"BODY[]<{length}>".encode()) or b""
            if len(piece) > PIECE_BYTES:
                raise TemporaryError(
                    f"{self._connection.server}: gave more of the mail of UID {mail.uid} than asked for"
                )
            spool.write(piece)
            length += len(piece)
            if length > self._max_bytes:
                return self._fetch_headers(client, mail.uid, length)
            if not piece or (len(piece) < PIECE_BYTES and length >= mail.size):
                return {mail.uid: self._found(answer, spool.done())}
        return {}  # expunged meanwhile

    def _fetch_headers(self, client: Any, uid: int, size: int) -> dict[int, Found]:
        """Of a mail that is too large."""
        answers = client.fetch([uid], [f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>", "INTERNALDATE"])
        return {
            uid: (*self._found(answer, answer.get(b"BODY[HEADER]<0>"))[:2], size) for uid, answer in answers.items()
        }

    def _found(self, answer: Any, raw: Raw | None) -> Found:
        return raw or b"", arrived_at(answer, self._now()), 0

    def _groups(self, uids: Sequence[int]) -> Iterator[list[_Sized]]:
        """The mails that exist, in order, in groups to fetch at once: FETCH_MAILS and FETCH_BYTES, or a single mail.

        A large mail goes alone. So does one that was in a broken FETCH; after LONE_TRIES more it does not go, until
        FORGIVEN_AFTER.
        """
        if self._now() - self._broken_at > FORGIVEN_AFTER:
            self._broken_fetches.clear()
        for batch in batches(uids, FETCH_MAILS):
            with self._connection.exchange("asking for the sizes of mails") as client:
                sizes = client.fetch(batch, ["RFC822.SIZE"])
            group: list[_Sized] = []
            room = FETCH_BYTES
            for uid in sizes:
                failures = self._broken_fetches[uid]
                if failures > LONE_TRIES:
                    log.error("mail_left_out mailbox=%s uid=%d broken_fetches=%d", self._name, uid, failures)
                    continue
                mail = _Sized(uid, sizes[uid].get(b"RFC822.SIZE") or 0)
                goes_alone = bool(failures or self._is_apart(mail))
                if group and (goes_alone or mail.size > room):
                    yield group
                    group, room = [], FETCH_BYTES
                group.append(mail)
                room = 0 if goes_alone else room - mail.size
            if group:
                yield group

    def _is_apart(self, mail: _Sized) -> bool:
        """Does it go through a file, or in no more than its headers?"""
        return mail.size > min(CARRIED, self._max_bytes)


def arrived_at(answer: Any, now: datetime) -> datetime:
    """INTERNALDATE, as far as the server gave one; never later than now."""
    arrived: datetime = answer.get(b"INTERNALDATE") or now
    return min(arrived.astimezone(UTC), now)


def batches(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """So many at a time."""
    return (uids[start : start + size] for start in range(0, len(uids), size))
