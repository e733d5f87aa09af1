"""`helpdesk init` on real mail servers: what it finds there is what the desk then works with."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stack import HOST, PASSWORD, MailStack
from tests.system.desk import CLI_S

ADDRESS = "support.init@help.test"


@pytest.fixture
def call(mailstack: MailStack, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Calls the program in an empty folder of its own."""
    (tmp_path / "typed").write_text(f"{PASSWORD}\n", "utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "helpdesk", *arguments],
            cwd=tmp_path, env={**os.environ, "SSL_CERT_FILE": str(mailstack.cafile), "NO_COLOR": "1"},
            capture_output=True, text=True, timeout=CLI_S, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return run


def flags(stack: MailStack, **changes: str) -> list[str]:
    given = {
        "name": 'Поддержка "Север"',
        "address": ADDRESS,
        "language": "ru",
        "timezone": "Europe/Warsaw",
        "agent": "Anna Kowalska <anna.init@help.test>",
        "imap": f"{HOST}:{stack.ports.imaps}",
        "password-file": "typed",
        "smtp": f"{HOST}:{stack.ports.submission}",
    } | changes
    return [word for key, value in given.items() for word in (f"--{key.replace('_', '-')}", value)]


def test_a_desk_that_init_made_passes_its_check(
    mailstack: MailStack, tmp_path: Path, call: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    made = call("init", "desk", *flags(mailstack))
    assert made.returncode == 0, made.stderr
    assert "lets support.init@help.test read mail (tls)" in made.stdout
    assert "takes letters (starttls)" in made.stdout
    for word in ("INBOX", "IDLE", "MOVE"):
        assert word in made.stdout
    assert PASSWORD not in (made.stdout + made.stderr).replace("secrets/", "")
    desk = tmp_path / "desk"
    for file in (desk / "config.toml", desk / "secrets" / "imap", desk / "secrets" / "smtp"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (desk / "helpdesk.db").exists()
    assert "# The public address of the desk." in (desk / "config.toml").read_text("utf-8")
    checked = call("--config", "desk/config.toml", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "✓ mailbox support: connected" in checked.stdout


def test_init_replaces_nothing(
    mailstack: MailStack, tmp_path: Path, call: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "config.toml").write_text("mine", "utf-8")
    refused = call("init", *flags(mailstack))
    assert refused.returncode != 0
    assert "config.toml exists already" in refused.stderr
    assert (tmp_path / "config.toml").read_text("utf-8") == "mine"
    assert not (tmp_path / "secrets").exists()


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"password_file": "wrong"}, 69, "login of support.init@help.test is refused"),
        ({"imap": f"{HOST}:1"}, 69, "nobody listens there"),
        ({"imap": "mail.example.com:port"}, 64, "want HOST or HOST:PORT"),
        ({"password_file": "missing"}, 65, "missing cannot be read"),
        ({"timezone": "Europe/Warsow"}, 78, "Europe/Warsaw"),
        ({"agent": "anna"}, 64, "--agent: want a name and an address"),
    ],
    ids=lambda value: "" if isinstance(value, int) else str(value)[:30],
)
def test_what_cannot_work_is_said_and_nothing_is_left(
    mailstack: MailStack,
    tmp_path: Path,
    call: Callable[..., subprocess.CompletedProcess[str]],
    change: dict[str, str],
    code: int,
    words: str,
) -> None:
    (tmp_path / "wrong").write_text("wrong\n", "utf-8")
    failed = call("init", "desk", *flags(mailstack, **change))
    assert (failed.returncode, words in failed.stderr) == (code, True), failed.stderr
    assert not [path for path in (tmp_path / "desk").rglob("*") if path.is_file()]


def test_a_relay_without_login_and_credentials_of_systemd(
    mailstack: MailStack, tmp_path: Path, call: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    relay = f"{HOST}:{mailstack.ports.smtp}"
    made = call("init", "desk", *flags(mailstack, smtp=relay, smtp_user=""), "--credentials")
    assert made.returncode == 0, made.stderr
    text = (tmp_path / "desk" / "config.toml").read_text("utf-8")
    assert '\npassword_credential = "imap"\n' in text
    assert "\npassword_file" not in text
    assert sorted(file.name for file in (tmp_path / "desk" / "secrets").iterdir()) == ["imap"]


def test_what_is_not_given_is_asked_for(mailstack: MailStack, tmp_path: Path) -> None:
    # What is typed before a password is asked for is thrown away by the terminal, so that one comes from a file.
    (tmp_path / "typed").write_text(PASSWORD, "utf-8")
    controller, terminal = pty.openpty()
    try:
        typed = [
            "Support", ADDRESS, "pl", "Europe/Warsaw", "Anna <anna.init@help.test>", f"{HOST}:{mailstack.ports.imaps}",
            "", f"{HOST}:{mailstack.ports.submissions}",
        ]  # fmt: skip
        os.write(controller, "".join(f"{line}\n" for line in typed).encode())
        made = subprocess.run(
            [sys.executable, "-m", "helpdesk", "init", "--password-file", "typed"],
            cwd=tmp_path, env={**os.environ, "SSL_CERT_FILE": str(mailstack.cafile)}, stdin=terminal,
            capture_output=True, text=True, timeout=CLI_S, check=False, start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(controller)
        os.close(terminal)
    assert made.returncode == 0, made.stdout + made.stderr
    text = (tmp_path / "config.toml").read_text("utf-8")
    assert f'\nuser = "{ADDRESS}"\n' in text
    assert '\nsecurity = "tls"\n' in text


def test_where_nobody_can_be_asked_the_missing_flag_is_named(
    call: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    failed = call("init", "--name", "Support")
    assert failed.returncode == 64
    assert "--address is missing, and there is no terminal to ask at" in failed.stderr
