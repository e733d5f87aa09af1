"""`directory`: lists that the desk brings along, in and out as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from helpdesk.cli.context import console, store
from helpdesk.cli.views import dumps
from helpdesk.core.directory import DIRECTORIES, Directory, Entry, folded, read_entries, to_sheet
from helpdesk.errors import UnreadableError

# Problems of a file that are printed; whoever has more has another file.
_SHOWN = 50

_directory = typer.Typer(help="Lists of the desk: customers, organisations, representatives, partners, centres, sales.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="customers, organisations, …; see `directory list`.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(_directory, name="directory")


@_directory.command("import")
def take_in(
    context: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8; commas or semicolons, with a header.")],
) -> None:
    """Replace a directory by a file: the whole of it or, where anything is wrong, nothing. Every problem is told."""
    directory = _known(name)
    header, rows = _read(file)
    lines = track(rows, f"Reading {file.name}", console=console(), disable=len(rows) < _LONG)
    entries, problems = read_entries(directory, header, lines)
    if problems:
        more = [f"… and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        told = "\n".join(f"{file.name}: {problem}" for problem in [*problems[:_SHOWN], *more])
        raise UnreadableError(f"{told}\nNothing was imported; {name} is as it was.")
    with store(context) as opened:
        opened.replace_directory(name, entries)
    console().print(f"{name}: {len(entries)} entries.")


# Rows from which on reading takes seconds.
_LONG = 20_000


@_directory.command("export")
def give_out(context: typer.Context, name: Name) -> None:
    """Print a directory as CSV. Cells that a spreadsheet would take for formulas begin with an apostrophe."""
    directory = _known(name)
    with store(context) as opened:
        entries = opened.directory(name)
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    columns = [column.name for column in directory.columns]
    sheet.writerow(columns)
    sheet.writerows([to_sheet(entry.value(column)) for column in columns] for entry in entries)
    typer.echo(out.getvalue(), nl=False)


@_directory.command("list")
def show_sizes(context: typer.Context) -> None:
    """Which directories there are, with their columns and how many entries each has."""
    with store(context) as opened:
        sizes = opened.directory_sizes()
    for directory in DIRECTORIES.values():
        columns = ", ".join(f"{one.name}{'*' if one.required else ''}" for one in directory.columns)
        typer.echo(f"{directory.name}: {sizes.get(directory.name, 0)} entries ({columns})")


@_directory.command("find")
def look_up(context: typer.Context, name: Name, key: Annotated[str, typer.Argument(metavar="KEY")]) -> None:
    """Print the entries with this key, one JSON object a line."""
    _known(name)
    with store(context) as opened:
        for entry in opened.find_entries(name, [folded(key)]):
            typer.echo(dumps(_json(entry)))


def _json(entry: Entry) -> dict[str, str]:
    return dict(entry.values)


def _known(name: str) -> Directory:
    if name not in DIRECTORIES:
        raise UnreadableError(f'there is no directory "{name}"; there are: {", ".join(DIRECTORIES)}')
    return DIRECTORIES[name]


def _read(file: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows below it."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnreadableError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{file}: is not UTF-8 text; save it as “CSV UTF-8”") from error
    header = text.partition("\n")[0]
    rows = list(csv.reader(io.StringIO(text), delimiter=";" if header.count(";") > header.count(",") else ","))
    return (rows[0], rows[1:]) if rows else ([], [])
