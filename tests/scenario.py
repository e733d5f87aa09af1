"""Plays a conversation through the whole desk and writes down what came of it.

A scenario is a folder of numbered steps. `01-customer.eml` is a mail that comes in; the headers that every mail has
are added where it leaves them out. `{{last letter to ADDRESS}}` stands for the Message-ID of a letter that went out,
`{{reply address for ADDRESS}}` for where an answer to it goes. A header `Tap: LABEL` makes it the mail
that the link LABEL in the newest letter to its sender opens, with what stands below written into it; `Files:
nameplate.jpg 300, scan.pdf 40` puts files of so many kilobytes into the mail. `centres.csv` is a
directory. `03.at` moves the clock: `+2d`, `+5s`,
or a moment.
Everything is real but the clock, the dice and the network: letters are written into a Maildir.
"""

from __future__ import annotations

import asyncio
import csv
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage
from email.utils import parseaddr
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path
from typing import Self
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from helpdesk.adapters.mailfiles import mails
from helpdesk.config import Config, load
from helpdesk.core.directory import DIRECTORIES, read_entries
from helpdesk.core.listing import queue_list
from helpdesk.core.ticket import FIRST_NUMBER, State
from helpdesk.daemon.building import Works, World, build, dispatcher, source_of, transport
from helpdesk.intake import Taken
from helpdesk.ports import Fetched, MailKey, Store
from tests.leaks import Watch, plant

SCENARIOS = Path(__file__).parent / "scenarios"
TRANSCRIPT = "transcript.txt"

# A Monday, ten in the morning in Moscow, where the desk is.
BEGINNING = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")

# Between two steps the last one's answers leave, and then so much time passes unless an .at file says otherwise.
PACE = timedelta(minutes=9)
UNDO_IS_OVER = timedelta(minutes=1)

# The secret in a Message-ID or reply address is another one in each database.
SECRET = re.compile(r"\b[a-z2-7]{40}\b")

# Where a link leads is long, and tells a reader nothing.
LINK = re.compile(r"<mailto:[^>]*>")

# What a reader of the transcript sees of a letter.
LINES_SHOWN = 50


def folders() -> list[Path]:
    """Every scenario, in order."""
    return sorted(file.parent for file in SCENARIOS.glob("*/01*"))


def play(folder: Path, workshop: Path, store: Store, *, canaries: bool = False) -> str:
    """The transcript of the scenario; `workshop` is an empty folder for its configuration and letters.

    Every letter that leaves is looked through for what must not leave (see `leaks`); `canaries`: words for that are
    planted in what agents write.
    """
    shutil.copy(SCENARIOS / "config.toml", workshop / "config.toml")
    for own in folder.glob("*.toml"):  # its configuration, its packs
        shutil.copy(own, workshop / own.name)
    for sheet in folder.glob("*.csv"):  # its directories
        header, *rows = csv.reader(sheet.read_text("utf-8").splitlines())
        entries, problems = read_entries(DIRECTORIES[sheet.stem], header, rows)
        assert problems == []
        store.replace_directory(sheet.stem, entries)
    if (folder / "letters").is_dir():  # its templates
        shutil.copytree(folder / "letters", workshop / "letters")
    with _Stage(load(workshop / "config.toml", environ={}), store, workshop / "out", canaries=canaries) as stage:
        steps = sorted(file for file in folder.iterdir() if file.name[:2].isdigit())
        for number, step in enumerate(steps):
            hurried = any(_is_short(near) for near in steps[number : number + 2])
            stage.do(step, hurried=hurried, at_once=number > 0 and _is_short(steps[number - 1]))
        stage.tell_history()
        return SECRET.sub("SECRET", "\n".join(stage.lines)) + "\n"


def _is_short(step: Path) -> bool:
    """Does it move the clock by seconds, so that the answer of the step before has not left yet?"""
    return step.suffix == ".at" and step.read_text().strip().endswith("s")


@dataclass
class _Letter:
    """What went out: the mail itself, and who got a copy of the same text."""

    mail: EmailMessage
    readers: list[str]


@dataclass
class _Stage:
    config: Config
    store: Store
    out: Path
    canaries: bool = False
    now: datetime = BEGINNING
    lines: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    newest: dict[str, EmailMessage] = field(default_factory=dict)
    nonces: int = 0

    def __enter__(self) -> Self:
        self.world = World(now=lambda: self.now, random=lambda: 0.0, nonce=self._nonce)
        self.works: Works = build(self.config, self.world, store=self.store, workers=False)
        self.watch = Watch(self.works.policy)
        self.loop = asyncio.Runner()
        self.transport = transport(self.config)
        self.dispatcher = dispatcher(self.works, self.transport, self.world)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.close()
        self.works.close()

    def _nonce(self) -> bytes:
        self.nonces += 1
        return sha256(b"%d" % self.nonces).digest()[:16]

    # --- steps ------------------------------------------------------------------------------------

    def do(self, step: Path, *, hurried: bool, at_once: bool) -> None:
        """One step and everything that follows from it, written down.

        `at_once`: it comes as soon as the clock says; `hurried`: the next one comes before the answers have left.
        """
        if step.suffix == ".at":
            self._move_clock(step.read_text().strip())
        else:
            if self.lines and not at_once:
                self.now += PACE
            self._title(step.name)
            self._take(step)
        self._send()
        if not hurried:
            self.now += UNDO_IS_OVER
            self._send()
        self._tell_queue()

    def _move_clock(self, words: str) -> None:
        if words.startswith("+"):
            unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[words[-1]]
            self.now += timedelta(**{unit: int(words[1:-1])})
        else:
            self.now = datetime.fromisoformat(words).replace(tzinfo=ZONE).astimezone(UTC)
        self._title(f"the clock moves: {words}")
        happened = self.works.upkeep.follow_up()
        self.works.upkeep.send_lists()
        self.works.upkeep.make_rounds()
        self.lines.append(f"  follow-ups: {happened}")

    def _take(self, step: Path) -> None:
        raw = self._filled_in(step)
        written = message_from_bytes(raw, policy=policy.default)
        if self.canaries and parseaddr(str(written["From"]))[1] in self._agents():
            raw = plant(raw)
        self.lines.append(f"  {written['From']} writes to {written['To']}: {written['Subject']}")
        (taken,) = self.works.intake.take(
            source_of(self.config.mailboxes[0]),
            [Fetched(key=MailKey.of_content("scenario", raw), raw=raw, arrived_at=self.now)],
        )
        self._tell_decision(taken)
        (inbound,) = self.works.reader.read([raw])
        if taken.decision is not None and not isinstance(inbound, Exception):
            self.watch.came(inbound, taken.decision)

    def _agents(self) -> set[str]:
        return {address for agent in self.works.policy.agents for address in agent.addresses}

    def _filled_in(self, step: Path) -> bytes:
        ((_, raw, _),) = mails(str(step), None)
        head, _, body = raw.decode().replace("\r\n", "\n").partition("\n\n")
        if tapped := re.search(r"(?m)^Tap: (.*)$", head):
            head, body = self._tapped(head.replace(tapped[0] + "\n", ""), tapped[1], body)
        usual = {
            "Message-ID": f"<{step.stem}@{step.parent.name}.test>",
            "Date": self.now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
            "Subject": "",
            "To": "support@help.test",
            "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Transfer-Encoding": "8bit",
        }
        given = {line.partition(":")[0].lower() for line in head.splitlines()}
        added = "".join(f"{name}: {value}\n" for name, value in usual.items() if name.lower() not in given)
        text = re.sub(r"\{\{([^}]+)\}\}", self._placeholder, f"{added}{head}\n\n{body}")
        raw = text.replace("\n", "\r\n").encode()
        return _with_files(raw) if "files" in given else raw

    def _tapped(self, head: str, label: str, words: str) -> tuple[str, str]:
        """Head and body of the mail that a mail program opens for a link, once the sender has added his words."""
        sender = parseaddr(message_from_string(head)["From"])[1]
        text = _text(self.newest[sender])
        found = re.search(rf"(?m)^- {re.escape(label)}: <mailto:([^?>]*)[?]subject=([^&]*)&body=([^>]*)>", text)
        assert found, f"no link {label!r} in the last letter to {sender}"
        to, subject, body = (unquote(part) for part in found.groups())
        order, _, proof = body.replace("\r\n", "\n").partition("\n")
        return f"{head}\nTo: {to}\nSubject: {subject}", f"{order}\n{words}{proof}\n"

    def _placeholder(self, found: re.Match[str]) -> str:
        what, _, address = found[1].rpartition(" ")
        header = {"last letter to": "Message-ID", "reply address for": "Reply-To"}[what]
        value = str(self.newest[address][header])
        return value.rpartition("<")[2].rstrip(">") if header == "Reply-To" else value

    def _send(self) -> None:
        while self.loop.run(self.dispatcher.send_due()):
            pass
        for letter in self._new_letters():
            self._tell_letter(letter)

    def _new_letters(self) -> Iterator[_Letter]:
        """What left just now: customers' letters first, the same text to several readers once."""
        new = self.out / "new"
        files = [file for file in sorted(new.glob("*")) if file.name not in self.seen] if new.exists() else []
        self.seen.update(file.name for file in files)
        sent = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        agents = self._agents()
        # Letters leave side by side, so several of one kind come in any order.
        sent.sort(
            key=lambda mail: (
                mail["Delivered-To"] in agents,
                mail["X-Helpdesk-Event"],
                mail["Delivered-To"],
                _text(mail),
            )
        )
        same: dict[tuple[str, str, str], _Letter] = {}
        for mail in sent:
            assert isinstance(mail, EmailMessage)
            self.newest[str(mail["Delivered-To"])] = mail
            number = mail["X-Helpdesk-Ticket"]
            shown = self.store.show(int(number)) if number else None
            self.watch.left(mail, shown.ticket if shown else None)
            text = (str(mail["X-Helpdesk-Event"]), str(mail["Subject"]), LINK.sub("", _text(mail)))
            same.setdefault(text, _Letter(mail, [])).readers.append(str(mail["Delivered-To"]))
        yield from same.values()

    # --- telling ----------------------------------------------------------------------------------

    def _title(self, words: str) -> None:
        self.lines += [*([""] if self.lines else []), f"== {self.now.astimezone(ZONE):%a %d %b %H:%M} · {words}"]

    def _tell_decision(self, taken: Taken) -> None:
        decision = taken.decision
        if decision is None:
            self.lines.append(f"  => {taken.disposition}: {taken.error}")
            return
        ticket = f" [##{taken.ticket}##]" if taken.ticket else ""
        self.lines.append(f"  => {decision.disposition}{ticket} ({decision.kind}, {decision.role}, {decision.proof})")
        self.lines += [f"     because {reason}" for reason in decision.reasons]

    def _tell_letter(self, letter: _Letter) -> None:
        mail = letter.mail
        urgent = " (urgent)" if mail["X-Priority"] else ""
        copies = f", Cc shown: {mail['Cc']}" if mail["Cc"] else ""
        self.lines += [
            "",
            f"  {mail['X-Helpdesk-Event']}{urgent} to {', '.join(letter.readers)}{copies}",
            f"    Subject: {mail['Subject']}",
        ]
        files = [str(part.get_filename()) for part in mail.iter_attachments() if part.get_filename()]
        if files:
            self.lines.append(f"    Files: {', '.join(files)}")
        shown = LINK.sub("<mailto:…>", _text(mail)).splitlines()
        self.lines += [f"    | {line}".rstrip() for line in shown[:LINES_SHOWN]]
        if len(shown) > LINES_SHOWN:
            self.lines.append("    | …")

    def _tell_queue(self) -> None:
        waiting = self.store.queue(closed=True)
        still = tuple(ticket for ticket in waiting if ticket.state is not State.CLOSED)
        self.lines += ["", "  queue:" if still else "  queue: empty"]
        self.lines += [f"    {line}" for line in (queue_list(still) if still else ())]
        for ticket in waiting:
            if ticket.state is State.CLOSED:
                self.lines.append(f"    closed: [##{ticket.number}##] {ticket.subject} ({ticket.resolution})")

    def tell_history(self) -> None:
        """What the desk's lead reads about each ticket at the end."""
        number = FIRST_NUMBER
        while (shown := self.store.show(number)) is not None:
            self.lines += ["", f"== history of [##{number}##]"]
            for line in shown.history:
                why = f" ({line.why})" if line.why else ""
                self.lines.append(f"  {line.at.astimezone(ZONE):%d %b %H:%M} {line.by}: {line.what}{why}")
            number += 1


def _with_files(raw: bytes) -> bytes:
    """The mail with the files that its header `Files` asks for; nothing is in them."""
    mail = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)
    wanted = str(mail["Files"])
    del mail["Files"]
    for file in wanted.split(","):
        name, _, kilobytes = file.strip().rpartition(" ")
        content = (sha256(name.encode()).digest() * 32)[:1024] * int(kilobytes)
        kind = guess_type(name)[0] or "application/octet-stream"
        mail.add_attachment(content, *kind.split("/"), filename=name)
    mail.set_boundary("=_the_files_of_a_scenario")
    return mail.as_bytes()


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()).strip("\n") if body else ""
