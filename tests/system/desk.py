"""A whole helpdesk under test: `helpdesk run` as a child process on the real servers of a mail stack.

A `Desk` writes its configuration, starts and stops its daemon by process id, asks the command line for JSON. People
are played by `Person`: customers and agents who send over Postfix and read their Dovecot mailbox. Every desk has a
label of its own, and all its addresses carry it, so that desks share one stack without meeting.
"""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Any, Self, TypeVar

from tests.leaks import CANARY, look_through
from tests.stack import HOST, PASSWORD, MailStack

T = TypeVar("T")
Tables = dict[str, Any]

START_S = 30
# A daemon that was told to stop ends within this time, or the test fails.
STOP_S = 15
CLI_S = 60


def eventually(look: Callable[[], T | None], what: str, *, within_s: float = 30) -> T:
    """The first answer of `look` that is not None or False; AssertionError names `what` when none comes in time."""
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < deadline, f"waited {within_s} s in vain for {what}"
        time.sleep(0.02)


def toml(tables: Mapping[str, Any]) -> str:
    """The tables of a configuration as TOML: a dict is [name], a list of dicts [[name]]."""
    lines: list[str] = []
    for name, value in tables.items():
        for table in value if isinstance(value, list) else [value]:
            lines.append(f"[[{name}]]" if isinstance(value, list) else f"[{name}]")
            # JSON's strings, numbers, booleans and lists are TOML's.
            lines += [f"{key} = {json.dumps(one, ensure_ascii=False)}" for key, one in table.items()]
    return "\n".join(lines) + "\n"


class Person:
    """Somebody with a mailbox on the stack: writes over Postfix and reads what Dovecot got for the address."""

    def __init__(self, stack: MailStack, address: str) -> None:
        self.address = address
        self._stack = stack
        self._read: dict[str, EmailMessage] = {}

    def write(self, to: str, subject: str, text: str, **headers: str) -> EmailMessage:
        """Send a new mail; answers what was sent."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.address, to, subject
        mail["Message-ID"] = make_msgid(domain=self.address.partition("@")[2])
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        self.send(mail)
        return mail

    def answer(self, letter: EmailMessage, text: str) -> EmailMessage:
        """Reply as a mail program does: to Reply-To, "Re:", threading headers, the letter quoted below."""
        original = letter.get_body(("plain",))
        quoted = original.get_content() if original else ""
        quote = "".join(f"> {line}\n" for line in quoted.splitlines())
        return self.write(
            str(letter["Reply-To"] or letter["From"]),
            f"Re: {letter['Subject']}",
            f"{text}\n\nOn Mon, Mar 02, 2026 at 09:00:00AM +0000, {letter['From']} wrote:\n{quote}",
            In_Reply_To=str(letter["Message-ID"]),
            References=f"{letter['References'] or ''} {letter['Message-ID']}".strip(),
        )

    def send(self, mail: EmailMessage | bytes, *recipients: str) -> None:
        """Hand a mail to Postfix; it has been accepted on return. `recipients` default to the To header."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP)
        to = recipients or tuple(one.addr_spec for one in parsed(raw)["To"].addresses)
        with smtplib.SMTP(HOST, self._stack.ports.smtp, timeout=30) as session:
            session.sendmail(self.address, to, raw)

    def letters(self, event: str | None = None) -> list[EmailMessage]:
        """What lies in the inbox now, oldest first; with `event`, only our letters of that kind."""
        for sub in ("new", "cur"):
            for path in (self._stack.home(self.address) / "Maildir" / sub).glob("*"):
                # A read mail moves from new to cur and gets flags behind its name.
                name = path.name.partition(":")[0]
                if name not in self._read:
                    self._read[name] = parsed(path.read_bytes())
        inbox = [self._read[name] for name in sorted(self._read, key=_arrival)]
        return inbox if event is None else [one for one in inbox if one["X-Helpdesk-Event"] == event]

    def await_letters(self, event: str | None, count: int, *, within_s: float = 30) -> list[EmailMessage]:
        """`letters(event)` as soon as there are `count` of them."""

        def look() -> list[EmailMessage] | None:
            found = self.letters(event)
            return found if len(found) >= count else None

        return eventually(look, f"{count} letters ({event}) for {self.address}", within_s=within_s)

    def await_letter(self, event: str, *, within_s: float = 30) -> EmailMessage:
        """The newest letter of this kind, as soon as there is one."""
        return self.await_letters(event, 1, within_s=within_s)[-1]

    def arrival_of(self, letter: EmailMessage) -> float:
        """When a letter of this inbox was delivered, in seconds since 1970."""
        return next(_arrival(name)[0] for name, one in self._read.items() if one is letter)


class Agent(Person):
    """One of ours: a canary sits in the history that he quotes, so that it would be heard where history leaves."""

    def answer(self, letter: EmailMessage, text: str) -> EmailMessage:
        """Reply as a mail program does."""
        return super().answer(letter, f"{text}\n\n> {CANARY}-quoted")


def parsed(raw: bytes) -> EmailMessage:
    """A mail as its reader sees it."""
    return message_from_bytes(raw, policy=policy.default)


def ticket_of(letter: EmailMessage) -> int:
    """The number that our own letter names."""
    return int(letter["X-Helpdesk-Ticket"])


def _arrival(name: str) -> tuple[float, str]:
    """Dovecot's file names begin with the second and, behind M, the microsecond of delivery."""
    second, _, rest = name.partition(".")
    micros = rest.partition("M")[2].partition("P")[0]
    return int(second) + int(micros or 0) / 1e6, name


class Desk:
    """One desk and its daemon. A context manager that ends the daemon, whatever state it is in.

    `tables` is the configuration before it is written; change it and call `configure()` for another one.
    """

    def __init__(self, stack: MailStack, folder: Path, label: str, *, agents: int = 1) -> None:
        self.stack = stack
        self.folder = folder
        self.label = label
        self.address = f"support.{label}@help.test"
        self.agents: list[Person] = [Agent(stack, f"agent{n}.{label}@help.test") for n in range(1, agents + 1)]
        self.log = folder / "daemon.log"
        self.config = folder / "config.toml"
        self.environ = {**os.environ, "SSL_CERT_FILE": str(stack.cafile), "NO_COLOR": "1"}
        self.process: subprocess.Popen[bytes] | None = None
        self.said: list[str] = []
        self._notify = folder / "notify"
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(self._notify))
        self._manager.setblocking(False)
        self.tables: Tables = self.usual_tables()
        self.configure()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.process is not None:
            self.kill()
        self._manager.close()
        if kind is None:
            self.leaks_nothing()

    def leaks_nothing(self) -> int:
        """How many letters everybody outside has got; AssertionError where one says what is not for its reader."""
        ours = [address for agent in self.tables["agent"] for address in agent["addresses"]]
        homes = (self.stack.root / "home").glob(f"*/*.{self.label}")
        everybody = {f"{home.name}@{home.parent.name}" for home in homes} | set(ours)
        everybody -= {self.address}
        return look_through({one: Person(self.stack, one).letters() for one in sorted(everybody)}, ours)

    def usual_tables(self) -> Tables:
        """A desk on the mail stack: IMAP over TLS, submission with STARTTLS, answers leave at once."""
        ports = self.stack.ports
        login = {"user": self.address, "password_file": "secret"}
        return deepcopy(
            {
                "helpdesk": {
                    "name": "Служба поддержки",
                    "address": self.address,
                    "language": "ru",
                    "timezone": "Europe/Moscow",
                    "undo_window": "0s",
                },
                "mailbox": [
                    {"name": "support", "host": HOST, "port": ports.imaps, "security": "tls", "first_start": "all"}
                    | login
                ],
                "smtp": {"host": HOST, "port": ports.submission, "security": "starttls"} | login,
                "agent": [
                    {"name": f"Агент {n} Петров", "addresses": [one.address], "lead": n == 1}
                    for n, one in enumerate(self.agents, start=1)
                ],
                # Our customers share a domain and write within minutes: the usual bounds would rightly stop letters.
                "bounds": {"per_domain_1h": 100_000, "total_1h": 100_000, "notices_1h": 100_000},
            }
        )

    def configure(self) -> None:
        """Write the configuration and the password file."""
        self.config.write_text(toml(self.tables), encoding="utf-8")
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)

    def customer(self, name: str | int) -> Person:
        """A customer of this desk."""
        return Person(self.stack, f"customer{name}.{self.label}@shop.test")

    # --- the daemon

    def start(self, *, wait: bool = True, preexec: Callable[[], None] | None = None) -> None:
        """Start the daemon; with `wait`, it has said READY=1 on return."""
        environ = self.environ | {"NOTIFY_SOCKET": str(self._notify)}
        self.said.clear()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self._command("run"),
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=preexec,
            )
        if wait:
            self.await_status("READY=1")

    def await_status(self, words: str, *, within_s: float = START_S) -> None:
        """Until the daemon has said a line with these words to its service manager."""

        def look() -> bool:
            self._listen()
            assert self.process is not None
            assert self.process.poll() is None or any(words in line for line in self.said), self.logged()
            return any(words in line for line in self.said)

        try:
            eventually(look, f"{words} from the daemon", within_s=within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\nsaid: {self.said}\n{self.logged()}") from None

    def _listen(self) -> None:
        while True:
            try:
                self.said += self._manager.recv(65536).decode().splitlines()
            except BlockingIOError:
                return

    def stop(self) -> int:
        """Ask the daemon to end (SIGTERM); its exit code."""
        process = self._taken()
        process.terminate()
        try:
            code = process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise AssertionError(f"the daemon did not end within {STOP_S} s\n{self.logged()}") from None
        self._listen()
        return code

    def kill(self) -> None:
        """End the daemon and its reading processes at once, as a power cut does (SIGKILL to all of them)."""
        process = self._taken()
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send the daemon a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, *, within_s: float = START_S) -> int:
        """The exit code of a daemon that ends by itself."""
        return self._taken().wait(timeout=within_s)

    def _taken(self) -> subprocess.Popen[bytes]:
        assert self.process is not None, "the daemon was not started"
        process, self.process = self.process, None
        return process

    @contextmanager
    def running(self) -> Iterator[Self]:
        """The daemon serves inside, and ends cleanly afterwards."""
        self.start()
        yield self
        assert self.stop() == 0, self.logged()

    def logged(self) -> str:
        """What the daemon wrote to its log so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def await_logged(self, words: str, *, within_s: float = START_S) -> None:
        """Until the log holds these words."""
        eventually(lambda: words in self.logged(), f"{words!r} in the log:\n{self.logged()}", within_s=within_s)

    # --- the command line

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "helpdesk", "--config", str(self.config), *arguments]

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command beside the daemon."""
        return subprocess.run(
            self._command(*arguments), env=self.environ, capture_output=True, text=True, timeout=CLI_S, check=False
        )

    def json(self, *arguments: str) -> Any:
        """What a command with --json prints."""
        done = self.cli(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    # --- the server's side

    def folder_ids(self, folder: str) -> list[str]:
        """The Message-IDs of what lies in an IMAP folder of the support mailbox, in the order of arrival."""
        client = self.stack.imap_login(self.address)
        try:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            uids: Sequence[int] = client.search()
            field = b"BODY[HEADER.FIELDS (MESSAGE-ID)]"
            rows = client.fetch(uids, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"]) if uids else {}
            return [str(parsed(rows[uid][field])["Message-ID"]).strip() for uid in uids]
        finally:
            client.logout()
