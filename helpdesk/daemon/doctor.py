"""`check`: everything that the desk depends on is tried out; a problem comes with its place and cure.

Config -> findings, in the order in which an administrator would look. Nothing is changed but what `run` would make
as well: the database and the folders of the mailboxes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

from helpdesk.adapters.imap import survey
from helpdesk.adapters.papers import can_draw
from helpdesk.adapters.store import SqlStore, open_store, schema_version
from helpdesk.adapters.templates import Templates
from helpdesk.config import Config, ImapMailbox, LmtpMailbox, Outdir, SmtpRelay
from helpdesk.core.outgoing import OutboxState
from helpdesk.daemon.building import account, board, mailbox, policy_of, relay_of
from helpdesk.daemon.ground import Finding, certificate, ground
from helpdesk.errors import HelpdeskError
from helpdesk.ports import Store

# A letter that waits for longer is worth a word.
STUCK_AFTER = timedelta(minutes=15)


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
            yield from ground(config.database, store, now())
            yield from _board(config, store, now())
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
            if isinstance(settings, ImapMailbox):
                ends = survey(account(settings, config.max_message_bytes)).certificate_ends
                yield from certificate(place, ends, now())
        except HelpdeskError as error:
            yield Finding(
                place, str(error), "put this right; then mail is taken in by itself", fatal=True,
                why="mail stays on the server: no tickets, no answers",
            )  # fmt: skip
        finally:
            box.close()
    yield from _relay(config, now())


def _words(config: Config) -> Iterator[Finding]:
    templates = Templates(config.templates)
    problems = templates.problems()
    for problem in problems:
        yield Finding(problem.place, problem.text, "the shipped template is used meanwhile")
    if not problems:
        yield Finding("templates", "every letter can be written")
    if any(stage.documents for desk in config.desks for pack in desk.packs for stage in pack.stages) and not can_draw():
        yield Finding("papers", "packs attach papers, and nothing can draw them", 'pip install "helpdesk[documents]"')
    rules = sum(len(pack.rules) for desk in config.desks for pack in desk.packs)
    yield Finding("rules", f"{rules} rules in the packs of {len(config.desks)} desk(s)")
    if config.trusted_authserv is None:
        yield Finding(
            "helpdesk.trusted_authserv",
            "not set: senders cannot be verified",
            "name the server whose Authentication-Results header your mail host adds",
            why="a stranger may write in anybody's name, and letters repeat the subject of whoever writes",
        )
    if not config.agents:
        yield Finding("agent", "there is no agent", "add an [[agent]] table", why="nobody is told of new tickets")


def _database(config: Config, now: Callable[[], datetime]) -> Generator[Finding, None, SqlStore | None]:
    """The open store, if it can be opened."""
    place = config.database.rpartition("@")[2]
    try:
        found, wanted = schema_version(config.database)
        store = open_store(config.database)
        policy_of(config, store, now())
    except HelpdeskError as error:
        yield Finding(
            f"database {place}", str(error), "put this right, or restore a backup", fatal=True,
            why="without it nothing is taken in and nothing is sent",
        )  # fmt: skip
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
        yield Finding("outbox", "paused", "helpdesk outbox resume", why="no letter leaves, answers of agents included")
    if failed:
        yield Finding(
            "outbox", f"{len(failed)} letter(s) failed", "helpdesk outbox; then outbox retry ID or cancel ID",
            why="their readers do not know what we wrote",
        )  # fmt: skip
    if late:
        yield Finding(
            "outbox",
            f"{len(late)} letter(s) are overdue",
            "is the daemon running? helpdesk outbox tells why",
            why="nobody sends, or the relay does not take them",
        )
    quarantined = store.quarantined()
    if quarantined:
        yield Finding(
            "quarantine",
            f"{len(quarantined)} mail(s) could not be processed",
            "helpdesk quarantine; quarantine retry ID",
            why="what their writers want is in no ticket, or only in part",
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
                why="this agent hears of nothing",
            )


def _board(config: Config, store: Store, now: datetime) -> Iterator[Finding]:
    """The folders in which tickets are cards, where the desk wants them."""
    folders = board(config, policy_of(config, store, now))
    if folders is None:
        return
    try:
        folders.open()
        yield Finding("board", "connected, logged in, folders are there")
    except HelpdeskError as error:
        yield Finding(
            "board", str(error), "put this right; then the cards come by themselves", fatal=True,
            why="cards stay as they are, and moving one orders nothing",
        )  # fmt: skip
    finally:
        folders.close()


def _relay(config: Config, now: datetime) -> Iterator[Finding]:
    if isinstance(config.sending, Outdir):
        yield Finding("smtp", f"letters are written to {config.sending.path}")
        return
    place = f"smtp {config.sending.host}:{config.sending.port}"
    try:
        ends = asyncio.run(_try(config.sending))
        yield Finding(place, "connected and ready for letters")
        yield from certificate(place, ends, now)
    except HelpdeskError as error:
        yield Finding(
            place, str(error), "put this right; then letters leave by themselves", fatal=True,
            why="letters wait in the outbox: requesters get no number and no answer",
        )  # fmt: skip


async def _try(settings: SmtpRelay) -> datetime | None:
    relay = relay_of(settings)
    try:
        return await relay.certificate_ends()
    finally:
        await relay.close()
