"""A wire between the daemon and a server that can be cut: a loopback port behind which the server is there or not."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

from tests.stack import HOST


class Wire:
    """Forwards connections on `port` to the port of a server, while it is `mended`; connections are refused else."""

    def __init__(self, server_port: int, *, mended: bool = True) -> None:
        self._server_port = server_port
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        # The number is kept for as long as the wire exists, also while nobody listens there.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._holder.bind((HOST, 0))
        self.port: int = self._holder.getsockname()[1]
        if mended:
            self.mend()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._holder.close()

    def mend(self) -> None:
        """From now on the server can be reached."""
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._listener.bind((HOST, self.port))
        self._listener.listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Open connections end in the middle of a word, new ones are refused."""
        if self._listener is not None:
            # Closing alone does not end an accept that another thread waits in.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                ours, _ = listener.accept()
                theirs = socket.create_connection((HOST, self._server_port))
                self._open += [ours, theirs]
                for source, target in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=_carry, args=(source, target), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while words := source.recv(65536):
            target.sendall(words)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
