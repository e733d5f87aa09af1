"""The whole way of mail that waits: from Dovecot to the commit, and on to Postfix, with the daemon as it is run.

Mails lie in the mailboxes before the daemon starts. A rate is that of the time between the first fetch and the last
commit, or the last letter that Postfix accepted. Letters are to addresses whose mail Postfix throws away.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from email.parser import BytesHeaderParser
from email.policy import default
from email.utils import parseaddr
from pathlib import Path

from benchmarks import letters
from benchmarks.latency import moment
from benchmarks.letters import Acknowledged
from tests.postgres import cluster, missing
from tests.stack import MailStack
from tests.system.desk import Desk, eventually

MAILS = 600
MAILBOXES = 4

# Longer than the slowest machine takes.
_PATIENCE_S = 300


def report() -> str:
    """The figures as Markdown."""
    with MailStack() as stack:
        lines = [
            f"| {MAILS} new mails, then {MAILS} replies, that wait in Dovecot | mails/s |",
            "|---|---|",
            f"| committed and queued, SQLite | {_one_desk(stack, 'queued', sending=False):.0f} |",
            f"| committed, every letter accepted by Postfix, SQLite | {_one_desk(stack, 'sent', sending=True):.0f} |",
        ]
        if reason := missing():
            print(f"PostgreSQL is NOT measured: {reason}", flush=True)
        else:
            with cluster() as server:
                for daemons, named in ((1, "one daemon"), (MAILBOXES, "four daemons")):
                    with server.database() as url:
                        rate = _several(stack, url, daemons)
                    lines.append(f"| committed and queued, PostgreSQL, {MAILBOXES} mailboxes, {named} | {rate:.0f} |")
    return "\n".join([*lines, ""])


def _one_desk(stack: MailStack, label: str, *, sending: bool) -> float:
    with tempfile.TemporaryDirectory() as folder, Desk(stack, Path(folder), label) as desk:
        _adapt(desk)
        if not sending:
            _pause(desk)
        _lay_down(stack, desk.address, _new(0))
        seconds = _run([desk], MAILS, sending=sending)
        _lay_down(stack, desk.address, _replies(desk))
        seconds += _run([desk], MAILS, sending=sending)
    return 2 * MAILS / seconds


def _several(stack: MailStack, database: str, daemons: int) -> float:
    """All mailboxes with one daemon, or each with a daemon of its own; new mail alone."""
    with ExitStack() as opened:
        desks = [
            opened.enter_context(
                Desk(stack, Path(opened.enter_context(tempfile.TemporaryDirectory())), f"of{daemons}-{number}")
            )
            for number in range(MAILBOXES)
        ]
        for number, desk in enumerate(desks):
            _adapt(desk, database)
            _lay_down(stack, desk.address, _new(number * MAILS))
        if daemons == 1:
            desks[0].tables["mailbox"] = [desk.tables["mailbox"][0] for desk in desks]
            desks[0].configure()
            del desks[1:]
        _pause(desks[0])
        return MAILBOXES * MAILS / _run(desks, MAILBOXES * MAILS, sending=False)


def _adapt(desk: Desk, database: str = "") -> None:
    """What the daemon writes is thrown away, and its mailbox has a name that no other one has."""
    desk.tables["agent"][0]["addresses"] = [f"discard-agent.{desk.label}@help.test"]
    desk.tables["mailbox"][0]["name"] = desk.label
    if database:
        desk.tables["helpdesk"]["database"] = database
    desk.configure()


def _pause(desk: Desk) -> None:
    paused = desk.cli("outbox", "pause")
    assert paused.returncode == 0, paused.stderr


def _new(first: int) -> list[bytes]:
    return [_on_the_stack(letters.request(n)) for n in range(first, first + MAILS)]


def _replies(desk: Desk) -> list[bytes]:
    """An answer to each request that was taken, with the number that its ticket has got."""
    taken = re.findall(r" decided .*message_id=<(request-(\d+)@\S+)> .*ticket=(\d+)", desk.logged())
    assert len(taken) == MAILS
    return [
        _on_the_stack(letters.reply(int(n), Acknowledged(f"requester-{n}@shop-{n}.example", int(ticket), f"<{name}>")))
        for name, n, ticket in taken
    ]


def _on_the_stack(raw: bytes) -> bytes:
    """From an address that the servers know and whose mail is thrown away."""
    return raw.replace(b"requester-", b"discard-").replace(b".example", b".test")


def _lay_down(stack: MailStack, address: str, raws: Sequence[bytes]) -> None:
    for raw in raws:
        author = parseaddr(str(BytesHeaderParser(policy=default).parsebytes(raw)["From"]))[1]
        stack.deliver(raw, address, sender=author)  # from nobody it would be a machine's, which opens nothing


def _run(desks: Sequence[Desk], mails: int, *, sending: bool) -> float:
    """Seconds from the first fetch to the last commit (or letter) of so many mails."""
    before = {desk.label: len(desk.logged()) for desk in desks}

    def said(event: str) -> list[str]:
        line = re.compile(rf"^(.*) INFO {event} ", re.MULTILINE)
        return [when for desk in desks for when in line.findall(desk.logged()[before[desk.label] :])]

    for desk in desks:
        desk.start()
    eventually(lambda: len(said("decided")) >= mails, f"{mails} mails taken", within_s=_PATIENCE_S)
    kept = [line for desk in desks for line in desk.logged()[before[desk.label] :].splitlines() if " decided " in line]
    assert all("disposition=open" in line or "disposition=append" in line for line in kept), "a mail opened no ticket"
    last = said("decided")
    if sending:
        queued = len(said("queued"))
        eventually(lambda: len(said("sent")) >= queued, f"{queued} letters sent", within_s=_PATIENCE_S)
        last += said("sent")
    time.sleep(0.5)  # the daemon moves the last mails on the server
    for desk in desks:
        desk.stop()
    return max(map(moment, last)) - min(map(moment, said("fetched")))


if __name__ == "__main__":
    print(report())
