"""`ingest PATH…`: take mail from files, folders or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from helpdesk.adapters.mailfiles import mails
from helpdesk.cli.context import utc_now, works
from helpdesk.config import MailboxSettings
from helpdesk.core.subject_tag import tag
from helpdesk.daemon.building import Works, source_of
from helpdesk.draining import BATCH
from helpdesk.errors import ConfigError, Problem
from helpdesk.intake import Source, Taken
from helpdesk.ports import Fetched, MailKey
from helpdesk.raw import kept

FOLDER = "ingest"


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(ingest)


def ingest(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help=".eml, mbox, Maildir, a folder, or - for stdin.")],
    mailbox: Annotated[str | None, typer.Option("--mailbox", help="As if it had come to this mailbox.")] = None,
    silent: Annotated[bool, typer.Option("--silent", help="Import history: nothing is queued or sent.")] = False,
) -> None:
    """Take mail from files; prints one line per message with its ticket. The sources are left as they are."""
    with works(context, workers=True) as built:
        settings = _mailbox(built, mailbox)
        source = source_of(settings)
        source = Source(name=source.name, desk=source.desk, spam_header=source.spam_header, silent=silent)
        for place, mail in _with_progress(_taken(built, source, paths)):
            typer.echo(_line(place, mail))


def _mailbox(built: Works, name: str | None) -> MailboxSettings:
    known = built.config.mailboxes
    found = [one for one in known if name in (None, one.name)]
    if not found:
        names = ", ".join(one.name for one in known)
        raise ConfigError((Problem(str(built.config.file), f'no mailbox is called "{name}"; there are: {names}'),))
    return found[0]


def _taken(built: Works, source: Source, paths: Sequence[str]) -> Iterator[tuple[str, Taken]]:
    found = ((place, raw, at) for path in paths for place, raw, at in mails(path, sys.stdin.buffer))
    while batch := list(islice(found, BATCH)):
        now = utc_now()
        fetched = [_fetched(raw, at, now) for _, raw, at in batch]
        for (place, _, _), mail in zip(batch, built.intake.take(source, fetched), strict=True):
            yield place, mail


def _fetched(raw: bytes, at: datetime | None, now: datetime) -> Fetched:
    return Fetched(key=MailKey.of_content(FOLDER, raw), raw=kept([raw]), arrived_at=min(at or now, now))


def _with_progress(taken: Iterator[tuple[str, Taken]]) -> Iterator[tuple[str, Taken]]:
    """The same, with a count on the terminal; nothing where stderr is a file."""
    from rich.console import Console

    columns = (SpinnerColumn(), TextColumn("{task.completed} mails"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task("", total=None)
        for one in taken:
            shown.advance(task)
            yield one


def _line(place: str, mail: Taken) -> str:
    what = tag(mail.ticket) if mail.ticket else "-"
    return f"{place}: {what} {mail.disposition.value}{f' ({mail.error})' if mail.error else ''}"
