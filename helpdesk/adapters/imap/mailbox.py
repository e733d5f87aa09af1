"""Mails of an IMAP folder by UID: which ones wait, what they are, where they go once they are settled.

Mail is only ever peeked at, and leaves the folder by MOVE, by COPY with an expunge of exactly its UIDs, or not at all:
a bare EXPUNGE would remove what other people have marked. A mail that arrived before `Cursor.since` is left alone;
the first start with "new" takes `since` from the newest mail that lies there, so that only the server's clock counts.

Fails with TemporaryError (connect again) or PermanentError, see `connection`.
Source: RFC 9051 (UIDs 2.3.1.1, SEARCH 6.4.4), RFC 6851 (MOVE), RFC 4315 (UIDPLUS), RFC 2342 (NAMESPACE).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, IMAPClientReadOnlyError

from helpdesk.adapters.imap.connection import Connection, ImapSettings
from helpdesk.adapters.imap.fetching import Fetching, arrived_at, batches
from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.ports import Cursor, Fetched, MailKey, Place, Waiting

MOVE_MAILS = 200  # keeps a command well below the 8,192 bytes that servers accept
# The answer to a SEARCH is one line, and imaplib refuses lines beyond 1,000,000 bytes; a UID takes up to 11.
SEARCH_MAILS = 50_000
NEWEST = 50  # so many mails, or fewer where there are gaps, need not wait until a backlog is worked through
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

# How a settled mail is marked where it can be neither moved nor removed.
KEYWORDS = {Place.DONE: b"$HelpdeskDone", Place.QUARANTINE: b"$HelpdeskQuarantine"}


class _Removal(Enum):
    """How settled mail leaves the folder on this server."""

    MOVE = "one command"
    EXPUNGE = "a copy, and an expunge of exactly these UIDs"
    KEYWORD = "it stays, marked with a keyword"
    NONE = "it stays"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Selected:
    """What the server said about the folder when it was opened."""

    validity: int
    mails: int
    next_uid: int | None
    removal: _Removal

    def has_news_since(self, earlier: _Selected) -> bool:
        """Whether mail has come since; without UIDNEXT the number of mails has to tell."""
        return self.next_uid != earlier.next_uid or self.mails > earlier.mails


class ImapMailbox:
    """The Mailbox of `helpdesk.ports` on an IMAP server."""

    def __init__(self, settings: ImapSettings, *, now: Callable[[], datetime]) -> None:
        self.name = settings.name
        self._settings = settings
        self._now = now
        self._connection = Connection(settings)
        self._folder = settings.folder
        self._places: dict[Place, str] = {}
        self._validity = 0
        self._removal = _Removal.NONE
        self._looked: _Selected | None = None  # the folder when it was last searched for waiting mail
        self._fetching = Fetching(settings, self._connection, now=now)

    def connect(self, cursor: Cursor | None) -> Cursor:
        self.close()
        self._looked = None
        self._connection.open()
        with self._connection.exchange("preparing its folders") as client:
            self._folder = server_name(client, self._settings.folder)
            self._places = {
                Place.DONE: server_name(client, self._settings.done_folder),
                Place.QUARANTINE: server_name(client, self._settings.quarantine_folder),
            }
            selected = self._select(client)
            self._validity, self._removal = selected.validity, selected.removal
            for folder in self._places.values():
                self._ensure_folder(client, folder)
            return self._starting_cursor(client, selected, cursor)

    def wait(self, timeout_s: float) -> bool:
        # What was announced between two commands since the last look is not announced again.
        with self._connection.exchange("looking whether mail has come") as client:
            selected = self._select(client)
        if self._looked is None or selected.has_news_since(self._looked):
            return True
        return self._connection.wait(timeout_s)

    def wake(self) -> None:
        self._connection.wake()

    def close(self) -> None:
        self._connection.close()

    # --- folders ----------------------------------------------------------------------------------

    def _select(self, client: Any) -> _Selected:
        """Open the folder for reading and moving; said anew before each look, so that the count of mails is fresh."""
        at = f"{self._connection.server}: folder {self._folder}"
        try:
            answer = client.select_folder(self._folder)
        except IMAPClientReadOnlyError as error:
            raise PermanentError(
                f"{at} is read-only for {self._settings.user}, so that settled mail could not be moved away; "
                f"grant this user the right to delete there"
            ) from error
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            names = ", ".join(name for _, _, name in client.list_folders())
            raise PermanentError(f"{at} cannot be opened: {error}. The folders there are: {names}") from error
        if not answer.get(b"UIDVALIDITY"):
            raise PermanentError(f"{at} has no UIDVALIDITY, so that its mails cannot be told apart; use another server")
        flags = answer.get(b"PERMANENTFLAGS", (b"\\Deleted", b"\\*"))  # unsaid: all (RFC 9051 section 7.1)
        return _Selected(
            validity=answer[b"UIDVALIDITY"],
            mails=answer[b"EXISTS"],
            next_uid=answer.get(b"UIDNEXT"),
            removal=_removal(client, flags),
        )

    def _reselect(self, client: Any, validity: int) -> _Selected:
        selected = self._select(client)
        if selected.validity != validity:
            raise TemporaryError(f"{self._connection.server}: UIDVALIDITY of {self._folder} changed; connect again")
        return selected

    def _ensure_folder(self, client: Any, folder: str) -> None:
        if client.folder_exists(folder):
            return
        try:
            client.create_folder(folder)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            if client.folder_exists(folder):  # somebody else was faster
                return
            raise PermanentError(
                f"{self._connection.server}: folder {folder} is missing and may not be created: {error}. Create it by "
                f"hand, or name another one in done_folder and quarantine_folder"
            ) from error
        client.subscribe_folder(folder)  # so that people see it in their mail programs

    def _starting_cursor(self, client: Any, selected: _Selected, cursor: Cursor | None) -> Cursor:
        first_start = self._settings.first_start
        if cursor is not None and cursor.folder == self._settings.folder:
            if cursor.validity == selected.validity:
                return cursor
            # All UIDs have changed meaning: what came since the first start is looked at again, and known mail is
            # recognised by its content.
            return self._cursor(selected, uid=0, since=cursor.since)
        if first_start == "all":
            return self._cursor(selected, uid=0, since=BEGINNING)
        if isinstance(first_start, timedelta):
            return self._cursor(selected, uid=0, since=self._now() - first_start)
        if not selected.mails:
            return self._cursor(selected, uid=(selected.next_uid or 1) - 1, since=BEGINNING)
        newest = max(client.search(["UID", "*"]), default=0)
        uid = newest if selected.next_uid is None else selected.next_uid - 1
        return self._cursor(selected, uid=uid, since=self._arrivals(client, [newest]).get(newest, self._now()))

    def _cursor(self, selected: _Selected, *, uid: int, since: datetime) -> Cursor:
        return Cursor(folder=self._settings.folder, validity=selected.validity, uid=uid, since=since)

    # --- finding ----------------------------------------------------------------------------------

    def waiting(self, cursor: Cursor, limit: int) -> Waiting:
        found: list[int] = []
        reached, later = cursor.uid, 0
        with self._connection.exchange("looking for mail") as client:
            selected = self._looked = self._reselect(client, cursor.validity)
            if selected.next_uid is None or selected.next_uid - 1 > cursor.uid:
                for block in _uid_blocks(client, selected.mails):
                    if len(found) >= limit:
                        later += block.mails
                    elif block.high is None or block.high > cursor.uid:
                        found += self._search(client, max(block.low, cursor.uid + 1), block.high, cursor.since)
                        reached = max(reached, block.high or 0, *found[-1:])
        last = reached if selected.next_uid is None else selected.next_uid - 1
        if len(found) > limit:
            reached = found[limit - 1]
        return Waiting(
            keys=[MailKey(cursor.folder, cursor.validity, uid) for uid in found[:limit]],
            count=len(found) + later,
            next=replace(cursor, uid=reached),
            newest=replace(cursor, uid=max(cursor.uid, last - NEWEST)),
        )

    def left_behind(self, cursor: Cursor, limit: int) -> Sequence[MailKey]:
        if self._removal in (_Removal.KEYWORD, _Removal.NONE):
            return []  # everything stays behind here, and a second try would not change it
        found: list[int] = []
        with self._connection.exchange("looking for settled mail") as client:
            selected = self._reselect(client, cursor.validity)
            for block in reversed(_uid_blocks(client, selected.mails)):
                if block.low <= cursor.uid and len(found) < limit:
                    block_end = cursor.uid if block.high is None else min(block.high, cursor.uid)
                    found += reversed(self._search(client, block.low, block_end, cursor.since))
        return [MailKey(cursor.folder, cursor.validity, uid) for uid in found[:limit]]

    def _search(self, client: Any, low: int, high: int | None, since: datetime) -> list[int]:
        """UIDs from `low` to `high` (None: the last) that arrived at or after `since`, ascending.

        SEARCH compares days, in a zone of the server's choice. So mails near the day of `since` are asked for their
        exact arrival; those of two days later and beyond are not, which soon is all of them.
        """
        if since == BEGINNING:
            return _search_range(client, low, high, None)
        candidates = _search_range(client, low, high, since - timedelta(days=1))
        if not candidates:
            return []
        later = set(_search_range(client, low, high, since + timedelta(days=2)))
        arrivals = self._arrivals(client, [uid for uid in candidates if uid not in later])
        return [uid for uid in candidates if uid in later or arrivals.get(uid, since) >= since]

    def _arrivals(self, client: Any, uids: Sequence[int]) -> dict[int, datetime]:
        """INTERNALDATE by UID, as far as the server gave one; never later than now."""
        answers = {}
        for batch in batches(uids, MOVE_MAILS):
            answers.update(client.fetch(batch, ["INTERNALDATE"]))
        now = self._now()
        return {uid: arrived_at(answer, now) for uid, answer in answers.items() if answer.get(b"INTERNALDATE")}

    # --- fetching and settling --------------------------------------------------------------------

    def fetch(self, keys: Sequence[MailKey]) -> Sequence[Fetched]:
        fetched = {}
        for uid, (raw, at, too_large) in self._fetching.fetch(self._uids(keys)).items():
            key = MailKey(self._settings.folder, self._validity, uid)
            fetched[uid] = Fetched(key=key, raw=raw, arrived_at=at, too_large=too_large)
        return [fetched[key.uid] for key in keys if key.uid in fetched]

    def settle(self, keys: Sequence[MailKey], place: Place) -> None:
        with self._connection.exchange(f"moving mail to {self._places.get(place)}") as client:
            for batch in batches(self._uids(keys), MOVE_MAILS):
                try:
                    self._settle_batch(client, batch, place)
                except IMAPClientError as error:
                    if "TRYCREATE" not in str(error):
                        raise
                    self._ensure_folder(client, self._places[place])  # deleted since we connected
                    self._settle_batch(client, batch, place)

    def _settle_batch(self, client: Any, uids: Sequence[int], place: Place) -> None:
        match self._removal:
            case _Removal.MOVE:
                client.move(uids, self._places[place])
            case _Removal.EXPUNGE:
                # Those marked already were copied by a try that broke off: they get no second copy.
                flags = client.get_flags(uids)
                if fresh := [uid for uid in flags if b"\\Deleted" not in flags[uid]]:
                    client.copy(fresh, self._places[place])
                    client.add_flags(fresh, [b"\\Deleted"], silent=True)
                client.uid_expunge(uids)
            case _Removal.KEYWORD:
                client.add_flags(uids, [KEYWORDS[place]], silent=True)
            case _Removal.NONE:
                pass

    def _uids(self, keys: Sequence[MailKey]) -> list[int]:
        """The UIDs of those keys that still name mails: after a change of UIDVALIDITY the old ones name others."""
        return [key.uid for key in keys if key.validity == self._validity]


def _removal(client: Any, permanent_flags: Sequence[bytes]) -> _Removal:
    """The best way that the server offers. A copy that could not be expunged would be made again and again."""
    if client.has_capability("MOVE"):
        return _Removal.MOVE
    if client.has_capability("UIDPLUS") and b"\\Deleted" in permanent_flags:
        return _Removal.EXPUNGE
    return _Removal.KEYWORD if b"\\*" in permanent_flags else _Removal.NONE


def server_name(client: Any, name: str) -> str:
    """A configured folder, levels apart by "/", in the server's own hierarchy: perhaps `INBOX.Helpdesk.Done`."""
    if name.upper() == "INBOX":
        return "INBOX"
    prefix, separator = "", ""
    if client.has_capability("NAMESPACE") and (personal := client.namespace().personal):
        prefix, separator = personal[0]
    elif root := client.list_folders("", ""):
        separator = (root[0][1] or b"").decode("ascii", "replace")
    local = name.replace("/", separator) if separator else name
    return local if local.startswith(prefix) else prefix + local


@dataclass(frozen=True, slots=True)
class _Block:
    """UIDs from `low` to `high` (None: to the last), of about so many mails."""

    low: int
    high: int | None
    mails: int


def _uid_blocks(client: Any, mails: int) -> list[_Block]:
    """Blocks of UIDs, ascending and without a gap, with about SEARCH_MAILS mails each; the last one is open.

    The borders are found by position. A mail expunged meanwhile shifts a border, which does no harm.
    """
    blocks: list[_Block] = []
    low = 1
    for position in range(SEARCH_MAILS, mails, SEARCH_MAILS):
        border: int = client.search([str(position)])[0]
        blocks.append(_Block(low, border, SEARCH_MAILS))
        low = border + 1
    return [*blocks, _Block(low, None, mails - SEARCH_MAILS * len(blocks))]


def _search_range(client: Any, low: int, high: int | None, since: datetime | None) -> list[int]:
    criteria: list[object] = ["UID", f"{low}:{high or '*'}"]
    if since is not None:
        criteria += ["SINCE", since.date()]
    # A range that ends in "*" always holds the last mail, even where its UID is below the beginning.
    return sorted(uid for uid in client.search(criteria) if uid >= low)
