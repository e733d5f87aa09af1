"""What a backlog costs: a mailbox full of mail when the daemon starts, and customers who write meanwhile.

    python -m benchmarks.backlog [--mails 5000] [--seconds 120]

While the daemon works through the backlog, a customer writes to the full mailbox, another one to a quiet mailbox of
the same daemon, in turn and each after the other's acknowledgement. Says how long they waited (from the acceptance of
their mail by Postfix to the acceptance of the acknowledgement), how much the daemon's memory grew beyond an idle
daemon's, and how fast the backlog went. IMAP over TLS on Dovecot, submission with STARTTLS to Postfix, SQLite.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.latency import cpu_s, family, moment, resident_mb
from tests.stack import MailStack
from tests.system.desk import Desk, Person, eventually

MAILS = 5_000
SECONDS = 120

_TEXT = """From: {sender}
To: {to}
Subject: Вопрос {number}
Message-ID: <{number}.backlog@shop.test>
Date: Mon, 02 Mar 2026 09:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Добрый день! Подскажите, пожалуйста, где найти счёт за март, заказ {number}?
"""


def report(mails: int = MAILS, seconds: float = SECONDS) -> str:
    """The figures as Markdown; the daemon is stopped after so many seconds, whether or not it is through."""
    with MailStack() as stack, tempfile.TemporaryDirectory() as folder, Desk(stack, Path(folder), "backlog") as desk:
        quiet = f"quiet.{desk.address}"
        desk.tables["mailbox"].append({**desk.tables["mailbox"][0], "name": "quiet", "user": quiet})
        desk.tables["helpdesk"]["aliases"] = [quiet]
        desk.configure()
        with desk.running():
            for address in (desk.address, quiet):
                _acknowledged(desk, desk.customer("first"), address, 60)
            idle = sum(map(resident_mb, family(_pid(desk))))
        _fill(stack, desk.address, mails)
        began = time.monotonic()
        desk.start()
        memory = Memory(_pid(desk))
        waits: dict[str, list[float]] = {desk.address: [], quiet: []}
        while (left := seconds - (time.monotonic() - began)) > 0 and _taken(desk) < mails:
            address = min(waits, key=lambda one: len(waits[one]))
            customer = desk.customer(f"late{len(waits[address])}.{address[0]}")
            waits[address].append(_acknowledged(desk, customer, address, left))
            time.sleep(0.3)
        took, taken, sent = time.monotonic() - began, _taken(desk), desk.logged().count(" sent ")
        spent, peak = sum(map(cpu_s, family(_pid(desk)))), memory.stop()
        progress = re.findall(r"^.* backlog .*$", desk.logged(), re.MULTILINE)
        desk.kill()
    return "\n".join(
        [
            f"| {mails} mails wait at the start | median | max | customers |",
            "|---|---|---|---|",
            f"| acknowledgement of a new mail, the full mailbox | {_spread(waits[desk.address])} |",
            f"| acknowledgement of a new mail, a quiet mailbox beside it | {_spread(waits[quiet])} |",
            "",
            f"| in the first {took:.0f} s | |",
            "|---|---|",
            f"| mails taken in | {taken} ({taken / took:.0f} a second) |",
            f"| letters sent | {sent} ({sent / took:.0f} a second) |",
            f"| processor time, all processes | {spent:.0f} s ({1000 * spent / taken:.1f} ms a mail) |",
            f"| resident memory, all processes, at most | {peak:.0f} MB, {peak - idle:+.0f} MB beyond idle |",
            *(f"| first and last word of it | `{line}` |" for line in (progress[:1] + progress[-1:])),
            "",
        ]
    )


class Memory:
    """The most that a process and its children had resident at a time, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> float:
        """The peak, in MB."""
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(0.1):
            try:
                self._peak = max(self._peak, sum(map(resident_mb, family(self._pid))))
            except (OSError, ValueError):  # a reader has just ended
                continue


def _fill(stack: MailStack, address: str, mails: int) -> None:
    """Mail lies in the inbox, as Dovecot stores it."""
    owner, new = pwd.getpwnam("mail"), stack.home(address) / "Maildir" / "new"
    for number in range(mails):
        text = _TEXT.format(sender=f"c{number}@shop{number % 50}.test", to=address, number=number)
        path = new / f"{1_700_000_000 + number}.M{number}.backlog"
        path.write_text(text, encoding="utf-8")
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _acknowledged(desk: Desk, customer: Person, address: str, within_s: float) -> float:
    """Seconds from the acceptance of a customer's mail until its acknowledgement was sent; so far, when time is up."""
    customer.write(address, "Новый вопрос", "Добрый день! Подскажите, пожалуйста, как оформить возврат?")
    accepted = time.time()
    line = re.compile(rf"^(.*) INFO sent .*event=opened to={re.escape(customer.address)} ", re.MULTILINE)
    try:
        sent = eventually(lambda: line.search(desk.logged()), "an acknowledgement", within_s=within_s)
    except AssertionError:
        return time.time() - accepted
    return moment(sent[1]) - accepted


def _taken(desk: Desk) -> int:
    return desk.logged().count(" decided ")


def _pid(desk: Desk) -> int:
    assert desk.process is not None
    return desk.process.pid


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "– | – | 0"
    return f"{statistics.median(seconds):.2f} s | {max(seconds):.2f} s | {len(seconds)}"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    options.add_argument("--mails", type=int, default=MAILS)
    options.add_argument("--seconds", type=float, default=SECONDS)
    chosen = options.parse_args()
    print(report(chosen.mails, chosen.seconds))


if __name__ == "__main__":
    main()
