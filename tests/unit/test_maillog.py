"""What an operator reads in the log."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from helpdesk import maillog


def test_line_begins_with_its_event_and_quotes_what_has_spaces(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="helpdesk")
    maillog.serving(file="config.toml", mailboxes=2)
    maillog.fetched(mailbox="support", mails=3)
    maillog.mailbox_down(mailbox="support", error=TimeoutError("no answer"), retry_in=timedelta(seconds=4))
    maillog.decided(mailbox="support", message_id=None, kind="human", disposition="open", ticket=7, evidence="none")
    assert [record.getMessage() for record in caplog.records] == [
        "serving file=config.toml mailboxes=2",
        "fetched mailbox=support mails=3",
        'mailbox_down mailbox=support retry_in=4s error="TimeoutError: no answer"',
        "decided mailbox=support message_id=- kind=human disposition=open ticket=7 evidence=none",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("<a@b>", "<a@b>"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a=b", '"a=b"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("a\r\nsent letter=1", '"a\\r\\nsent letter=1"'),  # a Message-ID that forges a line
        ("\x1b[31mred", "\\x1b[31mred"),  # terminal controls
        ("\u202egpj", "\\u202egpj"),  # text that runs backwards
        ("Иван", "Иван"),
        ("x" * 1000, "x" * 300),
    ],
)
def test_mail_cannot_forge_lines(caplog: pytest.LogCaptureFixture, value: str, shown: str) -> None:
    caplog.set_level(logging.INFO, logger="helpdesk")
    maillog.queued(event=value, ticket=None, to="x")
    assert caplog.records[0].getMessage() == f"queued event={shown} ticket=- to=x"
