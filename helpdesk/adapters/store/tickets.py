"""Ticket snapshots: rows of six tables in, frozen Tickets out, six statements for any number of tickets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from helpdesk.adapters.store.models import ATTACHMENT, FOLLOW_UP, MESSAGE, OUTBOX, PARTICIPANT, TICKET
from helpdesk.adapters.store.outbox import UNSENT_ANSWER
from helpdesk.core import triage
from helpdesk.core.decision import Filing
from helpdesk.core.message import Address
from helpdesk.core.ticket import FollowUp, Held, Participant, State, Ticket

# How many Message-IDs a ticket's thread shows; mail clients need the last one, a few more survive lost mail.
THREAD_LENGTH = 10

# Both engines bound how many parameters a statement may have.
_AT_ONCE = 5000

_NUMBERS: sa.BindParameter[int] = sa.bindparam("numbers", expanding=True)

_TICKETS = sa.select(TICKET).where(TICKET.c.number.in_(_NUMBERS))

_PARTICIPANTS = (
    sa.select(PARTICIPANT.c.ticket, PARTICIPANT.c.address, PARTICIPANT.c.name, PARTICIPANT.c.part)
    .where(PARTICIPANT.c.ticket.in_(_NUMBERS))
    .order_by(PARTICIPANT.c.id)
)

_FOLLOW_UPS = (
    sa.select(FOLLOW_UP.c.ticket, FOLLOW_UP.c.kind, FOLLOW_UP.c.due_at)
    .where(FOLLOW_UP.c.ticket.in_(_NUMBERS))
    .order_by(FOLLOW_UP.c.due_at, FOLLOW_UP.c.kind)
)

_HELD = (
    sa.select(
        MESSAGE.c.ticket,
        MESSAGE.c.id,
        MESSAGE.c.sender_address,
        MESSAGE.c.sender_name,
        MESSAGE.c.subject,
        MESSAGE.c.at,
        MESSAGE.c.text,
    )
    .where(MESSAGE.c.ticket.in_(_NUMBERS), MESSAGE.c.filing == Filing.HELD)
    .order_by(MESSAGE.c.id)
)

_FILES = (
    sa.select(ATTACHMENT.c.message, ATTACHMENT.c.part)
    .where(ATTACHMENT.c.message.in_(sa.bindparam("messages", expanding=True)))
    .order_by(ATTACHMENT.c.part)
)

_UNSENT = sa.select(OUTBOX.c.ticket, OUTBOX.c.agent).where(OUTBOX.c.ticket.in_(_NUMBERS), UNSENT_ANSWER).distinct()

_RANKED = (
    sa.select(
        MESSAGE.c.ticket,
        MESSAGE.c.id,
        MESSAGE.c.message_id,
        sa.func.row_number().over(partition_by=MESSAGE.c.ticket, order_by=MESSAGE.c.id.desc()).label("rank"),
    )
    .where(MESSAGE.c.ticket.in_(_NUMBERS), MESSAGE.c.filing == Filing.VISIBLE, MESSAGE.c.message_id.is_not(None))
    .subquery()
)
_THREADS = (
    sa.select(_RANKED.c.ticket, _RANKED.c.message_id).where(_RANKED.c.rank <= THREAD_LENGTH).order_by(_RANKED.c.id)
)

_ALL = sa.select(TICKET.c.number)
# The states are listed so that the index serves; most tickets of an old desk are closed.
_UNFINISHED = _ALL.where(TICKET.c.state.in_([state for state in State if state is not State.CLOSED]))


def load(connection: Connection, numbers: Iterable[int]) -> dict[int, Ticket]:
    """The tickets that exist, by number, in the order of `numbers`."""
    wanted = list(dict.fromkeys(numbers))
    found: dict[int, Ticket] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        found |= _load(connection, wanted[start : start + _AT_ONCE])
    return {number: found[number] for number in wanted if number in found}


def queue(connection: Connection, *, desk: str | None = None, closed: bool = False) -> list[Ticket]:
    """The tickets in the order in which to work on them: those of `desk` or all, with or without closed ones."""
    statement = _ALL if closed else _UNFINISHED
    if desk is not None:
        statement = statement.where(TICKET.c.desk == desk)
    return triage.order(load(connection, connection.execute(statement).scalars()).values())


def _load(connection: Connection, numbers: list[int]) -> dict[int, Ticket]:
    if not numbers:
        return {}
    chosen = {"numbers": numbers}
    rows = connection.execute(_TICKETS, chosen).all()
    participants: dict[int, list[Participant]] = defaultdict(list)
    for number, address, name, part in connection.execute(_PARTICIPANTS, chosen):
        participants[number].append(Participant(Address(address, name), part))
    follow_ups: dict[int, list[FollowUp]] = defaultdict(list)
    for number, kind, due_at in connection.execute(_FOLLOW_UPS, chosen):
        follow_ups[number].append(FollowUp(kind, due_at))
    held = _held(connection, chosen)
    unsent: dict[int, list[str]] = defaultdict(list)
    for number, agent in connection.execute(_UNSENT, chosen):
        unsent[number].append(agent)
    threads: dict[int, list[str]] = defaultdict(list)
    for number, message_id in connection.execute(_THREADS, chosen):
        threads[number].append(message_id)
    return {
        row.number: _ticket(
            row,
            participants=tuple(participants[row.number]),
            follow_ups=tuple(follow_ups[row.number]),
            held=tuple(held[row.number]),
            thread=tuple(threads[row.number]),
            unsent=tuple(unsent[row.number]),
        )
        for row in rows
    }


def _held(connection: Connection, chosen: dict[str, list[int]]) -> dict[int, list[Held]]:
    rows = connection.execute(_HELD, chosen).all()
    files: dict[int, list[int]] = defaultdict(list)
    if rows:
        for message, part in connection.execute(_FILES, {"messages": [row.id for row in rows]}):
            files[message].append(part)
    held: dict[int, list[Held]] = defaultdict(list)
    for row in rows:
        held[row.ticket].append(
            Held(
                id=row.id,
                sender=sender(row.sender_address, row.sender_name),
                subject=row.subject,
                at=row.at,
                text=row.text,
                parts=tuple(files[row.id]),
            )
        )
    return held


def sender(address: str | None, name: str) -> Address | None:
    """The address that two columns hold, or None where no single sender was known."""
    return None if address is None else Address(address, name)


def _ticket(row: Row[*tuple[Any, ...]], **parts: Any) -> Ticket:
    return Ticket(
        number=row.number,
        subject=row.subject,
        requester=sender(row.requester_address, row.requester_name),
        desk=row.desk,
        state=row.state,
        lane=row.lane,
        priority=row.priority,
        situation=row.situation,
        assignee=row.assignee,
        language=row.language,
        resolution=row.resolution,
        checklist=row.checklist,
        missing=row.missing,
        fields=row.fields,
        reasons=row.reasons,
        words=row.words,
        opened_at=row.opened_at,
        active_at=row.active_at,
        closed_at=row.closed_at,
        wake_at=row.wake_at,
        **parts,
    )
