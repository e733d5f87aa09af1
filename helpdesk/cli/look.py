"""`queue`, `outbox`, `quarantine`: what waits, and the brakes on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from helpdesk.cli.context import console, store, utc_now
from helpdesk.cli.views import dumps, outbox_json, quarantine_json, ticket_json
from helpdesk.core.ticket import Lane, Ticket
from helpdesk.core.triage import why, with_incidents_as_one
from helpdesk.errors import UnreadableError
from helpdesk.raw import pieces

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Ids = Annotated[list[int], typer.Argument(help="As the list shows them.")]

_outbox = typer.Typer(help="Mail not yet sent, and mail that failed, with the reason per recipient.")
_quarantine = typer.Typer(help="Mail that could not be processed, its error, another try.")


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(queue)
    app.add_typer(_outbox, name="outbox")
    app.add_typer(_quarantine, name="quarantine")


def queue(
    context: typer.Context,
    as_json: AsJson = False,
    desk: Annotated[str | None, typer.Option("--desk", help="One desk only.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Closed tickets, too.")] = False,
) -> None:
    """The open tickets, in the order in which to work on them."""
    with store(context) as opened:
        tickets = opened.queue(desk=desk, closed=everything)
    if as_json:
        typer.echo(dumps([ticket_json(ticket) for ticket in tickets]))
        return
    if not tickets:
        console().print("No ticket waits.")
        return
    console().print(_queue_table(with_incidents_as_one(tickets)))


_COLUMNS = ("", "ticket", "subject", "requester", "state", "assignee", "opened", "due", "held", "why here")


def _queue_table(tickets: Sequence[Ticket]) -> Table:
    """One row for each ticket. A column that says nothing is left out: the reasons need the room."""
    rows = [(str(place), *_row(ticket)) for place, ticket in enumerate(tickets, start=1)]
    telling = [index for index in range(len(_COLUMNS)) if any(row[index] for row in rows)]
    table = Table(*(_COLUMNS[index] for index in telling), box=None, pad_edge=False)
    for row, ticket in zip(rows, tickets, strict=True):
        table.add_row(*(escape(row[index]) for index in telling), style=_style(ticket))
    return table


def _row(ticket: Ticket) -> tuple[str, ...]:
    lane = f"{ticket.situation or 'outage'} " if ticket.lane is Lane.OUTAGE else ""
    priority = "" if ticket.priority.value == "normal" else f" {ticket.priority.value}"
    return (
        str(ticket.number),
        ticket.subject,
        _who(ticket),
        f"{lane}{ticket.state.value}{priority}",
        ticket.assignee or "",
        f"{ticket.opened_at:%m-%d %H:%M}",
        f"{ticket.due_at:%m-%d %H:%M}" if ticket.due_at else "",
        str(len(ticket.held) or ""),
        why(ticket),
    )


def _who(ticket: Ticket) -> str:
    """The requester or, of an incident, how many requests it holds."""
    if ticket.gathers is not None:
        return f"{ticket.gathers} requests"
    return ticket.requester.address if ticket.requester else "?"


def _style(ticket: Ticket) -> str:
    return "bold red" if ticket.lane is Lane.OUTAGE else ""


@_outbox.callback(invoke_without_command=True)
def outbox(context: typer.Context, as_json: AsJson = False) -> None:
    """Mail not yet sent, and mail that failed, with the reason per recipient."""
    if context.invoked_subcommand:
        return
    with store(context) as opened:
        entries, paused = opened.outbox(), opened.paused()
    if as_json:
        typer.echo(dumps([outbox_json(entry) for entry in entries]))
        return
    if paused:
        console().print("[bold]The outbox is paused:[/] nothing leaves until `helpdesk outbox resume`.")
    if not entries:
        console().print("Everything was sent.")
        return
    table = Table("id", "ticket", "event", "state", "recipient", "answer", "tries", "next try", box=None)
    for entry in entries:
        for one in entry.recipients:
            table.add_row(
                str(entry.id),
                str(entry.ticket or ""),
                entry.event,
                entry.state.value,
                escape(one.address),
                escape(f"{one.code or ''} {one.text}".strip()),
                str(entry.attempts),
                f"{entry.next_attempt_at:%m-%d %H:%M}" if entry.next_attempt_at else "",
                style="red" if entry.state.value == "failed" else "",
            )
    console().print(table)


@_outbox.command("retry")
def outbox_retry(context: typer.Context, ids: Ids) -> None:
    """Try these letters again, now."""
    with store(context) as opened:
        _say(ids, opened.outbox_retry(ids, utc_now()), "will be tried again")


@_outbox.command("cancel")
def outbox_cancel(context: typer.Context, ids: Ids) -> None:
    """These letters are not sent."""
    with store(context) as opened:
        _say(ids, opened.outbox_cancel(ids), "will not be sent")


@_outbox.command("pause")
def outbox_pause(context: typer.Context) -> None:
    """Nothing leaves any more; intake goes on."""
    with store(context) as opened:
        opened.pause(True)
    console().print("Paused: letters wait in the outbox, intake goes on.")


@_outbox.command("resume")
def outbox_resume(context: typer.Context) -> None:
    """Letters leave again; a breaker that has opened closes."""
    with store(context) as opened:
        opened.pause(False)
        opened.close_breakers(utc_now())
    console().print("Resumed.")


@_quarantine.callback(invoke_without_command=True)
def quarantine(context: typer.Context, as_json: AsJson = False) -> None:
    """Mail that could not be processed."""
    if context.invoked_subcommand:
        return
    with store(context) as opened:
        entries = opened.quarantined()
    if as_json:
        typer.echo(dumps([quarantine_json(entry) for entry in entries]))
        return
    if not entries:
        console().print("No mail is in quarantine.")
        return
    table = Table("id", "mailbox", "at", "from", "subject", "error", "tries", box=None)
    for entry in entries:
        tries = f"{entry.attempts}{' …' if entry.retrying else ''}"
        cells = (entry.mailbox, f"{entry.at:%m-%d %H:%M}", entry.sender, entry.subject, entry.error, tries)
        table.add_row(str(entry.id), *(escape(cell) for cell in cells))
    console().print(table)


@_quarantine.command("show")
def quarantine_show(context: typer.Context, entry: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """The mail itself, byte for byte."""
    with store(context) as opened:
        raw = opened.quarantine_raw(entry)
    if raw is None:
        raise UnreadableError(f"quarantine: there is no entry {entry}; `helpdesk quarantine` lists them")
    for piece in pieces(raw):
        typer.echo(piece, nl=False)


@_quarantine.command("retry")
def quarantine_retry(context: typer.Context, ids: Ids) -> None:
    """Process these mails again."""
    with store(context) as opened:
        _say(ids, opened.quarantine_retry(ids, utc_now()), "will be tried again")


def _say(asked: list[int], done: object, what: str) -> None:
    """Which of the ids it was done for; exit 65 when one of them was not there."""
    numbers = list(done) if isinstance(done, list | tuple) else []
    for number in asked:
        if number in numbers:
            console().print(f"{number} {what}.")
    wrong = [str(number) for number in asked if number not in numbers]
    if wrong:
        raise UnreadableError(f"not in a state for that, or not there: {', '.join(wrong)}")
