"""`migrate-database FROM TO`: the desk moves from SQLite to PostgreSQL, or the other way, and every row is compared."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from helpdesk import verify
from helpdesk.adapters.store import open_store
from helpdesk.adapters.store.moving import move
from helpdesk.cli.context import configuration, console, utc_now
from helpdesk.cli.verify import BROKEN, show, watched
from helpdesk.daemon.building import policy_of


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command("migrate-database")(migrate_database)


def migrate_database(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="The desk as it is: sqlite:///FILE or postgresql://…")],
    target: Annotated[str, typer.Argument(metavar="TO", help="An empty database, or one where this move began.")],
) -> None:
    """Move the desk into another database and compare every row. May be broken off and called again."""
    # Its bounds are needed to verify what arrived; a configuration with problems is told of before hours of copying.
    config = configuration(context)
    rows = _copy(source, target)
    now = utc_now()
    with closing(open_store(target)) as store:
        findings = list(watched(verify.verify(store, policy_of(config, store, now), now)))
    console().print(f"✓ {rows} rows are there, each compared with its source")
    show(findings)
    console().print(
        "Now write the new address into config.toml (database = …) and start the daemon. The old database is left as "
        "it is: keep it as a backup, and let no daemon work on it again, or waiting letters leave twice.",
        soft_wrap=True,
    )
    if findings:
        raise typer.Exit(BROKEN)


def _copy(source: str, target: str) -> int:
    """How many rows the desk has; how far it has come is shown on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    total = 0
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("locking", total=None)
        for step in move(source, target):
            total = step.total
            progress.update(task, description=step.doing, completed=step.done, total=total)
    return total // 2
