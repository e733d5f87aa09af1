"""Commands that decide on a mail that is held, or on one that should never have come."""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.bench import Bench, Carried, changed
from helpdesk.core.decision import Change, Join, Record, SetState, SettleHeld, Unschedule
from helpdesk.core.scheduling import answered
from helpdesk.core.sender import AddColleague, Remember
from helpdesk.core.ticket import Part, Participant, State, Ticket

# The resolution of a ticket that should never have been one.
SPAM = "spam"


def settle_held(ticket: Ticket, bench: Bench, *, accepted: bool, always: bool = False) -> Carried | str:
    """A held mail becomes part of the ticket, or stays out of it."""
    # What an agent wrote without a proof is held, too, but is settled by his one-word reply.
    of_others = tuple(one for one in ticket.held if not (one.sender and bench.policy.agent(one.sender.address)))
    held = bench.held or of_others or ticket.held
    if not held:
        return bench.words.nothing_held
    if len(held) > 1:
        listed = "; ".join(f"{one.sender or '?'}: {one.subject}" for one in held)
        return bench.words.several_held.format(listed=listed)
    mail = held[0]
    after = replace(ticket, held=tuple(one for one in ticket.held if one.id != mail.id))
    changes: list[Change] = [SettleHeld(ticket.number, mail.id, accepted, mail.aside)]
    if accepted and mail.sender is not None:
        changes.append(Remember(mail.sender.address, blocked=False))
        if ticket.part_of(mail.sender.address) is None and bench.policy.agent(mail.sender.address) is None:
            part = Part.PARTNER if mail.aside else Part.CC
            changes.append(Join(ticket.number, mail.sender, part))
            after = replace(after, participants=(*after.participants, Participant(mail.sender, part)))
        if not mail.aside and ticket.state in (State.WAITING, State.CLOSED):
            changes += (answered(ticket.number), SetState(ticket.number, State.OPEN))
            after = replace(after, state=State.OPEN)
    line = (bench.words.accepted if accepted else bench.words.rejected).format(sender=mail.sender or "?")
    changes.append(Record(ticket.number, bench.agent.name, "accepted" if accepted else "rejected", str(mail.sender)))
    if (
        not always
        or mail.sender is None
        or ticket.requester is None
        or after.part_of(mail.sender.address) is not Part.CC
    ):
        return Carried(ticket=after, changes=tuple(changes), lines=(line,))
    # Nothing is said of others who ask: only of tickets of this requester.
    changes.append(AddColleague(ticket.requester.address, mail.sender))
    after = replace(after, colleagues=(*after.colleagues, mail.sender.address))
    more = bench.words.accepted_always.format(sender=mail.sender.address, requester=ticket.requester.address)
    return Carried(ticket=after, changes=tuple(changes), lines=(line, more))


def spam(ticket: Ticket, bench: Bench) -> Carried:
    """The ticket closes without a letter and its requester, or the sender of the held mail, is blocked."""
    held = bench.held
    if held and held[0].sender is not None:
        # In answer to a notice of held mail it is that mail and its sender, not the requester.
        changes: tuple[Change, ...] = (
            SettleHeld(ticket.number, held[0].id, False),
            Remember(held[0].sender.address, blocked=True),
        )
        return changed(ticket, bench.words.blocked.format(sender=held[0].sender.address), *changes)
    sender = ticket.requester.address if ticket.requester else "?"
    changes = (Unschedule(ticket.number), SetState(ticket.number, State.CLOSED, resolution=SPAM))
    if ticket.requester is not None:
        changes = (*changes, Remember(sender, blocked=True))
    after = replace(ticket, state=State.CLOSED, resolution=SPAM)
    return replace(changed(after, bench.words.blocked.format(sender=sender), *changes), settles_state=True)
