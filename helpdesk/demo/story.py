"""The story of the demo: who writes what, what must happen then, and what is shown of it.

Each step waits for the letters it promises and says what led to them. At the end every letter that left must have
been promised: one that is missing, or one too many, is an ExpectationError, and the daemon's log is shown with it.
"""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from datetime import datetime, timedelta

from rich.console import Console

from helpdesk.core.subject_tag import tag
from helpdesk.demo import showing
from helpdesk.demo.people import ExpectationError, Letter, Person, Post, eventually
from helpdesk.demo.stage import Stage, stage

SUPPORT = "support@help.example"
ANNA = Person("Anna Nowak", "anna@help.example")
JAMES = Person("James Carter", "james@acme.example")
LUCY = Person("Lucy Bell", "lucy@bell.example")
OLGA = Person("Olga Smirnova", "olga@parts.example")
PIOTR = Person("Piotr Zając", "piotr@home.example")
CUSTOMERS = (JAMES, LUCY, OLGA, PIOTR)

# The drill goes a moment beyond the time at which something is due.
BEYOND = timedelta(seconds=1)


def tell(console: Console, *, keep: bool) -> None:
    """Tell the whole story; ExpectationError when it goes another way."""
    console.width = min(console.width, showing.WIDTH)
    # Whoever ends us, the temporary folder and the child processes go with us.
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)
    started = time.monotonic()
    with ExitStack() as stack:
        with console.status("starting a mail host"):
            desk, post = stack.enter_context(stage(SUPPORT, ANNA, CUSTOMERS))
        story = _Story(console, desk, post)
        try:
            story.play()
            console.print(f"\nAll of it happened as promised, in {time.monotonic() - started:.0f} seconds.")
            if keep:
                story.stay_up()
        except (ExpectationError, OSError) as error:
            raise ExpectationError(f"The demo went wrong: {error}\n\nThe daemon's log:\n{desk.log()}") from error
    if not keep:
        showing.next_steps(console)


class _Story:
    """One run of the story on its stage."""

    def __init__(self, console: Console, desk: Stage, post: Post) -> None:
        self._console = console
        self._desk = desk
        self._post = post

    def play(self) -> None:
        """From the first mail to the last letter."""
        self._say("The desk opens", "The real daemon, an empty database, one IMAP mailbox, one SMTP relay.")
        showing.fact(self._console, "helpdesk run", mark="$")
        self._desk.start()
        notified, asked = self._three_customers_write()
        self._the_queue_has_an_order()
        closed = self._an_agent_answers(notified)
        self._a_stranger_guesses_a_number(closed)
        self._time_passes()
        self._everything_is_accounted_for()
        self._say("One letter in full", "What Lucy got when she wrote.")
        showing.letter(self._console, asked)

    def _three_customers_write(self) -> tuple[Letter, Letter]:
        """The notification of James's mail, and what Lucy was asked."""
        self._say(
            "Three customers write", "Each gets a number at once; what is missing is asked for in the same letter."
        )
        self._write(
            JAMES,
            "Invoice address",
            "Hello,\n\nour company has moved. Where do I change the address that is printed on our invoices?\n\nJames",
        )
        self._expect(JAMES, "opened", "James's mail")
        notified = self._expect(ANNA, "notify", "James's mail")

        self._write(LUCY, "Problem", "Hello, it does not work. Please help.")
        asked = self._expect(LUCY, "opened", "Lucy's mail")
        self._expect(ANNA, "notify", "Lucy's mail")
        self._check("What exactly" in asked.text, "the acknowledgement asks Lucy what she has left out")

        self._write(
            OLGA,
            "Не работает сайт",
            "Здравствуйте! Покупатели звонят нам уже с утра. Помогите, пожалуйста!",
        )
        self._expect(OLGA, "opened", "Olga's mail")
        alarm = self._expect(ANNA, "notify", "Olga's mail")
        self._check(str(alarm.mail["X-Priority"]).startswith("1"), "Anna's mail program marks Olga's mail as urgent")
        return notified, asked

    def _the_queue_has_an_order(self) -> None:
        self._say("helpdesk queue", "Olga wrote last and stands first: her site is down. Lucy's ticket waits for Lucy.")
        queue = self._desk.ask("queue")
        showing.queue(self._console, queue)
        self._check(
            [(row["number"], row["lane"], row["situation"], row["state"]) for row in queue]
            == [
                (100003, "outage", "site-down", "open"),
                (100001, "normal", None, "new"),
                (100002, "normal", None, "waiting"),
            ],
            "the outage is first, the question second, the vague report waits",
        )

    def _an_agent_answers(self, notified: Letter) -> Letter:
        self._say("Anna answers", "In her own mail program, by replying to the notification.")
        self._answer(ANNA, notified, "Hello James,\n\nopen Settings, then Billing; the address is on that page.")
        answer = self._expect(JAMES, "reply", "Anna's reply")
        self._check(
            "open Settings" in answer.text and not answer.names(ANNA.address), "her own address is nowhere in it"
        )

        self._answer(JAMES, answer, "Found it, thank you!")
        news = self._expect(ANNA, "notify", "James's reply")
        self._check(news.ticket == notified.ticket, "James's reply is on the same ticket")

        self._answer(ANNA, news, "#close")
        closed = self._expect(JAMES, "closed", "Anna's #close")
        self._expect(ANNA, "result", "Anna's #close")
        return closed

    def _a_stranger_guesses_a_number(self, closed: Letter) -> None:
        self._say("A stranger guesses a number", "Piotr puts the number of James's ticket into his subject.")
        subject = f"Re: {tag(closed.ticket)} Duplikat faktury"
        self._write(PIOTR, subject, "Dzień dobry, proszę o duplikat faktury za marzec. Piotr Zając")
        own = self._expect(PIOTR, "opened", "Piotr's mail")
        self._expect(ANNA, "notify", "Piotr's mail")
        ticket = self._desk.ask("show", str(closed.ticket))
        self._check(own.ticket != closed.ticket, "he gets a ticket of his own")
        self._check(
            ticket["state"] == "closed" and PIOTR.address not in str(ticket["messages"]),
            "James's ticket stays closed, and nothing of Piotr's mail is on it",
        )

    def _time_passes(self) -> None:
        self._say("Time passes", "The daemon stops; `helpdesk once --at TIME` acts as if it were then.")
        self._desk.stop()
        at = self._drill(LUCY)
        self._expect(LUCY, "reminder", f"silence until {at:%d %b}")
        self._expect(ANNA, "alert", "an outage not taken")
        at = self._drill(LUCY)
        self._expect(LUCY, "closed", f"silence until {at:%d %b}")
        self._expect(ANNA, "alert", "an outage not taken")

    def _everything_is_accounted_for(self) -> None:
        self._say("What is left", "helpdesk queue, helpdesk outbox")
        tickets = self._desk.ask("queue", "--all")
        queue = [row for row in tickets if row["state"] != "closed"]
        showing.queue(self._console, queue)
        self._check([row["number"] for row in queue] == [100003, 100004], "the outage is still first")
        self._check(
            {row["requester"] for row in tickets if row not in queue} == {JAMES.address, LUCY.address},
            "James's and Lucy's tickets are closed; a reply would open them again",
        )
        self._check(self._desk.ask("outbox") == [], "every letter has left")

        self._post.fetch()
        self._say("Every letter that went out", "As the mail host counted them.")
        showing.letters(self._console, self._post.letters)
        surprises = [f'"{one.event}" to {one.to}' for one in self._post.letters if not one.cause]
        self._check(not surprises, "none is missing, none is too many", ", ".join(surprises))

    def stay_up(self) -> None:
        """The desk serves whoever points a mail program at it, until Ctrl-C."""
        self._desk.start()
        showing.how_to_join(self._console, self._desk, (ANNA, *CUSTOMERS))
        try:
            while True:
                self._desk.must_be_up()
                time.sleep(0.5)
        except KeyboardInterrupt:
            self._console.print("\nStopping; the temporary folder goes away.")

    # --- what steps are made of

    def _say(self, heading: str, words: str) -> None:
        showing.heading(self._console, heading, words)

    def _write(self, author: Person, subject: str, text: str) -> None:
        self._post.write(author, SUPPORT, subject, text)
        showing.mail(self._console, author.first_name, subject)

    def _answer(self, author: Person, letter: Letter, text: str) -> None:
        self._post.answer(author, letter, text)
        showing.mail(self._console, author.first_name, text.replace("\n\n", " "))

    def _expect(self, to: Person, event: str, cause: str) -> Letter:
        """The next letter of this kind to that person, when it comes; `cause` is what led to it."""

        def look() -> Letter | None:
            self._desk.must_be_up()
            return self._post.arrived(to, event)

        with self._console.status(f'waiting for "{event}" to {to.first_name}'):
            letter = eventually(look, f'letter "{event}" to {to.address}')
        letter.cause = cause
        showing.arrival(self._console, to.first_name, letter)
        return letter

    def _check(self, holds: bool, claim: str, otherwise: str = "") -> None:
        """Say the claim, or stop the story where it is not true."""
        if not holds:
            raise ExpectationError(f"it is not true that {claim}{f': {otherwise}' if otherwise else ''}")
        showing.fact(self._console, claim)

    def _drill(self, customer: Person) -> datetime:
        """Run what is due next on this customer's ticket as if it were time; answers that time."""
        row = next((one for one in self._desk.ask("queue") if one["requester"] == customer.address), None)
        if row is None or row["due_at"] is None:
            raise ExpectationError(f"nothing is due on the ticket of {customer.address}: {row}")
        at = datetime.fromisoformat(row["due_at"]) + BEYOND
        showing.fact(self._console, f"helpdesk once --at {at:%Y-%m-%dT%H:%M:%SZ}", mark="$")
        with self._console.status("one pass of the daemon"):
            self._desk.do("once", "--at", at.isoformat())
        return at
