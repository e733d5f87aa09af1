"""`init`: a few questions or flags, both mail servers tried out, then a commented configuration and the database.

What is there already is never replaced. Nothing is written before both servers have answered.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from helpdesk.adapters.store import open_store
from helpdesk.cli.context import console
from helpdesk.config import load
from helpdesk.config.first import Answer, example, filled
from helpdesk.daemon.probing import Server, Way, probe_imap, probe_smtp
from helpdesk.errors import ConfigError, PermanentError, UnreadableError

LANGUAGES = ("en", "ru", "uk", "pl")
ZONES = "/usr/share/zoneinfo/"


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where config.toml goes.")] = Path(),
    name: Annotated[str | None, typer.Option(help="What requesters see in From.")] = None,
    address: Annotated[str | None, typer.Option(help="The public address.")] = None,
    language: Annotated[str | None, typer.Option(help="Of letters: en, ru, uk or pl.")] = None,
    timezone: Annotated[str | None, typer.Option(help="For example Europe/Warsaw.")] = None,
    agent: Annotated[str | None, typer.Option(help='The first agent: "Anna Kowalska <anna@example.org>".')] = None,
    imap: Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="Where mail is read.")] = None,
    user: Annotated[str | None, typer.Option(help="The login name there; usually the address.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="A file with the password, instead of typing it.")] = None,
    smtp: Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="Where letters are handed over.")] = None,
    smtp_user: Annotated[str | None, typer.Option(help='The login name there; "": none; else as for IMAP.')] = None,
    smtp_password_file: Annotated[Path | None, typer.Option(help="Its password, where it is another one.")] = None,
    database: Annotated[str, typer.Option(help="sqlite:///FILE or postgresql://…")] = "sqlite:///helpdesk.db",
    credentials: Annotated[
        bool, typer.Option("--credentials", help="systemd hands the passwords over, as the shipped units do.")
    ] = False,
) -> None:
    """Make a desk: ask what is not given, try both mail servers, write config.toml, passwords and database."""
    written = [folder / "config.toml", folder / "secrets" / "imap", folder / "secrets" / "smtp"]
    if there := [str(path) for path in written if path.exists()]:
        raise PermanentError(f"init: {' and '.join(there)} exists already and is not replaced; choose another folder")
    answers = _desk(name, address, language, timezone, database)
    agent_name, agent_address = parseaddr(_ask("--agent", agent, "First agent, as Name <address>"))
    if not agent_name or "@" not in agent_address:
        raise typer.BadParameter('--agent: want a name and an address, for example "Anna <anna@example.org>"')
    reading = _server("--imap", _ask("--imap", imap, "IMAP server, HOST or HOST:PORT"))
    login = _ask("--user", user, "Login name there", str(answers["address"]))
    password = _password("--password-file", password_file, f"Password of {login}")
    sending = _server("--smtp", _ask("--smtp", smtp, "SMTP server", reading.host.replace("imap.", "smtp.", 1)))
    other = password if smtp_password_file is None else _password("--smtp-password-file", smtp_password_file, "")
    reading = replace(reading, user=login, password=password)
    sending = replace(sending, user=login if smtp_user is None else smtp_user or None, password=other)
    incoming = _look_at_mailbox(reading)
    outgoing = probe_smtp(sending)
    console().print(f"✓ {sending.host}:{outgoing.port} takes letters ({outgoing.security})", soft_wrap=True)
    text = filled(
        example(),
        {
            "helpdesk": answers,
            "mailbox": _connection(reading, incoming, "imap"),
            "smtp": _connection(sending, outgoing, "smtp"),
            "agent": {"name": agent_name, "addresses": [agent_address], "lead": True},
        },
    )
    if credentials:
        text = re.sub(r'^password_file = "secrets/(\w+)"', r'password_credential = "\1"', text, flags=re.MULTILINE)
    secrets = {"imap": reading.password} | ({"smtp": sending.password} if sending.user else {})
    _write(folder, text, secrets)
    _finish(folder / "config.toml", f"CREDENTIALS_DIRECTORY={folder / 'secrets'} " if credentials else "")


def _desk(
    name: str | None, address: str | None, language: str | None, timezone: str | None, database: str
) -> dict[str, Answer]:
    """The table [helpdesk]."""
    here = os.environ.get("LANG", "")[:2]
    local = os.path.realpath("/etc/localtime")
    zone = local.removeprefix(ZONES) if local.startswith(ZONES) else "UTC"
    return {
        "name": _ask("--name", name, "Name of the desk", "Support"),
        "address": _ask("--address", address, "Public address"),
        "language": _ask("--language", language, "Language", here if here in LANGUAGES else "en"),
        "timezone": _ask("--timezone", timezone, "Time zone", zone),
        "database": database,
    }


def _ask(option: str, given: str | None, question: str, default: str | None = None) -> str:
    """What was given, or typed. Where nobody can be asked: the default, or an error that names the option."""
    if given is not None:
        return given
    if sys.stdin.isatty():
        return str(typer.prompt(question, default=default))
    if default is None:
        raise typer.BadParameter(f"{option} is missing, and there is no terminal to ask at")
    return default


def _server(option: str, text: str) -> Server:
    """HOST, HOST:PORT or [IPv6]:PORT."""
    try:
        parts = urlsplit(f"//{text}")
        if parts.hostname and parts.netloc == text and "@" not in text:
            return Server(host=parts.hostname, port=parts.port, user=None, password="")
    except ValueError:
        pass  # a port that is no number, or too large
    raise typer.BadParameter(f'{option} is "{text}"; want HOST or HOST:PORT')


def _password(option: str, file: Path | None, question: str) -> str:
    """Never an option's value: everybody on the machine could read it in the list of processes."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableError(f"{option}: {file} cannot be read: {error}") from error
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{option} is missing, and there is no terminal to ask at")
    return str(typer.prompt(question, hide_input=True))


def _look_at_mailbox(server: Server) -> Way:
    """How to get in; what was found is printed."""
    way, found = probe_imap(server)
    say = console()
    say.print(f"✓ {server.host}:{way.port} lets {server.user} read mail ({way.security})", markup=False, soft_wrap=True)
    say.print(f"  folders: {', '.join(found.folders)}", markup=False, soft_wrap=True)
    say.print("  new mail is announced (IDLE)" if found.idle else "! no IDLE: new mail is noticed within poll_interval")
    if found.move or found.uidplus:
        say.print(f"  settled mail is moved away ({'MOVE' if found.move else 'UIDPLUS'})")
    else:
        say.print("! neither MOVE nor UIDPLUS: settled mail stays in the folder, marked where the server keeps marks")
    return way


def _connection(server: Server, way: Way, name: str) -> dict[str, Answer]:
    """What [[mailbox]] and [smtp] have in common."""
    return {
        "host": server.host,
        "port": way.port,
        "security": way.security,
        "user": server.user,
        "password_file": f"secrets/{name}" if server.user else None,
    }


def _write(folder: Path, text: str, secrets: dict[str, str]) -> None:
    """Only for the owner, and never over something; on an error nothing is left."""
    made: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "secrets").mkdir(mode=0o700, exist_ok=True)
        files = {folder / "secrets" / name: f"{password}\n" for name, password in secrets.items()}
        for path, content in {**files, folder / "config.toml": text}.items():
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                made.append(path)
                file.write(content)
        load(folder / "config.toml", environ={"CREDENTIALS_DIRECTORY": str(folder / "secrets")})
    except (OSError, ConfigError) as error:
        for path in made:
            path.unlink()
        if isinstance(error, OSError):
            raise PermanentError(f"init: {error.filename} cannot be written: {error.strerror}") from error
        raise


def _finish(file: Path, environment: str) -> None:
    """Make the database, and say what comes next; `environment` stands in front of a command called by hand."""
    config = load(file, environ=os.environ, logins=False)
    open_store(config.database).close()
    say = console()
    say.print(f"✓ {file}: every key is explained in it; the passwords lie beside it in secrets/", soft_wrap=True)
    say.print(f"✓ database {config.database.rpartition('@')[2]}", markup=False, soft_wrap=True)
    say.print(f"Next: {environment}helpdesk --config {file} check", markup=False, soft_wrap=True)
