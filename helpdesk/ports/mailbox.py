"""Where mail waits, and what reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from helpdesk.core.message import Inbound, Sketch
from helpdesk.raw import Raw, digest


@dataclass(frozen=True, slots=True)
class MailKey:
    """Names one mail of one mailbox for ever (RFC 9051 section 2.3.1.1 for IMAP).

    Sources without UIDs use 63 bits of a hash as `uid` and 0 as `validity`.
    """

    folder: str
    validity: int
    uid: int

    @classmethod
    def of_content(cls, folder: str, *content: Raw) -> MailKey:
        """The key of a mail that has no name but its bytes: the same bytes, in however many pieces, are one mail."""
        return cls(folder, 0, int(digest(*content)[:16], 16) >> 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """How far a folder has been read: every mail with a uid up to `uid` is settled.

    `since` is when this mailbox was first seen: mail that arrived before it is left alone.
    """

    folder: str
    validity: int
    uid: int
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """A mail as it came. `arrived_at` is the arrival at our server, aware UTC, never later than now.

    `too_large`: its size, where that is more than is taken; `raw` then holds the headers alone.
    """

    key: MailKey
    raw: Raw
    arrived_at: datetime
    envelope_to: tuple[str, ...] = ()
    too_large: int = 0


class Place(StrEnum):
    """Where a settled mail goes on the server."""

    DONE = "done"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """The oldest mail that waits behind a cursor: `keys`, oldest first, and how to find the rest.

    `count`: how many mails wait in all, about, and never fewer than the keys. `next`: behind it the listing goes on.
    `newest`: behind it lie the newest mails, about as many as one batch, and whatever comes later.
    """

    keys: Sequence[MailKey]
    count: int
    next: Cursor
    newest: Cursor

    @property
    def is_all(self) -> bool:
        """Does nothing else wait?"""
        return self.count <= len(self.keys)


class Mailbox(Protocol):
    """A place where mail waits. Used by one thread only; `wake` alone may be called from another."""

    name: str

    def connect(self, cursor: Cursor | None) -> Cursor:
        """Open the mailbox and say where reading starts.

        `cursor` is what the last run left. The answer is the same when it still holds; a new one at
        the first start (by `first_start`) or when the server's UIDVALIDITY changed. Sources without
        cursors answer with uid 0.
        """

    def waiting(self, cursor: Cursor, limit: int) -> Waiting:
        """Up to `limit` mails behind the cursor, without fetching them; in little memory, however many wait."""

    def left_behind(self, cursor: Cursor, limit: int) -> Sequence[MailKey]:
        """Keys at or before the cursor that still lie in the folder, newest first: perhaps settled, not moved."""

    def fetch(self, keys: Sequence[MailKey]) -> Sequence[Fetched]:
        """The mails that could be read, in the order of `keys`; never marks them as read.

        A key may be missing from the answer: expunged meanwhile, or announced before its payload. The last
        ones are missing when the mails before them are enough for one answer: ask for them again.
        """

    def settle(self, keys: Sequence[MailKey], place: Place) -> None:
        """Move mails out of the way; only called after their commit. Doing it twice is harmless."""

    def wait(self, timeout_s: float) -> bool:
        """Block until something may have arrived (True), `wake` was called or the time is over."""

    def wake(self) -> None:
        """End a `wait` of another thread soon."""

    def close(self) -> None:
        """Leave the mailbox; never raises."""


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A file that a letter passes on. `content_id`: it was shown within the mail that it comes from.

    `left_out`: its size, where it does not fit into the letter; then it has no content here.
    """

    name: str
    type: str
    content: Raw
    content_id: str | None = None
    left_out: int = 0


class Reader(Protocol):
    """Turns bytes into an Inbound within bounds of memory and time."""

    def read(self, raws: Sequence[Raw]) -> Sequence[Inbound | Exception]:
        """One result per mail, in order. An exception means: this one killed or stalled its reader."""

    def parts(self, raw: Raw, numbers: Sequence[int], room: int) -> tuple[PassedOn, ...]:
        """These attachments of a mail, as files to pass on; one that cannot be read is missing.

        Of a file with more than `room` bytes the content may be left out.
        """

    def head(self, raw: Raw) -> bytes:
        """A mail of the same headers without any text, in bounded size."""

    def sketch(self, raw: Raw) -> Sketch:
        """What the headers say, of whatever bytes; never raises."""

    def close(self) -> None:
        """End the worker processes."""
