"""The service manager hears of the daemon, and cannot stop it."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from helpdesk.daemon.systemd import Notifier


def test_a_manager_hears_what_is_said(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}).say("READY=1", "STATUS=serving")
        assert manager.recv(1000) == b"READY=1\nSTATUS=serving"


def test_a_manager_that_does_not_listen_stops_nobody(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})

        def tell() -> None:
            for _ in range(1_000):
                notifier.say("WATCHDOG=1")

        telling = threading.Thread(target=tell, daemon=True)
        telling.start()
        telling.join(20)
        assert not telling.is_alive()
