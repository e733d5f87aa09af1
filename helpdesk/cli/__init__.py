"""The command line: options in, exit codes out (sysexits); one module per family of commands.

0 done; 64 wrong usage; 65 input that cannot be read; 69 a server is not there; 75 try again later (nothing was
lost); 78 configuration error. Human output goes to stdout through rich, logs and errors to stderr.
"""

from __future__ import annotations

import logging
import os
import sys

import typer

from helpdesk.cli import administer, check, explain, ingest, look, serve, show, verify
from helpdesk.cli.context import OPTIONS, Options
from helpdesk.errors import (
    ConfigError,
    HelpdeskError,
    PermanentError,
    TemporaryError,
    UnreachableError,
    UnreadableError,
)

DONE, USAGE, UNREADABLE, UNAVAILABLE, TEMPORARY, CONFIGURATION = 0, 64, 65, 69, 75, 78

app = typer.Typer(
    name="helpdesk",
    help="An email-driven ticket helpdesk: mail in, numbered tickets, mail out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(OPTIONS)
for family in (serve, ingest, explain, look, show, administer, check, verify):
    family.register(app)


def main() -> None:
    """The program `helpdesk`."""
    logging.basicConfig(
        level=os.environ.get("HELPDESK_LOG", "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    sys.exit(_run())


def _run() -> int:
    try:
        answer = app(standalone_mode=False)
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


__all__ = ["Options", "app", "main"]
