"""Tells systemd how we are, over the socket that it names (sd_notify(3)). Without one, says nothing."""

from __future__ import annotations

import socket
from collections.abc import Mapping


class Notifier:
    """Speaks to the service manager; never fails, because being watched must not stop the mail."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ names an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        usec = environ.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(usec) / 1_000_000 if usec.isdigit() else None

    def say(self, *lines: str) -> None:
        """Send assignments such as READY=1 or STATUS=…"""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
                # A manager that does not listen loses a word; waiting for it would stop all letters.
                manager.setblocking(False)
                manager.connect(self._address)
                manager.sendall("\n".join(lines).encode())
        except OSError:
            return
