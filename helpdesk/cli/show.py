"""`show NUMBER`: a ticket with its messages, history, follow-ups and what is missing."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from helpdesk.cli.context import console, store
from helpdesk.cli.views import dumps, file_json
from helpdesk.core.subject_tag import tag
from helpdesk.errors import UnreadableError
from helpdesk.ports import StoredMessage, TicketFile

_BORDERS = {"in": "cyan", "out": "green", "note": "yellow"}


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(show)


def show(
    context: typer.Context,
    number: int,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """A ticket: its messages, history, follow-ups, what is still missing."""
    with store(context) as opened:
        file = opened.show(number)
    if file is None:
        raise UnreadableError(f"show: there is no ticket {number}; `helpdesk queue --all` lists them")
    if as_json:
        typer.echo(dumps(file_json(file)))
        return
    _print(file)


def _print(file: TicketFile) -> None:
    out, ticket = console(), file.ticket
    out.print(f"[bold]{escape(tag(ticket.number))} {escape(ticket.subject)}[/]")
    out.print(_facts(file))
    for message in file.messages:
        out.print(_letter(message))
    history = Table("at", "by", "what", "why", box=None, title="history", title_justify="left")
    for line in file.history:
        history.add_row(f"{line.at:%Y-%m-%d %H:%M}", *(escape(cell) for cell in (line.by, line.what, line.why)))
    out.print(history)


def _facts(file: TicketFile) -> Table:
    ticket = file.ticket
    rows = {
        "requester": str(ticket.requester or "?"),
        "state": " ".join(filter(None, (ticket.state.value, ticket.resolution))),
        "satisfaction": ticket.satisfaction.value if ticket.satisfaction else "",
        "merged into": tag(ticket.merged_into) if ticket.merged_into else "",
        "place": " ".join(filter(None, (ticket.lane.value, ticket.situation, ticket.priority.value))),
        "assignee": ticket.assignee or "nobody",
        "desk": ticket.desk,
        "incident": tag(ticket.incident) if ticket.incident else "",
        "gathers": "" if ticket.gathers is None else f"{ticket.gathers} tickets: {_numbers(file.links)}",
        "missing": ", ".join(ticket.missing),
        "held": "; ".join(f"{one.sender}: {one.subject}" for one in ticket.held),
        **{f"field {name}": value for name, value in ticket.fields},
        "promised by": f"{ticket.clock.due_at:%Y-%m-%d %H:%M} UTC" if ticket.clock and ticket.clock.due_at else "",
        **{f"due: {one.kind}": f"{one.due_at:%Y-%m-%d %H:%M} UTC" for one in ticket.follow_ups},
        "why here": "; ".join(ticket.reasons),
    }
    table = Table(show_header=False, box=None)
    for name, value in rows.items():
        if value:
            table.add_row(escape(name), escape(value))
    return table


def _numbers(links: tuple[tuple[int, str], ...]) -> str:
    return ", ".join(str(number) for number, kind in links if kind == "incident")


def _letter(message: StoredMessage) -> Panel:
    files = "".join(f"\n📎 {one.name} ({one.size} bytes)" for one in message.attachments)
    head = f"{message.direction}  {message.at:%Y-%m-%d %H:%M}  {message.sender} → {', '.join(message.to)}"
    return Panel(
        escape(message.text.strip() + files),
        title=escape(head),
        title_align="left",
        border_style=_BORDERS.get(message.direction, ""),
    )
