"""The bytes of mail that came: kept once for each content, given back as they were."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import MESSAGE, QUARANTINE, RAW, RAW_PIECE, insert
from helpdesk.adapters.store.packing import packed, unpacked
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.raw import CARRIED, Raw

_KEEP = Prepared(insert(RAW).on_conflict_do_nothing())
_KEEP_LARGE = insert(RAW).on_conflict_do_nothing().returning(RAW.c.size)


def keep(connection: Connection, sha256: str, raw: Raw) -> None:
    """These bytes are there from now on."""
    content, following = packed(raw)
    row = {"sha256": sha256, "size": len(raw), "content": content}
    if len(raw) <= CARRIED:
        _KEEP.run(connection, row)
    elif connection.execute(_KEEP_LARGE, row).first() is not None:
        for number, piece in enumerate(following, start=1):
            connection.execute(sa.insert(RAW_PIECE), {"sha256": sha256, "number": number, "content": piece})


def of_message(connection: Connection, message: int) -> Raw | None:
    """The bytes of a stored mail, None when there is no such mail."""
    return _only(connection, sa.select(MESSAGE.c.sha256).where(MESSAGE.c.id == message))


def of_quarantined(connection: Connection, entry: int) -> Raw | None:
    """The bytes of a quarantined mail, None when there is no such entry."""
    return _only(connection, sa.select(QUARANTINE.c.sha256).where(QUARANTINE.c.id == entry))


def piece(connection: Connection, sha256: str, number: int) -> bytes | None:
    """A row that follows the first one of a large mail, None where there is none."""
    found = sa.select(RAW_PIECE.c.content).where(RAW_PIECE.c.sha256 == sha256, RAW_PIECE.c.number == number)
    content: bytes | None = connection.execute(found).scalar_one_or_none()
    return content


def _only(connection: Connection, sha256: sa.Select[tuple[str]]) -> Raw | None:
    row = connection.execute(sa.select(RAW).where(RAW.c.sha256 == sha256.scalar_subquery())).one_or_none()
    return None if row is None else unpacked(row.content, partial(piece, connection, row.sha256))
