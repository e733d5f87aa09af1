"""The leases on mailboxes: taken, renewed, given back, and checked by every commit of their holder.

Times are those of the database's clock, so that daemons on machines whose clocks differ agree. A row stays for ever:
its token never falls.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import LEASE, insert
from helpdesk.core.lease import Lease
from helpdesk.errors import LeaseLostError

# Seconds since 1970, by the clock of the database.
_CLOCKS = {
    "sqlite": sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Float),
    "postgresql": sa.literal_column("extract(epoch FROM clock_timestamp())", sa.Float),
}


def take(connection: Connection, mailbox: str, holder: str, seconds: float) -> Lease | None:
    """The lease, ours from now for so many seconds; None while it is somebody else's. Taking one's own renews it."""
    now = _CLOCKS[connection.dialect.name]
    new = insert(LEASE).values(mailbox=mailbox, holder=holder, token=1, expires_at=now + seconds)
    is_ours = LEASE.c.holder == new.excluded.holder
    statement = new.on_conflict_do_update(
        index_elements=["mailbox"],
        set_={
            "holder": new.excluded.holder,
            "token": LEASE.c.token + sa.case((is_ours, 0), else_=1),
            "expires_at": new.excluded.expires_at,
        },
        where=sa.or_(is_ours, LEASE.c.expires_at <= now),
    ).returning(LEASE.c.token)
    token = connection.execute(statement).scalar_one_or_none()
    return None if token is None else Lease(mailbox, holder, token)


def give_back(connection: Connection, lease: Lease) -> None:
    """Whoever asks next gets it."""
    connection.execute(sa.update(LEASE).where(_is(lease)).values(expires_at=0))


def give_back_all(connection: Connection) -> None:
    """Those who held leases are known to be dead."""
    connection.execute(sa.update(LEASE).values(expires_at=0))


def held(connection: Connection) -> Sequence[str]:
    """The mailboxes that daemons read now."""
    now = _CLOCKS[connection.dialect.name]
    return connection.execute(sa.select(LEASE.c.mailbox).where(LEASE.c.expires_at > now)).scalars().all()


def fence(connection: Connection, lease: Lease) -> None:
    """LeaseLostError when somebody else has taken it. Otherwise nobody can before this transaction ends."""
    held = sa.select(LEASE.c.token).where(_is(lease)).with_for_update()
    if connection.execute(held).first() is None:
        raise LeaseLostError(f"mailbox {lease.mailbox} is read by another daemon now")


def _is(lease: Lease) -> sa.ColumnElement[bool]:
    return sa.and_(LEASE.c.mailbox == lease.mailbox, LEASE.c.holder == lease.holder, LEASE.c.token == lease.token)
