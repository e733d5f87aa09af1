"""`explain PATH…`: what each message would do and why; writes nothing, sends nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from helpdesk.adapters.mailfiles import mails
from helpdesk.adapters.store import open_store
from helpdesk.cli.context import configuration, console
from helpdesk.cli.views import decision_json, dumps
from helpdesk.core.case import wanted
from helpdesk.core.decide import decide
from helpdesk.core.decision import Decision
from helpdesk.core.message import Inbound
from helpdesk.daemon import real_world, utc_now
from helpdesk.daemon.building import Works, build, source_of
from helpdesk.intake import Source
from helpdesk.ports import Fetched, MailKey
from helpdesk.rehearsal import rehearse


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(explain)


def explain(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help=".eml, mbox, Maildir, a folder, or - for stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Dry run: what each message would do and why. May run beside the daemon."""
    config = configuration(context)
    with _database(config.database) as url:
        built = build(config, real_world(), store=open_store(url), workers=True)
        source = source_of(config.mailboxes[0])
        try:
            for path in paths:
                for place, raw, _ in mails(path, sys.stdin.buffer):
                    _explain(built, source, place, raw, as_json=as_json)
        finally:
            built.close()


@contextmanager
def _database(url: str) -> Iterator[str]:
    """The desk's database; where none was made yet, an empty one that leaves no trace."""
    file = url.removeprefix("sqlite:///")
    if file == url or Path(file).exists():
        yield url
        return
    with TemporaryDirectory(prefix="helpdesk-") as folder:
        yield f"sqlite:///{folder}/empty.db"


def _explain(built: Works, source: Source, place: str, raw: bytes, *, as_json: bool) -> None:
    (inbound,) = built.reader.read([raw])
    if isinstance(inbound, Exception):
        _explain_poison(built, place, raw, inbound, as_json=as_json)
        return
    now = utc_now()
    arrival = source.arrival(Fetched(key=MailKey("explain", 0, 0), raw=raw, arrived_at=now))
    with rehearse(built.store) as rehearsal, rehearsal.unit() as unit:
        facts = unit.facts(wanted(inbound, built.policy, arrival), now)
        decision = decide(inbound, facts, built.policy, arrival, now)
        ticket = unit.ticket(decision.ticket) if decision.ticket else None
    if as_json:
        typer.echo(dumps(decision_json(place, inbound, decision, ticket)))
    else:
        _print(place, inbound, decision)


def _explain_poison(built: Works, place: str, raw: bytes, error: Exception, *, as_json: bool) -> None:
    sketch = built.reader.sketch(raw)
    why = f"{type(error).__name__}: {error}"
    if as_json:
        value = {
            "path": place,
            "message_id": sketch.message_id,
            "disposition": "quarantine",
            "subject": sketch.subject,
            "reasons": [{"rule": "unreadable", "evidence": why}],
        }
        typer.echo(dumps(value))
    else:
        console().print(f"{place}: quarantine, {why}", markup=False)


def _print(place: str, inbound: Inbound, decision: Decision) -> None:
    table = Table(show_header=False, box=None, title=escape(place), title_justify="left")
    sender = inbound.sender.address if inbound.sender else inbound.from_shown or "nobody"
    table.add_row("from", escape(f"{sender} ({decision.role.value}, proof: {decision.proof.value})"))
    table.add_row("subject", escape(inbound.subject))
    table.add_row("kind", decision.kind.value)
    table.add_row("disposition", f"[bold]{decision.disposition.value}[/]")
    ticket = "a new one" if decision.ticket == 0 else str(decision.ticket or "none")
    table.add_row("ticket", f"{ticket} (evidence: {decision.evidence})")
    for letter in decision.letters:
        table.add_row("would send", escape(f"{letter.event.value} to {letter.to.address}"))
    for reason in decision.reasons:
        table.add_row("because", escape(str(reason)))
    for defect in inbound.defects:
        table.add_row("defect", escape(defect))
    console().print(table)
