"""Large mail under the blows: of a size that is cheap, and so cut into pieces that are small."""

from __future__ import annotations

import random
from email import message_from_bytes, policy
from pathlib import Path

from tests.faults.stand import AGENT, Engine, Nursery, mail, reply
from tests.faults.trials import Trials, opened_for_boris, told_of_anna

# Of more than two of them it is large.
PIECE = 4096


def large(raw: bytes, kilobytes: int) -> bytes:
    """The same mail with a file of this size, which nothing makes smaller."""
    written = message_from_bytes(raw, policy=policy.SMTP)
    content = random.Random(kilobytes).randbytes(kilobytes * 1024)
    written.add_attachment(content, maintype="application", subtype="zip", filename="files.zip")
    return written.as_bytes()


def large_mail(letters: list[bytes]) -> list[bytes]:
    """A question, a customer's reply and an agent's answer, all with a file, and a question without."""
    return [
        large(mail("dora@firm.test", "Invoice", "Here is the invoice that you asked for."), 28),
        large(reply(opened_for_boris(letters), "boris@shop.test", "Here is what I see."), 20),
        large(reply(told_of_anna(letters), AGENT, "We have restarted the server, see the log."), 16),
        mail("finn@home.test", "Site is down", "http://finn.test does not open, error 503, since this morning."),
    ]


def large_trials(folder: Path, engine: Engine, nursery: Nursery) -> Trials:
    """A desk in whose mailbox they wait."""
    return Trials(folder, engine, nursery, waiting=large_mail, piece=PIECE)
