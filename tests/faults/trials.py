"""One desk that is struck, recovers and is examined: the same mail, the same clock, another blow each time.

A trial begins with a copy of a desk that has tickets already, and a mailbox in which new mail, replies, an agent's
commands, machine mail and one that cannot be read wait. After the blow the desk runs without faults until nothing
waits. Then the servers' ledgers and the database must agree, and the desk must look exactly like one that was never
struck: the same tickets, letters and history.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from helpdesk.adapters.store import migrate, open_store
from helpdesk.adapters.store.engine import make_engine
from helpdesk.config import load
from helpdesk.core.audit import Finding
from helpdesk.daemon.building import policy_of
from helpdesk.verify import verify
from tests.faults.servers import DONE, QUARANTINE, Imap, Relay, Trouble, no_trouble
from tests.faults.taps import Blow, Fault
from tests.postgres import Cluster

SUPPORT, AGENT = "support@help.test", "ivan@help.test"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
# Cyril, who asked on Monday, is to be reminded; Boris, who asked on Tuesday, not yet.
WEDNESDAY = MONDAY + timedelta(days=2, hours=1)

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
"""

# A desk that recovers tries at most this often, an hour apart.
PASSES = 12


def mail(sender: str, subject: str, text: str, **headers: str) -> bytes:
    """A mail to the desk."""
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = sender, SUPPORT, subject
    written["Message-ID"] = f"<{subject.replace(' ', '.')}.{sender}>"
    for name, value in headers.items():
        written[name.replace("_", "-")] = value
    written.set_content(text)
    return written.as_bytes(policy=policy.SMTP)


def reply(letter: bytes, sender: str, text: str) -> bytes:
    """An answer to one of our letters."""
    read = message_from_bytes(letter, policy=policy.default)
    return mail(
        sender, f"Re: {read['Subject']}", text, In_Reply_To=str(read["Message-ID"]), References=str(read["Message-ID"])
    )


BEFORE = [
    mail("anna@shop.test", "Site is down", "Our site is down: http://shop.test gives an error 502 since 10:00."),
    mail("cyril@shop.test", "Problem", "Nothing works here."),
    mail("boris@shop.test", "Question", "It does not work. Please help."),
]


def waiting_mail(letters: list[bytes]) -> list[bytes]:
    """What lies in the mailbox when the blow falls; `letters` are those that the desk wrote before."""
    to = {
        (read["X-Helpdesk-Event"], read["To"].addresses[0].addr_spec, str(read["X-Helpdesk-Ticket"])): raw
        for raw in letters
        for read in [message_from_bytes(raw, policy=policy.default)]
    }
    anna = next(raw for (event, address, number), raw in to.items() if event == "notify" and number == "100001")
    boris = next(raw for (event, address, _), raw in to.items() if event == "opened" and address == "boris@shop.test")
    file = EmailMessage()
    file["From"], file["To"], file["Subject"] = "dora@firm.test", SUPPORT, "Invoice"
    file["Message-ID"] = "<invoice@firm.test>"
    file.set_content("Here is the invoice that you asked for.")
    file.add_attachment(b"%PDF-1.4 " * 5000, maintype="application", subtype="pdf", filename="invoice.pdf")
    return [
        reply(anna, AGENT, "#close\n\nWe have restarted the server; the site is up again."),
        reply(boris, "boris@shop.test", "The address is http://boris.test, error 500, since yesterday."),
        file.as_bytes(policy=policy.SMTP),
        mail("eva@home.test", "Too large", "x" * 70 + "\n" + ("y" * 70 + "\n") * 20_000),
        mail("boris@shop.test", "Automatic reply", "I am away.", Auto_Submitted="auto-replied"),
        reply(anna, AGENT, "#note The customer has not paid since March, be careful."),
        mail("finn@home.test", "Site is down", "http://finn.test does not open, error 503, since this morning."),
    ]


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

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        self._process.communicate()

    def run(self, config: Path, now: datetime, fault: Fault) -> Run:
        """One pass of the desk."""
        order: dict[str, object] = {"config": str(config), "now": now.isoformat()}
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

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.url = cluster.url("trial")
        for name in ("trial", "kept"):
            cluster.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cluster.execute('CREATE DATABASE "trial"')
        migrate(self.url)

    def keep(self) -> None:
        self._cluster.execute('CREATE DATABASE "kept" TEMPLATE "trial"')

    def fresh(self) -> None:
        self._cluster.execute('DROP DATABASE "trial" WITH (FORCE)')
        self._cluster.execute('CREATE DATABASE "trial" TEMPLATE "kept"')


class Trials:
    """All trials of one campaign on one engine."""

    def __init__(self, folder: Path, engine: Engine, nursery: Nursery) -> None:
        self.imap, self.relay = Imap(), Relay()
        self._engine = engine
        self._nursery = nursery
        self.on_a_file = engine.url.startswith("sqlite")
        self.count = 0
        self.copies = 0  # of letters that the relay had accepted without the desk knowing
        self.config = folder / "config.toml"
        settings = {"imap": self.imap.port, "smtp": self.relay.port, "support": SUPPORT, "agent": AGENT}
        self.config.write_text(CONFIG.format(database=engine.url, **settings))
        (folder / "secret").write_text("secret")
        (folder / "secret").chmod(0o600)
        self._settings = load(self.config, environ={})
        self.imap.reset(BEFORE[:2])
        assert self.run(Fault(), MONDAY).code == 0
        self.imap.arrive(BEFORE[2])
        assert self.run(Fault(), TUESDAY).code == 0
        self._mails = waiting_mail(self.relay.texts)
        self._sent_before = list(self.relay.accepted)
        engine.keep()
        self.begin()
        self.usual = self.run(Fault(), WEDNESDAY)
        assert self.usual.code == 0, self.usual
        self._expected = self._picture()
        self.examine()

    def close(self) -> None:
        self.imap.stop()
        self.relay.stop()

    def run(self, fault: Fault, now: datetime) -> Run:
        """One pass of the desk as it is now."""
        return self._nursery.run(self.config, now, fault)

    def begin(self) -> None:
        """The prepared desk, and the mail that waits."""
        self._engine.fresh()
        self.imap.reset(self._mails)
        # Uids go on from those of the first day.
        self.imap.mails = {uid + len(BEFORE): letter for uid, letter in self.imap.mails.items()}
        self.imap.folders |= {DONE: [], QUARANTINE: []}
        self.relay.reset()
        self.relay.accepted = list(self._sent_before)

    def strike(self, *faults: Fault, imap: Trouble = no_trouble, relay: Trouble = no_trouble) -> Run:
        """A whole trial: the blows fall in one pass after the other, then the desk recovers and is examined."""
        self.count += 1
        self.begin()
        self.imap.trouble, self.relay.trouble = imap, relay
        now, runs = WEDNESDAY, []
        for fault in faults:
            runs.append(self.run(fault, now))
            assert runs[-1].code in ((-9, 0) if fault.blow is Blow.KILL else (0, 1)), f"{fault} ended the desk"
            now += timedelta(minutes=20)
        self.recover(now)
        try:
            self.examine()
            assert self._picture() == self._expected
        except AssertionError as error:
            where = [run.passed[-1:] for run in runs]
            raise AssertionError(f"{faults} {imap} {relay} at {where}: {error}") from None
        return runs[-1]

    def recover(self, now: datetime) -> None:
        """Passes without faults, an hour apart, until nothing waits."""
        self.imap.trouble = self.relay.trouble = no_trouble
        noted = self._noted()
        unknown = Counter({one: count for one, count in self.relay.copies().items() if one not in noted})
        for _ in range(PASSES):
            assert self.run(Fault(), now).code == 0
            if not self.imap.mails and not self._waiting():
                break
            now += timedelta(hours=1)
        # Only what the relay had accepted without our noting it may have gone again, and only once more.
        for letter, count in self.relay.copies().items():
            allowed = unknown[letter] + 1 if letter in unknown else 1
            assert count <= allowed, f"{letter} went {count} times, {allowed} are allowed"
        self.copies += sum(count - 1 for count in self.relay.copies().values())

    def examine(self) -> None:
        """What must hold whatever happened: the invariants of the database and of the servers' ledgers."""
        assert self.imap.mails == {}, "mail still waits"
        assert self.imap.settled == Counter(self._mails), "mail was lost or doubled on the server"
        with self._connection() as connection:
            uids = connection.execute(
                sa.text("SELECT uid FROM message WHERE uid IS NOT NULL UNION ALL SELECT uid FROM quarantine")
            )
            expected = list(range(1, len(BEFORE) + len(self._mails) + 1))
            assert sorted(uids.scalars()) == expected, "mail was lost or filed twice"
            (cursor,) = connection.execute(sa.text("SELECT uid FROM cursor")).scalars()
            assert cursor == expected[-1]
            states = {row.message_id: row.state for row in connection.execute(sa.text("SELECT * FROM outbox"))}
        assert set(states.values()) == {"sent"}
        assert set(states) == set(self.relay.copies()), "the ledger of the relay and the outbox differ"
        assert self.findings() == []

    def findings(self) -> list[Finding]:
        """What `helpdesk verify` says."""
        store = open_store(self._engine.url)
        try:
            now = WEDNESDAY + timedelta(days=1)
            steps = list(verify(store, policy_of(self._settings, store, now), now))
            return [step for step in steps if isinstance(step, Finding)]
        finally:
            store.close()

    def _noted(self) -> set[str]:
        """Letters of which the desk knows that they were sent."""
        with self._connection() as connection:
            return set(connection.execute(sa.text("SELECT message_id FROM outbox WHERE state = 'sent'")).scalars())

    def _waiting(self) -> int:
        with self._connection() as connection:
            rows = sa.text("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')")
            return int(connection.execute(rows).scalar_one())

    def _picture(self) -> dict[str, list[tuple[object, ...]]]:
        """The desk without times and secrets: equal for two desks that did the same."""
        questions = {
            "tickets": "SELECT number, subject, requester_address, state, lane, resolution, missing FROM ticket",
            "letters": "SELECT ticket, event, to_address, state FROM outbox",
            "messages": "SELECT uid, ticket, filing, disposition, sender_address FROM message",
            "attachments": "SELECT name, size, sha256 FROM attachment",
            "quarantine": "SELECT uid, error FROM quarantine",
            "history": "SELECT ticket, by, what FROM history",
            "follow_ups": "SELECT ticket, kind FROM follow_up",
            "participants": "SELECT ticket, address, part FROM participant",
        }
        with self._connection() as connection:
            return {
                name: sorted((tuple(row) for row in connection.execute(sa.text(question))), key=str)
                for name, question in questions.items()
            }

    @contextmanager
    def _connection(self) -> Iterator[sa.engine.Connection]:
        engine = make_engine(self._engine.url)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            with suppress(sa.exc.SQLAlchemyError):
                engine.dispose()
