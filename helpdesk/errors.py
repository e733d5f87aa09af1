"""The exception tree. Adapters translate library exceptions into these and keep the cause.

Malformed mail, a wrong command or "no ticket found" are results, not exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass


class HelpdeskError(Exception):
    """Anything that this program raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file: where, what was found, what is wanted, what to do."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class ConfigError(HelpdeskError):
    """The configuration, a rule file or a template cannot be used; carries every problem found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class TemporaryError(HelpdeskError):
    """A server is away or the store is busy: the same call may succeed later. Nothing was lost."""


class LeaseLostError(TemporaryError):
    """Another daemon reads this mailbox now: nothing of the batch was kept, it is theirs."""


class UnreachableError(TemporaryError):
    """No session with a server could be had: whatever else is asked of it now would fail, too."""


class PermanentError(HelpdeskError):
    """A login or a recipient was refused: the same call will fail until somebody changes something."""


class LoginRefusedError(PermanentError):
    """A server took the connection and refused user or password: another port or protection would not help."""


class UnreadableError(HelpdeskError):
    """An input file cannot be read at all (missing, not mail, no permission)."""
