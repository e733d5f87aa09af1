"""Several daemons on one database, one mailbox and one relay, killed at random while mail arrives.

Afterwards the time of all leases passes and one daemon finishes. Then each mail has one ticket, each letter was
accepted by the relay, and more than once only as often as daemons died with letters under way.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from helpdesk.adapters.store import open_store
from helpdesk.adapters.store.engine import make_engine
from helpdesk.config import load
from helpdesk.core.audit import Finding
from helpdesk.daemon.building import policy_of
from helpdesk.dispatch import PARALLEL
from helpdesk.verify import verify
from tests.faults.servers import Imap, Relay
from tests.faults.stand import AGENT, CONFIG, PLENTY, SUPPORT, mail

# A death every so many seconds; then the dead daemon is started again.
DEATHS_APART = (0.5, 3.0)

# So long nothing may change.
PATIENCE_S = 300

_NAMELESS_MAILBOX = """
[[mailbox]]
name = "nameless"
host = "mail.hangs.test"
user = "nameless"
password_file = "secret"
"""
_NAMELESS_RELAY = 'host = "relay.hangs.test"'


@dataclass(frozen=True, slots=True)
class Account:
    """What came of it. `copies`: letters that went twice because a daemon died before it noted the relay's answer."""

    daemons: int
    mails: int
    kills: int
    breaks: int
    takeovers: int
    tickets: int
    letters: int
    copies: int
    seconds: float


class Fleet:
    """Daemons on one database. `break_connections`, when given, ends all their connections to it."""

    def __init__(self, folder: Path, url: str, break_connections: Callable[[], None] | None = None) -> None:
        self.imap, self.relay = Imap(), Relay()
        self._break_connections = break_connections
        self._url = url
        self._log = folder / "daemons.log"
        self._config = folder / "config.toml"
        settings = {"imap": self.imap.port, "smtp": self.relay.port, "support": SUPPORT, "agent": AGENT}
        text = CONFIG.format(database=url, **settings).replace(
            'first_start = "all"', 'first_start = "all"\npoll_interval = "1s"'
        )
        self._config.write_text(text + PLENTY)
        (folder / "secret").write_text("secret")
        (folder / "secret").chmod(0o600)
        open_store(url).close()
        self._daemons: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        self._kill_all()
        self.imap.stop()
        self.relay.stop()

    def pour(self, *, daemons: int, mails: int, kills: int, seed: int, per_second: float) -> Account:
        """Let it all happen; AssertionError where something was lost or doubled."""
        began, chance = time.monotonic(), random.Random(seed)
        self._daemons = [self._start() for _ in range(daemons)]
        killed = breaks = sent = 0
        next_death = time.monotonic() + 3
        while killed < kills or sent < mails:
            if sent < mails:
                self.imap.arrive(
                    mail(f"c{sent}@shop{sent % 50}.test", f"Question {sent}", f"How do I pay order {sent}?")
                )
                sent += 1
            if killed < kills and time.monotonic() > next_death:
                if self._break_connections is not None and chance.random() < 0.3:
                    self._break_connections()
                    breaks += 1
                victim = chance.randrange(daemons)
                self._kill(self._daemons[victim])
                self._daemons[victim] = self._start()
                killed += 1
                next_death = time.monotonic() + chance.uniform(*DEATHS_APART)
            time.sleep(1 / per_second)
        self._await(lambda: len(self.imap.mails), "an empty inbox")
        self._kill_all()
        self._let_leases_end()
        before = self._log.stat().st_size
        self._daemons = [self._start()]
        self._await(lambda: b"serving " not in self._log.read_bytes()[before:], "the last daemon")
        self._await(lambda: self._count("outbox", "state <> 'sent'"), "an empty outbox")
        self._daemons[0].send_signal(signal.SIGTERM)
        assert self._daemons.pop().wait(timeout=60) == 0, self._log.read_text()[-3000:]
        return self._account(daemons, mails, killed, breaks, time.monotonic() - began)

    def take_over(self) -> float:
        """One daemon reads, another stands by; the first is killed. Seconds until mail is taken in again, with the
        leases of every day."""
        self.imap.arrive(mail("anna@shop.test", "First question", "How do I pay?"))
        self._daemons = [self._start("everyday")]
        self._await(lambda: len(self.imap.mails), "the first mail to be taken in")
        before = self._log.stat().st_size
        self._daemons.append(self._start("everyday"))
        self._await(lambda: b"serving " not in self._log.read_bytes()[before:], "the daemon that stands by")
        self._kill(self._daemons.pop(0))
        began = time.monotonic()
        self.imap.arrive(mail("boris@shop.test", "Second question", "How do I pay?"))
        self._await(lambda: len(self.imap.mails), "the second mail to be taken in")
        took = time.monotonic() - began
        assert self._count("ticket", "requester_address IS NOT NULL") == 2
        assert self._findings() == []
        return took

    def lose_names(self, folder: Path) -> None:
        """The name service hangs for the relay and for another mailbox: mail is taken in, the mailbox is kept, and the
        service manager hears that the daemon lives."""
        relay = f'host = "127.0.0.1"\nport = {self.relay.port}\nsecurity = "none"'
        config = self._config.read_text().replace(relay, _NAMELESS_RELAY)
        self._config.write_text(config.replace("[smtp]", _NAMELESS_MAILBOX + "[smtp]"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(folder / "notify"))
            manager.settimeout(PATIENCE_S)
            environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "500000"}
            self.imap.arrive(mail("anna@shop.test", "First question", "How do I pay?"))
            self._daemons = [self._start("nameless", **environment)]
            hosts = ("mail.hangs.test", "relay.hangs.test")
            self._await(lambda: sum(f"name of {host}" not in self._log.read_text() for host in hosts), "both look-ups")
            lease = self._lease_ends()
            self.imap.arrive(mail("boris@shop.test", "Second question", "How do I pay?"))
            self._await(lambda: len(self.imap.mails), "the second mail to be taken in")
            self._await(lambda: self._lease_ends() < lease + 2, "the lease to be renewed, and again")
            signs = 0
            while signs < 2:
                signs += manager.recv(4096) == b"WATCHDOG=1"
        self._kill_all()
        assert self._count("ticket", "requester_address IS NOT NULL") == 2
        assert self._count("outbox", "state <> 'sent'") == 4
        assert self._findings() == []

    def _lease_ends(self) -> float:
        engine = make_engine(self._url)
        try:
            with engine.connect() as connection:
                ends = connection.execute(
                    sa.text("SELECT expires_at FROM lease WHERE mailbox = 'support'")
                ).scalar_one()
                return float(ends)
        finally:
            engine.dispose()

    def _account(self, daemons: int, mails: int, kills: int, breaks: int, seconds: float) -> Account:
        engine = make_engine(self._url)
        with engine.connect() as connection:
            uids = sorted(connection.execute(sa.text("SELECT uid FROM message WHERE uid IS NOT NULL")).scalars())
            requesters = Counter(connection.execute(sa.text("SELECT requester_address FROM ticket")).scalars())
            letters = set(connection.execute(sa.text("SELECT message_id FROM outbox")).scalars())
        engine.dispose()
        assert uids == list(range(1, mails + 1)), "a mail was lost or filed twice"
        assert requesters == Counter(f"c{n}@shop{n % 50}.test" for n in range(mails)), "a mail has not one ticket"
        assert sum(self.imap.settled.values()) == mails
        copies = self.relay.copies()
        assert set(copies) == letters, "the ledger of the relay and the outbox differ"
        doubled = sum(count - 1 for count in copies.values())
        assert doubled <= (kills + breaks + daemons) * PARALLEL
        assert self._findings() == []
        takeovers = self._log.read_text().count("took_over")
        return Account(daemons, mails, kills, breaks, takeovers, len(requesters), len(letters), doubled, seconds)

    def _findings(self) -> list[Finding]:
        config, now = load(self._config, environ={}), datetime.now(UTC)
        store = open_store(self._url)
        try:
            return [one for one in verify(store, policy_of(config, store, now), now) if isinstance(one, Finding)]
        finally:
            store.close()

    def _let_leases_end(self) -> None:
        """A quarter of an hour passes: letters of dead senders are due again."""
        engine = make_engine(self._url)
        with engine.begin() as connection:
            statement = sa.text("UPDATE outbox SET next_attempt_at = created_at WHERE next_attempt_at IS NOT NULL")
            connection.execute(statement)
        engine.dispose()

    def _count(self, table: str, condition: str) -> int:
        engine = make_engine(self._url)
        try:
            with engine.connect() as connection:
                return int(connection.execute(sa.text(f"SELECT count(*) FROM {table} WHERE {condition}")).scalar_one())
        finally:
            engine.dispose()

    def _await(self, waits: Callable[[], int], what: str) -> None:
        """Returns when nothing waits any more; what becomes less is not stuck, however slow the machine is."""
        deadline, least = time.monotonic() + PATIENCE_S, waits()
        while left := waits():
            if left < least:
                deadline, least = time.monotonic() + PATIENCE_S, left
            assert time.monotonic() < deadline, f"waited in vain for {what}\n{self._log.read_text()[-3000:]}"
            time.sleep(0.2)

    def _start(self, *manners: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.faults.daemon", str(self._config), *manners]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env=os.environ | environment
            )

    def _kill(self, daemon: subprocess.Popen[bytes]) -> None:
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()

    def _kill_all(self) -> None:
        for daemon in self._daemons:
            self._kill(daemon)
        self._daemons = []
