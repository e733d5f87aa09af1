"""Does anybody else send letters from this SQLite database? A lock tells that ends with its holder, however it dies.

Every sender holds the lock together with the others; one who gets it alone is the only one. The lock is on a file of
its own beside the database: to close the database itself here would drop SQLite's locks.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable

from helpdesk.errors import TemporaryError


class SendersLock:
    """Our part in the lock of the database file `database`, from `enter` to `close`."""

    def __init__(self, database: str) -> None:
        self._file = f"{database}-senders"
        self._descriptor: int | None = None

    def enter(self, when_alone: Callable[[], None]) -> None:
        """Become a sender; `when_alone` is called first where there is no other, and none can come meanwhile."""
        if self.enter_alone():
            when_alone()
        fcntl.flock(self._file_descriptor(), fcntl.LOCK_SH)

    def enter_alone(self) -> bool:
        """Keep every other sender out until `close`. False where there is one: nothing is kept then."""
        try:
            fcntl.flock(self._file_descriptor(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Be a sender no longer."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _file_descriptor(self) -> int:
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise TemporaryError(f"{self._file}: {error.strerror}: check the folder and its owner") from error
        return self._descriptor
