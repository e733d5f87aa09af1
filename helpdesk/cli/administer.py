"""`close`, `reopen`, `assign`, `accept`, `reject`, `spam`, `merge`: what agents command, for the administrator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from helpdesk import administration
from helpdesk.cli.context import console, utc_now, works
from helpdesk.core.command_values import Accept, Assign, Close, Command, MergeInto, Reject, Reopen, Spam
from helpdesk.errors import UnreadableError

Numbers = Annotated[list[int], typer.Argument(metavar="NUMBER…", help="Ticket numbers.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (close, reopen, assign, accept, reject, spam, merge, unmute):
        app.command()(command)


def close(
    context: typer.Context,
    numbers: Numbers,
    resolution: Annotated[str | None, typer.Option("--resolution", help="Why; default: solved.")] = None,
) -> None:
    """Close tickets; their requesters are told."""
    _order(context, numbers, Close(resolution))


def reopen(context: typer.Context, numbers: Numbers) -> None:
    """Open closed tickets again."""
    _order(context, numbers, Reopen())


def assign(
    context: typer.Context,
    numbers: Numbers,
    to: Annotated[str, typer.Option("--to", help="Name or address of the agent.")],
) -> None:
    """Give tickets to an agent."""
    _order(context, numbers, Assign(to))


def accept(context: typer.Context, numbers: Numbers) -> None:
    """Every mail that is held on these tickets becomes part of them."""
    _order(context, numbers, Accept())


def reject(context: typer.Context, numbers: Numbers) -> None:
    """No mail that is held on these tickets becomes part of them."""
    _order(context, numbers, Reject())


def spam(context: typer.Context, numbers: Numbers) -> None:
    """Close tickets without a letter and block their senders."""
    _order(context, numbers, Spam())


def merge(
    context: typer.Context,
    numbers: Numbers,
    into: Annotated[int, typer.Option("--into", help="The ticket that stays.")],
) -> None:
    """These tickets go into another one, and their numbers lead there; who took part in them takes part in it."""
    _order(context, numbers, MergeInto(into))


def unmute(
    context: typer.Context,
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS…", help="First addresses of agents.")],
) -> None:
    """Write again to agents at whose addresses letters came back."""
    with works(context) as built:
        unknown = [one for one in addresses if not administration.unmute(built.store, one.lower(), utc_now())]
    if unknown:
        raise UnreadableError(
            f"unmute: no letter to {', '.join(unknown)} came back; `helpdesk check` says who is muted"
        )


def _order(context: typer.Context, numbers: Sequence[int], command: Command) -> None:
    refused = []
    with works(context) as built:
        for number in numbers:
            done, said = administration.order(built.store, built.postbox, number, command, utc_now())
            if done:
                console().print(f"{number}: {said}", markup=False)
            else:
                refused.append(f"{number}: {said}")
    if refused:
        raise UnreadableError("\n".join(refused))
