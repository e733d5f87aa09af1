"""Incidents: what is open for a new report to belong to, and how tickets come to hang on one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import tickets
from helpdesk.adapters.store.models import FOLLOW_UP, INCIDENT, OPEN_OUTAGE, OUTBOX, TICKET
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.decision import OpenTicket
from helpdesk.core.escalation import ESCALATE
from helpdesk.core.incident import Incident, Report
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience
from helpdesk.core.ticket import Ticket

# The newest so many open outages that hang on nothing, incidents among them: more is no queue that anybody works on.
MAX_OPEN = 200


def _letters(since: str) -> sa.ScalarSelect[int]:
    """How many automatic letters the ticket's requester got since then."""
    return (
        sa.select(sa.func.count())
        .where(
            OUTBOX.c.to_address == TICKET.c.requester_address,
            OUTBOX.c.audience == Audience.REQUESTER,
            OUTBOX.c.automatic.is_(True),
            OUTBOX.c.created_at > sa.bindparam(since, type_=OUTBOX.c.created_at.type),
        )
        .scalar_subquery()
    )


# Whomever a rule gave an outage to has not taken it as long as this clock runs.
_ESCALATES = sa.exists().where(FOLLOW_UP.c.ticket == TICKET.c.number, FOLLOW_UP.c.kind == ESCALATE)

_OPEN = Prepared(
    sa.select(
        TICKET.c.number,
        TICKET.c.subject,
        TICKET.c.requester_address,
        TICKET.c.requester_name,
        TICKET.c.desk,
        TICKET.c.situation,
        TICKET.c.language,
        TICKET.c.words,
        TICKET.c.forged,
        TICKET.c.opened_at,
        TICKET.c.assignee,
        _ESCALATES.label("escalates"),
        INCIDENT.c.news,
        _letters("since_3h").label("letters_3h"),
        _letters("since_24h").label("letters_24h"),
    )
    .select_from(TICKET.outerjoin(INCIDENT, INCIDENT.c.ticket == TICKET.c.number))
    .where(
        OPEN_OUTAGE,
        sa.or_(
            INCIDENT.c.ticket.is_not(None),
            TICKET.c.opened_at.between(
                sa.bindparam("since", type_=TICKET.c.opened_at.type),
                sa.bindparam("until", type_=TICKET.c.opened_at.type),
            ),
        ),
    )
    .order_by(TICKET.c.opened_at.desc(), TICKET.c.number.desc())
    .limit(MAX_OPEN)
)

_ONE_AT_A_TIME = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("what"), 0)))

_HANG = Prepared(
    sa.update(TICKET)
    .where(TICKET.c.number == sa.bindparam("ticket", type_=TICKET.c.number.type))
    .values(incident=sa.bindparam("incident", type_=TICKET.c.incident.type))
)

_SAME = (
    sa.select(TICKET.c.number)
    .join(INCIDENT, INCIDENT.c.ticket == TICKET.c.number)
    .where(OPEN_OUTAGE, TICKET.c.desk == sa.bindparam("desk"), TICKET.c.situation == sa.bindparam("situation"))
    .order_by(TICKET.c.number)
    .limit(1)
)


def ask_open_outages(
    connection: Connection, now: datetime, between: tuple[datetime, datetime] | None
) -> Callable[[], tuple[tuple[Incident, ...], tuple[Report, ...]]]:
    """What gives the open incidents, and the open outages of that time that hang on none."""
    since, until = between or (now, now)
    answer = _OPEN.ask(
        connection,
        {
            "since": since,
            "until": until,
            "since_3h": now - timedelta(hours=3),
            "since_24h": now - timedelta(hours=24),
        },
    )
    return lambda: _told_apart(answer(), with_reports=between is not None)


def _told_apart(rows: list[Any], *, with_reports: bool) -> tuple[tuple[Incident, ...], tuple[Report, ...]]:
    incidents = tuple(
        Incident(number=row.number, desk=row.desk, situation=row.situation, assignee=row.assignee, news=row.news)
        for row in rows
        if row.news is not None
    )
    return incidents, tuple(_report(row) for row in rows if row.news is None and with_reports)


def _report(row: Any) -> Report:
    return Report(
        ticket=row.number,
        subject=row.subject,
        requester=Address(row.requester_address, row.requester_name) if row.requester_address is not None else None,
        desk=row.desk,
        situation=row.situation,
        language=row.language,
        words=row.words,
        forged=row.forged,
        opened_at=row.opened_at,
        taken_by=None if row.escalates else row.assignee,
        letters_3h=row.letters_3h,
        letters_24h=row.letters_24h,
    )


def gathered(connection: Connection, known: Iterable[Ticket]) -> tuple[Ticket, ...]:
    """The incident that the first of these tickets is, or hangs on, and everything that hangs on it, oldest first."""
    of = (one.number if one.gathers is not None else one.incident for one in known)
    incident = next((number for number in of if number is not None), None)
    if incident is None:
        return ()
    members = sa.select(TICKET.c.number).where(TICKET.c.incident == incident).order_by(TICKET.c.number)
    return tuple(tickets.load(connection, [incident, *connection.execute(members).scalars()]).values())


def same_as(connection: Connection, new: OpenTicket) -> int | None:
    """The open incident about the same situation, should another daemon have begun it a moment ago."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME, {"what": f"incident {new.desk} {new.situation}"})
    found = connection.execute(_SAME, {"desk": new.desk, "situation": new.situation}).scalar()
    return None if found is None else int(found)


def begin(connection: Connection, number: int) -> None:
    """The ticket is an incident."""
    connection.execute(sa.insert(INCIDENT).values(ticket=number, news=""))


def hang(connection: Connection, ticket: int, incident: int | None) -> None:
    """The ticket hangs on this incident, or on none."""
    _HANG.run(connection, {"ticket": ticket, "incident": incident})


def set_news(connection: Connection, incident: int, news: str) -> None:
    """What whoever joins is told from now on."""
    connection.execute(sa.update(INCIDENT).where(INCIDENT.c.ticket == incident).values(news=news))
