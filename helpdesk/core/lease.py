"""Who may read a mailbox, where several daemons share one database.

A lease lasts a while and is renewed long before its end; when its holder dies, another daemon takes it. Each new
holder has a higher token. What a holder commits carries the token, so that one who was believed dead (a stopped
machine, a long pause) cannot commit behind the back of its successor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

LEASE_LASTS = timedelta(seconds=40)
RENEW_EVERY = timedelta(seconds=10)

# How often a daemon that stands by looks. A dead daemon's mailbox is read again within LEASE_LASTS and this.
LOOK_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of `holder` to read a mailbox. `token` rises with every change of the holder."""

    mailbox: str
    holder: str
    token: int
