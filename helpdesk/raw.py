"""The bytes of a mail: in memory where they are few, else in a file, so that memory does not grow with the mail.

The file has no name. Nobody else can open it, and it is gone with the last value that refers to it, after a crash as
well. It lies where temporary files do (TMPDIR). No room there is a TemporaryError: the mail stays where it is.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256

from helpdesk.errors import TemporaryError

# More than so many bytes go through a file.
CARRIED = 1024 * 1024

# So much of it is in memory at a time.
PIECE = 256 * 1024


class LargeRaw:
    """The bytes of one large mail, in a file of its own. They never change."""

    __slots__ = ("__weakref__", "_descriptor", "_size")

    def __init__(self, descriptor: int) -> None:
        """`descriptor`: of an open file, which becomes ours."""
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        weakref.finalize(self, os.close, descriptor)

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        return self.read(0, self._size)

    def fileno(self) -> int:
        """The file, to be handed to another process."""
        return self._descriptor

    def read(self, start: int, length: int) -> bytes:
        """So many bytes from `start` on; fewer at the end."""
        return os.pread(self._descriptor, length, start)


Raw = bytes | LargeRaw


class Spool:
    """Collects bytes that come one after another, without holding more than CARRIED of them."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._descriptor: int | None = None

    def write(self, piece: bytes) -> None:
        """More of the same mail. TemporaryError when there is no room."""
        self._held += piece
        if len(self._held) > CARRIED:
            self._put_down()

    def done(self) -> Raw:
        """All of it."""
        if self._descriptor is None:
            return bytes(self._held)
        self._put_down()
        return LargeRaw(os.dup(self._descriptor))

    def _put_down(self) -> None:
        try:
            if self._descriptor is None:
                with tempfile.TemporaryFile(buffering=0) as file:
                    self._descriptor = os.dup(file.fileno())
                weakref.finalize(self, os.close, self._descriptor)
            waiting = memoryview(self._held)
            while waiting:
                waiting = waiting[os.write(self._descriptor, waiting) :]
        except OSError as error:
            raise TemporaryError(
                f"a large mail does not fit into {tempfile.gettempdir()}: {error.strerror}: make room there, or let "
                f"TMPDIR name another folder"
            ) from error
        self._held = bytearray()


def kept(pieces: Iterable[bytes]) -> Raw:
    """These bytes, one after another."""
    spool = Spool()
    for piece in pieces:
        spool.write(piece)
    return spool.done()


def pieces(raw: Raw) -> Iterator[bytes]:
    """The bytes in their order, a few at a time."""
    for start in range(0, len(raw), PIECE):
        yield cut(raw, start, PIECE)


def beginning(raw: Raw, length: int) -> bytes:
    """The first bytes."""
    return cut(raw, 0, length)


def cut(raw: Raw, start: int, length: int) -> bytes:
    """So many bytes from `start` on; fewer at the end."""
    return raw[start : start + length] if isinstance(raw, bytes) else raw.read(start, length)


def digest(*raws: Raw) -> str:
    """The SHA-256 of all these bytes in hexadecimal."""
    found = sha256()
    for raw in raws:
        for piece in pieces(raw):
            found.update(piece)
    return found.hexdigest()


@contextmanager
def mapped(raw: Raw) -> Iterator[bytes | mmap.mmap]:
    """The bytes to search in as if they were in memory; the system keeps of a file what it has room for."""
    if isinstance(raw, bytes):
        yield raw
        return
    with mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        yield whole
