"""A reading module for tests of the workers: does to its process what hostile mail would."""

from __future__ import annotations

import os
import threading

from helpdesk.adapters.mime import reading
from helpdesk.core.message import Inbound


def read(raw: bytes) -> Inbound:
    """Dies on "die", never ends on "stall", else reads."""
    if b"Subject: die" in raw:
        os._exit(11)
    if b"Subject: stall" in raw:
        threading.Event().wait()
    return reading.read(raw)
