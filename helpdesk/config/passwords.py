"""Where the passwords of a configuration come from, and whether they can be had from there.

Three sources: a file, an environment variable, a credential that systemd hands over (a file in
$CREDENTIALS_DIRECTORY, systemd.exec(5)). A server has one of them or, where it asks for no login, none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from helpdesk.config.document import Document
from helpdesk.config.problems import Problems
from helpdesk.config.secret import EnvSecret, FileSecret, Secret, is_world_readable
from helpdesk.config.tables import ImapTable, PasswordTable, SmtpTable
from helpdesk.errors import TemporaryError

CREDENTIALS = "CREDENTIALS_DIRECTORY"
SOURCES = ("password_file", "password_env", "password_credential")


def secret_of(table: PasswordTable, base: Path, environ: Mapping[str, str]) -> Secret:
    """The source of the password of a table that names one."""
    if table.password_file is not None:
        return FileSecret(base / table.password_file)
    if table.password_env is not None:
        return EnvSecret(table.password_env, environ)
    return FileSecret(Path(environ.get(CREDENTIALS, "")) / str(table.password_credential))


def check_passwords(document: Document, environ: Mapping[str, str], problems: Problems) -> None:
    """Note every password that is missing, doubled, unreadable or open to everybody."""
    for place, table, needed in _logins(document):
        if table.oauth2 is not None:
            problems.add(f"{place}.oauth2 is not supported yet; want one of {', '.join(SOURCES)}")
            continue
        given = [source for source in SOURCES if getattr(table, source) is not None]
        if len(given) > 1:
            problems.add(f"{place} has {' and '.join(given)}; want one of them")
        elif given:
            _check_source(f"{place}.{given[0]}", table, document.base, environ, problems)
        elif needed:
            problems.add(f"{place} has a user and no password; want one of {', '.join(SOURCES)}")


def _logins(document: Document) -> Iterator[tuple[str, PasswordTable, bool]]:
    """Every server that we talk to: its place, its table, and whether it needs a password."""
    for mailbox in document.mailboxes:
        if isinstance(mailbox.table, ImapTable):
            yield mailbox.place, mailbox.table, True
    if isinstance(document.sending, SmtpTable):
        yield "smtp", document.sending, document.sending.user is not None


def _check_source(key: str, table: PasswordTable, base: Path, environ: Mapping[str, str], problems: Problems) -> None:
    """Note why this password cannot be used."""
    if isinstance(table, SmtpTable) and table.user is None:
        problems.add(f"{key} is a password for no user; want smtp.user with it")
    if table.password_credential is not None and not environ.get(CREDENTIALS):
        problems.add(f"{key} needs ${CREDENTIALS}; systemd sets it where the unit has LoadCredential=")
        return
    try:
        secret_of(table, base, environ)()
    except TemporaryError as error:
        problems.add(f"{key}: {error}")
    # systemd keeps credentials in a folder that only the service may enter.
    if table.password_file is not None and is_world_readable(base / table.password_file):
        path = base / table.password_file
        problems.add(f"{key}: everybody on this machine may read {path}; run chmod 600 {path}")
