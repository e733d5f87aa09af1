"""What every command shares: where the configuration is, the desk's works, and a console for people."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from helpdesk import __version__
from helpdesk.config import Config, load
from helpdesk.ports import Store

if TYPE_CHECKING:
    from rich.console import Console

    from helpdesk.daemon.building import Works

# Wide enough for a table where the output goes to a file or a pipe.
PIPE_WIDTH = 160


@dataclass(slots=True)
class Options:
    """The options in front of the command."""

    config: Path | None = None


def _print_version(asked: bool) -> None:
    """Called before the command is looked for: there need not be one."""
    if asked:
        typer.echo(__version__)
        raise typer.Exit


def OPTIONS(  # noqa: N802 - typer takes the docstring of this function as the help of the program
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="The configuration; else $HELPDESK_CONFIG, ./config.toml, /etc/helpdesk/config.toml."
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell on stderr what happens.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """An email-driven ticket helpdesk: mail in, numbered tickets, mail out."""
    if verbose:
        logging.getLogger("helpdesk").setLevel(logging.INFO)
    context.obj = Options(config=config)


def configuration(context: typer.Context, *, logins: bool = False) -> Config:
    """The configuration that the options name. `logins`: mail servers will be spoken to, so passwords are needed."""
    options = context.obj
    return load(options.config, environ=os.environ, logins=logins)


def utc_now() -> datetime:
    """What time it is."""
    return datetime.now(UTC)


@contextmanager
def store(context: typer.Context) -> Iterator[Store]:
    """The desk's memory alone, closed afterwards."""
    from helpdesk.adapters.store import open_store

    opened = open_store(configuration(context).database)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def works(
    context: typer.Context, *, now: Callable[[], datetime] | None = None, workers: bool = False
) -> Iterator[Works]:
    """The desk's works, closed afterwards. `now` replaces the clock."""
    # Every adapter comes with it: only commands that need one load it.
    from helpdesk.daemon import real_world
    from helpdesk.daemon.building import World, build

    real = real_world()
    world = World(now=now or real.now, random=real.random, nonce=real.nonce)
    built = build(configuration(context), world, workers=workers)
    try:
        yield built
    finally:
        built.close()


def console() -> Console:
    """Where people read: coloured on a terminal only (rich honours NO_COLOR)."""
    # The daemon stays for months, and shows nobody anything.
    from rich.console import Console

    shown = Console(highlight=False)
    return shown if shown.is_terminal else Console(highlight=False, width=PIPE_WIDTH)
