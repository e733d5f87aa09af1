"""`helpdesk check` as the doctor, on real mail servers and a real database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import MailStack
from tests.system.desk import Desk


@pytest.fixture
def desk(mailstack: MailStack, tmp_path: Path) -> Iterator[Desk]:
    with Desk(mailstack, tmp_path, "doctor") as desk:
        yield desk


def test_a_healthy_desk_is_told_so_thing_by_thing(desk: Desk) -> None:
    checked = desk.cli("check", "--json")
    assert checked.returncode == 0, checked.stderr
    findings = json.loads(checked.stdout)
    assert all(set(one) == {"place", "found", "cure", "fatal", "why"} for one in findings)
    said = {(one["place"].split()[0], one["found"]) for one in findings}
    assert ("database", "sound") in said
    assert {place for place, _ in said} >= {"clock", "disk", "mailbox", "smtp"}
    # The stack's certificates are made for some days; until when is read from both servers.
    ends = [place for place, found in said if re.match(r"its certificate ends on 20\d\d-\d\d-\d\d", found)]
    assert sorted(ends) == ["mailbox", "smtp"]
    worried = [one for one in findings if one["cure"]]
    assert all(one["why"] for one in worried)
    assert desk.cli("check", "--strict").returncode == (75 if worried else 0)


def test_the_board_is_looked_at_where_there_is_one(desk: Desk) -> None:
    desk.tables["board"] = {"folder": "Helpdesk"}
    desk.configure()
    found = [(one["found"], one["fatal"]) for one in desk.json("check") if one["place"] == "board"]
    assert found == [("connected, logged in, folders are there", False)]
    client = desk.stack.imap_login(desk.address)
    assert client.folder_exists("Helpdesk/2 New")
    client.logout()


def test_a_board_that_cannot_be_kept_is_told_with_its_cure(desk: Desk) -> None:
    desk.tables["board"] = {"folder": "Helpdesk"}
    desk.configure()
    (desk.folder / "secret").write_text("wrong")
    checked = desk.cli("check", "--json")
    (found,) = (one for one in json.loads(checked.stdout) if one["place"] == "board")
    assert (checked.returncode != 0, found["fatal"], bool(found["cure"])) == (True, True, True)
