"""A Maildir as a Mailbox: mail that a local MTA or fetcher drops into a folder of files.

`new/` and `cur/` are read; a settled file moves, unchanged, into the Maildir++ subfolders `.Helpdesk.Done` and
`.Helpdesk.Quarantine` of the same Maildir, fsynced on both sides. A mail is named by 63 bits of the hash of its unique
name, so flags that another program adds do not make it a new mail. Every mail that lies there waits: there is no
cursor, and the first start takes them all.

Fails with PermanentError where the folder is missing or not ours to write, else with TemporaryError.
Source: the Maildir convention (unique name, then ":2," and flags) and Maildir++ for the names of subfolders.
"""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.ports import Cursor, Fetched, MailKey, Place, Waiting
from helpdesk.raw import PIECE, kept

FOLDER = "INBOX"
VALIDITY = 0  # names hold for ever
FETCH_BYTES = 8_000_000  # so much is read at once, so that mails do not pile up in memory; one may be larger
SUBFOLDERS = {Place.DONE: ".Helpdesk.Done", Place.QUARANTINE: ".Helpdesk.Quarantine"}
HEADER_BYTES = 200_000  # so much of a mail that is too large is looked at for its headers
NEWEST = 50  # so many mails shall not wait until a backlog is worked through
REMEMBERED = 5_000  # so many listed files are found again without searching the folder
POLL_S = 0.2  # a look at two time stamps; short enough to feel immediate
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECOND = timedelta(microseconds=1)


class MaildirMailbox:
    """The Mailbox of `helpdesk.ports` on a Maildir. The folder has to exist; the three parts are made if missing."""

    def __init__(
        self, name: str, path: Path, *, now: Callable[[], datetime], max_bytes: int = 25 * 1024 * 1024
    ) -> None:
        self.name = name
        self._path = path
        self._now = now
        self._max_bytes = max_bytes  # of a larger mail only the headers are read
        self._woken = threading.Event()
        self._paths: dict[int, Path] = {}  # files that were listed of late
        self._seen: tuple[int, ...] = ()  # time stamps of new/ and cur/ when they were last listed

    def connect(self, cursor: Cursor | None) -> Cursor:
        with self._translated():
            if not self._path.is_dir():
                raise PermanentError(f"mailbox {self.name}: {self._path} is not a folder; create it, or correct path")
            for folder in (self._path, *(self._path / name for name in SUBFOLDERS.values())):
                for part in ("tmp", "new", "cur"):
                    (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in SUBFOLDERS.values():
                (self._path / name / "maildirfolder").touch()  # tells Maildir++ programs that this is a subfolder
        return cursor or Cursor(folder=FOLDER, validity=VALIDITY, uid=0, since=BEGINNING)

    def waiting(self, cursor: Cursor, limit: int) -> Waiting:
        since_ns = (cursor.since - BEGINNING) // _MICROSECOND * 1_000
        count, newest = 0, [0] * NEWEST

        def arrivals() -> Iterator[tuple[int, str, Path]]:
            nonlocal count
            for path in self._files():
                with suppress(FileNotFoundError):  # another program took or flagged it just now
                    status = path.stat()
                    if status.st_size and status.st_mtime_ns >= since_ns:  # an empty one is still to be written
                        count += 1
                        heapq.heappushpop(newest, status.st_mtime_ns)
                        yield status.st_mtime_ns, path.name, path

        with self._translated():
            self._seen = self._time_stamps()
            paths = {_uid(path): path for _, _, path in heapq.nsmallest(limit, arrivals())}
        if len(self._paths) > REMEMBERED:
            self._paths.clear()
        self._paths |= paths
        return Waiting(
            keys=[MailKey(FOLDER, VALIDITY, uid) for uid in paths],
            count=count,
            next=cursor,  # what was taken has left the folder
            newest=replace(cursor, since=max(cursor.since, BEGINNING + newest[0] // 1_000 * _MICROSECOND)),
        )

    def left_behind(self, cursor: Cursor, limit: int) -> Sequence[MailKey]:
        return []  # what was not moved waits again

    def fetch(self, keys: Sequence[MailKey]) -> Sequence[Fetched]:
        with self._translated():
            mails: list[Fetched] = []
            for key, path in self._named(keys):
                if (mail := self._read(key, path)) is not None:
                    mails.append(mail)
                if sum(len(mail.raw) for mail in mails) >= FETCH_BYTES:
                    break
        return mails

    def settle(self, keys: Sequence[MailKey], place: Place) -> None:
        target = self._path / SUBFOLDERS[place] / "cur"
        with self._translated():
            sources = [path for _, path in self._named(keys)]
            for source in sources:
                flagged = source.name if ":2," in source.name else f"{source.name}:2,"
                os.replace(source, target / flagged)
            for folder in {target, *(source.parent for source in sources)}:
                _fsync_folder(folder)

    def wait(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        with self._translated():
            while (remaining := deadline - time.monotonic()) > 0:
                if self._time_stamps() != self._seen:
                    return True
                if self._woken.wait(min(POLL_S, remaining)):
                    break
        self._woken.clear()
        return False

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        """Nothing is held open."""

    def _named(self, keys: Sequence[MailKey]) -> list[tuple[MailKey, Path]]:
        """The files of those keys that still have one; the folder is searched for those that were renamed."""
        ours = [key for key in keys if key.validity == VALIDITY]
        paths = {key.uid: path for key in ours if (path := self._paths.get(key.uid)) is not None and path.exists()}
        if len(paths) < len(ours):
            wanted = {key.uid for key in ours}
            paths |= {uid: path for path in self._files() if (uid := _uid(path)) in wanted}
        return [(key, paths[key.uid]) for key in ours if key.uid in paths]

    def _files(self) -> Iterator[Path]:
        for part in ("new", "cur"):
            with os.scandir(self._path / part) as entries:
                yield from (Path(entry.path) for entry in entries if not entry.name.startswith("."))

    def _read(self, key: MailKey, path: Path) -> Fetched | None:
        """The mail, or None where another program took or renamed the file, or has not yet written into it."""
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                too_large = status.st_size if status.st_size > self._max_bytes else 0
                raw = _head(file.read(HEADER_BYTES)) if too_large else kept(iter(lambda: file.read(PIECE), b""))
        except FileNotFoundError:
            return None
        arrived_at = min(datetime.fromtimestamp(status.st_mtime, UTC), self._now())
        return Fetched(key=key, raw=raw, arrived_at=arrived_at, too_large=too_large) if raw else None

    def _time_stamps(self) -> tuple[int, ...]:
        return tuple((self._path / part).stat().st_mtime_ns for part in ("new", "cur"))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise PermanentError(
                f"mailbox {self.name}: no permission for {error.filename}; let this user read and write there"
            ) from error
        except OSError as error:
            raise TemporaryError(f"mailbox {self.name}: {self._path}: {error}") from error


def _head(raw: bytes) -> bytes:
    """The headers, with the empty line behind them."""
    head, end, _ = raw.partition(b"\n\n") if b"\r\n\r\n" not in raw else raw.partition(b"\r\n\r\n")
    return head + end


def _uid(path: Path) -> int:
    """Of the name without the flags, which other programs change."""
    return MailKey.of_content(FOLDER, os.fsencode(path.name.partition(":")[0])).uid


def _fsync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
