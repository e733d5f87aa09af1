"""An in-memory Mailbox that passes the same contract suite as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from helpdesk.ports import Cursor, Fetched, MailKey, Place, Waiting

NEWEST = 50
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class FakeMailbox:
    """Mail of one folder with UIDs. `arrive` is the server's side; `error`, when set, is what every call raises."""

    def __init__(self, name: str = "support", *, folder: str = "INBOX", validity: int = 1) -> None:
        self.name = name
        self.folder = folder
        self.validity = validity
        self.inbox: dict[int, Fetched] = {}
        self.places: dict[Place, list[Fetched]] = {place: [] for place in Place}
        self.max_bytes = 25 * 1024 * 1024
        self.without_payload: set[int] = set()  # announced, not yet readable
        self.error: Exception | None = None
        self._next_uid = 1
        self._announced = False
        self._rung = threading.Event()

    def arrive(self, raw: bytes, arrived_at: datetime, *envelope_to: str) -> MailKey:
        """A mail lies in the folder from now on."""
        key = MailKey(self.folder, self.validity, self._next_uid)
        self.inbox[key.uid] = Fetched(key=key, raw=raw, arrived_at=arrived_at, envelope_to=envelope_to)
        self._next_uid += 1
        self._announced = True
        self._rung.set()
        return key

    def connect(self, cursor: Cursor | None) -> Cursor:
        self._raise_error()
        if cursor is not None and cursor.validity == self.validity:
            return cursor
        since = BEGINNING if cursor is None else cursor.since
        return Cursor(folder=self.folder, validity=self.validity, uid=0, since=since)

    def waiting(self, cursor: Cursor, limit: int) -> Waiting:
        self._raise_error()
        mails = [mail for uid, mail in self.inbox.items() if uid > cursor.uid and mail.arrived_at >= cursor.since]
        keys = [mail.key for mail in mails]
        return Waiting(
            keys=keys[:limit],
            count=len(keys),
            next=replace(cursor, uid=keys[:limit][-1].uid if keys else cursor.uid),
            newest=replace(cursor, uid=keys[-NEWEST - 1].uid if len(keys) > NEWEST else cursor.uid),
        )

    def left_behind(self, cursor: Cursor, limit: int) -> Sequence[MailKey]:
        self._raise_error()
        lying = [mail.key for uid, mail in self.inbox.items() if uid <= cursor.uid and mail.arrived_at >= cursor.since]
        return lying[::-1][:limit]

    def fetch(self, keys: Sequence[MailKey]) -> Sequence[Fetched]:
        self._raise_error()
        readable = [key for key in keys if key.validity == self.validity and key.uid not in self.without_payload]
        return [self._given(self.inbox[key.uid]) for key in readable if key.uid in self.inbox]

    def _given(self, mail: Fetched) -> Fetched:
        if len(mail.raw) <= self.max_bytes:
            return mail
        head, end, _ = bytes(mail.raw).partition(b"\r\n\r\n")
        return replace(mail, raw=head + end, too_large=len(mail.raw))

    def settle(self, keys: Sequence[MailKey], place: Place) -> None:
        self._raise_error()
        for key in keys:
            if key.validity == self.validity and key.uid in self.inbox:
                self.places[place].append(self.inbox.pop(key.uid))

    def wait(self, timeout_s: float) -> bool:
        self._raise_error()
        self._rung.wait(timeout_s)
        self._rung.clear()
        announced, self._announced = self._announced, False
        return announced

    def wake(self) -> None:
        self._rung.set()

    def close(self) -> None:
        pass

    def _raise_error(self) -> None:
        if self.error is not None:
            raise self.error
