"""`check`: everything that the desk depends on is tried out; each problem comes with its place and its cure.

Config -> findings, in the order in which an administrator would look. Nothing is changed but what `run` would make
as well: the database and the folders of the mailboxes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from helpdesk.adapters.store import open_store, schema_version
from helpdesk.adapters.templates import Templates
from helpdesk.config import Config, LmtpMailbox, Outdir
from helpdesk.core.outgoing import OutboxState
from helpdesk.daemon.building import mailbox, policy_of, transport
from helpdesk.errors import HelpdeskError
from helpdesk.ports import Store

# A letter that waits for longer is worth a word.
STUCK_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. `cure` is empty where all is well; `fatal` where mail does not flow."""

    place: str
    found: str
    cure: str = ""
    fatal: bool = False


def examine(config: Config, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Try everything out, slow things last; yields each finding as soon as it is known."""
    yield Finding(
        str(config.file), f"configuration read: {len(config.mailboxes)} mailbox(es), {len(config.desks)} desk(s)"
    )
    yield from _words(config)
    store = yield from _database(config, now)
    if store is not None:
        with closing(store):
            yield from _waiting(store, now())
            yield from _muted(config, store, now())
    for settings in config.mailboxes:
        place = f"mailbox {settings.name}"
        if isinstance(settings, LmtpMailbox):
            yield Finding(place, f"listens on {settings.listen}")
            continue
        box = mailbox(settings, now, config.max_message_bytes)
        if box is None:
            continue
        try:
            box.connect(None)
            yield Finding(place, "connected, logged in, folders are there")
        except HelpdeskError as error:
            yield Finding(place, str(error), "mail stays on the server until this is put right", fatal=True)
        finally:
            box.close()
    yield from _relay(config)


def _words(config: Config) -> Iterator[Finding]:
    templates = Templates(config.templates)
    problems = templates.problems()
    for problem in problems:
        yield Finding(problem.place, problem.text, "the shipped template is used meanwhile")
    if not problems:
        yield Finding("templates", "every letter can be written")
    rules = sum(len(pack.rules) for desk in config.desks for pack in desk.packs)
    yield Finding("rules", f"{rules} rules in the packs of {len(config.desks)} desk(s)")
    if config.trusted_authserv is None:
        yield Finding(
            "helpdesk.trusted_authserv",
            "not set: senders cannot be verified, letters repeat the subject of anybody who writes",
            "name the server whose Authentication-Results header your mail host adds",
        )
    if not config.agents:
        yield Finding("agent", "there is no agent: nobody is told of new tickets", "add an [[agent]] table")


def _database(config: Config, now: Callable[[], datetime]) -> Generator[Finding, None, Store | None]:
    """The open store, if it can be opened."""
    place = config.database.rpartition("@")[2]
    try:
        found, wanted = schema_version(config.database)
        store = open_store(config.database)
        policy_of(config, store, now())
    except HelpdeskError as error:
        yield Finding(f"database {place}", str(error), "nothing is taken in until this is put right", fatal=True)
        return None
    was = "was made just now" if not found else f"had schema {found}"
    yield Finding(f"database {place}", f"{was}; this program wants schema {wanted}; it is there")
    return store


def _waiting(store: Store, now: datetime) -> Iterator[Finding]:
    entries = store.outbox()
    failed = [entry for entry in entries if entry.state is OutboxState.FAILED]
    late = [
        entry
        for entry in entries
        if entry.state is OutboxState.QUEUED and entry.next_attempt_at and now - entry.next_attempt_at > STUCK_AFTER
    ]
    if store.paused():
        yield Finding("outbox", "paused: no letter leaves", "helpdesk outbox resume")
    if failed:
        yield Finding("outbox", f"{len(failed)} letter(s) failed", "helpdesk outbox; then outbox retry ID or cancel ID")
    if late:
        yield Finding(
            "outbox", f"{len(late)} letter(s) are overdue", "is the daemon running? helpdesk outbox tells why"
        )
    quarantined = store.quarantined()
    if quarantined:
        yield Finding(
            "quarantine",
            f"{len(quarantined)} mail(s) could not be processed",
            "helpdesk quarantine; quarantine retry ID",
        )


def _muted(config: Config, store: Store, now: datetime) -> Iterator[Finding]:
    """Agents who get no notifications, because letters to them come back."""
    with store.unit() as unit:
        policy = replace(policy_of(config, store, now), came_back=unit.came_back())
    for agent in policy.agents:
        if policy.is_muted(agent):
            address = agent.addresses[0]
            yield Finding(
                "agent",
                f"{agent.name}: letters to {address} come back, so no more are sent there",
                f"correct the address, or helpdesk unmute {address}",
            )


def _relay(config: Config) -> Iterator[Finding]:
    if isinstance(config.sending, Outdir):
        yield Finding("smtp", f"letters are written to {config.sending.path}")
        return
    place = f"smtp {config.sending.host}:{config.sending.port}"
    try:
        asyncio.run(_try(config))
        yield Finding(place, "connected and ready for letters")
    except HelpdeskError as error:
        yield Finding(place, str(error), "letters wait in the outbox until this is put right", fatal=True)


async def _try(config: Config) -> None:
    relay = transport(config)
    try:
        await relay.probe()
    finally:
        await relay.close()
