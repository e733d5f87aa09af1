"""`check`: configuration, rules, templates, database, every mailbox and the relay; each problem with its cure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from helpdesk.cli.context import configuration, console, utc_now
from helpdesk.cli.views import dumps
from helpdesk.daemon.doctor import examine
from helpdesk.daemon.ground import Finding

UNAVAILABLE, NEEDS_A_LOOK = 69, 75


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(check)


def check(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 75 for what only needs a look.")] = False,
) -> None:
    """Try everything out: each problem, why it matters, its cure. Exit status 69 where mail does not flow."""
    findings: list[Finding] = []
    for finding in examine(configuration(context, logins=True), utc_now):
        findings.append(finding)
        if not as_json:
            mark = "✗" if finding.fatal else "!" if finding.cure else "✓"
            console().print(f"{mark} {finding.place}: {finding.found}", markup=False, soft_wrap=True)
            if finding.why:
                console().print(f"    {finding.why}", markup=False, soft_wrap=True)
            if finding.cure:
                console().print(f"    → {finding.cure}", markup=False, soft_wrap=True)
    if as_json:
        typer.echo(dumps([asdict(finding) for finding in findings]))
    if any(finding.fatal for finding in findings):
        raise typer.Exit(UNAVAILABLE)
    if strict and any(finding.cure for finding in findings):
        raise typer.Exit(NEEDS_A_LOOK)
