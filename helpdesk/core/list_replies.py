"""A reply to a list that orders by its numbers: "close 3 5 7", "take 2", a line for each command.

Such words mean something only as the whole reply to exactly the list that they speak of; a number is a row of it, or a
ticket that stands in it. Anything else names nothing. All or nothing, as with every order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk.core.command_values import Close, Command, Release, Reopen, Take
from helpdesk.core.commands import parse
from helpdesk.core.message import Inbound
from helpdesk.core.outgoing import SentLetter
from helpdesk.core.trust import own_letter

# What can be ordered of many tickets at once: nothing that needs to be told more.
LISTABLE = (Take, Close, Release, Reopen)

# In the rows of a list: a line that is about no ticket.
NO_TICKET = 0

_LINE = re.compile(r"#?\s*([^\W\d_]+)[:\s]+((?:\d{1,12}[,;.\s]*)+)")


@dataclass(frozen=True, slots=True)
class ListOrder:
    """A command and the numbers as they were written."""

    command: Command
    numbers: tuple[int, ...]


def read_orders(text: str) -> tuple[ListOrder, ...]:
    """The orders of a text that holds nothing else; empty where it holds anything else."""
    orders = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        found = _LINE.fullmatch(line)
        commands = parse(f"#{found[1]}").commands if found else ()
        if found is None or len(commands) != 1 or not isinstance(commands[0], LISTABLE):
            return ()
        orders.append(ListOrder(commands[0], tuple(int(number) for number in re.findall(r"\d+", found[2]))))
    return tuple(orders)


def list_answered(inbound: Inbound, letters: tuple[SentLetter, ...]) -> SentLetter | None:
    """The list of ours that this mail answers, and that went to its sender."""
    letter = own_letter(inbound, letters)
    return letter if letter is not None and letter.rows else None


def ticket_meant(number: int, rows: tuple[int, ...]) -> int | None:
    """The ticket that a number of the reply means, None where it stands not in the list."""
    if number in rows:
        return number or None
    return (rows[number - 1] or None) if 1 <= number <= len(rows) else None
