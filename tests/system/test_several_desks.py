"""A desk that is built from its configuration, with two mailboxes: mail to both addresses, mail that was passed on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from itertools import count
from pathlib import Path

import pytest

from helpdesk.config import load
from helpdesk.daemon.building import Works, World, build, mailbox, source_of
from helpdesk.draining import drain
from helpdesk.ports import TicketFile

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
trusted_authserv = "mx.help.test"
undo_window = "0s"
packs = []

[[mailbox]]
name = "support"
kind = "maildir"
path = "support"

[[mailbox]]
name = "sales"
kind = "maildir"
path = "sales"
desk = "sales"

[smtp]
kind = "maildir"
path = "out"

[[agent]]
name = "Ivan"
addresses = ["ivan@staff.test"]
desks = ["support"]

[[agent]]
name = "Olha"
addresses = ["olha@staff.test"]
desks = ["sales"]

[[agent]]
name = "Lena"
addresses = ["lena@staff.test"]

[[desk]]
name = "support"

[[desk]]
name = "sales"
address = "sales@help.test"
"""


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    for name in ("support", "sales"):
        for folder in ("cur", "new", "tmp"):
            (tmp_path / name / folder).mkdir(parents=True)
    nonces = count(1)
    world = World(now=lambda: NOW, random=lambda: 0.5, nonce=lambda: next(nonces).to_bytes(8).ljust(16))
    built = build(load(tmp_path / "config.toml", environ=os.environ), world, workers=False)
    yield built
    built.close()


def deliver(works: Works, to: str, raw: bytes) -> None:
    """Put the mail into the mailbox of a desk, as its mail server does, and take in what waits there."""
    settings = next(one for one in works.config.mailboxes if one.name == to)
    folder = works.config.file.parent / to
    traced = f"Delivered-To: {to}@help.test\r\nReceived: by mx for {to}@help.test\r\n".encode() + raw
    (folder / "new" / f"{len(list(folder.rglob('*')))}.mail").write_bytes(traced)
    source = mailbox(settings, lambda: NOW, 2**20)
    assert source is not None
    drain(works.intake, source, source_of(settings), source.connect(None))
    source.close()


def tickets(works: Works) -> list[TicketFile]:
    found = [works.store.show(ticket.number) for ticket in works.store.queue()]
    return [one for one in found if one is not None]


def letters(works: Works) -> list[tuple[str, str]]:
    """(event, recipient) of everything in the outbox, sorted."""
    return sorted((entry.event, entry.recipients[0].address) for entry in works.store.outbox())


def mail(*headers: str, text: str = "Where is my order?") -> bytes:
    lines = (*headers, "Message-ID: <1@shop.test>", "Content-Type: text/plain; charset=utf-8", "", text, "")
    return "\r\n".join(lines).encode()


TO_BOTH = mail(
    "From: Anna <anna@shop.test>", "To: Sales <sales@help.test>", "Cc: support@help.test", "Subject: My order"
)


@pytest.mark.parametrize("order", [("support", "sales"), ("sales", "support")])
def test_a_mail_to_two_desks_is_one_ticket_of_the_one_named_first(works: Works, order: tuple[str, str]) -> None:
    for name in order:
        deliver(works, name, TO_BOTH)
    (ticket,) = tickets(works)
    assert ticket.ticket.desk == "sales"
    assert [(line.what, line.why) for line in ticket.history if line.what in ("also to", "duplicate")] == [
        ("also to", "support"),
        ("duplicate", "the same mail came once more"),
    ]
    assert [one.text for one in ticket.messages if (one.direction, one.filing) == ("in", "visible")] == [
        "Where is my order?"
    ]


@pytest.mark.parametrize("order", [("support", "sales"), ("sales", "support")])
def test_the_other_desk_gets_one_note(works: Works, order: tuple[str, str]) -> None:
    for name in order:
        deliver(works, name, TO_BOTH)
    assert letters(works) == [
        ("notify", "ivan@staff.test"),
        ("notify", "lena@staff.test"),  # she serves both desks
        ("notify", "olha@staff.test"),
        ("opened", "anna@shop.test"),
    ]
    due = {letter.recipients[0]: bytes(letter.raw) for letter in works.store.claim(NOW, 10)}
    note = message_from_bytes(due["ivan@staff.test"], policy=policy.default).get_body(("plain",))
    assert note is not None
    assert note.get_content().startswith("Your reply to this mail is seen by colleagues only.")
    assert "the same letter came to another desk — sales works on it" in note.get_content()


def test_a_mail_to_one_desk_is_told_to_no_other(works: Works) -> None:
    deliver(works, "support", mail("From: anna@shop.test", "To: support@help.test", "Subject: My order"))
    assert letters(works) == [
        ("notify", "ivan@staff.test"),
        ("notify", "lena@staff.test"),
        ("opened", "anna@shop.test"),
    ]


FORWARDED = """Who takes it?

---------- Forwarded message ---------
From: Anna <anna@shop.test>
Date: Mon, Mar 2, 2026 at 10:15 AM
Subject: My order
To: <olha@staff.test>

Where is my order?
"""
PROOF = "Authentication-Results: mx.help.test; dmarc=pass header.from=staff.test"


def test_what_an_agent_passes_on_is_kept_as_the_customers_words(works: Works) -> None:
    headers = ("From: Olha <olha@staff.test>", "To: support@help.test", "Subject: Fwd: My order")
    deliver(works, "support", mail(PROOF, *headers, text=FORWARDED))
    (ticket,) = tickets(works)
    first = ticket.messages[0]
    assert (str(ticket.ticket.requester), ticket.ticket.subject) == ("Anna <anna@shop.test>", "My order")
    assert (first.sender, first.text, first.direction) == ("Anna <anna@shop.test>", "Where is my order?", "in")
    assert [(line.by, line.why) for line in ticket.history if line.what == "forwarded"] == [("Olha", "Who takes it?")]
    assert letters(works) == [
        ("note", "ivan@staff.test"),
        ("note", "lena@staff.test"),
        ("notify", "ivan@staff.test"),
        ("notify", "lena@staff.test"),
        ("opened", "anna@shop.test"),
    ]


def test_her_next_letter_finds_the_ticket(works: Works) -> None:
    headers = ("From: Olha <olha@staff.test>", "To: support@help.test", "Subject: Fwd: My order")
    deliver(works, "support", mail(PROOF, *headers, text=FORWARDED))
    (entry,) = (entry for entry in works.store.outbox() if entry.event == "opened")
    answer = mail(
        "From: anna@shop.test", "To: support@help.test", f"Subject: Re: {entry.subject}", text="Number 7."
    ).replace(b"<1@shop.test>", b"<2@shop.test>\r\nIn-Reply-To: " + entry.message_id.encode())
    deliver(works, "support", answer)
    (ticket,) = tickets(works)
    assert [message.text for message in ticket.messages if message.direction == "in"] == [
        "Where is my order?",
        "Number 7.",
    ]
