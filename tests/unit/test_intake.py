"""What becomes of a batch in which one mail cannot be processed: the true works, with letters that fail on a word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk.adapters.templates import Templates
from helpdesk.config import load
from helpdesk.core.outgoing import LetterView
from helpdesk.daemon.building import Works, World, build, source_of
from helpdesk.intake import Intake
from helpdesk.ports import Fetched, MailKey, Rendered
from helpdesk.postbox import Postbox

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

CONFIG = """
[helpdesk]
name = "Support"
address = "support@desk.test"
database = "sqlite:///{folder}/helpdesk.db"

[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
desk = "support"

[smtp]
kind = "maildir"
path = "out"

[[agent]]
name = "Ivan"
addresses = ["ivan@desk.test"]
lead = true
"""


class FailsOnPoison:
    """A Renderer that cannot write about poison."""

    def __init__(self) -> None:
        self._templates = Templates()

    def render(self, event: str, language: str, view: LetterView) -> Rendered:
        if "Poison" in view.subject:
            raise RuntimeError("no words for it")
        return self._templates.render(event, language, view)


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    (tmp_path / "in").mkdir()
    (tmp_path / "config.toml").write_text(CONFIG.format(folder=tmp_path))
    config = load(tmp_path / "config.toml", environ={})
    works = build(config, World(now=lambda: NOW, random=lambda: 0.0, nonce=lambda: bytes(16)), workers=False)
    yield works
    works.close()


def test_a_mail_that_cannot_be_processed_leaves_nothing_but_itself_and_the_others_their_tickets(works: Works) -> None:
    postbox = Postbox(
        works.policy,
        FailsOnPoison(),
        works.reader,
        key=works.store.secret_key(),
        nonce=lambda: bytes(16),
    )
    intake = Intake(works.store, works.reader, postbox, now=lambda: NOW, max_bytes=10**6)
    mails = []
    for number, subject in enumerate(("Before", "Poison", "After")):
        lines = f"From: anna-{number}@example.net", f"Subject: {subject}", f"Message-ID: <{number}@example.net>"
        raw = "\r\n".join((*lines, "", "Please help.", "")).encode()
        mails.append(Fetched(key=MailKey("INBOX", 1, number), raw=raw, arrived_at=NOW))

    taken = intake.take(source_of(works.config.mailboxes[0]), mails)

    assert [one.ticket is not None for one in taken] == [True, False, True]
    assert [ticket.subject for ticket in works.store.queue()] == ["Before", "After"]
    # An acknowledgement and a notification for each of them.
    assert len(works.store.outbox()) == 4
    (poison,) = works.store.quarantined()
    assert (poison.subject, poison.error) == ("Poison", "RuntimeError: no words for it")
    assert poison.retrying
