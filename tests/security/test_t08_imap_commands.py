"""T8, IMAP commands smuggled in: nothing that a mail says is ever part of a command to the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk.adapters.imap import ImapMailbox, ImapSettings, Security
from helpdesk.draining import drain
from helpdesk.errors import HelpdeskError
from helpdesk.intake import Source
from helpdesk.ports import Place
from tests.fakes.imap_server import ImapServer
from tests.security.desk import Desk, desk, mail

HOSTILE = [
    "<a@b>\r\nA9 DELETE INBOX",
    "<a@b>\nA9 DELETE INBOX",
    '<a" {3}\r\nA9 DELETE INBOX @b>',
    "<a@b>\x00\r\nA9 DELETE INBOX",
    "<a@b> UID STORE 1:* +FLAGS (\\Deleted)",
]


@pytest.fixture
def server() -> Iterator[ImapServer]:
    running = ImapServer()
    yield running
    running.stop()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "desk") as works:
        yield works


def mailbox(port: int, **changes: str) -> ImapMailbox:
    settings = ImapSettings(
        name="support",
        host="127.0.0.1",
        port=port,
        security=Security.NONE,
        user="support@help.test",
        password=lambda: "secret",
        first_start="all",
        read_timeout_s=5,
    )
    return ImapMailbox(replace(settings, **changes), now=lambda: datetime.now(UTC))  # type: ignore[arg-type]


def test_hostile_ids_are_read_settled_and_never_said_to_the_server(server: ImapServer, one: Desk) -> None:
    for message_id in HOSTILE:
        raw = mail().replace(b"Message-ID: <", f"Message-ID: {message_id}\r\nX-Old: <".encode())
        server.put(raw + f"\r\nReferences: {message_id}".encode())
    box = mailbox(server.port)
    cursor = box.connect(None)
    drain(one.works.intake, box, Source(name="imap", desk="support"), cursor)
    box.close()
    assert len(one.works.store.queue()) == len(HOSTILE)
    said = "\n".join(server.lines)
    assert "DELETE" not in said.upper()
    assert "a@b" not in said
    tags = [line.split()[0] for line in server.lines if line.strip().upper() != "DONE"]
    assert len(tags) == len(set(tags)), "one tagged command for each line"


@pytest.mark.parametrize("setting", ["folder", "done_folder", "quarantine_folder", "user"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\x00"], ids=ascii)
def test_line_ends_in_settings_become_no_command(server: ImapServer, one: Desk, setting: str, line_end: str) -> None:
    server.put(mail())
    box = mailbox(server.port, **{setting: f"INBOX{line_end}A9 DELETE INBOX"})
    # A folder of such a name may be made where the protocol has a way to write it.
    with suppress(HelpdeskError), closing(box):
        cursor = box.connect(None)
        drain(one.works.intake, box, Source(name="imap", desk="support"), cursor)
        box.settle(box.left_behind(cursor, 10), Place.QUARANTINE)
    assert not [line for line in server.lines if line.upper().startswith("A9")]
