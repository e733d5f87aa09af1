"""`search`: the tickets that speak of certain words."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from helpdesk.cli.context import console, store
from helpdesk.cli.views import dumps, instant, ticket_json


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(search)


def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORD…", help="All of them must be there, in any form.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """The tickets that speak of certain words, whatever their endings; the newest mail first."""
    with store(context) as opened:
        found = opened.search(" ".join(words))
    if as_json:
        typer.echo(dumps([ticket_json(one.ticket) | {"excerpt": one.excerpt, "at": instant(one.at)} for one in found]))
        return
    if not found:
        console().print("No ticket says that.")
        return
    table = Table("ticket", "subject", "requester", "state", "date", "there", box=None, pad_edge=False)
    for one in found:
        ticket = one.ticket
        requester = ticket.requester.address if ticket.requester else "?"
        row = (ticket.subject, requester, ticket.state.value, f"{one.at:%Y-%m-%d}", one.excerpt)
        table.add_row(str(ticket.number), *map(escape, row))
    console().print(table)
