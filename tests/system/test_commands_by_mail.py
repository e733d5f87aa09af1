"""Every command of an agent, over Postfix and Dovecot, as each mail program writes it.

neomutt, s-nail and Alpine are run; Outlook, Gmail, Apple Mail and a telephone are played (see `replies`). For each
command there is a ticket of its own for each program, and what comes of the mail is the same whoever wrote it: what the
agent, the customers, a colleague and the partner get stands in one transcript, commands_by_mail.txt.
`python -m tests.system.test_commands_by_mail --accept` writes it anew from what Gmail's mails do.
"""

from __future__ import annotations

import difflib
import re
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import pytest

from helpdesk.core.command_table import GRAMMAR
from helpdesk.core.commands import parse
from helpdesk.core.listing import MAX_LINES
from tests.stack import MailStack
from tests.system.clients import Client
from tests.system.desk import Desk, Person, eventually, ticket_of
from tests.system.replies import SHAPES

TRANSCRIPT = Path(__file__).with_name("commands_by_mail.txt")
PACK = Path(__file__).with_name("orders.toml")
PROGRAMS = ("neomutt", "snail", "alpine")
WRITERS = (*PROGRAMS, *SHAPES)


@dataclass(frozen=True)
class Step:
    """A mail of the agent on a ticket of its own: in which round, in reply to what.

    `{own}`, `{other}` and so on in the text are numbers: of this step's ticket, a second one of it, another step's.
    """

    name: str
    text: str
    turn: int = 1
    on: str = ""  # the step whose ticket and letters it is about; its own, where this is empty
    to: str = "notify"  # the newest letter of this event about that ticket is answered
    cc: bool = False  # the customer's mail has somebody in Cc
    file: bool = False
    twice: bool = False  # the customer has written once more
    held: bool = False  # a stranger has written, which is held
    other: bool = False  # there is a second ticket

    @property
    def about(self) -> str:
        return self.on or self.name


STEPS = (
    Step("answer", "Good morning, please try it once more."),
    Step("answer-that-closes", "#close\n\nWe have repaired it."),
    Step("unknown", "#take\n#priorty high\n\nThis must not reach anybody."),
    Step("take", "#take"),
    Step("assign", "#assign Olha"),
    Step("release", "#release"),
    Step("accept", "#accept", held=True),
    Step("reject", "#reject", held=True),
    Step("spam", "#spam"),
    Step("close", "#close"),
    Step("state", "#state part ordered"),
    Step("reopen", "#reopen"),
    Step("wait", "#wait 3d"),
    Step("note", "#note he has called twice\nand this is for us alone, too"),
    Step("priority", "#priority high"),
    Step("outage", "#outage"),
    Step("normal", "#normal"),
    Step("ask", "#ask version"),
    Step("got", "#got version"),
    Step("field", "#field colour = dark blue"),
    Step("send", "#send delivery\n\nThe rest will follow."),
    Step("case", "#case late parcel"),
    Step("desk", "#desk sales"),
    Step("cc", "#cc dora@shop.test"),
    Step("uncc", "#uncc boris@shop.test", cc=True),
    Step("requester", "#requester dora@shop.test"),
    Step("requester-yes", "yes", turn=2, on="requester", to="result"),
    Step("merge", "#merge {other}", other=True),
    Step("merge-yes", "yes", turn=2, on="merge", to="result"),
    Step("split", "#split", twice=True),
    Step("link", "#link {other}", other=True),
    Step("forward", "#forward Carrier\n\nCan you find this parcel?"),
    Step("incident", "#incident"),
    Step("join", "#join {incident}", turn=2),
    Step("broadcast", "#broadcast\n\nWe know of it and work on it.", turn=3, on="join"),
    Step("broadcast-yes", "yes", turn=4, on="the incident", to="result"),
    Step("rma", "#rma"),
    Step("ship", "#ship TT0011223 now"),
    Step("undo-answer", "This was sent too early.", on="undo"),
    Step("undo", "#undo", turn=2),
    Step("files", "#files {own}", file=True),
    Step("queue", "#queue", turn=3),
    Step("show", "#show {own}", turn=3),
    Step("search", '#search "zebra {writer}"', turn=3),
    Step("stats", "#stats", turn=3),
    Step("help", "#help"),
    # At the end: all that is his goes back.
    Step("away", "#away 3d", turn=5),
)
TICKETS = tuple(step for step in STEPS if not step.on)
TURNS = sorted({step.turn for step in STEPS})


def test_every_command_of_the_language_is_driven() -> None:
    written = {type(command) for step in STEPS for command in parse(_filled(step.text, {})).commands}
    known = {
        type(command) for row in GRAMMAR for command in parse(f"#{row.name} {ARGUMENTS.get(row.name, '')}").commands
    }
    assert len(known) == len(GRAMMAR)
    assert written == known


# What a command wants, where that is no number.
ARGUMENTS = {
    "assign": "x", "away": "3d", "state": "x", "wait": "3d", "priority": "high", "ask": "x", "got": "x",
    "field": "x = y", "send": "x", "case": "x", "desk": "x", "cc": "a@b.test", "uncc": "a@b.test",
    "requester": "a@b.test", "merge": "100001", "link": "100001", "forward": "x", "join": "100001", "ship": "x",
    "files": "100001", "show": "100001", "search": "x",
}  # fmt: skip


# --- the play -------------------------------------------------------------------------------------


@dataclass
class Play:
    """The desk with a ticket for each step of each writer, and everybody's letters."""

    desk: Desk
    home: Path
    agents: dict[str, Person] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)  # what they have read is read once

    def person(self, address: str) -> Person:
        """Whoever has this mailbox."""
        return self.people.setdefault(address, Person(self.desk.stack, address))

    def address(self, role: str, writer: str, step: str) -> str:
        """Customers and strangers have an address for each step, so that their letters stay apart."""
        return f"{role}.{step}.{writer}.{self.desk.label}@shop.test"

    def open(self) -> None:
        """The tickets: each mail is laid into the mailbox of the desk, then all that comes of it is awaited."""
        stack, desk = self.desk.stack, self.desk
        for writer in WRITERS:
            for step in TICKETS:
                for role in ("anna", *(("other",) if step.other else ())):
                    self._lay(writer, step, role)
        self._await_numbers()
        for writer in WRITERS:
            for step in TICKETS:
                tag = f"[##{self.numbers[writer, step.name]}##]"
                if step.twice:
                    more = _mail(
                        self.address("anna", writer, step.name), desk.address, f"Re: {tag} more", "One thing more."
                    )
                    stack.deliver(more.as_bytes(), desk.address, sender=str(more["From"]))
                if step.held:
                    eve = _mail(self.address("eve", writer, step.name), desk.address, "Re: it", "I belong to it, too.")
                    eve["In-Reply-To"] = self._id(writer, step, "anna")
                    stack.deliver(eve.as_bytes(), desk.address, sender=str(eve["From"]))
        for writer, agent in self.agents.items():
            for name in (step.name for step in TICKETS if step.twice):
                # One notification of each ticket, and one more of this.
                agent.await_letters("notify", len(self._all(writer)) + 1, within_s=120)
                assert len(self._letters(writer, name, "notify")) == 2
        held = len(WRITERS) * sum(step.held for step in TICKETS)
        eventually(lambda: sum(row["held"] for row in desk.json("queue")) == held, "the held mails")

    def _lay(self, writer: str, step: Step, role: str) -> None:
        subject = f"{writer} {step.name}" + (" other" if role == "other" else "")
        text = "Good morning, please help me with this." + (
            f" There is a zebra of {writer} on it." if step.name == "search" else ""
        )
        text += " The program does not say." if step.name == "got" else ""
        mail = _mail(self.address(role, writer, step.name), self.desk.address, subject, text)
        mail["Message-ID"] = self._id(writer, step, role)
        if step.cc:
            mail["Cc"] = "boris@shop.test"
        if step.file:
            mail.add_attachment(b"%PDF-1.4 nothing", maintype="application", subtype="pdf", filename="act.pdf")
        self.desk.stack.deliver(mail.as_bytes(), self.desk.address, sender=str(mail["From"]))

    def _id(self, writer: str, step: Step, role: str) -> str:
        return f"<{self.address(role, writer, step.name).replace('@', '-')}@shop.test>"

    def _await_numbers(self) -> None:
        wanted = sum(1 + step.other for step in TICKETS)
        for writer, agent in self.agents.items():
            for note in agent.await_letters("notify", wanted, within_s=120):
                _, name, *other = str(note["Subject"]).partition("] ")[2].split()
                self.numbers[writer, " ".join((name, *other))] = ticket_of(note)

    def round(self, turn: int) -> None:
        """Every writer sends what he has to in this round; on return the desk has answered."""
        steps = [step for step in STEPS if step.turn == turn]
        batches = {
            writer: [
                (self._letters(writer, step.about, step.to)[-1], _filled(step.text, self._numbers_of(writer, step)))
                for step in steps
            ]
            for writer in WRITERS
        }
        before = {writer: len(agent.letters("result")) for writer, agent in self.agents.items()}
        with ThreadPoolExecutor() as pool:
            running = [pool.submit(self._run, program, turn, batches[program]) for program in PROGRAMS]
            for writer, shape in SHAPES.items():
                for letter, text in batches[writer]:
                    agent = self.agents[writer]
                    agent.send(shape(agent.address, letter, text), self.desk.address)
            for one in running:
                one.result()
        # Plain answers have no result, and the files come in one more.
        answers = sum(not step.text.startswith("#") and step.text != "yes" for step in steps)
        results = len(steps) - answers + sum(step.file for step in steps)
        for writer, agent in self.agents.items():
            agent.await_letters("result", before[writer] + results, within_s=120)
        if any(step.name == "join" for step in steps):
            for writer in WRITERS:
                told = str(self._letters(writer, "join", "result")[-1].get_body(("plain",)))
                self.numbers[writer, "the incident"] = int(re.findall(r"Joined the incident (\d+)", told)[0])

    def _run(self, program: str, turn: int, answers: list[tuple[EmailMessage, str]]) -> None:
        home = self.home / f"{program}{turn}"
        home.mkdir()
        name = "s-nail" if program == "snail" else program
        Client(name, self.desk.stack, home).reply(self.agents[program], *answers)

    def _numbers_of(self, writer: str, step: Step) -> dict[str, int | str]:
        own, other = self.numbers[writer, step.about], self.numbers.get((writer, f"{step.about} other"), 0)
        return {"own": own, "other": other, "incident": self.numbers[writer, "incident"], "writer": writer}

    def _all(self, writer: str) -> list[int]:
        """Every ticket of this writer."""
        return [number for (of, _), number in self.numbers.items() if of == writer]

    def _letters(self, writer: str, name: str, event: str) -> list[EmailMessage]:
        """Letters to the agent about a step's ticket, oldest first."""
        number = str(self.numbers[writer, name])
        return [one for one in self.agents[writer].letters(event) if one["X-Helpdesk-Ticket"] == number]

    # --- telling

    def transcript(self, writer: str) -> str:
        """What came of each step's ticket of this writer, with what differs between writers left out."""
        return "\n".join(line for step in TICKETS for line in self._told(writer, step))

    def _told(self, writer: str, step: Step) -> Iterator[str]:
        about = (step.name, "the incident" if step.name == "join" else "")
        yield f"== {' | '.join(' / '.join(one.text.split(chr(10))) for one in STEPS if one.about in about)}"
        people = {
            "agent": (self.agents[writer], {"result", "note", "unproven"}),
            "olha": (self.person("olha.orders@help.test"), {"notify", "note"}),
            "boris": (self.person("boris@shop.test"), None),
            "dora": (self.person("dora@shop.test"), None),
            "carrier": (self.person("carrier@parcels.test"), None),
        }
        own = {role: self.person(self.address(role, writer, step.name)).letters() for role in ("anna", "other", "eve")}
        known = {str(number) for (of, name), number in self.numbers.items() if of == writer}
        numbers = {str(self.numbers.get((writer, name), "")) for name in (*about, f"{step.name} other")} - {""}
        numbers |= {str(one["X-Helpdesk-Ticket"]) for letters in own.values() for one in letters} - known
        told = [
            (who, one)
            for who, (person, events) in people.items()
            for one in person.letters()
            if one["X-Helpdesk-Ticket"] in numbers and (events is None or one["X-Helpdesk-Event"] in events)
        ]
        told += [(role, one) for role, letters in own.items() for one in letters]
        if step.file:  # letters that leave side by side come in any order
            told.sort(key=lambda one: str(one[1].get_body(("plain",))))
        for who, letter in told:
            # The acknowledgement of the ticket that a step begins with is no work of a command.
            if letter["X-Helpdesk-Event"] != "opened" or letter["X-Helpdesk-Ticket"] not in known:
                yield f"-- {letter['X-Helpdesk-Event']} to {who}"
                lines = self._lines(writer, letter)
                yield from ({_figures(line): None for line in lines} if step.name == "stats" else lines)
        yield ""

    def _lines(self, writer: str, letter: EmailMessage) -> Iterator[str]:
        body = letter.get_body(("plain",))
        text = str(body.get_content()) if body else ""
        for part in re.split(r"\n\s*\n", text):
            if part.lstrip().startswith(("Request:", "--", "One tap", "Commands come")):
                break
            lines = part.splitlines()
            flat = " ".join(part.split())
            if part.startswith(">") and letter["X-Helpdesk-Event"] == "result":
                continue  # his own words, as his program has written them
            if re.match(r"1\. \[##", part) and len(lines) > MAX_LINES:
                yield f"  {MAX_LINES} requests, and more"  # of all writers: not to be told apart
                continue
            listed = len(lines) > 1 and all(re.match(r"\s*([-#>]|\d+\.|\w{3} \d\d\.)", line) for line in lines[1:])
            told = [one for line in (lines if listed else [flat]) for one in self._masked(writer, line)]
            # What he gives back is told in the order in which it came, and mail of several people comes in any order.
            yield from sorted(told) if part.startswith("You are away") else told
        files = [str(part.get_filename()) for part in letter.iter_attachments() if part.get_filename()]
        if files:
            yield f"  files: {', '.join(files)}"

    def _masked(self, writer: str, line: str) -> Iterator[str]:
        """The line as it is for every writer; none where it is about another one's ticket."""
        names = {n: name for (of, name), n in self.numbers.items() if of == writer and name != "the incident"}
        tags = [int(number) for number in re.findall(r"\b1\d{5}\b", line)]
        if re.match(r"\s*\d+\. \[##", line) and not any(number in names for number in tags):
            return
        line = re.sub(r"^\s*\d+\. (?=\[##)", "", line)
        line = re.sub(r"\b(1\d{5})\b", lambda found: names.get(int(found[1]), "NUMBER"), line)
        line = re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?( UTC)?", "TIME", line)
        line = re.sub(r"\bR-\d+", "R-NUMBER", line)
        # Some programs put blank lines between those that were typed.
        line = re.sub(r"\bLine \d+: .*? – ", "Line: ", line)
        line = re.sub(r"<mailto:[^>]*>", "", line)
        line = re.sub(
            r"\b\d+ (January|February|March|April|May|June|July|August|September|October|November|December)",
            "DAY",
            line,
        )
        yield f"  {line.replace(writer, 'WRITER').replace(writer.capitalize(), 'WRITER').strip()}"


def _filled(text: str, numbers: dict[str, int | str]) -> str:
    for name in ("own", "other", "incident", "writer"):
        text = text.replace("{" + name + "}", str(numbers.get(name, 100001)))
    return text


def _figures(line: str) -> str:
    """The line whatever happened on which day of the week."""
    return re.sub(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", "DAY", re.sub(r"\d+", "N", line))


def _mail(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail.set_content(text)
    return mail


def perform(stack: MailStack, folder: Path) -> dict[str, str]:
    """What came of everything, for each writer."""
    (folder / "orders.toml").write_text(
        PACK.read_text("utf-8") + "".join(RULE.format(writer=writer, name=writer.capitalize()) for writer in WRITERS)
    )
    replies = folder / "letters" / "replies" / "en"
    replies.mkdir(parents=True)
    (replies / "delivery.txt").write_text("Deliveries take three days.\n")
    with Desk(stack, folder, "orders") as desk:
        play = Play(desk, folder, {w: Person(stack, f"{w}.orders@help.test") for w in WRITERS})
        desk.tables["helpdesk"] |= {
            "language": "en", "undo_window": "1h", "packs": ["orders.toml"], "templates": "letters",
        }  # fmt: skip
        desk.tables["agent"] = [
            {"name": writer.capitalize(), "addresses": [agent.address], "desks": ["support"], "lead": False}
            for writer, agent in play.agents.items()
        ] + [{"name": "Olha", "addresses": ["olha.orders@help.test"], "desks": ["sales"], "lead": True}]
        desk.tables["desk"] = [{"name": "support"}, {"name": "sales"}]
        desk.tables["mailbox"][0]["desk"] = "support"
        desk.tables["partner"] = [{"name": "Carrier", "addresses": ["carrier@parcels.test"]}]
        desk.tables["incidents"] = {"reporters": 0}
        desk.configure()
        with desk.running():
            play.open()
            for turn in TURNS:
                play.round(turn)
            # Answers wait out their undo window no longer.
            waiting = [str(row["id"]) for row in desk.json("outbox") if row["state"] == "queued"]
            assert desk.cli("outbox", "retry", *waiting).returncode == 0
            play.person("carrier@parcels.test").await_letters("forward", 2 * len(WRITERS))
            for writer in WRITERS:
                for name, event in (("answer", "reply"), ("send", "reply"), ("case", "reply"), ("join", "reply")):
                    play.person(play.address("anna", writer, name)).await_letter(event, within_s=60)
                play.person(play.address("anna", writer, "answer-that-closes")).await_letter("closed")
            return {writer: play.transcript(writer) for writer in WRITERS}


RULE = """
[[rule]]
name = "of-{writer}"
any = ["{writer}"]
assignee = "{name}"
"""


@pytest.fixture(scope="module")
def transcripts(mailstack: MailStack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return perform(mailstack, tmp_path_factory.mktemp("orders"))


@pytest.mark.parametrize("writer", WRITERS)
def test_what_comes_of_every_command_stands_in_the_transcript(transcripts: dict[str, str], writer: str) -> None:
    assert transcripts[writer].splitlines() == TRANSCRIPT.read_text("utf-8").splitlines()


if __name__ == "__main__":
    if sys.argv[1:] != ["--accept"]:
        sys.exit("usage: python -m tests.system.test_commands_by_mail --accept")
    with MailStack() as servers, tempfile.TemporaryDirectory(prefix="orders-") as scratch:
        told = perform(servers, Path(scratch))
    TRANSCRIPT.write_text(told["gmail"], "utf-8")
    for one, words in told.items():
        print(one, "agrees" if words == told["gmail"] else "DIFFERS:")
        print("\n".join(difflib.unified_diff(told["gmail"].splitlines(), words.splitlines(), n=0, lineterm="")))
