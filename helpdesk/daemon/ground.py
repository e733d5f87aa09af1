"""The ground that a desk stands on: disk, clock, the soundness of its database, certificates that end.

Findings for `check`. A good one says so; another one says what it means and what to do. Nothing is changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from helpdesk.adapters.store import SqlStore
from helpdesk.errors import HelpdeskError

SQLITE = "sqlite:///"

# Below the first nothing can be kept for long; the second leaves room for a migration or a backup beside the file.
LEAST_FREE_BYTES, ENOUGH_BYTES = 100_000_000, 1_000_000_000

# SQLite reads its whole file to judge it, some hundred megabytes a second. `verify` does it whatever the size.
LOOKED_THROUGH_BYTES = 1_000_000_000

# Whoever renews certificates by program does so a month before they end: then something is stuck.
CERTIFICATE_LEFT = timedelta(days=14)

# Clocks of mail servers, whose times we keep, differ from ours by less.
CLOCK_ERROR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. `cure` is empty where all is well; `fatal` where mail does not flow."""

    place: str
    found: str
    cure: str = ""
    fatal: bool = False
    why: str = ""


def ground(url: str, store: SqlStore, now: datetime) -> Iterator[Finding]:
    """What is under the database at `url`, which is open."""
    if url.startswith(SQLITE):
        file = Path(url.removeprefix(SQLITE))
        yield disk(file.parent, shutil.disk_usage(file.parent).free, file.stat().st_size)
        yield from soundness(file.stat().st_size, store)
    yield clock(store.latest_time(), now)


def disk(folder: Path, free: int, size: int) -> Finding:
    """Is there room? `free` and `size`, of the database, in bytes."""
    found = f"{free / 1e9:.1f} GB free, the database has {size / 1e9:.1f} GB"
    if free < LEAST_FREE_BYTES:
        return Finding(
            f"disk {folder}", found, "make room at once", fatal=True,
            why="when it is full, mail stays on the server and letters are not sent",
        )  # fmt: skip
    if free < max(size, ENOUGH_BYTES):
        return Finding(
            f"disk {folder}",
            found,
            "make room",
            why="an upgrade or a backup may need as much as the database has",
        )
    return Finding(f"disk {folder}", found)


def clock(latest: datetime | None, now: datetime) -> Finding:
    """Has the clock been set back? `latest` is the newest moment that the desk knows of."""
    if latest is None or latest - now <= CLOCK_ERROR:
        return Finding("clock", f"{now:%Y-%m-%d %H:%M} UTC, not before what is kept")
    return Finding(
        "clock",
        f"{now:%Y-%m-%d %H:%M} UTC, but something here is of {latest:%Y-%m-%d %H:%M}",
        "set the clock right (timedatectl), and keep it so by NTP",
        why="reminders and letters wait until the clock has caught up, and secrets are judged by it",
    )


def certificate(place: str, ends: datetime | None, now: datetime) -> Iterator[Finding]:
    """Does the certificate of a server hold for long enough? None: there is none."""
    if ends is None:
        return
    found = f"its certificate ends on {ends:%Y-%m-%d}"
    if ends - now >= CERTIFICATE_LEFT:
        yield Finding(place, found)
        return
    yield Finding(
        place, found, "have it renewed by whoever runs that server",
        why="from then on no connection is made: mail is neither read nor sent there",
    )  # fmt: skip


def soundness(size: int, store: SqlStore) -> Iterator[Finding]:
    """Is the file of `size` bytes as SQLite wrote it? Not looked at where that takes long."""
    if size > LOOKED_THROUGH_BYTES:
        yield Finding("database", "too large to be looked through here; `helpdesk verify` does it")
        return
    try:
        with store.records() as records:
            damage = list(records.damage())
    except HelpdeskError as error:  # so damaged that it cannot even be looked through
        damage = [str(error)]
    if not damage:
        yield Finding("database", "sound")
    for one in damage:
        yield Finding(
            "database", one, "stop the daemon, keep a copy of the database, restore a backup", fatal=True,
            why="what is written to a damaged file may be lost",
        )  # fmt: skip
