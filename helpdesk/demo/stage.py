"""What the demo plays on: a mail host, and a desk with its real daemon, as child processes in a temporary folder.

Everything is on loopback and in that folder, and nothing of it is left when the stage is taken down.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from helpdesk.demo.people import HOST, PASSWORD, ExpectationError, Person, Post, eventually

STOP_WITHIN_S = 15.0
COMMAND_WITHIN_S = 60.0

CONFIGURATION = """\
[helpdesk]
name = "Example Support"
address = "{support}"
language = "en"
database = "sqlite:///helpdesk.db"
packs = ["outages", "clarify"]
undo_window = "0s"                # an agent's answer leaves at once

[[mailbox]]
name = "support"
host = "{host}"
port = {imap_port}
security = "none"                 # allowed on this machine only
user = "{support}"
password_file = "password"
first_start = "all"

[smtp]
host = "{host}"
port = {smtp_port}
security = "none"

[[agent]]
name = "{agent.name}"
addresses = ["{agent.address}"]
lead = true
"""


class Stage:
    """The mail host and the desk while they are up."""

    def __init__(self, folder: Path, support: str, agent: Person, smtp_port: int, imap_port: int) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.support = support
        self.smtp_port = smtp_port
        self.imap_port = imap_port
        self._daemon: subprocess.Popen[bytes] | None = None
        self.config.write_text(
            CONFIGURATION.format(support=support, agent=agent, host=HOST, smtp_port=smtp_port, imap_port=imap_port),
            encoding="utf-8",
        )
        password = folder / "password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD, encoding="utf-8")

    def start(self) -> None:
        """Start `helpdesk run` as a process of its own, with its log in the folder."""
        with (self.folder / "daemon.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                self._command("run"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                # Ctrl-C is ours to answer; the daemon is then told to stop like any other day.
                start_new_session=True,
            )

    def stop(self) -> None:
        """Stop the daemon as systemd would; ExpectationError when it does not end well."""
        code = self.end()
        if code:
            raise ExpectationError(f"the daemon ended with exit code {code}")

    def end(self) -> int:
        """End the daemon, by force when it does not listen; its exit code, 0 when there is none."""
        if self._daemon is None:
            return 0
        daemon, self._daemon = self._daemon, None
        daemon.terminate()
        try:
            return daemon.wait(timeout=STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            # Its reading processes are in the same session.
            os.killpg(daemon.pid, signal.SIGKILL)
            return daemon.wait()

    def must_be_up(self) -> None:
        """ExpectationError when the daemon was started and has ended by itself."""
        code = self._daemon.poll() if self._daemon else None
        if code is not None:
            raise ExpectationError(f"the daemon ended by itself, with exit code {code}")

    def ask(self, *arguments: str) -> Any:
        """What a command of the helpdesk prints as JSON, on this desk and beside its daemon."""
        return json.loads(self.do(*arguments, "--json"))

    def do(self, *arguments: str) -> str:
        """What a command of the helpdesk prints; ExpectationError when it fails."""
        command = self._command(*arguments)
        done = subprocess.run(
            command, env=_environment(), capture_output=True, text=True, timeout=COMMAND_WITHIN_S, check=False
        )
        if done.returncode:
            raise ExpectationError(f"helpdesk {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def log(self) -> str:
        """What the daemon has written to its log."""
        file = self.folder / "daemon.log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "helpdesk", "--config", str(self.config), *arguments]


@contextmanager
def stage(support: str, agent: Person, customers: tuple[Person, ...]) -> Iterator[tuple[Stage, Post]]:
    """A mail host for these people and a desk that is not started yet; both are gone afterwards."""
    with TemporaryDirectory(prefix="helpdesk-demo-") as folder:
        smtp_port, imap_port = _free_ports()
        accounts = [support, agent.address, *(one.address for one in customers)]
        with _mail_host(Path(folder), smtp_port, imap_port, accounts):
            desk = Stage(Path(folder), support, agent, smtp_port, imap_port)
            try:
                with closing(Post(smtp_port, imap_port)) as post:
                    yield desk, post
            finally:
                desk.end()


@contextmanager
def _mail_host(folder: Path, smtp_port: int, imap_port: int, accounts: list[str]) -> Iterator[None]:
    """The mail host in a process of its own, ready for connections."""
    command = [sys.executable, "-m", "helpdesk.demo.mailhost", str(smtp_port), str(imap_port), *accounts]
    with (folder / "mailhost.log").open("ab") as log:
        host = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=_environment(), start_new_session=True
        )
    try:
        if not eventually(lambda: _is_up(host, smtp_port, imap_port), "mail host"):
            raise ExpectationError(f"the mail host did not start:\n{(folder / 'mailhost.log').read_text()}")
        yield
    finally:
        # It ends with its standard input.
        if host.stdin:
            host.stdin.close()
        try:
            host.wait(timeout=STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            host.kill()
            host.wait()


def _is_up(host: subprocess.Popen[bytes], *ports: int) -> bool | None:
    """True when all ports answer, False when the host has ended, None while neither is known."""
    if host.poll() is not None:
        return False
    try:
        for port in ports:
            socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return None
    return True


def _free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on."""
    with socket.socket() as one, socket.socket() as other:
        one.bind((HOST, 0))
        other.bind((HOST, 0))
        return one.getsockname()[1], other.getsockname()[1]


def _environment() -> dict[str, str]:
    """Ours, without what belongs to a service manager or to another desk."""
    return {name: value for name, value in os.environ.items() if name not in ("NOTIFY_SOCKET", "HELPDESK_CONFIG")}
