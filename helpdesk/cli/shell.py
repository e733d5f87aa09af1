"""`completion` and `manual`: what a shell and `man` need to know, taken from the parser and so never out of date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer._completion_shared import get_completion_script

from helpdesk import __version__


class Shell(StrEnum):
    """Shells that complete words by asking programs."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(completion)
    app.command()(manual)


def completion(shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish")]) -> None:
    """Print the script by which a shell completes commands and options."""
    from helpdesk.cli import VARIABLE

    typer.echo(get_completion_script(prog_name="helpdesk", complete_var=VARIABLE, shell=shell.value))


def manual() -> None:
    """Print the manual page, for man."""
    # Only this command needs the others, all of them.
    from helpdesk.cli import program

    group: Any = typer.main.get_command(program(()))
    context = group.context_class(group, info_name="helpdesk")
    typer.echo("\n".join(_page(group, context)))


def _page(group: Any, context: Any) -> Iterator[str]:
    """The page in roff, line by line (man(7))."""
    yield f'.TH HELPDESK 1 "" "helpdesk {__version__}"'
    yield from (".SH NAME", _plain(f"helpdesk - {group.help.rstrip('.')}"))
    yield from (".SH SYNOPSIS", r"helpdesk [\-\-config FILE] COMMAND \&…")
    yield from (".SH OPTIONS", *_options(group, context), ".SH COMMANDS")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if not command.hidden:
            yield from _command(command, context, f"helpdesk {name}")
    yield from (".SH EXIT STATUS", "0 done; 64 wrong usage; 65 input that cannot be read; 69 a server is not there;")
    yield "75 try again later, nothing was lost; 78 configuration error."
    yield from (
        ".SH FILES",
        r"The configuration: \-\-config, $HELPDESK_CONFIG, ./config.toml, /etc/helpdesk/config.toml.",
    )


def _command(command: Any, parent: Any, name: str) -> Iterator[str]:
    context = command.context_class(command, parent=parent, info_name=name.rpartition(" ")[2])
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (".SS " + _plain(f"{name} {usage}".strip()), _plain(command.help or ""), *_options(command, context))
    for below in getattr(command, "commands", {}):
        yield from _command(command.commands[below], context, f"{name} {below}")


def _options(command: Any, context: Any) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and not getattr(parameter, "hidden", False):
            yield from (".TP", r"\fB" + _plain(record[0]) + r"\fR", _plain(record[1]))


def _plain(text: str) -> str:
    """Text that roff shows as it is, in one line."""
    # typer's records may carry the marks by which rich would style them.
    line = " ".join(re.sub(r"\[/?(?:dim|bold|red|yellow)\]", "", text).replace("\\", r"\e").replace("-", r"\-").split())
    return rf"\&{line}" if line.startswith((".", "'")) else line
