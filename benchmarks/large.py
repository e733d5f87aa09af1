"""What large mail costs in memory: a hundred messages of 25 MB, from Dovecot through the daemon to Postfix.

    python -m benchmarks.large [--mails 100] [--files 1]

Each mail has a short text and files that fill it up. The agents get their letters, with the files where the relay
takes so much and with their list where it does not. Says how much the daemon and its readers had resident together
at most. IMAP over TLS, submission with STARTTLS, SQLite.
"""

from __future__ import annotations

import argparse
import base64
import os
import pwd
import random
import tempfile
import time
from pathlib import Path

from benchmarks.backlog import Memory
from benchmarks.latency import family, resident_mb
from tests.stack import MailStack
from tests.system.desk import Desk, eventually

MAILS = 100
MEGABYTES = 24.9
PATIENCE_S = 3600

_HEAD = """From: c{number}@shop{number}.test
To: {to}
Subject: Photos {number}
Message-ID: <{number}.large@shop.test>
Date: Mon, 02 Mar 2026 09:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="edge"

--edge
Content-Type: text/plain; charset=utf-8

Good morning, here are the photos of the damage. Please tell me what the repair will cost.
"""
_FILE = """
--edge
Content-Type: image/x-raw
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="photo{number}.raw"

"""


def report(mails: int = MAILS, files: int = 1) -> str:
    """The figures as Markdown."""
    with MailStack() as stack, tempfile.TemporaryDirectory() as folder, Desk(stack, Path(folder), "large") as desk:
        desk.start()
        desk.customer("first").write(desk.address, "A question", "Where is my order?")
        eventually(lambda: desk.logged().count(" sent ") >= 2, "the first letters")
        assert desk.process is not None
        idle = sum(map(resident_mb, family(desk.process.pid)))
        desk.stop()
        _fill(stack, desk.address, mails, files)
        desk.start()
        assert desk.process is not None
        memory, began = Memory(desk.process.pid), time.monotonic()
        eventually(lambda: desk.logged().count(" sent ") >= 2 + 2 * mails, "all letters", within_s=PATIENCE_S)
        took, peak = time.monotonic() - began, memory.stop()
        taken = desk.logged().count(" decided ") - 1
        letters = desk.agents[0].letters("notify")
        full = sum(1 for letter in letters if any(letter.iter_attachments()))
        desk.stop()
    return "\n".join(
        [
            f"| {mails} mails of {MEGABYTES} MB, {files} file(s) each | |",
            "|---|---|",
            f"| taken in | {taken} |",
            f"| notifications with their files | {full} of {mails} |",
            f"| resident memory, all processes, idle | {idle:.0f} MB |",
            f"| resident memory, all processes, at most | {peak:.0f} MB |",
            f"| time | {took:.0f} s |",
            "",
        ]
    )


def _fill(stack: MailStack, address: str, mails: int, files: int) -> None:
    """The mails lie in the inbox, as Dovecot stores them."""
    owner, new = pwd.getpwnam("mail"), stack.home(address) / "Maildir" / "new"
    chance = random.Random(1)
    size = int(MEGABYTES * 1024 * 1024 / files / 78 * 57) // 57 * 57
    for number in range(mails):
        path = new / f"{1_700_000_000 + number}.M{number}.large"
        with path.open("wb") as file:
            file.write(_HEAD.format(number=number, to=address).replace("\n", "\r\n").encode())
            for one in range(files):
                file.write(_FILE.format(number=one).replace("\n", "\r\n").encode())
                file.write(base64.encodebytes(chance.randbytes(size)).replace(b"\n", b"\r\n"))
            file.write(b"--edge--\r\n")
        os.chown(path, owner.pw_uid, owner.pw_gid)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    options.add_argument("--mails", type=int, default=MAILS)
    options.add_argument("--files", type=int, default=1)
    chosen = options.parse_args()
    print(report(chosen.mails, chosen.files))


if __name__ == "__main__":
    main()
