"""Ticket snapshots: rows of six tables in, frozen Tickets out, a few statements for any number of tickets.

On the way of a mail a statement costs more than the few rows that it finds, so what is a list on a ticket (who takes
part, what is due, its thread) is read in one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import clocks
from helpdesk.adapters.store.models import (
    ATTACHMENT,
    CLOCK,
    COLLEAGUE,
    FOLLOW_UP,
    INCIDENT,
    MESSAGE,
    OUTBOX,
    PARTICIPANT,
    TICKET,
)
from helpdesk.adapters.store.outbox import UNSENT_ANSWER
from helpdesk.adapters.store.prepared import Prepared, at_once
from helpdesk.core import triage
from helpdesk.core.decision import Filing
from helpdesk.core.message import Address
from helpdesk.core.ticket import OF_PARTNER, FollowUp, Held, Part, Participant, Satisfaction, State, Ticket

# How many Message-IDs a ticket's thread shows; mail clients need the last one, a few more survive lost mail.
THREAD_LENGTH = 10

# Both engines bound how many parameters a statement may have.
_AT_ONCE = 5000

_NUMBERS: sa.BindParameter[int] = sa.bindparam("numbers", expanding=True)

_MEMBER = TICKET.alias()

# How many tickets hang on this one; NULL for one that is no incident.
_GATHERS = (
    sa.select(
        sa.select(sa.func.count()).where(_MEMBER.c.incident == INCIDENT.c.ticket).correlate(INCIDENT).scalar_subquery()
    )
    .where(INCIDENT.c.ticket == TICKET.c.number)
    .correlate(TICKET)
    .scalar_subquery()
)

_TICKETS = Prepared(
    sa.select(TICKET, _GATHERS.label("gathers"), *(column for column in CLOCK.c if column is not CLOCK.c.ticket))
    .join(CLOCK, CLOCK.c.ticket == TICKET.c.number, isouter=True)
    .where(TICKET.c.number.in_(_NUMBERS)),
    lists=("numbers",),
)

# Every list of a ticket as rows of one shape: which list, the order in it, and up to three texts and a moment.
_NO_TEXT = sa.cast(sa.null(), sa.Text)
_NO_MOMENT = sa.cast(sa.null(), FOLLOW_UP.c.due_at.type)


def _list(
    name: str,
    table: sa.FromClause,
    *texts: sa.ColumnElement[str],
    order: sa.ColumnElement[int] | None = None,
    at: sa.ColumnElement[datetime] = _NO_MOMENT,
) -> sa.Select[*tuple[Any, ...]]:
    first, second, third = (*texts, _NO_TEXT, _NO_TEXT, _NO_TEXT)[:3]
    return sa.select(
        table.c.ticket.label("ticket"),
        sa.literal_column(f"'{name}'", sa.Text).label("list"),
        (sa.literal_column("0", sa.Integer) if order is None else order).label("place"),
        sa.type_coerce(first, sa.Text).label("first"),
        sa.type_coerce(second, sa.Text).label("second"),
        sa.type_coerce(third, sa.Text).label("third"),
        at.label("at"),
    ).where(table.c.ticket.in_(_NUMBERS))


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

_COLLEAGUES = (
    sa.select(TICKET.c.number.label("ticket"), COLLEAGUE.c.address)
    .join(COLLEAGUE, COLLEAGUE.c.requester == TICKET.c.requester_address)
    .subquery()
)

_LISTS = Prepared(
    sa.union_all(
        _list(
            "participant",
            PARTICIPANT,
            PARTICIPANT.c.address,
            PARTICIPANT.c.name,
            PARTICIPANT.c.part,
            order=PARTICIPANT.c.id,
        ),
        _list("colleague", _COLLEAGUES, _COLLEAGUES.c.address),
        _list("follow-up", FOLLOW_UP, FOLLOW_UP.c.kind, at=FOLLOW_UP.c.due_at),
        _list("held", MESSAGE, order=MESSAGE.c.id).where(MESSAGE.c.filing == Filing.HELD),
        _list("unsent", OUTBOX, OUTBOX.c.agent).where(UNSENT_ANSWER).distinct(),
        _list("thread", _RANKED, _RANKED.c.message_id, order=_RANKED.c.id).where(_RANKED.c.rank <= THREAD_LENGTH),
    ),
    lists=("numbers",),
)

_HELD = Prepared(
    sa.select(
        MESSAGE.c.ticket,
        MESSAGE.c.id,
        MESSAGE.c.sender_address,
        MESSAGE.c.sender_name,
        MESSAGE.c.subject,
        MESSAGE.c.at,
        MESSAGE.c.text,
        MESSAGE.c.reasons,
    )
    .where(MESSAGE.c.ticket.in_(_NUMBERS), MESSAGE.c.filing == Filing.HELD)
    .order_by(MESSAGE.c.id),
    lists=("numbers",),
)

_FILES = Prepared(
    sa.select(ATTACHMENT.c.message, ATTACHMENT.c.part)
    .where(ATTACHMENT.c.message.in_(sa.bindparam("messages", expanding=True)))
    .order_by(ATTACHMENT.c.part),
    lists=("messages",),
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


def closed_since(connection: Connection, since: datetime) -> list[Ticket]:
    """The tickets that were closed since then and are closed still."""
    recent = _ALL.where(TICKET.c.closed_at > since, TICKET.c.state == State.CLOSED)
    return list(load(connection, connection.execute(recent).scalars()).values())


def _load(connection: Connection, numbers: list[int]) -> dict[int, Ticket]:
    if not numbers:
        return {}
    chosen = {"numbers": numbers}
    with at_once(connection):
        found, listed = _TICKETS.ask(connection, chosen), _LISTS.ask(connection, chosen)
    rows = found()
    lists: dict[str, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in listed():
        lists[row.list][row.ticket].append(row)
    held = _held(connection, chosen) if lists["held"] else {}
    return {
        row.number: _ticket(
            row,
            participants=tuple(
                Participant(Address(one.first, one.second), Part(one.third))
                for one in sorted(lists["participant"][row.number], key=_place)
            ),
            follow_ups=tuple(
                sorted(
                    (FollowUp(one.first, one.at) for one in lists["follow-up"][row.number]),
                    key=lambda follow_up: (follow_up.due_at, follow_up.kind),
                )
            ),
            held=tuple(held.get(row.number, ())),
            thread=tuple(one.first for one in sorted(lists["thread"][row.number], key=_place)),
            colleagues=tuple(one.first for one in lists["colleague"][row.number]),
            unsent=tuple(one.first for one in lists["unsent"][row.number]),
        )
        for row in rows
    }


def _place(row: Any) -> int:
    return int(row.place)


def _held(connection: Connection, chosen: dict[str, list[int]]) -> dict[int, list[Held]]:
    rows = _HELD.all(connection, chosen)
    files: dict[int, list[int]] = defaultdict(list)
    for message, part in _FILES.all(connection, {"messages": [row.id for row in rows]}):
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
                aside=any(rule == OF_PARTNER for rule, _ in row.reasons),
            )
        )
    return held


def sender(address: str | None, name: str) -> Address | None:
    """The address that two columns hold, or None where no single sender was known."""
    return None if address is None else Address(address, name)


def _ticket(row: Any, **parts: Any) -> Ticket:
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
        stage=row.stage,
        checklist=row.checklist,
        missing=row.missing,
        fields=row.fields,
        reasons=row.reasons,
        words=row.words,
        forged=row.forged,
        quiet=row.quiet,
        opened_at=row.opened_at,
        active_at=row.active_at,
        closed_at=row.closed_at,
        wake_at=row.wake_at,
        incident=row.incident,
        gathers=row.gathers,
        merged_into=row.merged_into,
        regrouped_at=row.regrouped_at,
        satisfaction=Satisfaction(row.satisfaction) if row.satisfaction else None,
        clock=clocks.read(row),
        **parts,
    )
