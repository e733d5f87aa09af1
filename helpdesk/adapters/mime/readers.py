"""ports.Reader: mail read in worker processes (the daemon) or in this one (`demo`, tests), and files handed out."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from helpdesk.adapters.mime import headers, parts
from helpdesk.adapters.mime.bounding import bounded_head
from helpdesk.adapters.mime.thinning import LARGE, Thin, thin
from helpdesk.adapters.mime.workers import WorkerReader
from helpdesk.core.message import Inbound, Sketch
from helpdesk.ports import PassedOn
from helpdesk.raw import Raw, beginning, digest, kept, mapped, pieces


class _Files:
    """What every reader does in this process: it is cheap, and bounded by itself."""

    def parts(self, raw: Raw, numbers: Sequence[int], room: int) -> tuple[PassedOn, ...]:
        """These attachments of a mail that was read before; one that cannot be handed out is missing.

        Of a file with more than `room` bytes only the size is told.
        """
        with mapped(raw) as searched:
            small = thin(searched, digest(raw) if len(raw) >= LARGE else "")
            files = [_file(small, raw, number, room) for number in numbers]
        return tuple(file for file in files if file is not None)

    def head(self, raw: Raw) -> bytes:
        """A mail of the same headers without any text, in bounded size."""
        return bounded_head(beginning(raw, LARGE))

    def sketch(self, raw: Raw) -> Sketch:
        """What the headers say, of whatever bytes; never raises."""
        return headers.sketch(beginning(raw, LARGE))


class InlineReader(_Files):
    """Reads in this process: no start-up cost, and no protection from a mail that needs too much of it."""

    def read(self, raws: Sequence[Raw]) -> Sequence[Inbound | Exception]:
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

    def read(self, raws: Sequence[Raw]) -> Sequence[Inbound | Exception]:
        """One result per mail, in order. An exception means: this one killed or stalled its reader."""
        with self._turn:
            return self._workers.read(raws)

    def close(self) -> None:
        """End the worker processes."""
        with self._turn:
            self._workers.close()


def _file(small: Thin, raw: Raw, number: int, room: int) -> PassedOn | None:
    if number == parts.WHOLE:
        name, kind, content_id, size = "message.eml", "message/rfc822", None, len(raw)
        content = pieces(raw)
    else:
        try:
            found = parts.part(small.raw, number)
        except (LookupError, ValueError, RecursionError):
            return None
        name, kind, content_id, size = found.name, found.type, found.content_id, small.size(found.content)
        content = small.pieces(found.content)
    if size > room:
        return PassedOn(name, kind, b"", content_id, left_out=size)
    return PassedOn(name, kind, kept(content), content_id)
