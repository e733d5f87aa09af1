"""Other helpdesks on the same mails: each is installed from PyPI into an environment of its own under .cache/.

A peer that cannot be installed, or that fails, is left out, and a line says so.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import letters
from benchmarks.history import CACHE
from benchmarks.letters import Acknowledged

DRIVERS = Path(__file__).parent / "drivers"


@dataclass(frozen=True, slots=True)
class Peer:
    """Its name on PyPI, the driver that feeds it, and how it tags subjects."""

    name: str
    version: str
    driver: str
    tag: str


PEERS = (
    Peer("django-helpdesk", "2.6.1", "django_helpdesk.py", "[support-{number}]"),
    Peer("roundup", "2.6.0", "roundup_tracker.py", "[issue{number}]"),
)


def measure(peer: Peer, folder: Path, *, batches: int, mails: int) -> tuple[float, float] | None:
    """Milliseconds of processor time for a new mail and for a reply, medians of the batches; None without the peer."""
    folder.mkdir(parents=True)
    for batch in range(batches + 1):
        numbers = range(batch * mails, (batch + 1) * mails)
        known = [Acknowledged(f"requester-{n}@shop-{n}.example", n + 1, "<ack@desk.example>") for n in numbers]
        _write(folder / f"batch-{batch:03}-1-new", [letters.request(n) for n in numbers])
        _write(
            folder / f"batch-{batch:03}-2-reply",
            [letters.reply(n, to, tag=peer.tag) for n, to in zip(numbers, known, strict=True)],
        )
    try:
        python = _installed(peer)
        ran = subprocess.run(
            [python, "-I", DRIVERS / peer.driver, folder],
            check=True,
            capture_output=True,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        print(f"{peer.name} is NOT measured: {str(error.stderr).strip()[-500:]}", flush=True)
        return None
    print(f"{peer.name}: {ran.stderr.strip().splitlines()[-1]}", flush=True)
    # The first batch of each kind only warms up.
    rows = [line.split() for line in ran.stdout.splitlines() if line.startswith("batch-")][2:]
    new, reply = (
        median(float(seconds) * 1000 / mails for name, seconds in rows if name.endswith(kind))
        for kind in ("new", "reply")
    )
    return new, reply


def _installed(peer: Peer) -> Path:
    python = CACHE / peer.name / "bin" / "python"
    mark = CACHE / peer.name / f"has-{peer.version}"
    if not mark.exists():
        commands: tuple[list[str | Path], ...] = (
            [sys.executable, "-m", "venv", CACHE / peer.name],
            [python, "-m", "pip", "install", "--quiet", f"{peer.name}=={peer.version}"],
        )
        for command in commands:
            subprocess.run(command, check=True, capture_output=True, text=True)
        mark.touch()
    return python


def _write(folder: Path, mails: list[bytes]) -> None:
    folder.mkdir()
    for number, raw in enumerate(mails):
        (folder / f"{number:06}").write_bytes(raw)
