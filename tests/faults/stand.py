"""A desk that is made to suffer: its configuration, its database, its two servers, and the process that runs it.

The database and the servers' ledgers stay when the desk's process dies; they are what its survivors are judged by.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from helpdesk.adapters.store import migrate, open_store
from helpdesk.adapters.store.engine import make_engine
from helpdesk.config import load
from helpdesk.core.audit import Finding
from helpdesk.daemon.building import policy_of
from helpdesk.verify import verify
from tests.faults.servers import Imap, Relay
from tests.faults.taps import Fault
from tests.postgres import Cluster

SUPPORT, AGENT = "support@help.test", "ivan@help.test"

# A note for colleagues holds this word. No letter to anybody else does.
CANARY = "has not paid since March"

CONFIG = """
[helpdesk]
name = "Support"
address = "{support}"
language = "en"
database = "{database}"
undo_window = "0s"
max_message_mb = 1
[[mailbox]]
name = "support"
host = "127.0.0.1"
port = {imap}
security = "none"
user = "support"
password_file = "secret"
first_start = "all"
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
[[agent]]
name = "Ivan Petrov"
addresses = ["{agent}"]
lead = true
# How often a desk is started while it recovers must not show in its letters.
[escalation]
after = "never"
"""

# No letter is held back, so that each can be counted.
PLENTY = "[bounds]\nper_domain_1h = 100000\ntotal_1h = 100000\nnotices_1h = 100000\n"


def mail(sender: str, subject: str, text: str, **headers: str) -> bytes:
    """A mail to the desk."""
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = sender, SUPPORT, subject
    written["Message-ID"] = f"<{subject.replace(' ', '.')}.{sender}>"
    for name, value in headers.items():
        del written[name.replace("_", "-")]
        written[name.replace("_", "-")] = value
    written.set_content(text)
    return written.as_bytes(policy=policy.SMTP)


def reply(letter: bytes, sender: str, text: str, **headers: str) -> bytes:
    """An answer to one of our letters."""
    read = message_from_bytes(letter, policy=policy.default)
    ours = str(read["Message-ID"])
    return mail(sender, f"Re: {read['Subject']}", text, In_Reply_To=ours, References=ours, **headers)


@dataclass(frozen=True, slots=True)
class Run:
    """How one pass ended (0 well, 1 with trouble, 2 crashed, -9 killed) and the points that it passed."""

    code: int
    passed: list[str]

    @property
    def points(self) -> list[str]:
        """The names of the points, in order."""
        return [line for line in self.passed if "=" not in line]

    def occasions(self, blow: str) -> int:
        """How often the blow could have fallen."""
        return next((int(line.partition("=")[2]) for line in self.passed if line.startswith(f"{blow}=")), 0)


class Nursery:
    """The process that raises desks (see nursery.py)."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def close(self) -> None:
        self._process.communicate()

    def run(
        self,
        config: Path,
        now: datetime,
        fault: Fault,
        *,
        batch: int = 0,
        piece: int = 0,
        patience_s: int = 0,
        kill_after_s: float | None = None,
        learn: bool = False,
    ) -> Run:
        """One pass of the desk; `kill_after_s`: it is killed then, wherever it is, unless it has ended.

        `batch`: so many mails are taken at a time. `piece`: large mail goes in pieces of so many bytes. `patience_s`:
        so long it waits for a database that others have locked. 0: as usual. `learn`: nothing strikes, and all later
        passes are quicker.
        """
        order: dict[str, object] = {"config": str(config), "now": now.isoformat()}
        order |= {"batch": batch, "kill_after_s": kill_after_s, "learn": learn}
        order |= {"piece": piece, "patience_s": patience_s}
        order |= {"blow": fault.blow, "at": fault.at, "sticky": fault.sticky, "point": fault.point}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Run(answer["code"], answer["passed"])


class Engine(Protocol):
    """Where the desks of a campaign keep their memory, at `url`."""

    url: str

    def keep(self) -> None:
        """What the desk holds now is what every trial begins with."""

    def fresh(self) -> None:
        """The desk is again as it was kept."""


class SqliteEngine:
    """A file."""

    def __init__(self, folder: Path) -> None:
        self._file, self._kept = folder / "helpdesk.db", folder / "kept.db"
        self.url = f"sqlite:///{self._file}"
        migrate(self.url)

    def keep(self) -> None:
        shutil.copy(self._file, self._kept)

    def fresh(self) -> None:
        for name in self._file.parent.glob("helpdesk.db*"):
            name.unlink()
        shutil.copy(self._kept, self._file)


class PostgresEngine:
    """A database of a running server."""

    def __init__(self, cluster: Cluster, name: str = "trial") -> None:
        self._cluster = cluster
        self._name, self._kept = name, f"{name}_kept"
        self.url = cluster.url(name)
        for one in (self._name, self._kept):
            cluster.execute(f'DROP DATABASE IF EXISTS "{one}" WITH (FORCE)')
        cluster.execute(f'CREATE DATABASE "{name}"')
        migrate(self.url)

    def keep(self) -> None:
        self._cluster.execute(f'CREATE DATABASE "{self._kept}" TEMPLATE "{self._name}"')

    def fresh(self) -> None:
        self._cluster.execute(f'DROP DATABASE "{self._name}" WITH (FORCE)')
        self._cluster.execute(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._kept}"')


class Stand:
    """A desk with its servers. `more` is added to its configuration; `batch` and `piece` are those of Nursery.run."""

    def __init__(
        self, folder: Path, engine: Engine, nursery: Nursery, *, more: str = "", batch: int = 0, piece: int = 0
    ) -> None:
        self.imap, self.relay = Imap(), Relay()
        self.engine = engine
        self.on_a_file = engine.url.startswith("sqlite")
        self._nursery = nursery
        self._batch, self._piece = batch, piece
        self.config = folder / "config.toml"
        settings = {"imap": self.imap.port, "smtp": self.relay.port, "support": SUPPORT, "agent": AGENT}
        self.config.write_text(CONFIG.format(database=engine.url, **settings) + more)
        (folder / "secret").write_text("secret")
        (folder / "secret").chmod(0o600)
        self._settings = load(self.config, environ={})
        self._looking = make_engine(engine.url)

    def close(self) -> None:
        self.imap.stop()
        self.relay.stop()

    def run(self, fault: Fault, now: datetime, kill_after_s: float | None = None, patience_s: int = 0) -> Run:
        """One pass of the desk as it is now."""
        return self._nursery.run(
            self.config,
            now,
            fault,
            batch=self._batch,
            piece=self._piece,
            patience_s=patience_s,
            kill_after_s=kill_after_s,
        )

    def learn(self, now: datetime) -> None:
        """One pass that nothing strikes, and of which all later ones are quicker."""
        assert self._nursery.run(self.config, now, Fault(), learn=True).code == 0

    def settle(self, now: datetime) -> None:
        """Passes an hour apart until nothing waits; then everything must be as it should be."""
        for hour in range(6):
            assert self.run(Fault(), now + timedelta(hours=hour)).code == 0
            if not self.imap.mails and not self.waiting():
                break
        self.examine_letters()
        assert self.findings(now + timedelta(days=1)) == []

    def requesters(self) -> list[str]:
        """Who has a ticket, once for each."""
        return sorted(address for (address,) in self.rows("SELECT requester_address FROM ticket"))

    def examine_the_order(self) -> None:
        """What must hold at any moment: nothing was moved, and no cursor passed, before it was committed."""
        with self.connection() as connection:
            kept = self._kept(connection)
            cursor = connection.execute(sa.text("SELECT uid FROM cursor")).scalar() or 0
        assert kept >= set(self.imap.moved), "mail was moved on the server before it was committed"
        assert kept >= {uid for uid in self.imap.given if uid <= cursor}, "the cursor passed mail that is not here"

    def examine_letters(self) -> None:
        """The relay's ledger against the outbox; and nothing internal, and nothing to ourselves, went out."""
        states: dict[str, str] = dict(self.rows("SELECT message_id, state FROM outbox"))
        assert set(states.values()) <= {"sent"}
        assert set(states) == set(self.relay.copies()), "the ledger of the relay and the outbox differ"
        for recipients, text in self.relay.letters:
            assert SUPPORT not in recipients, "a letter went to an address of our own"
            assert CANARY.encode() not in text or recipients == [AGENT], f"{recipients} got a note for colleagues"

    def findings(self, now: datetime) -> list[Finding]:
        """What `helpdesk verify` says."""
        store = open_store(self.engine.url)
        try:
            steps = list(verify(store, policy_of(self._settings, store, now), now))
            return [step for step in steps if isinstance(step, Finding)]
        finally:
            store.close()

    def noted(self) -> set[str]:
        """Letters of which the desk knows that they were sent."""
        return {message_id for (message_id,) in self.rows("SELECT message_id FROM outbox WHERE state = 'sent'")}

    def waiting(self) -> int:
        """Letters that have not left."""
        ((count,),) = self.rows("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')")
        return int(count)

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """The answer of the database."""
        with self.connection() as connection:
            return [tuple(row) for row in connection.execute(sa.text(question))]

    @contextmanager
    def connection(self) -> Iterator[sa.engine.Connection]:
        """A look into the database as it is now; nothing of it stays open, because the next one may be another."""
        try:
            with self._looking.connect() as connection:
                yield connection
        finally:
            with suppress(sa.exc.SQLAlchemyError):
                self._looking.dispose()

    @staticmethod
    def _kept(connection: sa.engine.Connection) -> set[int]:
        """Each mail that is filed or in quarantine."""
        statement = sa.text("SELECT uid FROM message WHERE uid IS NOT NULL UNION ALL SELECT uid FROM quarantine")
        uids = list(connection.execute(statement).scalars())
        assert len(uids) == len(set(uids)), "mail was filed twice"
        return set(uids)
