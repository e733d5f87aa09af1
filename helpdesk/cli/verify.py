"""`verify`: is everything that the desk has kept as it must be? Each finding comes with its cure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from helpdesk import verify as workflow
from helpdesk.adapters.store import open_store
from helpdesk.cli.context import configuration, console
from helpdesk.cli.views import dumps
from helpdesk.core.audit import Finding
from helpdesk.daemon import utc_now
from helpdesk.daemon.building import policy_of

BROKEN = 65


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(verify)


def verify(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Look through everything that is kept. Exit status 65 where something is not as it must be."""
    config = configuration(context)
    now = utc_now()
    with closing(open_store(config.database)) as store:
        findings = list(watched(workflow.verify(store, policy_of(config, store, now), now)))
    if as_json:
        typer.echo(dumps([{"place": one.place, "found": one.found, "cure": one.cure} for one in findings]))
    else:
        show(findings)
    if findings:
        raise typer.Exit(BROKEN)


def show(findings: Sequence[Finding]) -> None:
    """For people: each finding with its cure, or that there is none."""
    for finding in findings:
        console().print(f"✗ {finding.place}: {finding.found}", markup=False, soft_wrap=True)
        console().print(f"    → {finding.cure}", markup=False, soft_wrap=True)
    if not findings:
        console().print("✓ everything is as it must be")


def watched(steps: Iterator[Finding | float]) -> Iterator[Finding]:
    """The findings; how far it has come is shown on a terminal."""
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
        task = progress.add_task("verifying", total=1.0)
        for step in steps:
            if isinstance(step, Finding):
                yield step
            else:
                progress.update(task, completed=step)
