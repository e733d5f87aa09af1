"""Conversations of customers and agents through the whole program on real servers."""

from __future__ import annotations

from pathlib import Path

from tests.stack import MailStack
from tests.system.conversations import account, converse
from tests.system.desk import Desk


def test_every_mail_of_twenty_conversations_is_accounted_for(mailstack: MailStack, tmp_path: Path) -> None:
    with Desk(mailstack, tmp_path, "talks") as desk, desk.running():
        account(desk, converse(desk, 20))
