"""Workflow: what the administrator orders on the command line, by the same rules as an agent's commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from helpdesk.core.bench import Bench, Refused
from helpdesk.core.clocks import keep_clocks
from helpdesk.core.command_values import Accept, Command, MergeInto, Reject
from helpdesk.core.decision import Outcome
from helpdesk.core.order_words import words_in
from helpdesk.core.orders import carry_out
from helpdesk.core.policy import Agent
from helpdesk.core.sender import Reached
from helpdesk.core.ticket import Held, Ticket
from helpdesk.ports import Store, Unit
from helpdesk.postbox import Postbox

ADMINISTRATOR = Agent(name="administrator", addresses=("",))


def order(store: Store, postbox: Postbox, number: int, command: Command, now: datetime) -> tuple[bool, str]:
    """Carry out `command` on a ticket; answers whether it was done, and what was done or why not.

    #accept and #reject settle every mail that is held on the ticket.
    """
    with store.unit() as unit:
        ticket = unit.ticket(number)
        if ticket is None:
            return False, words_in("en").no_ticket.format(number=number)
        if ticket.merged_into is not None:
            return False, words_in("en").was_merged.format(number=ticket.merged_into)
        held: Sequence[tuple[Held, ...]] = [()]
        if isinstance(command, Accept | Reject) and ticket.held:
            held = [(mail,) for mail in ticket.held]
        lines: list[str] = []
        for mails in held:
            carried = _carry_out(unit, postbox, ticket, command, mails, now)
            if isinstance(carried, Refused):
                return False, carried.why
            ticket, said = carried
            lines += said
        return True, " ".join(lines)


def unmute(store: Store, address: str, now: datetime) -> bool:
    """Letters to this agent are sent again; answers whether any had come back."""
    with store.unit() as unit:
        if address not in dict(unit.came_back()):
            return False
        unit.apply(Outcome(changes=(Reached(address),)), now, by=ADMINISTRATOR.name)
        return True


def _carry_out(
    unit: Unit, postbox: Postbox, ticket: Ticket, command: Command, held: tuple[Held, ...], now: datetime
) -> tuple[Ticket, tuple[str, ...]] | Refused:
    bench = Bench(
        agent=ADMINISTRATOR,
        policy=postbox.policy_now(unit, now),
        now=now,
        cause=f"administrator:{now.isoformat()}",
        words=words_in("en"),
        others=_named(unit, command),
        held=held,
    )
    carried = carry_out((command,), ticket, bench)
    if isinstance(carried, Refused):
        return carried
    number = carried.ticket.number
    outcome = Outcome(ticket=number, changes=carried.changes, letters=carried.letters)
    outcome = keep_clocks(outcome, (ticket, *bench.others), bench.policy, now)
    unit.apply(outcome, now, by=ADMINISTRATOR.name)
    postbox.put(unit, outcome.letters, number, now)
    return unit.ticket(number) or carried.ticket, carried.lines


def _named(unit: Unit, command: Command) -> tuple[Ticket, ...]:
    """The ticket that the command names, and the one that it went into."""
    named = unit.ticket(command.number) if isinstance(command, MergeInto) else None
    survivor = unit.ticket(named.merged_into) if named and named.merged_into is not None else None
    return tuple(ticket for ticket in (named, survivor) if ticket is not None)
