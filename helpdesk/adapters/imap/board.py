"""The folders of the board on an IMAP server: every mail in them is looked at, cards are put and taken away.

Cards leave by an expunge of exactly their UIDs, or are marked as deleted where the server has no UIDPLUS: a bare
EXPUNGE would remove what other people have marked. Each folder has a connection of its own that does nothing but IDLE,
up to MAX_EARS of them; what nobody hears is seen with the next look. Fails with TemporaryError or PermanentError.
Source: RFC 4315 (UIDPLUS), RFC 2177 (IDLE).
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from imapclient.exceptions import IMAPClientError

from helpdesk.adapters.imap.connection import Connection, ImapSettings
from helpdesk.adapters.imap.fetching import batches
from helpdesk.adapters.imap.mailbox import server_name
from helpdesk.core.board import Column, Seen, Spot
from helpdesk.errors import HelpdeskError, PermanentError
from helpdesk.ports.board import LyingMail

# Many servers allow ten connections of one user.
MAX_EARS = 6

# Keeps a command well below the 8,192 bytes that servers accept.
AT_ONCE = 200

# After a connection that listens has broken, it is opened again so much later (seconds).
LISTEN_AGAIN_S = 30
LISTEN_S = 600

FOLDERS = {
    Column.OUTAGE: "1 Outage",
    Column.NEW: "2 New",
    Column.MINE: "3 Mine",
    Column.WAITING: "4 Waiting",
    Column.CLOSED: "5 Closed",
}

_NAME = "BODY[HEADER.FIELDS (MESSAGE-ID)]"


class ImapBoard:
    """The Board of `helpdesk.ports.board`, below the folder `root` of the account of `settings`."""

    def __init__(self, settings: ImapSettings, spots: Sequence[Spot], root: str) -> None:
        self._settings = settings
        self._spots = spots
        self._root = root
        self._connection = Connection(settings)
        self._folders: dict[Spot, str] = {}
        self._rung = threading.Event()
        self._ears: list[_Ear] = []

    def open(self) -> None:
        self.close()
        self._connection.open()
        with self._connection.exchange("preparing the folders of the board") as client:
            self._folders = {spot: server_name(client, folder_of(spot, self._root)) for spot in self._spots}
            for folder in self._folders.values():
                if client.folder_exists(folder):
                    continue
                try:
                    client.create_folder(folder)
                except IMAPClientError as error:
                    raise PermanentError(
                        f"{self._connection.server}: folder {folder} of the board may not be created: {error}. "
                        f"Create it by hand, or name another folder under [board]"
                    ) from error
                client.subscribe_folder(folder)
        self._ears = [_Ear(self._settings, folder, self._rung) for folder in list(self._folders.values())[:MAX_EARS]]

    def look(self) -> Sequence[LyingMail]:
        lying: list[LyingMail] = []
        for spot, folder in self._folders.items():
            with self._connection.exchange(f"looking into {folder}") as client:
                client.select_folder(folder)
                answers = {}
                for some in batches(client.search("ALL"), AT_ONCE):
                    answers.update(client.fetch(some, ["FLAGS", _NAME.replace("BODY", "BODY.PEEK")]))
            for uid, answer in answers.items():
                name = (answer.get(_NAME.encode()) or b"").decode("ascii", "replace")
                lying.append(LyingMail(spot, uid, name, b"\\Deleted" in answer.get(b"FLAGS", ())))
        return lying

    def put(self, at: Spot, raw: bytes, marks: Sequence[str], arrived_at: datetime) -> None:
        with self._connection.exchange(f"laying a card into {self._folders[at]}") as client:
            client.append(self._folders[at], raw, [mark.encode() for mark in marks], arrived_at)

    def remove(self, cards: Sequence[Seen]) -> None:
        by_spot: dict[Spot, list[int]] = defaultdict(list)
        for card in cards:
            by_spot[card.at].append(card.uid)
        for spot, uids in by_spot.items():
            with self._connection.exchange(f"taking cards out of {self._folders[spot]}") as client:
                client.select_folder(self._folders[spot])
                client.add_flags(uids, [b"\\Deleted"], silent=True)
                if client.has_capability("UIDPLUS"):
                    client.uid_expunge(uids)

    def wait(self, timeout_s: float) -> None:
        self._rung.wait(timeout_s)
        self._rung.clear()

    def wake(self) -> None:
        self._rung.set()

    def close(self) -> None:
        for ear in self._ears:
            ear.stop()
        self._ears = []
        self._connection.close()


class _Ear:
    """A connection that waits in one folder and rings when a card comes there."""

    def __init__(self, settings: ImapSettings, folder: str, rung: threading.Event) -> None:
        self._folder = folder
        self._rung = rung
        self._connection = Connection(settings)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"board-{folder}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the connection and its thread."""
        self._stopping.set()
        self._connection.wake()
        self._thread.join()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            # Trouble with the server is told by the connection that looks into the folders.
            with contextlib.suppress(HelpdeskError):
                self._connection.open()
                while not self._stopping.is_set():
                    with self._connection.exchange("opening a folder of the board") as client:
                        client.select_folder(self._folder, readonly=True)
                    if self._connection.wait(LISTEN_S):
                        self._rung.set()
            self._connection.close()
            self._stopping.wait(LISTEN_AGAIN_S)


def folder_of(spot: Spot, root: str) -> str:
    """The folder's path, levels apart by "/". What separates levels on some server cannot stand in an agent's name."""
    folder = f"{root}/{FOLDERS[spot.column]}"
    name = " ".join(re.sub(r"[\x00-\x1f\x7f/.\\%*]", " ", spot.agent).split())
    return f"{folder}/{name}" if name else folder
