"""Where a password comes from. It is read each time it is needed, so a changed file counts at once.

A source never holds the password itself: nothing that prints, logs or compares settings can show it.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpdesk.errors import TemporaryError


@dataclass(frozen=True, slots=True)
class FileSecret:
    """A password in a file of its own, without the line end."""

    path: Path

    def __call__(self) -> str:
        """The password. TemporaryError when the file cannot be read: somebody may be replacing it."""
        try:
            return _usable(self.path.read_text(encoding="utf-8").rstrip("\r\n"))
        except (OSError, ValueError) as error:
            raise TemporaryError(f"password file {self.path}: {_reason(error)}") from error


@dataclass(frozen=True, slots=True)
class EnvSecret:
    """A password in an environment variable."""

    name: str
    environ: Mapping[str, str] = field(repr=False, compare=False)

    def __call__(self) -> str:
        """The password. TemporaryError when the variable is not set."""
        try:
            return _usable(self.environ.get(self.name, ""))
        except ValueError as error:
            raise TemporaryError(f"environment variable {self.name}: {error}") from error


Secret = FileSecret | EnvSecret


def is_world_readable(path: Path) -> bool:
    """May everybody on this machine read the file? False when there is none."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _usable(password: str) -> str:
    # A second line is a key, a comment or the wrong file; no server would take it as a password.
    if not password or "\n" in password:
        raise ValueError("want the password on one line, and nothing else")
    return password


def _reason(error: OSError | ValueError) -> str:
    """Why, in words that hold nothing of the contents."""
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    return "is not UTF-8 text" if isinstance(error, UnicodeError) else str(error)
