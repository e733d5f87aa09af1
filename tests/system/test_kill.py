"""The daemon dies at any moment; nothing is lost and nothing happens twice."""

from __future__ import annotations

from pathlib import Path

from tests.stack import MailStack
from tests.system.desk import Desk
from tests.system.kills import pour


def test_five_kills_lose_no_mail_and_open_no_ticket_twice(mailstack: MailStack, tmp_path: Path) -> None:
    with Desk(mailstack, tmp_path, "kills") as desk:
        pour(desk, mails=60, kills=5, seed=1)
