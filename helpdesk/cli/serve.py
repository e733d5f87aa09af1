"""`run`, `once`, `demo`: the daemon, one pass of it, and a look at it without any configuration.

The daemon stays: what only the other two need is loaded by them.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Annotated

import typer

from helpdesk import daemon
from helpdesk.cli.context import configuration, console
from helpdesk.config import Outdir


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(demo)
    app.command()(run)
    app.command()(once)


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Stay up, so that a mail client can be pointed at it.")] = False,
) -> None:
    """The main job on embedded parts: no configuration, no root, nothing outside a temporary folder."""
    from helpdesk.demo import demonstrate

    demonstrate(console(), keep=keep)


def run(context: typer.Context) -> None:
    """The daemon, in the foreground (systemd Type=notify). SIGTERM stops it cleanly, SIGHUP reloads."""
    logger = logging.getLogger("helpdesk")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    asyncio.run(daemon.run(context.obj.config))


def once(
    context: typer.Context,
    at: Annotated[str | None, typer.Option("--at", help="Act as if it were then: ISO 8601 with a zone.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would leave; change nothing.")] = False,
) -> None:
    """One pass: fetch all that waits, run every follow-up that is due, send all that is due, exit."""
    from helpdesk.daemon import drill

    config = configuration(context, logins=True)
    moment = _moment(at)
    if moment is not None and not dry_run and not isinstance(config.sending, Outdir):
        typer.echo("NOTE: this is a drill on a desk whose transport is SMTP: real letters leave.", err=True)
    if dry_run:
        for line in drill.would_leave(config, moment):
            typer.echo(line)
        return
    done = asyncio.run(drill.once(config, moment))
    console().print(f"{done.mails} mails taken, {done.follow_ups} follow-ups, {done.letters} letters tried.")
    if done.trouble:
        raise done.trouble


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise typer.BadParameter(f'"{text}" is not a time with a zone; want for example 2026-03-01T09:00+03:00')
    return moment.astimezone(UTC)
