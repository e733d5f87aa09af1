"""T21, secrets in logs: at the most talkative level, nothing that the program says holds a password or a reply secret.

The program itself runs, as a child: it logs in to an IMAP server and a relay, reads mail, sends letters, is refused by
servers that repeat what they were told, and is asked for everything it can show.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from helpdesk.core.secret import token_of
from tests.fakes.imap_server import ImapServer
from tests.fakes.smtp_relay import LoginRelay
from tests.security.desk import EVE, mail

IMAP_PASSWORD, SMTP_PASSWORD = "canary-imap/4711", "canary-smtp+4712"
CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
reply_address = "support+{{token}}@help.test"

[[mailbox]]
name = "support"
host = "127.0.0.1"
port = {imap}
security = "none"
user = "imap-user"
password_file = "imap-password"
first_start = "all"

[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
user = "smtp-user"
password_env = "SMTP_PASSWORD"

[[agent]]
name = "Ivan"
addresses = ["ivan@staff.test"]
"""


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    running = ImapServer()
    yield running
    running.stop()


@pytest.fixture
def relay() -> Iterator[LoginRelay]:
    with LoginRelay() as running:
        yield running


def forms(secret: str, user: str = "") -> set[str]:
    """The secret as programs write it."""
    raw = secret.encode()
    plain = base64.b64encode(f"\0{user}\0".encode() + raw).decode()
    return {secret, base64.b64encode(raw).decode(), plain, quote(secret, safe=""), raw.hex(), repr(raw)[2:-1]}


def said_by(folder: Path, *arguments: str) -> str:
    """Everything that a command says, on both of its streams, at the level DEBUG."""
    environ = os.environ | {"HELPDESK_LOG": "DEBUG", "SMTP_PASSWORD": SMTP_PASSWORD, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "helpdesk", "--config", str(folder / "config.toml"), *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_no_secret_is_said_at_any_level(tmp_path: Path, imap: ImapServer, relay: LoginRelay) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.format(imap=imap.port, smtp=relay.port))
    (tmp_path / "imap-password").write_text(IMAP_PASSWORD)
    (tmp_path / "imap-password").chmod(0o600)
    imap.put(mail(EVE, "My order", "Where is it?"), mail(EVE, "Another", "And where is this?"))

    said = said_by(tmp_path, "once")
    assert relay.taken, said
    # Once more, with servers that refuse the login and repeat it in their answers.
    imap.mischief["LOGIN"] = lambda session, arguments: session.done(f"NO [AUTHENTICATIONFAILED] {arguments}")
    relay.refuses = True
    imap.put(mail(EVE, "A third", "Where is that?"))
    said += said_by(tmp_path, "ingest", str(_file(tmp_path)))
    said += said_by(tmp_path, "once")
    for arguments in (("check",), ("--version",), ("outbox", "--json")):
        said += said_by(tmp_path, *arguments)
    said += said_by(tmp_path, "show", "100001") + said_by(tmp_path, "explain", str(_file(tmp_path)))

    assert "sent letter=" in said, "it did log"
    assert "[AUTHENTICATIONFAILED]" in said, "and the server did repeat what it was told"
    for secret in forms(IMAP_PASSWORD, "imap-user") | forms(SMTP_PASSWORD, "smtp-user"):
        assert secret not in said, secret
    tokens = {token for line in relay.taken for token in [token_of(line)] if token}
    assert tokens
    logged = "\n".join(line for line in said.splitlines() if " INFO " in line or " DEBUG " in line or " ERROR " in line)
    assert not [token for token in tokens if token in logged.lower()]


def _file(folder: Path) -> Path:
    file = folder / "mail.eml"
    if not file.exists():
        file.write_bytes(mail(EVE, "From a file", "Where is it?"))
    return file


def test_password_file_that_others_may_read_is_refused(tmp_path: Path, imap: ImapServer, relay: LoginRelay) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.format(imap=imap.port, smtp=relay.port))
    (tmp_path / "imap-password").write_text(IMAP_PASSWORD)
    (tmp_path / "imap-password").chmod(0o644)
    said = said_by(tmp_path, "check")
    assert "chmod" in said
    assert IMAP_PASSWORD not in said
