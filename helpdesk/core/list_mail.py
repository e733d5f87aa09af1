"""An agent's reply to a list (see `list_replies`): every ticket that it names gets what was ordered, or none does."""

from __future__ import annotations

from helpdesk.core.bench import Bench, Refused
from helpdesk.core.decision import Change, Decision, Filing, Outcome
from helpdesk.core.list_replies import list_answered, read_orders, ticket_meant
from helpdesk.core.orders import carry_out
from helpdesk.core.outgoing import Letter
from helpdesk.core.post import Post, answered_with, refuse
from helpdesk.core.subject_tag import tag


def decide_list_reply(post: Post) -> Decision | None:
    """What the orders of this reply do; None where it is no reply to a list, or says more than orders."""
    case = post.case
    letter, orders = list_answered(case.inbound, case.facts.letters), read_orders(case.inbound.text)
    if letter is None or not orders:
        return None
    tickets = {ticket.number: ticket for ticket in case.facts.by_number}
    changes: list[Change] = []
    letters: list[Letter] = []
    lines: list[str] = []
    for order in orders:
        for number in order.numbers:
            meant = ticket_meant(number, letter.rows)
            ticket = tickets.get(meant) if meant is not None else None
            if ticket is None or ticket.merged_into is not None:
                return refuse(post, None, (post.words.no_ticket.format(number=number),))
            bench = Bench(
                agent=post.agent, policy=case.policy, now=case.now, cause=f"{post.cause}:{meant}", words=post.words
            )
            carried = carry_out((order.command,), ticket, bench)
            if isinstance(carried, Refused):
                return refuse(post, None, (f"{tag(ticket.number)}: {carried.why}",))
            tickets[ticket.number] = carried.ticket
            changes += carried.changes
            letters += carried.letters
            lines += (f"{tag(ticket.number)}: {line}" for line in carried.lines)
    outcome = Outcome(changes=tuple(changes), letters=tuple(letters))
    return answered_with(post, None, outcome, tuple(lines), Filing.COMMAND)
