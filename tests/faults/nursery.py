"""Raises desks that are to die: one JSON order on each line of stdin, one JSON answer on stdout.

The product's own pass (`once`) runs in a fork of this process, which has everything imported and one thread: a trial
costs a tenth of a second instead of one. The answer tells how the child ended and which points it passed. A pass that
is to be learned from runs in this process itself: all later desks begin with the patterns, templates and statements
that it has made ready.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import signal
import sys
import time
import traceback
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

from helpdesk import draining
from helpdesk.adapters.imap import mailbox as imap_mailbox
from helpdesk.adapters.store import engine as store_engine
from helpdesk.adapters.store import open_store
from helpdesk.adapters.templates import Templates
from helpdesk.config import Config, load
from helpdesk.daemon import building, drill
from helpdesk.errors import HelpdeskError
from tests.faults.taps import (
    Blow,
    Fault,
    Points,
    Tapped,
    TappedStore,
    TappedTransport,
    break_database,
    cut_small,
    fill_disk,
)

DONE, TROUBLE, CRASHED = 0, 1, 2


def main() -> None:
    """Serve until stdin ends."""
    logging.disable(logging.ERROR)
    # Templates are compiled once for all desks.
    vars(building)["Templates"] = lru_cache(maxsize=None)(Templates)
    known: dict[Path, Config] = {}
    for line in sys.stdin:
        order = json.loads(line)
        path = Path(order["config"])
        config = known[path] if path in known else known.setdefault(path, load(path, environ={}))
        if order["learn"]:
            print(json.dumps({"code": _learn(config, order), "passed": []}), flush=True)
            continue
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            code = _live(config, order, writing)
            os._exit(code)
        os.close(writing)
        passed = _watched(reading, child, order["kill_after_s"])
        _, status = os.waitpid(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "passed": passed}), flush=True)


def _watched(reports: int, child: int, kill_after_s: float | None) -> list[str]:
    """What the child reports until it ends, of its own accord or because its time is over."""
    said = b""
    deadline = None if kill_after_s is None else time.monotonic() + kill_after_s
    news = select.poll()
    news.register(reports, select.POLLIN)
    with os.fdopen(reports, "rb", buffering=0) as pipe:
        while True:
            if deadline is not None and not news.poll(max(0.0, deadline - time.monotonic()) * 1000):
                os.kill(child, signal.SIGKILL)
                deadline = None
            if not (heard := pipe.read(65536)):
                return said.decode().splitlines()
            said += heard


def _learn(config: Config, order: dict[str, Any]) -> int:
    """One pass in this process, where nothing is struck."""
    vars(drill)["build"] = partial(building.build, workers=False)
    return _pass(config, order)


def _live(config: Config, order: dict[str, Any], reports: int) -> int:
    """One pass of the desk, as `helpdesk once --at` does it."""
    fault = Fault(Blow(order["blow"]), order["at"], order["sticky"], order["point"])

    def report(name: str) -> None:
        os.write(reports, f"{name}\n".encode())

    points = Points(fault, report)
    make, mailbox, transport = building.build, building.mailbox, building.transport
    wraps = {
        "build": lambda config, world: make(
            config, world, store=cast(Any, TappedStore(open_store(config.database), "store", points)), workers=False
        ),
        "mailbox": lambda settings, now, max_bytes: Tapped(mailbox(settings, now, max_bytes), "mailbox", points),
        "transport": lambda config: TappedTransport(transport(config), "transport", points),
    }
    vars(drill).update(wraps)
    if order["batch"]:
        # Mail is taken so few at a time, and listed so few at a time, that the newest is taken in turn with the oldest.
        vars(draining).update(BATCH=order["batch"], LISTED=order["batch"] + 1)
        vars(imap_mailbox)["NEWEST"] = order["batch"]
    if order["piece"]:
        cut_small(points, order["piece"])
    if order["patience_s"]:
        vars(store_engine)["BUSY_TIMEOUT_S"] = order["patience_s"]
    break_database(points)
    fill_disk(fault)
    code = _pass(config, order)
    for blow in (Blow.STATEMENT, Blow.COMMIT):
        os.write(reports, f"{blow}={points.counted(blow)}\n".encode())
    return code


def _pass(config: Config, order: dict[str, Any]) -> int:
    try:
        done = asyncio.run(drill.once(config, datetime.fromisoformat(order["now"])))
    except HelpdeskError:
        return TROUBLE
    except Exception:
        traceback.print_exc()
        return CRASHED
    return TROUBLE if done.trouble else DONE


if __name__ == "__main__":
    main()
