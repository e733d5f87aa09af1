"""One desk that is struck, recovers and is examined: the same mail, the same clock, another blow each time.

A trial begins with a copy of a desk that has tickets already, and a mailbox in which new mail, replies, an agent's
commands, machine mail and one that cannot be read wait; a reminder, a closing, an alarm and a digest are due. After
the blow the desk runs without faults until nothing waits. Then the servers' ledgers and the database must agree, and
the desk must look exactly like one that was never struck: the same tickets, letters and history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.faults.servers import DONE, QUARANTINE, Trouble, no_trouble
from tests.faults.stand import AGENT, CANARY, SUPPORT, Engine, Nursery, Run, Stand, mail, reply
from tests.faults.taps import Blow, Fault

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SUNDAY = FRIDAY + timedelta(days=2)
MONDAY = FRIDAY + timedelta(days=3)
TUESDAY = MONDAY + timedelta(days=1)
# Hugo, who asked on Friday and was reminded on Sunday, is closed; Cyril, who asked on Monday, is to be reminded; Boris,
# who asked on Tuesday, not yet. Greta's letter should have been answered an hour ago, and Ivan gets his digest.
WEDNESDAY = MONDAY + timedelta(days=2, hours=1)

BY_THE_CLOCK = """
[[service_level]]
lane = "normal"
first_answer = "2bd"
[digest]
agents = "09:30"
"""

# A desk that recovers tries at most this often, an hour apart.
PASSES = 12


HUGO = mail("hugo@shop.test", "Problem", "It does not work.")
ANNA = mail("anna@shop.test", "Site is down", "Our site is down: http://shop.test gives an error 502 since 10:00.")
CYRIL = mail("cyril@shop.test", "Problem", "Nothing works here.")
GRETA = mail("greta@firm.test", "Invoice", "Please send me the invoice of October once more, as a PDF.")
BORIS = mail("boris@shop.test", "Question", "It does not work. Please help.")
BEFORE = [HUGO, ANNA, CYRIL, GRETA, BORIS]


# What lies in the mailbox when the blow falls, given the letters that the desk wrote before.
Waiting = Callable[[list[bytes]], list[bytes]]


def told_of_anna(letters: list[bytes]) -> bytes:
    """The letter to the agents about her ticket, and what answers hers."""
    return _letter(letters, "notify", AGENT, "100002")


def opened_for_boris(letters: list[bytes]) -> bytes:
    """The acknowledgement that he got."""
    return _letter(letters, "opened", "boris@shop.test", "100005")


def _letter(letters: list[bytes], event: str, to: str, ticket: str) -> bytes:
    wanted = [event, to, ticket]
    for raw in letters:
        read = message_from_bytes(raw, policy=policy.default)
        if [read["X-Helpdesk-Event"], read["To"].addresses[0].addr_spec, read["X-Helpdesk-Ticket"]] == wanted:
            return raw
    raise AssertionError(f"no letter was {wanted}")


def waiting_mail(letters: list[bytes]) -> list[bytes]:
    """Mail of every kind."""
    anna, boris = told_of_anna(letters), opened_for_boris(letters)
    file = EmailMessage()
    file["From"], file["To"], file["Subject"] = "dora@firm.test", SUPPORT, "Invoice"
    file["Message-ID"] = "<invoice@firm.test>"
    file.set_content("Here is the invoice that you asked for.")
    file.add_attachment(b"%PDF-1.4 " * 5000, maintype="application", subtype="pdf", filename="invoice.pdf")
    return [
        reply(anna, AGENT, "#close\n\nWe have restarted the server; the site is up again."),
        reply(boris, "boris@shop.test", "The address is http://boris.test, error 500, since yesterday."),
        file.as_bytes(policy=policy.SMTP),
        mail("eva@home.test", "Too large", "x" * 70 + "\n" + ("y" * 70 + "\n") * 20_000),
        mail("boris@shop.test", "Automatic reply", "I am away.", Auto_Submitted="auto-replied"),
        reply(anna, AGENT, f"#note The customer {CANARY}, be careful."),
        mail("finn@home.test", "Site is down", "http://finn.test does not open, error 503, since this morning."),
    ]


class Trials(Stand):
    """All trials of one campaign on one engine."""

    def __init__(
        self, folder: Path, engine: Engine, nursery: Nursery, *, waiting: Waiting = waiting_mail, piece: int = 0
    ) -> None:
        super().__init__(folder, engine, nursery, more=BY_THE_CLOCK, batch=3, piece=piece)
        self.count = 0
        self.copies = 0  # of letters that the relay had accepted without the desk knowing
        self.imap.reset([])
        for day, came in ((FRIDAY, BEFORE[:1]), (SUNDAY, []), (MONDAY, BEFORE[1:4]), (TUESDAY, BEFORE[4:])):
            for one in came:
                self.imap.arrive(one)
            self.learn(day)
        self._mails = waiting(self.relay.texts)
        self._sent_before = list(self.relay.accepted)
        engine.keep()
        self.begin()
        self.learn(WEDNESDAY)
        self.begin()
        self.usual = self.run(Fault(), WEDNESDAY)
        assert self.usual.code == 0, self.usual
        self._expected = self._picture()
        news = {(who[0] if isinstance(who, list) else "", event) for who, event, *_ in self._expected["letters"]}
        assert {
            ("hugo@shop.test", "closed"),
            ("cyril@shop.test", "reminder"),
            ("greta@firm.test", "alert"),
            ("", "morning"),
        } <= news, news
        self.examine()

    @property
    def mails(self) -> int:
        """How many wait in each trial."""
        return len(self._mails)

    def begin(self) -> None:
        """The prepared desk, and the mail that waits."""
        self.engine.fresh()
        # Uids go on from those of the first day.
        self.imap.reset(self._mails, after=len(BEFORE))
        self.imap.folders |= {DONE: [], QUARANTINE: []}
        self.relay.reset()
        self.relay.accepted = list(self._sent_before)

    def strike(self, *faults: Fault, imap: Trouble = no_trouble, relay: Trouble = no_trouble) -> Run:
        """A whole trial: the blows fall in one pass after the other, then the desk recovers and is examined."""
        self.count += 1
        self.begin()
        self.imap.trouble, self.relay.trouble = imap, relay
        now, runs = WEDNESDAY, []
        # Only what the relay had accepted without our noting it may go again, and only once more.
        allowed: dict[str, int] = {}
        for fault in faults:
            runs.append(self.run(fault, now))
            assert runs[-1].code in ((-9, 0) if fault.blow is Blow.KILL else (0, 1)), f"{fault} ended the desk"
            self.examine_the_order()
            noted = self.noted()
            allowed |= {letter: count + 1 for letter, count in self.relay.copies().items() if letter not in noted}
            now += timedelta(minutes=20)
        self.recover(now, allowed)
        try:
            self.examine()
            assert self._picture() == self._expected
        except AssertionError as error:
            where = [run.passed[-1:] for run in runs]
            raise AssertionError(f"{faults} {imap} {relay} at {where}: {error}") from None
        return runs[-1]

    def recover(self, now: datetime, allowed: dict[str, int]) -> None:
        """Passes without faults, an hour apart, until nothing waits. `allowed`: copies of a letter, if not one."""
        self.imap.trouble = self.relay.trouble = no_trouble
        for _ in range(PASSES):
            assert self.run(Fault(), now).code == 0
            if not self.imap.mails and not self.waiting():
                break
            now += timedelta(hours=1)
        for letter, count in self.relay.copies().items():
            assert count <= allowed.get(letter, 1), f"{letter} went {count} times, {allowed.get(letter, 1)} are allowed"
        self.copies += sum(count - 1 for count in self.relay.copies().values())

    def examine(self) -> None:
        """What must hold whatever happened: the invariants of the database and of the servers' ledgers."""
        assert self.imap.mails == {}, "mail still waits"
        assert self.imap.settled == Counter(self._mails), "mail was lost or doubled on the server"
        with self.connection() as connection:
            expected = set(range(1, len(BEFORE) + len(self._mails) + 1))
            assert self._kept(connection) == expected, "mail was lost"
        self.examine_the_order()
        self.examine_letters()
        assert self.findings(WEDNESDAY + timedelta(days=1)) == []

    def _picture(self) -> dict[str, list[tuple[object, ...]]]:
        """The desk without times and secrets: equal for two desks that did the same."""
        questions = {
            "tickets": "SELECT number, state, lane, resolution, missing FROM ticket",
            "letters": "SELECT ticket, event, to_address, state FROM outbox",
            "messages": "SELECT uid, ticket, filing, disposition, sender_address FROM message",
            "attachments": "SELECT name, size, sha256 FROM attachment",
            "quarantine": "SELECT uid, error FROM quarantine",
            "history": "SELECT ticket, by, what FROM history",
            "follow_ups": "SELECT ticket, kind FROM follow_up",
            "participants": "SELECT ticket, address, part FROM participant",
        }
        # A desk that was struck may have taken the mails in another order, and so numbered its tickets.
        people = {number: who for number, *who in self.rows("SELECT number, requester_address, subject FROM ticket")}
        return {
            name: sorted((tuple(people.get(value, value) for value in row) for row in self.rows(question)), key=str)
            for name, question in questions.items()
        }
