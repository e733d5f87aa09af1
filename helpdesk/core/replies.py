"""What becomes of the text of an agent's mail: an answer to the requester, or a note.

(what he wrote, the ticket as his commands have left it) -> Decision. Whom it reaches was decided before, by the letter
that it replies to (see `agent_mail`).
"""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.bench import Carried, Rest
from helpdesk.core.decision import Assign, Change, Decision, Disposition, Filing, Outcome, Record, SetState
from helpdesk.core.escalation import calm
from helpdesk.core.message import Address
from helpdesk.core.notices import answer, to_agents, to_partner, without_agents
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.post import Post, answered_with, settled
from helpdesk.core.scheduling import begin_anew
from helpdesk.core.subject_tag import strip_prefixes
from helpdesk.core.ticket import Lane, State, Ticket


def answer_requester(post: Post, carried: Carried, text: str) -> Decision:
    """The requester (and Cc) get what the agent wrote, once the undo window is over."""
    case, before = post.case, carried.ticket
    changes, after = _answered(post, carried)
    event = Event.CLOSED if before.state is State.CLOSED and carried.settles_state else Event.REPLY
    if carried.asked:
        event = Event.MISSING
    letters = answer(
        after,
        post.agent,
        without_agents(text, case.policy.agents),
        post.cause,
        event=event,
        missing=carried.asked,
        due_at=carried.due_at,
        parts=post.parts,
        parts_of=post.kept.id if post.kept else None,
        send_after=case.now + case.policy.undo_window,
    )
    outcome = Outcome(ticket=before.number, changes=tuple(changes), letters=carried.letters + letters)
    if not post.parsed.commands and not post.kept:
        return case.decision(Disposition.APPEND, Filing.COMMAND, settled(post, outcome))
    to = ", ".join(str(letter.to) for letter in letters)
    lines = (*carried.lines, post.words.answered.format(to=to))
    return answered_with(post, after, outcome, lines, Filing.COMMAND)


def keep_answer(post: Post, carried: Carried, text: str) -> Decision:
    """What the agent has sent to the requester himself, with a copy to us, is an answer like any other, once sent."""
    changes, after = _answered(post, carried)
    outcome = Outcome(ticket=after.number, changes=tuple(changes), letters=carried.letters)
    if not post.parsed.commands:
        return post.case.decision(Disposition.APPEND, Filing.VISIBLE, settled(post, outcome), text=text)
    return answered_with(post, after, outcome, (*carried.lines, post.words.has_it), Filing.VISIBLE, text=text)


def _answered(post: Post, carried: Carried) -> tuple[list[Change], Ticket]:
    """What an answer does to the ticket besides the letter: it has an agent, and waits for the requester."""
    case, before = post.case, carried.ticket
    answered = Record(before.number, post.agent.name, "answered", f"proof: {case.proof}")
    changes: list[Change] = [*carried.changes, answered, *calm(before)]
    after = before
    if before.assignee is None:
        changes.append(Assign(before.number, post.agent.name))
        after = replace(after, assignee=post.agent.name)
    if not carried.settles_state and before.wake_at is None:
        # Answered is waiting on the requester; an outage stays open until it is over, a sleeping ticket sleeps on.
        state = State.OPEN if before.lane is Lane.OUTAGE else State.WAITING
        if state is not before.state:
            changes.append(SetState(before.number, state))
            after = replace(after, state=state)
        if state is State.WAITING:
            changes += begin_anew(before, case.policy.desk(before.desk), case.now)
    return changes, after


def answer_partner(post: Post, carried: Carried, partner: Address, rest: Rest) -> Decision:
    """The partner whose answer was told of gets what the agent wrote, once the undo window is over; nobody else."""
    case, ticket = post.case, carried.ticket
    told = case.facts.told.inbound if case.facts.told else None
    his = told if told is not None and told.sender is not None and told.sender.address == partner.address else None
    letter = to_partner(
        ticket,
        partner,
        post.agent,
        rest,
        case.policy,
        post.cause,
        # Whether he saw the request's subject is not known; his own he has seen.
        subject=strip_prefixes(his.subject) if his else None,
        in_reply_to=his.message_id if his else None,
    )
    wrote = Record(ticket.number, post.agent.name, "wrote to the partner", str(partner))
    outcome = Outcome(ticket=ticket.number, changes=(*carried.changes, wrote), letters=(*carried.letters, letter))
    if not post.parsed.commands and not post.kept:
        return case.decision(Disposition.APPEND, Filing.COMMAND, settled(post, outcome))
    lines = (*carried.lines, post.words.forwarded_alone.format(partner=partner))
    return answered_with(post, ticket, outcome, lines, Filing.COMMAND)


def note_to_colleagues(post: Post, carried: Carried, text: str, *, unasked: bool) -> Decision:
    """Colleagues see the text, the requester never does."""
    case, ticket = post.case, carried.ticket
    letters = to_agents(
        Event.NOTE,
        ticket,
        case.policy,
        post.cause,
        audience=Audience.COLLEAGUES,
        body=text,
        author=case.inbound.sender,
        parts=post.parts,
        but=case.sender,
    )
    outcome = Outcome(
        ticket=ticket.number,
        changes=(*carried.changes, Record(ticket.number, post.agent.name, "noted")),
        letters=carried.letters + letters,
    )
    line = post.words.kept_as_note if unasked else post.words.noted
    if not post.parsed.commands and not unasked:
        return case.decision(Disposition.APPEND, Filing.NOTE, settled(post, outcome), text=text)
    return answered_with(post, ticket, outcome, (*carried.lines, line), Filing.NOTE, text=text)
