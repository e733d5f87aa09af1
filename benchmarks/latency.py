"""How long a customer waits for the acknowledgement, and what an idle daemon costs.

Measured from the moment at which Postfix accepted the customer's mail to the moment at which the daemon noted that
Postfix had accepted the acknowledgement (a little later than the acceptance itself). One mail at a time, on an idle
desk with IDLE, IMAP over TLS and submission with STARTTLS; Dovecot delivers in between and announces the mail.
"""

from __future__ import annotations

import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tests.stack import MailStack
from tests.system.desk import Desk, eventually

SAMPLES = 60
# Long enough for the daemon to be back in IDLE, so that each mail meets an idle desk.
PAUSE_S = 0.5
IDLE_S = 10


def report(samples: int = SAMPLES) -> str:
    """The figures as Markdown."""
    with MailStack() as stack, tempfile.TemporaryDirectory() as folder, Desk(stack, Path(folder), "bench") as desk:
        desk.start()
        waits = [_acknowledged(desk, number) for number in range(samples)]
        # The first start made the database, and with it memory that later ones do not need.
        desk.stop()
        desk.start()
        _acknowledged(desk, samples)
        spent_s, processes = _idle(desk)
        desk.stop()
    fetched, sent = ([wait[index] for wait in waits] for index in (0, 1))
    lines = [
        f"| {samples} mails, one at a time | min | median | p95 | max |",
        "|---|---|---|---|---|",
        f"| mail accepted → mail fetched | {_spread(fetched)} |",
        f"| mail accepted → acknowledgement accepted | {_spread(sent)} |",
        "",
        "| idle daemon | |",
        "|---|---|",
        f"| processor time in {IDLE_S} s, all processes | {spent_s * 1000:.0f} ms |",
        *(f"| resident memory, {name} | {megabytes:.0f} MB |" for name, megabytes in processes),
        f"| resident memory, all processes | {sum(megabytes for _, megabytes in processes):.0f} MB |",
        "",
    ]
    return "\n".join(lines)


def _acknowledged(desk: Desk, number: int) -> tuple[float, float]:
    """Seconds from the acceptance of a customer's mail until it was fetched, and until its acknowledgement was sent."""
    time.sleep(PAUSE_S)
    fetches = desk.logged().count(" fetched ")
    customer = desk.customer(number)
    customer.write(desk.address, f"Вопрос {number}", "Добрый день! Подскажите, пожалуйста, где найти счёт за март?")
    accepted = time.time()
    line = re.compile(rf"^(.*) INFO sent .*event=opened to={re.escape(customer.address)} ", re.MULTILINE)
    sent = eventually(lambda: line.search(desk.logged()), f"the acknowledgement of mail {number}")
    fetched = re.findall(r"^(.*) INFO fetched ", desk.logged(), re.MULTILINE)[fetches]
    return moment(fetched) - accepted, moment(sent[1]) - accepted


def moment(logged: str) -> float:
    """The time of a line of the log, in seconds of the system's clock."""
    return datetime.strptime(logged, "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    values = ordered[0], statistics.median(ordered), ordered[int(len(ordered) * 0.95)], ordered[-1]
    return " | ".join(f"{value:.2f} s" for value in values)


def _idle(desk: Desk) -> tuple[float, list[tuple[str, float]]]:
    """Processor seconds of an idle daemon and its workers, and the memory of each in MB."""
    assert desk.process is not None
    processes = list(family(desk.process.pid))
    before = sum(map(cpu_s, processes))
    time.sleep(IDLE_S)
    names = ["daemon", *(f"reader {number}" for number in range(1, len(processes)))]
    return sum(map(cpu_s, processes)) - before, list(zip(names, map(resident_mb, processes), strict=True))


def family(pid: int) -> Iterator[int]:
    """The process and all its descendants; a child belongs to the thread that started it."""
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from family(int(child))


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(kilobytes) / 1024
