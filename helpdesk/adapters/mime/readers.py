"""ports.Reader: mail read in worker processes (the daemon) or in this one (`demo`, tests), and files handed out."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from helpdesk.adapters.mime import headers, parts
from helpdesk.adapters.mime.bounding import bounded_head
from helpdesk.adapters.mime.workers import WorkerReader
from helpdesk.core.message import Inbound
from helpdesk.core.poison import Sketch
from helpdesk.ports import PassedOn


class _Files:
    """What every reader does in this process: it is cheap, and bounded by itself."""

    def parts(self, raw: bytes, numbers: Sequence[int]) -> tuple[PassedOn, ...]:
        """These attachments of a mail that was read before; one that cannot be handed out is left out."""
        return tuple(file for number in numbers if (file := _file(raw, number)) is not None)

    def head(self, raw: bytes) -> bytes:
        """A mail of the same headers without any text, in bounded size."""
        return bounded_head(raw)

    def sketch(self, raw: bytes) -> Sketch:
        """What the headers say, of whatever bytes; never raises."""
        return headers.sketch(raw)


class InlineReader(_Files):
    """Reads in this process: no start-up cost, and no protection from a mail that needs too much of it."""

    def read(self, raws: Sequence[bytes]) -> Sequence[Inbound | Exception]:
        """One Inbound per mail, in order."""
        # Imported here so that a daemon whose workers read does not pay for the libraries (11 MB).
        from helpdesk.adapters.mime.reading import read

        return [read(raw) for raw in raws]

    def close(self) -> None:
        """Nothing to end."""


class ProcessReader(_Files):
    """Reads in worker processes with limits on memory and time. Safe from any thread."""

    def __init__(self) -> None:
        self._workers = WorkerReader()
        # Mailboxes have a thread each, the workers are shared.
        self._turn = threading.Lock()

    def read(self, raws: Sequence[bytes]) -> Sequence[Inbound | Exception]:
        """One result per mail, in order. An exception means: this one killed or stalled its reader."""
        with self._turn:
            return self._workers.read(raws)

    def close(self) -> None:
        """End the worker processes."""
        with self._turn:
            self._workers.close()


def _file(raw: bytes, number: int) -> PassedOn | None:
    try:
        file = parts.part(raw, number)
    except (LookupError, ValueError, RecursionError):
        return None
    return PassedOn(file.name, file.type, file.content, file.content_id)
