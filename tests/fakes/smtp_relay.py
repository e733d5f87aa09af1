"""A relay in a thread that wants a login. It can refuse it, and then repeats what it was told."""

from __future__ import annotations

import socketserver
import threading
from typing import Self


class LoginRelay:
    """Listens on `port` of 127.0.0.1. `taken` are the Message-IDs of what it took."""

    def __init__(self) -> None:
        self.refuses = False
        self.taken: list[str] = []
        relay = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                relay.talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def talk(self, session: socketserver.StreamRequestHandler) -> None:
        """One session, until the other side leaves."""

        def say(line: str) -> None:
            session.wfile.write(line.encode() + b"\r\n")

        say("220 relay.test")
        while line := session.rfile.readline().decode("utf-8", "replace").strip():
            match line.split()[0].upper():
                case "EHLO":
                    say("250-relay.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME")
                case "AUTH" if self.refuses:
                    say(f"535 5.7.8 wrong: {line}")
                case "AUTH":
                    say("235 welcome")
                case "DATA":
                    say("354 go on")
                    while (text := session.rfile.readline()) not in (b".\r\n", b""):
                        if text.lower().startswith(b"message-id:"):
                            self.taken.append(text.decode().partition(":")[2].strip())
                    say("250 taken")
                case "QUIT":
                    say("221 bye")
                    return
                case _:
                    say("250 fine")
