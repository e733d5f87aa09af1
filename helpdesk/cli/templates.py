"""`templates list|check|preview`: the letters of the desk, what is wrong with them, and how one of them looks."""

from __future__ import annotations

import webbrowser
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated

import typer
from rich.table import Table

from helpdesk import preview as workflow
from helpdesk.adapters.holidays import holidays_of
from helpdesk.adapters.store import open_store
from helpdesk.adapters.templates import Templates
from helpdesk.cli.browser import page_of, photographer
from helpdesk.cli.context import configuration, console, utc_now
from helpdesk.cli.views import dumps
from helpdesk.core.language import LANGUAGES
from helpdesk.core.outgoing import Event
from helpdesk.errors import ConfigError, Problem, UnreadableError
from helpdesk.ports import TicketFile

_templates = typer.Typer(help="The words of letters: which there are, what is wrong with them, how one looks.")


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(_templates, name="templates")


@_templates.command("list")
def show_list(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Every letter, when it goes out, and which languages the desk words by itself."""
    templates = Templates(configuration(context).templates)
    own = {event: [language for language in LANGUAGES if templates.own_file(event, language)] for event in Event}
    if as_json:
        typer.echo(
            dumps([{"name": event.value, "about": event.about, "own": languages} for event, languages in own.items()])
        )
        return
    table = Table("letter", "when it goes out", "own words", box=None, pad_edge=False)
    for event, languages in own.items():
        table.add_row(event.value, event.about, " ".join(languages))
    console().print(table)
    console().print(f"Shipped files: {templates.shipped_folder}", markup=False, soft_wrap=True)


@_templates.command()
def check(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Write every letter with sample, empty and hostile words. Exit status 78 where one fails: file, line, cure."""
    problems = Templates(configuration(context).templates).problems()
    if as_json:
        typer.echo(dumps([{"place": problem.place, "problem": problem.text} for problem in problems]))
    if problems:
        raise ConfigError(problems)
    if not as_json:
        console().print(f"✓ {len(Event)} letters in {len(LANGUAGES)} languages can be written")


@_templates.command()
def preview(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A letter, as `templates list` names it.")],
    lang: Annotated[str | None, typer.Option("--lang", help="ru, uk, en or pl; else the ticket's or desk's.")] = None,
    ticket: Annotated[
        int | None, typer.Option("--ticket", help="With what this ticket knows; else with samples.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser", help="Show it in the web browser.")] = False,
    png: Annotated[Path | None, typer.Option("--png", metavar="FILE", help="Write a picture of it (Chromium).")] = None,
) -> None:
    """How a letter looks: as text or, with --browser or --png, as HTML. Nothing is sent."""
    event = _event(name)
    if lang is not None and lang not in LANGUAGES:
        raise typer.BadParameter(f'"{lang}"; want one of {", ".join(LANGUAGES)}', param_hint="--lang")
    config = configuration(context)
    file = _file(config.database, ticket) if ticket is not None else None
    policy = config.policy(instance="preview", today=utc_now().date(), holidays_of=holidays_of)
    language = lang or (file.ticket.language if file else config.desks[0].language)
    letter = workflow.preview(event, language, policy, Templates(config.templates), file=file)
    if browser:
        with NamedTemporaryFile("w", suffix=".html", prefix=f"{event}-", encoding="utf-8", delete=False) as page:
            page.write(page_of(bytes(letter.raw)))
        if not webbrowser.open(Path(page.name).as_uri()):
            console().print(f"There is no web browser here; the page is in {page.name}", markup=False, soft_wrap=True)
    if png is not None:
        _photograph(bytes(letter.raw), png)
    if not browser and png is None:
        console().print(f"{letter.subject}\n\n{letter.text}", end="", markup=False, soft_wrap=True)
    if letter.problem:
        raise ConfigError((Problem(f"{event}, {language}", letter.problem),))


def _event(name: str) -> Event:
    known = [event.value for event in Event]
    if name not in known:
        nearest = get_close_matches(name, known, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else "`helpdesk templates list` names them"
        raise typer.BadParameter(f'"{name}" is no letter; {hint}', param_hint="NAME")
    return Event(name)


def _file(database: str, number: int) -> TicketFile:
    with closing(open_store(database)) as store:
        file = store.show(number)
    if file is None:
        raise UnreadableError(f"--ticket: there is no ticket {number}; `helpdesk queue --all` lists them")
    return file


def _photograph(raw: bytes, picture: Path) -> None:
    with NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as page, photographer() as camera:
        page.write(page_of(raw))
        page.flush()
        png = camera.photograph(Path(page.name))
    try:
        picture.write_bytes(png)
    except OSError as error:
        raise UnreadableError(f"--png: {picture} cannot be written: {error.strerror}") from error
