"""The command line: options in, exit codes out (sysexits); one module per family of commands.

0 done; 64 wrong usage; 65 input that cannot be read; 69 a server is not there; 75 try again later (nothing was
lost); 78 configuration error. Human output goes to stdout through rich, logs and errors to stderr.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import typer
from typer._completion_classes import completion_init

from helpdesk.cli.context import OPTIONS
from helpdesk.errors import (
    ConfigError,
    HelpdeskError,
    PermanentError,
    TemporaryError,
    UnreachableError,
    UnreadableError,
)

DONE, USAGE, UNREADABLE, UNAVAILABLE, TEMPORARY, CONFIGURATION = 0, 64, 65, 69, 75, 78

VARIABLE = "_HELPDESK_COMPLETE"  # by which a shell's script asks for the words that may follow

# The module of each command. Some take a second to load: only what is asked for is, and all of them for a list.
FAMILIES = {
    "init": ("init",),
    "serve": ("demo", "run", "once"),
    "ingest": ("ingest",),
    "explain": ("explain",),
    "rules": ("rules",),
    "form": ("form",),
    "packs": ("packs",),
    "directory": ("directory",),
    "look": ("queue", "outbox", "quarantine"),
    "show": ("show",),
    "search": ("search",),
    "administer": ("close", "reopen", "assign", "accept", "reject", "spam"),
    "check": ("check",),
    "templates": ("templates",),
    "verify": ("verify",),
    "safekeeping": ("backup", "restore"),
    "move": ("migrate-database",),
    "shell": ("completion", "manual"),
}


def program(arguments: Sequence[str]) -> typer.Typer:
    """The program with every command that the arguments may mean; with all of them when they mean none."""
    app = typer.Typer(
        name="helpdesk",
        help="An email-driven ticket helpdesk: mail in, numbered tickets, mail out.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(OPTIONS)
    meant = [module for module, commands in FAMILIES.items() if set(commands) & set(arguments)]
    for module in meant or ([] if "--version" in arguments else FAMILIES):
        import_module(f"helpdesk.cli.{module}").register(app)
    return app


def main() -> None:
    """The program `helpdesk`."""
    # Libraries stay at warnings: what they say beyond that repeats what servers were told, passwords included.
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    if os.environ.get("HELPDESK_LOG"):
        logging.getLogger("helpdesk").setLevel(os.environ["HELPDESK_LOG"].upper())
    sys.exit(_run(sys.argv[1:]))


def _being_typed() -> list[str]:
    """The words of the line that a shell wants completed (see `shell`); none when it does not ask."""
    if VARIABLE not in os.environ:
        return []
    completion_init()
    return (os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or "").split()


def _loaded(arguments: Sequence[str]) -> typer.Typer:
    """The program. What is loaded stays, so it is not looked through for garbage: that took a tenth of the start."""
    gc.disable()
    try:
        return program(arguments)
    finally:
        gc.freeze()
        gc.enable()


def _run(arguments: Sequence[str]) -> int:
    try:
        answer = _loaded(arguments or _being_typed())(args=list(arguments), prog_name="helpdesk", standalone_mode=False)
    except ConfigError as error:
        return _complain(str(error), CONFIGURATION)
    except UnreadableError as error:
        return _complain(str(error), UNREADABLE)
    except (UnreachableError, PermanentError) as error:
        return _complain(str(error), UNAVAILABLE)
    except TemporaryError as error:
        return _complain(f"{error}\nNothing was lost; try again later.", TEMPORARY)
    except HelpdeskError as error:
        return _complain(str(error), UNAVAILABLE)
    except typer.Exit as error:
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return _complain("stopped", TEMPORARY)
    except Exception as error:
        # The parser's own errors know how to show themselves; anything else is ours and crashes loudly.
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            return _complain(f"{error.format_message()}\nTry: helpdesk --help", USAGE)
        raise
    return answer if isinstance(answer, int) else DONE


def _complain(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


__all__ = ["FAMILIES", "main", "program"]
