"""What the system's name service says of a host, without waiting for it longer than one wants.

A resolver cannot be told to stop, and one whose servers are away takes half a minute or longer. So it is asked in a
thread of its own, of which nobody waits for the end: neither a pool that others need, nor the program when it stops.
"""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from typing import Any

# As socket.getaddrinfo gives them: family, kind, protocol, canonical name, address.
Addresses = list[tuple[Any, ...]]


def look_up(host: str, port: int) -> Future[Addresses]:
    """The addresses of a host, once they are known; socket.gaierror where it has none."""
    answer: Future[Addresses] = Future()
    answer.set_running_or_notify_cancel()  # whoever gives it up leaves it to itself

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name=f"names-{host}", daemon=True).start()
    return answer
