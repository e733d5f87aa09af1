"""A year of a desk by a drilled clock: customers who answer, keep silent, are away or cannot be reached, and an agent.

Everything is the product's own (configuration, intake, store, templates, upkeep, dispatch) but the clock, the dice and
the relay. Each letter that leaves by itself is compared with `oracle` at once, and what did not come, too.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from helpdesk.config import load
from helpdesk.daemon.building import World, build, dispatcher, source_of
from helpdesk.ports import Fetched, MailKey
from tests.drill.oracle import Expected, Hours, Promised
from tests.fakes.transport import FakeTransport

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
timezone = "{zone}"
undo_window = "0s"
[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
[smtp]
kind = "maildir"
path = "out"
[[agent]]
name = "Ivan"
addresses = ["ivan@help.test"]
[bounds]
per_domain_1h = 100000
total_1h = 100000
notices_1h = 100000
[[follow_up]]
after = "answered"
steps = [{{after = "3bd", send = "solved"}}, {{after = "7bd", close = "no-answer"}}]
[[agent]]
name = "Olha"
addresses = ["olha@help.test"]
desks = ["office"]
lead = true
[[desk]]
name = "support"
[[desk]]
name = "office"
address = "office@help.test"
[[service_level]]
first_answer = "4h"
solution = "20h"
[digest]
agents = "09:00"
leads = "Mon 09:00"
[calendar]
hours = "Mon-Fri 10:00-18:00"
days_off = [{days_off}]
"""

TICK = timedelta(minutes=20)
LOOKS = timedelta(seconds=20)
# The share of letters that say all that is needed.
CLEAR = 0.3

# Away for three weeks, answers, is answered, asks again after twelve days, is answered, says nothing for seven days.
TAIL = 75

FOLLOW_UPS = ("reminder", "solved", "closed")
AGENT, LEAD = "ivan@help.test", "olha@help.test"

# How a letter tells which alarm it is.
ALARMS = {
    "This request needs its first answer soon.": "first-answer-soon",
    "Nobody has answered this request in the promised time.": "first-answer-late",
    "This request should be solved soon.": "solution-soon",
    "This request has not been solved in the promised time.": "solution-late",
}

ROUNDS_AT = 9
# The clock jumps by so much, on a desk with so many tickets of each kind that wait for something.
JUMP, JUMPED_OVER = timedelta(days=3653), 10

Act = Callable[[], None]


@dataclass(eq=False)
class _Customer:
    """Somebody who has asked, and what we expect to come to him."""

    address: str
    expected: Expected
    promised: Promised
    closed: bool = False
    number: int = 0
    owes: bool = True  # facts that were asked for
    letter: EmailMessage | None = None  # the last one that he got
    notice: EmailMessage | None = None  # the last one that the agent got of his ticket


@dataclass
class Year:
    """One desk in one zone. `figures` count what happened, `wrong` says what should not have."""

    zone: str
    first: date
    days: int
    tickets: int
    seed: int
    folder: Path
    figures: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def play(self) -> Iterator[date]:
        """Play it day by day; yields each day that is over."""
        self._dice = random.Random(self.seed)
        # From New Year to the eighth, as in many countries of our customers.
        off = frozenset(date(year, 1, day) for year in (self.first.year, self.first.year + 1) for day in range(1, 9))
        self._hours = Hours(ZoneInfo(self.zone), off)
        days_off = ", ".join(day.isoformat() for day in sorted(off))
        (self.folder / "config.toml").write_text(CONFIG.format(zone=self.zone, days_off=days_off), "utf-8")
        self._now = datetime.combine(self.first, time(), UTC)
        self._customers: dict[str, _Customer] = {}
        self._by_number: dict[str, _Customer] = {}
        self._to_lead: dict[str, list[str]] = defaultdict(list)  # number -> the alarms that the lead heard of
        self._rounds: Counter[tuple[str, str]] = Counter()  # (event, whom) -> how many are due
        self._jumped: Counter[tuple[str, str, str]] | None = None  # (event, number, whom) after a jump of the clock
        self._acts: list[tuple[datetime, int, Act]] = []
        self._order, nonces = count(), count()
        world = World(now=lambda: self._now, random=lambda: 0.5, nonce=lambda: next(nonces).to_bytes(16, "little"))
        self._works = build(load(self.folder / "config.toml", environ={}), world, workers=False)
        self._relay = FakeTransport()
        self._sender = dispatcher(self._works, self._relay, world)
        for number in range(self.tickets):
            at = self._now + timedelta(minutes=self._dice.randrange(self.days * 24 * 60))
            self._at(at, lambda number=number: self._ask(number))  # type: ignore[misc]
        with closing(self._works), asyncio.Runner() as self._loop:
            # Longer by the longest story that there is, so that what began last ends as well.
            for day in range(self.days + TAIL):
                self._day()
                yield self.first + timedelta(days=day)
            self._jump()
        for customer in self._customers.values():
            self.wrong += [f"{customer.number}: {event} never came" for event in customer.expected.due]
            late = {alarm for alarm in customer.promised.told if alarm.endswith("-late")}
            if late != set(self._to_lead[str(customer.number)]):
                self.wrong.append(
                    f"{customer.number}: {late} happened, the lead heard of {self._to_lead[str(customer.number)]}"
                )

        self.wrong += [f"{event} to {to} never came" for (event, to), due in self._rounds.items() if due]

    def _day(self) -> None:
        for _ in range(timedelta(days=1) // TICK):
            end = self._now + TICK
            # The daemon looks every twenty seconds: also shortly after each moment at which something should happen.
            dues = {due + LOOKS for one in self._customers.values() for due in one.expected.due.values()}
            dues |= {due + LOOKS for one in self._customers.values() for due in one.promised.due.values()}
            for when in {end, *(due for due in dues if self._now < due <= end)}:
                self._at(when, self._look)
            while self._acts and self._acts[0][0] <= end:
                self._now, _, act = heapq.heappop(self._acts)
                act()
                self._send()
        for customer in self._customers.values():
            missed = (*customer.expected.missed(self._now), *customer.promised.missed(self._now))
            self.wrong += [f"{customer.number}: {event} is missing" for event in missed]

    def _look(self) -> None:
        self._works.upkeep.follow_up()
        wall = self._now.astimezone(self._hours.zone)
        if (wall.hour, wall.minute) == (ROUNDS_AT, 0):
            # Somebody has to hear of what is open on every working day, and the lead of every week.
            if self._hours.works_on(wall.date()) and not all(one.closed for one in self._customers.values()):
                self._rounds["morning", AGENT] += 1
            if wall.weekday() == 0:
                self._rounds["report", LEAD] += 1
        self._works.upkeep.make_rounds()

    def _jump(self) -> None:
        """The clock goes ten years ahead, back, and ahead again: one follow-up for each ticket, and none twice."""
        self._jumped = Counter[tuple[str, str, str]]()
        said = {
            "asked": "It does not work. Please help.",
            "clear": "Please send me the invoice for February once more.",
        }
        for number in range(JUMPED_OVER):
            for kind, text in said.items():
                self._take(_mail(f"{kind}{number}@jump.test", "Invoice" if kind == "clear" else "Problem", text))
        self._send()
        before, after = self._now, self._hours.opening(self._now + JUMP)
        self._jumped.clear()
        for self._now in (after, after + LOOKS, before, after + TICK):
            self._look()
            self._send()
        for (event, ticket, to), times in self._jumped.items():
            self.figures[f"jump: {event}"] += times
            if ticket != "None" and times > 1:
                self.wrong.append(f"{ticket}: after a jump of the clock {event} came to {to} {times} times")
        came = {event: self.figures[f"jump: {event}"] for event in ("reminder", "closed", "alert")}
        # A reminder for each that was asked; of each clear one the agent and the lead hear once.
        if came != {"reminder": JUMPED_OVER, "closed": 0, "alert": 2 * JUMPED_OVER}:
            self.wrong.append(f"after a jump of the clock came {came}")

    def _at(self, when: datetime, act: Act) -> None:
        heapq.heappush(self._acts, (when, next(self._order), act))

    def _soon(self, days: float, act: Act) -> None:
        """Some time within the next `days`, a minute from now at the earliest."""
        self._at(self._now + timedelta(minutes=1 + self._dice.randrange(int(days * 24 * 60))), act)

    # --- what customers and the agent do ----------------------------------------------------------

    def _ask(self, number: int) -> None:
        customer = _Customer(f"c{number}@shop{number % 97}.test", Expected(self._hours), Promised(self._hours))
        self._customers[customer.address] = customer
        self.figures["tickets"] += 1
        if self._dice.random() < CLEAR:
            self._take(_mail(customer.address, "Invoice", "Please send me the invoice for February once more."))
            customer.owes = False
            customer.promised.runs(self._now)
            self._soon(2, lambda: self._answer(customer))
            return
        self._take(_mail(customer.address, "Problem", "It does not work. Please help."))
        customer.expected.asked(self._now)
        doing = self._dice.choices(("silence", "answers", "away", "bounce"), (30, 45, 15, 10))[0]
        self.figures[f"first: {doing}"] += 1
        match doing:
            case "answers":
                self._soon(9, lambda: self._tell(customer))
            case "away":
                self._soon(0.01, lambda: self._be_away(customer))
            case "bounce":
                self._soon(1, lambda: self._bounce(customer))
            case _:
                pass

    def _tell(self, customer: _Customer) -> None:
        """All that was asked for, or a word of thanks that opens nothing."""
        if not self._is_open(customer):
            self._thank(customer)
            return
        text = "The catalogue of our shop http://shop.test shows: page not found. Since nine o'clock, in Firefox."
        self._reply(customer, text)
        customer.expected.ended()
        customer.promised.runs(self._now)
        customer.owes = False
        self.figures["customers' answers"] += 1
        self._soon(4, lambda: self._answer(customer))

    def _be_away(self, customer: _Customer) -> None:
        until = self._now.astimezone(self._hours.zone).date() + timedelta(days=self._dice.randrange(1, 21))
        text = f"I am out of the office until {until.day} {until:%B %Y}."
        self._reply(customer, text, **{"Auto-Submitted": "auto-replied", "Subject": "Out of office: Re: Problem"})
        customer.expected.away(until)
        self.figures["out-of-office answers"] += 1
        if self._dice.random() < 0.5:
            self._at(datetime.combine(until, time(9), UTC), lambda: self._tell(customer))

    def _bounce(self, customer: _Customer) -> None:
        if customer.letter is None or not self._is_open(customer):
            return
        self._take(_bounce(customer.address, str(customer.letter["Message-ID"])))
        customer.expected.ended()
        customer.promised.runs(self._now)
        self.figures["bounces"] += 1

    def _answer(self, customer: _Customer) -> None:
        """The agent answers the last notification."""
        if customer.notice is None:
            return
        self._take(_mail(AGENT, f"Re: [##{customer.number}##]", "Please try again now.", to=customer.notice))
        # Whoever still owes facts when an agent answers has the whole time for them again.
        (customer.expected.asked if customer.owes else customer.expected.answered)(self._now)
        customer.promised.stands(self._now, answered=True)
        self.figures["agents' answers"] += 1
        doing = self._dice.choices(("silence", "again", "one"), (40, 25, 35))[0]
        self.figures[f"then: {doing}"] += 1
        if doing == "again":
            self._soon(12, lambda: self._tell(customer))
        elif doing == "one":
            self._at(self._hours.later(self._now, 4), lambda: self._say_one(customer))

    def _say_one(self, customer: _Customer) -> None:
        if not self._is_open(customer) or customer.letter is None or customer.letter["X-Helpdesk-Event"] != "solved":
            return
        self._reply(customer, "1")
        customer.expected.ended()
        customer.closed = True
        self.figures["said that it is solved"] += 1

    def _thank(self, customer: _Customer) -> None:
        self._reply(customer, "Thank you very much!")
        self.figures["thanks after the end"] += 1

    def _is_open(self, customer: _Customer) -> bool:
        return customer.letter is None or customer.letter["X-Helpdesk-Event"] != "closed"

    # --- mail in and out --------------------------------------------------------------------------

    def _reply(self, customer: _Customer, text: str, **headers: str) -> None:
        subject = headers.pop("Subject", f"Re: [##{customer.number}##] Problem")
        self._take(_mail(customer.address, subject, text, to=customer.letter, **headers))

    def _take(self, mail: EmailMessage) -> None:
        mail["Message-ID"] = f"<{next(self._order)}@drill.test>"
        raw = mail.as_bytes(policy=policy.SMTP)
        source = source_of(self._works.config.mailboxes[0])
        self._works.intake.take(source, [Fetched(key=MailKey.of_content("drill", raw), raw=raw, arrived_at=self._now)])

    def _send(self) -> None:
        """What is due leaves; it is looked at and forgotten."""
        while self._loop.run(self._sender.send_due()):
            pass
        for passed in self._relay.passed:
            letter = message_from_bytes(passed.raw, policy=policy.default)
            assert isinstance(letter, EmailMessage)
            self._look_at(letter, passed.accepted[0])
        self._relay.passed.clear()

    def _look_at(self, letter: EmailMessage, to: str) -> None:
        event, number = str(letter["X-Helpdesk-Event"]), str(letter["X-Helpdesk-Ticket"])
        if self._jumped is not None:
            self._jumped[event, number, to] += 1
            return
        if event in ("morning", "report"):
            self._look_at_round(event, to)
            return
        if event == "alert":
            self._look_at_alarm(letter, number, to)
            return
        if to in (AGENT, LEAD):
            if event == "notify" and number in self._by_number:
                self._by_number[number].notice = letter
            return
        customer = self._customers[to]
        customer.letter, customer.number = letter, int(number)
        self._by_number[number] = customer
        self.figures[f"letters: {event}"] += 1
        if event == "missing":
            customer.owes = True
            customer.expected.asked(self._now)
            customer.promised.stands(self._now)
        if event == "closed":
            customer.closed = True
        if event in FOLLOW_UPS:
            problem = customer.expected.came(event, self._now)
            if problem is not None:
                self.wrong.append(f"{number} at {self._now:%Y-%m-%d %H:%M}: {problem}")

    def _look_at_alarm(self, letter: EmailMessage, number: str, to: str) -> None:
        body = letter.get_body(("plain",))
        text = str(body.get_content()) if body else ""
        alarm = next((name for words, name in ALARMS.items() if words in text), "unknown alarm")
        if to == LEAD:
            self._to_lead[number].append(alarm)
            return
        self.figures[f"alarms: {alarm}"] += 1
        problem = self._by_number[number].promised.came(alarm, self._now)
        if problem is not None:
            self.wrong.append(f"{number} at {self._now:%Y-%m-%d %H:%M}: {problem}")

    def _look_at_round(self, event: str, to: str) -> None:
        self.figures[f"rounds: {event}"] += 1
        self._rounds[event, to] -= 1
        wall = self._now.astimezone(self._hours.zone)
        if self._rounds[event, to] or wall.hour != ROUNDS_AT:
            self.wrong.append(f"{event} to {to} came at {wall:%Y-%m-%d %H:%M}")


def _mail(sender: str, subject: str, text: str, to: EmailMessage | None = None, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "support@help.test", subject
    if to is not None:
        mail["In-Reply-To"] = str(to["Message-ID"])
        mail["References"] = str(to["Message-ID"])
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    return mail


def _bounce(recipient: str, message_id: str) -> EmailMessage:
    boundary = "=_bounce"
    text = (
        f"From: MAILER-DAEMON@mx.test\r\nTo: support@help.test\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Return-Path: <>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\nContent-Type: text/plain\r\n\r\nCould not be delivered.\r\n"
        f"--{boundary}\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--{boundary}\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--{boundary}--\r\n"
    )
    mail = message_from_bytes(text.encode(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail
