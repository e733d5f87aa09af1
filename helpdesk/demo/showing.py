"""How the demo looks: headings, mails that come and go, tables. Words in, lines on the console out.

Nothing depends on colour, and everything fits 80 columns.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from helpdesk.demo.people import HOST, PASSWORD, Letter, Person
from helpdesk.demo.stage import Stage

# Wider lines are hard to read.
WIDTH = 110

# The event of a letter in a few words.
EVENTS = {
    "opened": "acknowledgement",
    "notify": "notification",
    "reply": "answer",
    "reminder": "reminder",
    "closed": "closed",
    "result": "result of a command",
}


def heading(console: Console, title: str, words: str) -> None:
    """A new chapter and what it is about."""
    console.print(f"\n[bold cyan]{escape(title)}[/]\n{escape(words)}\n")


def mail(console: Console, author: str, words: str) -> None:
    """Somebody writes."""
    _line(console, Text.assemble((f"  {author} → ", "bold"), words))


def arrival(console: Console, reader: str, letter: Letter) -> None:
    """A letter of the helpdesk has arrived."""
    what = EVENTS.get(letter.event, letter.event)
    _line(console, Text.assemble(("    ✉ ", "green"), f"{reader} gets: {letter.subject} ", (f"({what})", "dim")))


def fact(console: Console, claim: str, mark: str = "✓") -> None:
    """Something that was just checked, or a command that was just run."""
    _line(console, Text.assemble((f"    {mark} ", "green"), claim))


def _line(console: Console, text: Text) -> None:
    console.print(text, no_wrap=True, overflow="ellipsis")


def queue(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """The queue of `helpdesk queue --json`, with the reason why each ticket stands where it stands."""
    table = _table("", "ticket", "subject", "from", "state", "why here")
    for place, row in enumerate(rows, start=1):
        outage, waiting = row["lane"] == "outage", row["state"] == "waiting"
        why = next(iter(row["reasons"]), "") or ("waits for an answer" if waiting else "order of arrival")
        table.add_row(
            str(place),
            str(row["number"]),
            escape(row["subject"]),
            escape(row["requester"]),
            f"{row['state']}{', outage' if outage else ''}",
            escape(why),
            style="bold red" if outage else "dim" if waiting else "",
        )
    console.print(table)
    console.print()


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False, header_style="bold underline")


def letters(console: Console, sent: Sequence[Letter]) -> None:
    """Every letter: to whom, why, which event."""
    table = _table("to", "event", "subject", "because of")
    for one in sent:
        table.add_row(*(escape(cell) for cell in (one.to, one.event, one.subject, one.cause or "?")))
    console.print(table)
    console.print()


def letter(console: Console, shown: Letter) -> None:
    """One letter as its reader sees it."""
    names = ("From", "To", "Subject", "X-Helpdesk-Ticket", "X-Helpdesk-Event", "Auto-Submitted")
    head = "\n".join(f"{name}: {shown.mail[name]}" for name in names)
    console.print(Panel(escape(f"{head}\n\n{shown.text.strip()}"), expand=False, padding=(0, 2)))


def next_steps(console: Console) -> None:
    """What to try next."""
    steps = Table.grid(padding=(0, 3))
    steps.add_row("demo --keep", "the same, then point your own mail program at it")
    steps.add_row("explain mail.eml", "what a mail of yours would do, and why; nothing is sent")
    steps.add_row("check", "is config.toml right (begin with config.example.toml), do the servers answer?")
    steps.add_row("run", "the daemon")
    console.print(f"\nWhat to try next, with {escape(program())}:\n")
    console.print(Padding(steps, (0, 2)))


def program() -> str:
    """How this program was called, for people to type."""
    if Path(sys.argv[0]).name == "__main__.py":
        return f"{os.path.relpath(sys.executable)} -m helpdesk"
    return "helpdesk"


def how_to_join(console: Console, desk: Stage, people: Sequence[Person]) -> None:
    """Where a mail program finds the accounts, and which commands look at the desk."""
    accounts = Table.grid(padding=(0, 3))
    accounts.add_row("IMAP", f"{HOST}, port {desk.imap_port}, no encryption")
    accounts.add_row("SMTP", f"{HOST}, port {desk.smtp_port}, no encryption, no login")
    accounts.add_row("user", ", ".join(one.address for one in people))
    accounts.add_row("password", PASSWORD)
    console.print("\nThe desk is open. Point a mail program at it:\n")
    console.print(Padding(accounts, (0, 2)))
    console.print(
        f"\nWrite to {desk.support} as a customer, answer as {people[0].first_name}, or look at the desk with\n\n"
        f"  {program()} --config {desk.config} queue\n\nCtrl-C ends it.",
        soft_wrap=True,
    )
