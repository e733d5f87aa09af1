"""`backup` and `restore`: a copy of the whole desk while it works, and putting one back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from helpdesk.adapters.store import backup as copies
from helpdesk.cli.context import configuration, console, utc_now
from helpdesk.config import ImapMailbox


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(backup)
    app.command()(restore)


def backup(
    context: typer.Context,
    target: Annotated[
        Path, typer.Argument(metavar="FILE|FOLDER", help="A new file, or a folder for helpdesk-TIME.db.")
    ],
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="In a folder: remove the oldest backups beyond so many.")
    ] = None,
) -> None:
    """Copy the whole desk into one file while it works. Look through a copy with `restore` on a spare machine."""
    into_folder = target.is_dir()
    if keep is not None and not into_folder:
        raise typer.BadParameter(f"--keep is for a folder, and {target} is none")
    file = target / f"helpdesk-{_stamp()}.db" if into_folder else target
    with _progress("copying") as progress:
        size = copies.back_up(configuration(context).database, file, progress)
    console().print(f"✓ {file}: {size / 1e6:.1f} MB", markup=False, soft_wrap=True)
    for old in copies.prune(target, keep) if keep else ():
        console().print(f"  removed {old}", markup=False, soft_wrap=True)


def restore(context: typer.Context, file: Annotated[Path, typer.Argument(help="A backup.")]) -> None:
    """Put a backup in the place of the desk's database, which is kept beside it. Stop the daemon first."""
    config = configuration(context)
    with _progress("copying") as progress:
        done = copies.restore(config.database, file, _stamp(), progress)
    say = console()
    say.print(f"✓ the desk is as {file} has it", markup=False, soft_wrap=True)
    if done.aside is not None:
        say.print(f"  what was there lies in {done.aside}", markup=False, soft_wrap=True)
    say.print(f"  the next ticket gets the number {done.next_number}: no number is given a second time")
    if done.held_back:
        say.print(
            f"! {done.held_back} letters that waited then may have left since: sending is paused.\n"
            "    → look with `helpdesk outbox`, cancel what was sent, then: helpdesk outbox resume"
        )
    folders = sorted({box.done_folder for box in config.mailboxes if isinstance(box, ImapMailbox)})
    if done.latest is not None and folders:
        say.print(
            f"! mail that was taken in after {done.latest:%Y-%m-%d %H:%M} UTC is not known here.\n"
            f"    → move it from {', '.join(folders)} back to the folder that is read; mail that is known is taken once"
        )
    say.print("Next: helpdesk verify, then start the daemon")


def _stamp() -> str:
    return f"{utc_now():%Y%m%dT%H%M%SZ}"


@contextmanager
def _progress(what: str) -> Iterator[copies.Progress]:
    """Shows on a terminal how far it has come."""
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as shown:
        task = shown.add_task(what, total=1.0)
        yield lambda share: shown.update(task, completed=share)
