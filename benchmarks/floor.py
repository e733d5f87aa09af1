"""The floor: the least that an honest mail-to-ticket script does, for comparison.

Raw mails in; per mail it is parsed with the standard library, its tag looked up, two rows inserted with one durable
commit, and an acknowledgement written to a file. No rules, no follow-ups, no agents, no proof of who writes, no
protection against doubles, loops or broken mail: what the helpdesk costs beyond it is the price of those.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path

TAG = re.compile(r"\[##(\d+)##\]")

SCHEMA = """
CREATE TABLE ticket (number INTEGER PRIMARY KEY, subject TEXT, requester TEXT);
CREATE TABLE message (id INTEGER PRIMARY KEY, ticket INTEGER, sender TEXT, message_id TEXT, text TEXT, raw BLOB);
"""

ANSWER = """Hello!

We have received your letter. Its number is {number}.

A specialist will read it and answer. To add something, reply to this letter and keep the number in its subject.
"""


class Script:
    """One database file and one folder for the answers."""

    def __init__(self, folder: Path) -> None:
        self.answers = folder / "answers"
        self.answers.mkdir(parents=True)
        self.mails = folder / "mails"
        self.mails.mkdir()
        self.database = sqlite3.connect(folder / "floor.db", isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.executescript(SCHEMA)

    def take(self, mails: Iterable[bytes]) -> float:
        """Put mails into a folder and take them, every mail into its ticket, new mails answered.

        Seconds of processor time.
        """
        for number, raw in enumerate(mails):
            (self.mails / f"{number:06}").write_bytes(raw)
        begin = time.process_time()
        for path in sorted(self.mails.iterdir()):
            self._take(path.read_bytes())
            path.unlink()
        return time.process_time() - begin

    def _take(self, raw: bytes) -> None:
        mail = message_from_bytes(raw, policy=default)
        assert isinstance(mail, EmailMessage)
        subject = str(mail["Subject"] or "")
        sender = parseaddr(str(mail["From"] or ""))[1]
        body = mail.get_body(("plain", "html"))
        text = body.get_content() if body else ""
        tag = TAG.search(subject)
        self.database.execute("BEGIN IMMEDIATE")
        number = self._known(int(tag[1])) if tag else None
        opened = number is None
        if opened:
            row = self.database.execute("INSERT INTO ticket (subject, requester) VALUES (?, ?)", (subject, sender))
            number = row.lastrowid
        self.database.execute(
            "INSERT INTO message (ticket, sender, message_id, text, raw) VALUES (?, ?, ?, ?, ?)",
            (number, sender, str(mail["Message-ID"] or ""), text, raw),
        )
        self.database.execute("COMMIT")
        if opened:
            self._answer(int(number or 0), subject, sender, str(mail["Message-ID"] or ""))

    def _known(self, number: int) -> int | None:
        row = self.database.execute("SELECT number FROM ticket WHERE number = ?", (number,)).fetchone()
        return int(row[0]) if row else None

    def _answer(self, number: int, subject: str, to: str, parent: str) -> None:
        answer = EmailMessage()
        answer["From"] = "Support <support@desk.example>"
        answer["To"] = to
        answer["Subject"] = f"[##{number}##] {subject}"
        answer["Date"] = formatdate()
        answer["Message-ID"] = make_msgid(domain="desk.example")
        answer["In-Reply-To"] = parent
        answer["References"] = parent
        answer["Auto-Submitted"] = "auto-replied"
        answer.set_content(ANSWER.format(number=number))
        (self.answers / str(number)).write_bytes(answer.as_bytes())
