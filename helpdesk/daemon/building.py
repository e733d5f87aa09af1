"""Builds everything that works on one desk from its configuration. The only place that knows all adapters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from helpdesk.adapters.holidays import holidays_of
from helpdesk.adapters.imap import ImapBoard, ImapMailbox, ImapSettings
from helpdesk.adapters.imap import Security as ImapSecurity
from helpdesk.adapters.maildir import MaildirMailbox
from helpdesk.adapters.mime.readers import InlineReader, ProcessReader
from helpdesk.adapters.outdir import MaildirTransport
from helpdesk.adapters.papers import Papers
from helpdesk.adapters.smtp import Security as SmtpSecurity
from helpdesk.adapters.smtp import SmtpSettings, SmtpTransport
from helpdesk.adapters.store import open_store
from helpdesk.adapters.templates import Templates
from helpdesk.config import Config, LmtpMailbox, MailboxSettings, Outdir, SmtpRelay
from helpdesk.config import ImapMailbox as ImapConfig
from helpdesk.config import MaildirMailbox as MaildirConfig
from helpdesk.core.board import spots
from helpdesk.core.policy import Policy
from helpdesk.dispatch import Dispatcher
from helpdesk.intake import Intake, Source
from helpdesk.ports import Mailbox, Reader, Store, Transport
from helpdesk.postbox import Postbox
from helpdesk.upkeep import Upkeep


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What is not in the configuration: the clock, the dice, and whom to wake when a letter was queued."""

    now: Callable[[], datetime]
    random: Callable[[], float]
    nonce: Callable[[], bytes]
    on_queued: Callable[[], None] = lambda: None


@dataclass(frozen=True, kw_only=True, slots=True)
class Works:
    """Everything that works on one desk."""

    config: Config
    policy: Policy
    store: Store
    reader: Reader
    postbox: Postbox
    intake: Intake
    upkeep: Upkeep

    def close(self) -> None:
        """Leave the store and end the reader's processes."""
        self.reader.close()
        self.store.close()


def build(config: Config, world: World, *, store: Store | None = None, workers: bool = True) -> Works:
    """The works of a desk; its database is made or migrated first. `workers` False: mail is read in this process."""
    memory: Store = store or open_store(config.database)
    reader: Reader = ProcessReader() if workers else InlineReader()
    policy = policy_of(config, memory, world.now())
    templates = Templates(config.templates)
    postbox = Postbox(
        policy,
        templates,
        reader,
        key=memory.secret_key(),
        nonce=world.nonce,
        drawer=Papers(templates.paper),
    )
    return Works(
        config=config,
        policy=policy,
        store=memory,
        reader=reader,
        postbox=postbox,
        intake=Intake(
            memory,
            reader,
            postbox,
            now=world.now,
            max_bytes=config.max_message_bytes,
            on_queued=world.on_queued,
        ),
        upkeep=Upkeep(memory, postbox, now=world.now),
    )


def policy_of(config: Config, store: Store, now: datetime) -> Policy:
    """The core's view of the configuration, for the instance that this database belongs to."""
    return config.policy(instance=instance_of(store), today=now.date(), holidays_of=holidays_of)


def instance_of(store: Store) -> str:
    """What tells our own mail from that of another helpdesk: derived from the key, and no help in guessing it."""
    return sha256(b"instance:" + store.secret_key()).hexdigest()[:16]


def dispatcher(works: Works, transport: Transport, world: World) -> Dispatcher:
    """Sends what the works have queued."""
    return Dispatcher(
        works.store,
        transport,
        on_failed=works.upkeep.tell_failed,
        now=world.now,
        random=world.random,
        give_up_after=works.config.give_up_after,
    )


def source_of(settings: MailboxSettings) -> Source:
    """What it means to have come from this mailbox."""
    return Source(name=settings.name, desk=settings.desk, spam_header=settings.spam_header)


def board(config: Config, policy: Policy) -> ImapBoard | None:
    """The folders in which tickets are cards, None where the desk wants none."""
    settings = config.board
    if settings is None:
        return None
    return ImapBoard(account(settings.account, config.max_message_bytes), spots(policy), settings.folder)


def account(settings: ImapConfig, max_bytes: int) -> ImapSettings:
    """The mailbox of the configuration as its adapter wants it."""
    return ImapSettings(
        name=settings.name,
        host=settings.host,
        port=settings.port,
        security=ImapSecurity(settings.security),
        user=settings.user,
        password=settings.password,
        folder=settings.folder,
        done_folder=settings.done_folder,
        quarantine_folder=settings.quarantine_folder,
        first_start=settings.first_start,
        max_bytes=max_bytes,
    )


def mailbox(settings: MailboxSettings, now: Callable[[], datetime], max_bytes: int) -> Mailbox | None:
    """The mailbox to read, or None for one that is delivered to us (LMTP)."""
    match settings:
        case ImapConfig():
            return ImapMailbox(account(settings, max_bytes), now=now)
        case MaildirConfig():
            return MaildirMailbox(settings.name, settings.path, now=now, max_bytes=max_bytes)
        case LmtpMailbox():
            return None


def relay_of(relay: SmtpRelay) -> SmtpTransport:
    """The connections to the relay of the configuration."""
    return SmtpTransport(
        SmtpSettings(
            host=relay.host,
            port=relay.port,
            security=SmtpSecurity(relay.security),
            user=relay.user,
            password=relay.password,
            helo=relay.helo,
        )
    )


def transport(config: Config) -> Transport:
    """Where letters go."""
    match config.sending:
        case SmtpRelay() as relay:
            return relay_of(relay)
        case Outdir(path=path):
            return MaildirTransport(path)
