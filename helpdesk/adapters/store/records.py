"""Everything that is kept, as `verify` looks through it: one transaction, rows in streams.

SQLite checks its own file and the links between rows; PostgreSQL does so all the time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from helpdesk.adapters.store import outbox, raws, sending
from helpdesk.adapters.store.models import MESSAGE, META, OUTBOX, OUTBOX_RECIPIENT, QUARANTINE, RAW, TICKET, Direction
from helpdesk.adapters.store.packing import Following, unpacked_pieces
from helpdesk.core.audit import KeptLetter, KeptMail, KeptRaw
from helpdesk.core.decision import Filing
from helpdesk.core.outgoing import RecipientState

# Rows that are in memory at a time; each may hold a mail of many megabytes.
_AT_ONCE = 20

# Damage has no end: the first lines tell what to do.
_LINES = 20

_LETTERS = (
    sa.select(
        OUTBOX,
        MESSAGE.c.kind.label("cause_kind"),
        MESSAGE.c.sender_address.label("cause_sender"),
        sa.select(
            sa.func.aggregate_strings(
                sa.cast(OUTBOX_RECIPIENT.c.state, sa.Text) + " " + sa.cast(OUTBOX_RECIPIENT.c.address, sa.Text), "\n"
            )
        )
        .where(OUTBOX_RECIPIENT.c.letter == OUTBOX.c.id)
        .scalar_subquery()
        .label("recipients"),
    )
    .select_from(OUTBOX.outerjoin(MESSAGE, MESSAGE.c.id == OUTBOX.c.cause))
    .order_by(OUTBOX.c.created_at, OUTBOX.c.id)
)

_NOTE, _SAID = MESSAGE.alias("note"), MESSAGE.alias("said")

# An agent may well tell the requester later what was a note before; the program may not, nor may the note's own mail.
_NOTES_BESIDE_LETTERS = (
    sa.select(_NOTE.c.ticket, _NOTE.c.text.label("note"), _SAID.c.text.label("letter"))
    .select_from(_NOTE)
    .join(_SAID, sa.and_(_SAID.c.ticket == _NOTE.c.ticket, _SAID.c.direction == Direction.OUT))
    .join(OUTBOX, OUTBOX.c.message_id == _SAID.c.message_id)
    .where(
        _NOTE.c.direction == Direction.NOTE,
        _NOTE.c.filing == Filing.NOTE,
        sa.or_(OUTBOX.c.automatic.is_(True), OUTBOX.c.cause == _NOTE.c.id),
    )
)

_KEY = ("mailbox", "folder", "validity", "uid")


class SqlRecords:
    """verify.Records on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self) -> int:
        """How many raws, mails and letters there are."""
        counts = (
            sa.select(sa.func.count()).select_from(RAW),
            sa.select(sa.func.count()).select_from(MESSAGE).where(MESSAGE.c.mailbox.is_not(None)),
            sa.select(sa.func.count()).select_from(OUTBOX),
        )
        return sum(self._connection.execute(one).scalar_one() for one in counts)

    def damage(self) -> Sequence[str]:
        """What the database itself finds wrong."""
        if self._connection.dialect.name != "sqlite":
            return []
        said = self._connection.exec_driver_sql(f"PRAGMA integrity_check({_LINES})").scalars()
        broken = self._connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_LINES)
        return [line for line in said if line != "ok"] + [
            f"row {row[1]} of table {row[0]} points to a row of {row[2]} that is not there" for row in broken
        ]

    def raws(self) -> Iterator[KeptRaw]:
        """Every mail's bytes."""
        for row in self._stream(sa.select(RAW)):
            following = partial(raws.piece, self._connection, row.sha256)
            yield KeptRaw(row.sha256, row.size, _found(row.content, following))

    def mails(self) -> Iterator[KeptMail]:
        """Every mail that came and was filed."""
        columns = (MESSAGE.c.id, MESSAGE.c.kind, MESSAGE.c.disposition, MESSAGE.c.reasons)
        for row in self._stream(sa.select(*columns).where(MESSAGE.c.mailbox.is_not(None))):
            yield KeptMail(row.id, row.kind is not None and row.disposition is not None, len(row.reasons))

    def letters(self) -> Iterator[KeptLetter]:
        """Every letter, in the order in which they were made."""
        for row in self._stream(_LETTERS):
            recipients = [line.split(" ", 1) for line in (row.recipients or "").splitlines()]
            yield KeptLetter(
                id=row.id,
                audience=row.audience,
                automatic=row.automatic,
                to=row.to_address,
                created_at=row.created_at,
                state=row.state,
                next_attempt_at=row.next_attempt_at,
                recipients=frozenset(RecipientState(state) for state, _ in recipients),
                addresses=frozenset(address for _, address in recipients),
                caused=row.cause is not None,
                answers=row.cause_sender == row.to_address,
                cause=row.cause_kind,
                whole=_names(row.message_id, row.raw, partial(sending.piece, self._connection, row.id)),
            )

    def notes_beside_letters(self) -> Iterator[tuple[int, str, str]]:
        """Of each ticket: every note with every letter to the requester that it could have slipped into."""
        for row in self._stream(_NOTES_BESIDE_LETTERS):
            yield row.ticket, row.note, row.letter

    def numbers(self) -> tuple[int, int | None]:
        """The number of the next ticket, and the highest that is taken."""
        highest = self._connection.execute(sa.select(sa.func.max(TICKET.c.number))).scalar()
        return self._connection.execute(sa.select(META.c.next_number)).scalar_one(), highest

    def keys_kept_twice(self) -> Sequence[str]:
        """Mails that are both filed and in quarantine."""
        same = sa.and_(*(MESSAGE.c[name] == QUARANTINE.c[name] for name in _KEY))
        rows = self._connection.execute(sa.select(*(MESSAGE.c[name] for name in _KEY)).join(QUARANTINE, same))
        return [f"mailbox {row.mailbox}, folder {row.folder}, uid {row.uid}" for row in rows]

    def paused(self) -> bool:
        """Are letters held back?"""
        return outbox.paused(self._connection)

    def resumed_at(self) -> datetime | None:
        """When the breakers were closed by hand last."""
        resumed_at: datetime | None = self._connection.execute(sa.select(META.c.resumed_at)).scalar_one()
        return resumed_at

    def _stream(self, statement: sa.Select[Any]) -> Iterator[Row[Any]]:
        yield from self._connection.execution_options(yield_per=_AT_ONCE).execute(statement)


def _found(content: bytes, following: Following) -> tuple[str, int] | None:
    """Hash and size of the bytes that are kept; None when they cannot be unpacked."""
    found, size = sha256(), 0
    try:
        for piece in unpacked_pieces(content, following):
            found.update(piece)
            size += len(piece)
    except zlib.error:
        return None
    return found.hexdigest(), size


def _names(message_id: str, content: bytes, following: Following) -> bool:
    """Can these bytes be unpacked, to a letter with this Message-ID?"""
    try:
        pieces = unpacked_pieces(content, following)
        is_named = message_id.encode() in next(pieces)  # the header of a letter of ours is not long
        for _ in pieces:
            pass
    except zlib.error:
        return False
    return is_named
