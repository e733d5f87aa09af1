"""ports.Reader: mail read in worker processes (the daemon) or in this one (`demo`, tests), and files handed out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from hashlib import sha256

from helpdesk.adapters.mime import headers, parts
from helpdesk.adapters.mime.bounding import bounded_head
from helpdesk.adapters.mime.thinning import Thin, content_of, thin, whole_again
from helpdesk.adapters.mime.workers import WorkerReader
from helpdesk.core.message import Inbound
from helpdesk.core.poison import Sketch
from helpdesk.ports import PassedOn


class _Files:
    """What every reader does in this process: it is cheap, and bounded by itself."""

    def parts(self, raw: bytes, numbers: Sequence[int], room: int) -> tuple[PassedOn, ...]:
        """These attachments of a mail that was read before; one that cannot be handed out is missing.

        Of a large file with more than `room` bytes only the size is told.
        """
        thinned = thin(raw)
        files = (_file(raw, thinned, number, room) for number in numbers)
        return tuple(file for file in files if file is not None)

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

        return _read_thin(lambda thinned: [read(raw) for raw in thinned], raws)

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
            return _read_thin(self._workers.read, raws)

    def close(self) -> None:
        """End the worker processes."""
        with self._turn:
            self._workers.close()


def _read_thin(
    read: Callable[[Sequence[bytes]], Sequence[Inbound | Exception]], raws: Sequence[bytes]
) -> Sequence[Inbound | Exception]:
    """What the mails say, read without the bytes of their large files."""
    thinned = [thin(raw) for raw in raws]
    return [
        whole_again(result, raw, small.cuts) if small.cuts and isinstance(result, Inbound) else result
        for raw, small, result in zip(raws, thinned, read([small.raw for small in thinned]), strict=True)
    ]


def _file(raw: bytes, thinned: Thin, number: int, room: int) -> PassedOn | None:
    if number == parts.WHOLE:
        thinned = Thin(raw, {})
    try:
        file = parts.part(thinned.raw, number)
    except (LookupError, ValueError, RecursionError):
        return None
    cut = thinned.cuts.get(sha256(file.content).hexdigest()) if thinned.cuts else None
    if cut is not None and cut.size > room:
        return PassedOn(file.name, file.type, b"", file.content_id, left_out=cut.size)
    if cut is not None:
        return PassedOn(file.name, file.type, content_of(raw, cut), file.content_id)
    return PassedOn(file.name, file.type, file.content, file.content_id)
