"""`check`: configuration, rules, templates, database, every mailbox and the relay; each problem with its cure."""

from __future__ import annotations

from typing import Annotated

import typer

from helpdesk.cli.context import configuration, console, utc_now
from helpdesk.cli.views import dumps
from helpdesk.daemon.doctor import Finding, examine

UNAVAILABLE = 69


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(check)


def check(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Try everything out: each problem with its place and its cure. Exit status 69 where mail does not flow."""
    findings: list[Finding] = []
    for finding in examine(configuration(context, logins=True), utc_now):
        findings.append(finding)
        if not as_json:
            mark = "✗" if finding.fatal else "!" if finding.cure else "✓"
            console().print(f"{mark} {finding.place}: {finding.found}", markup=False, soft_wrap=True)
            if finding.cure:
                console().print(f"    → {finding.cure}", markup=False, soft_wrap=True)
    if as_json:
        typer.echo(dumps([{"place": f.place, "found": f.found, "cure": f.cure, "fatal": f.fatal} for f in findings]))
    if any(finding.fatal for finding in findings):
        raise typer.Exit(UNAVAILABLE)
