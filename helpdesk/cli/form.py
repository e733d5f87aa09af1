"""`form`: the blank forms of the desk, to be sent, printed or put on a web page."""

from __future__ import annotations

from typing import Annotated

import typer

from helpdesk.cli.context import configuration
from helpdesk.core.form import blank
from helpdesk.core.forms import field_name
from helpdesk.core.texts import text_in
from helpdesk.errors import UnreadableError


def register(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command("form")(form)


def form(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Its key, or what people call it.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="ru, uk, en or pl; else that of the desk.")] = None,
) -> None:
    """Print a blank form, ready to be pasted into a mail; without a name: which forms there are."""
    desks = configuration(context).desks
    forms = {
        checklist.form.key: (checklist.form, language or desk.language)
        for desk in reversed(desks)
        for pack in desk.packs
        for checklist in pack.checklists
        if checklist.form is not None
    }
    if name is None:
        for key, (each, reader) in sorted(forms.items()):
            typer.echo(f"{key}: {text_in(each.title, reader)}")
        return
    wanted = field_name(name)
    found = next(
        (one for one in forms.values() if wanted in map(field_name, (one[0].key, *one[0].names))),
        None,
    )
    if found is None:
        known = ", ".join(sorted(forms)) or "none; a pack brings them, for example warranty-acts"
        raise UnreadableError(f'there is no form "{name}" on this desk; there are: {known}')
    typer.echo("\n".join(blank(*found)))
