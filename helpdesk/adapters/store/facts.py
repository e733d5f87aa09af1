"""What the store knows about one message before it is decided: Wanted in, Facts out.

Every question is answered by an index, so that the cost does not grow with the number of tickets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import directories, figures, filing, incidents, mail_files, references, search, tickets
from helpdesk.adapters.store.models import CONTACT, MESSAGE, META, OUTBOX, TICKET
from helpdesk.adapters.store.prepared import Answer, Prepared, at_once
from helpdesk.core.directory import Entry, folded
from helpdesk.core.facts import Facts, Wanted
from helpdesk.core.message import Address, KeptMail
from helpdesk.core.offers import WORDS, numbers_kept
from helpdesk.core.outgoing import Audience, Event, OutboxState, SentLetter
from helpdesk.core.sender import Contact, LetterCounts, Opened
from helpdesk.core.ticket import NEW, Lane, State, Ticket

# A mail may come again any number of times; the first few copies answer the question.
_COPIES = 20

# Entries of a directory that a letter may choose from.
MAX_WHOLE = 500

# More tickets of one sender within an hour than any desk will allow.
_COUNTED = 500

_DUPLICATES = Prepared(
    sa.select(MESSAGE.c.id, MESSAGE.c.ticket)
    .where(
        sa.or_(
            MESSAGE.c.sha256 == sa.bindparam("sha256"),
            sa.and_(
                MESSAGE.c.fingerprint == sa.bindparam("fingerprint"),
                # A relay may add the Message-ID that the sender left out.
                sa.func.coalesce(MESSAGE.c.message_id, sa.bindparam("message_id"), "")
                == sa.func.coalesce(sa.bindparam("message_id"), MESSAGE.c.message_id, ""),
            ),
        )
    )
    .limit(_COPIES)
)

_LETTER_COLUMNS = (
    OUTBOX.c.id,
    OUTBOX.c.message_id,
    OUTBOX.c.ticket,
    OUTBOX.c.to_address,
    OUTBOX.c.audience,
    OUTBOX.c.event,
    OUTBOX.c.spent,
    OUTBOX.c.cause,
    OUTBOX.c.partner,
    OUTBOX.c.rows,
    OUTBOX.c.created_at,
    sa.func.coalesce(OUTBOX.c.sent_at, OUTBOX.c.created_at).label("sent_at"),
    sa.func.coalesce(TICKET.c.active_at, OUTBOX.c.created_at).label("active_at"),
)
_LETTERS = Prepared(
    sa.select(*_LETTER_COLUMNS)
    .select_from(OUTBOX.outerjoin(TICKET, TICKET.c.number == OUTBOX.c.ticket))
    .where(
        sa.or_(
            OUTBOX.c.message_id.in_(sa.bindparam("message_ids", expanding=True)),
            OUTBOX.c.token.in_(sa.bindparam("tokens", expanding=True)),
        )
    )
    .order_by(OUTBOX.c.id.desc()),
    lists=("message_ids", "tokens"),
)


_ANSWERS = Prepared(
    sa.select(OUTBOX.c.agent, OUTBOX.c.created_at)
    .where(
        OUTBOX.c.ticket == sa.bindparam("ticket", type_=OUTBOX.c.ticket.type),
        OUTBOX.c.audience == Audience.REQUESTER,
        OUTBOX.c.agent != "",
        OUTBOX.c.created_at > sa.bindparam("since", type_=OUTBOX.c.created_at.type),
        OUTBOX.c.state != OutboxState.CANCELLED,
    )
    .order_by(OUTBOX.c.id.desc())
    .limit(_COPIES)
)


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).where(*conditions).scalar_subquery()


def _moment(name: str) -> sa.BindParameter[datetime]:
    return sa.bindparam(name, type_=OUTBOX.c.created_at.type)


_AN_HOUR_AGO = _moment("since_1h")
# Letters that left before the operator said "go on" keep no breaker open.
_SINCE_RESUMED = sa.case((META.c.resumed_at > _AN_HOUR_AGO, META.c.resumed_at), else_=_AN_HOUR_AGO)

_TO_REQUESTERS = sa.and_(OUTBOX.c.audience == Audience.REQUESTER, OUTBOX.c.automatic.is_(True))
_TO_SENDER = OUTBOX.c.to_address == sa.bindparam("address")
_TO_AGENT = OUTBOX.c.to_address == sa.bindparam("agent")
_TO_DOMAIN = OUTBOX.c.to_domain == sa.bindparam("domain")


def _opened(lane: Lane) -> sa.ScalarSelect[int]:
    """How many tickets of a lane the sender opened, counted no further than any bound: each mail of a flood asks."""
    of_sender = sa.and_(
        TICKET.c.requester_address == sa.bindparam("address"), TICKET.c.lane == lane, TICKET.c.opened_at > _AN_HOUR_AGO
    )
    some = sa.select(TICKET.c.number).where(of_sender).limit(_COUNTED).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


# The newest incident that an open ticket of the sender hangs on.
_ON_INCIDENT = (
    sa.select(sa.func.max(TICKET.c.incident))
    .where(
        TICKET.c.requester_address == sa.bindparam("address"),
        TICKET.c.lane == Lane.OUTAGE,
        TICKET.c.state != State.CLOSED,
    )
    .scalar_subquery()
)

_COUNTS = {
    "address_3h": _count(_TO_REQUESTERS, _TO_SENDER, OUTBOX.c.created_at > _moment("since_3h")),
    "address_24h": _count(_TO_REQUESTERS, _TO_SENDER, OUTBOX.c.created_at > _moment("since_24h")),
    "domain_1h": _count(_TO_REQUESTERS, _TO_DOMAIN, OUTBOX.c.created_at > _SINCE_RESUMED),
    "total_1h": _count(_TO_REQUESTERS, OUTBOX.c.created_at > _SINCE_RESUMED),
    "held_notices_1h": _count(OUTBOX.c.event == Event.HELD, OUTBOX.c.created_at > _AN_HOUR_AGO),
    "unproven_1h": _count(OUTBOX.c.event == Event.UNPROVEN, _TO_AGENT, OUTBOX.c.created_at > _AN_HOUR_AGO),
}

# All about the sender in one statement: on the way of a mail each statement costs more than what it looks up.
_SENDER = Prepared(
    sa.select(
        CONTACT.c.address,
        CONTACT.c.name,
        CONTACT.c.language,
        CONTACT.c.blocked,
        CONTACT.c.failing,
        CONTACT.c.settled,
        _opened(Lane.NORMAL).label("opened_normal"),
        _opened(Lane.OUTAGE).label("opened_outages"),
        _ON_INCIDENT.label("incident"),
        *(count.label(name) for name, count in _COUNTS.items()),
    ).select_from(META.outerjoin(CONTACT, CONTACT.c.address == sa.bindparam("address")))
)


def facts(connection: Connection, wanted: Wanted, now: datetime, secret_life: timedelta) -> Facts:
    """All that `decide` may look at for one message."""
    bounced_id = [wanted.bounced_message_id] if wanted.bounced_message_id else []
    with at_once(connection):
        mentioned = references.ask_tickets_of(connection, wanted.references)
        answered = _ask_letters(connection, wanted.references, wanted.tokens, now - secret_life)
        returned = _ask_letters(connection, bounced_id, (), now)
        of_sender = _ask_about_sender(connection, wanted.sender, wanted.agent, now)
        outages = incidents.ask_open_outages(connection, now, wanted.reports_between)
        copies = _ask_copies(connection, wanted)
    by_reference, letters, bounced = mentioned(), answered(), returned()
    if wanted.agent is not None:
        letters = tuple(replace(one, answers=_answers_since(connection, one)) for one in letters)
    # A reply address leads to a ticket, too, and so does the letter that a bounce speaks of.
    for letter in (*letters, *bounced):
        if letter.ticket is not None:
            by_reference.setdefault(letter.ticket, letter.message_id)
    known = tickets.load(connection, [*by_reference, *wanted.tags, *wanted.numbers])
    # What a kept mail orders is carried out by a word that names no ticket.
    listed = tuple(number for one in letters for number in one.rows) if wanted.rows else ()
    named = (*wanted.tags, *wanted.numbers, *numbers_kept(letters, known.values()), *listed)
    known |= tickets.load(connection, [number for number in named if number not in known])
    survivors = [one.merged_into for one in known.values() if one.merged_into is not None]
    known |= tickets.load(connection, [number for number in survivors if number not in known])
    contact, counts, opened = of_sender()
    gathering, reports = outages()
    return Facts(
        duplicate=_duplicate(copies()),
        letters=letters,
        by_reference=tuple((message_id, known[number]) for number, message_id in by_reference.items()),
        by_number=tuple(known[number] for number in dict.fromkeys((*named, *survivors)) if number in known),
        contact=contact,
        entries=_entries(connection, wanted, known.values()),
        customer=_customer(connection, wanted),
        counts=counts,
        opened=opened,
        bounced=next(iter(bounced), None),
        queue=tuple(tickets.queue(connection)) if wanted.queue else (),
        told=_told(connection, wanted, letters),
        request=_request(connection, wanted, letters, known.values()),
        files=tuple((number, mail_files.of_ticket(connection, _survivor(known, number))) for number in wanted.files),
        figures=figures.figures(connection, wanted.figures[0], now, wanted.figures[1]) if wanted.figures else None,
        found=tuple((words, search.look_for(connection, words)) for words in wanted.searches),
        invited=_ask_about_sender(connection, wanted.invited, None, now)()[1] if wanted.invited else None,
        incidents=gathering,
        reports=reports,
        gathered=incidents.gathered(connection, known.values()) if wanted.agent is not None else (),
    )


def _entries(connection: Connection, wanted: Wanted, known: Iterable[Ticket]) -> tuple[tuple[str, Entry], ...]:
    """The entries that are asked for: by keys in the letter, by what its tickets know, or all of a directory."""
    keys: dict[str, list[str]] = defaultdict(list)
    for directory, key in wanted.entries:
        keys[directory].append(key)
    known = tuple(known)
    for ticket in known if wanted.entries_by else ():
        fields = dict(ticket.fields)
        for field, directory in wanted.entries_by:
            if field in fields:
                keys[directory].append(folded(fields[field]))
    if wanted.companies:
        people = [wanted.sender, wanted.invited, *(ticket.requester.address for ticket in known if ticket.requester)]
        keys["representatives"] += [folded(address) for address in people if address]
    whole = {name: directories.entries(connection, name, limit=MAX_WHOLE) for name in wanted.directories}
    some = {name: directories.find(connection, name, each) for name, each in keys.items() if name not in whole}
    return tuple((name, entry) for name, entries in (whole | some).items() for entry in entries)


def _customer(connection: Connection, wanted: Wanted) -> Entry | None:
    """The sender in the directory of customers, by his address before his domain."""
    if not wanted.customer or wanted.sender is None:
        return None
    keys = [folded(wanted.sender), folded(f"@{wanted.sender.rpartition('@')[2]}")]
    found = {entry.key: entry for entry in directories.find(connection, "customers", keys)}
    return next((found[key] for key in keys if key in found), None)


def _told(connection: Connection, wanted: Wanted, letters: tuple[SentLetter, ...]) -> KeptMail | None:
    """The mail that the newest letter to this agent told of, among those that his mail answers, where it matters."""
    own = (one for one in letters if one.cause is not None and one.recipient in (wanted.sender, wanted.agent))
    letter = next(own, None)
    if letter is None or letter.cause is None or not (wanted.told or letter.audience is Audience.ASIDE):
        return None
    return filing.kept_mail(connection, letter.cause)


def _request(
    connection: Connection, wanted: Wanted, letters: tuple[SentLetter, ...], known: Iterable[Ticket]
) -> tuple[tuple[int, str], ...]:
    """What the requesters of these tickets wrote first, where an agent may pass it on: at once, or by a word."""
    offered = wanted.agent is not None and any(letter.event in WORDS for letter in letters)
    if not (wanted.request or offered):
        return ()
    return tuple((ticket.number, filing.first_text(connection, ticket.number)) for ticket in known)


def _survivor(known: Mapping[int, Ticket], number: int) -> int:
    """The number of the ticket that this one went into, or its own."""
    return (known[number].merged_into if number in known else None) or number


def _ask_copies(connection: Connection, wanted: Wanted) -> Answer:
    return _DUPLICATES.ask(
        connection, {"sha256": wanted.sha256, "fingerprint": wanted.fingerprint, "message_id": wanted.message_id}
    )


def _duplicate(rows: list[Any]) -> int | None:
    if not rows:
        return None
    first = min(rows, key=lambda row: row.id)
    return NEW if first.ticket is None else int(first.ticket)


def _ask_letters(
    connection: Connection, message_ids: Sequence[str], tokens: Sequence[str], oldest_activity: datetime
) -> Callable[[], tuple[SentLetter, ...]]:
    if not message_ids and not tokens:
        return tuple
    answer = _LETTERS.ask(
        connection,
        {
            "message_ids": list(message_ids[: references.MAX_REFERENCES]),
            # Relays may change the case of an address.
            "tokens": [token.lower() for token in tokens[: references.MAX_REFERENCES]],
        },
    )
    return lambda: tuple(_sent_letter(row, oldest_activity) for row in answer())


def _answers_since(connection: Connection, letter: SentLetter) -> tuple[tuple[str, datetime], ...]:
    """(agent, when) of each answer that was written on the letter's ticket after it, and not taken back."""
    rows = _ANSWERS.all(connection, {"ticket": letter.ticket, "since": letter.written_at})
    return tuple((row.agent, row.created_at) for row in rows)


def _sent_letter(row: Any, oldest_activity: datetime) -> SentLetter:
    return SentLetter(
        message_id=row.message_id,
        ticket=row.ticket,
        recipient=row.to_address,
        audience=row.audience,
        event=row.event,
        written_at=row.created_at,
        sent_at=row.sent_at,
        usable=not row.spent and row.active_at >= oldest_activity,
        cause=row.cause,
        rows=tuple(int(number) for number in row.rows or ()),
        partner=row.partner,
    )


_Known = tuple[Contact | None, LetterCounts, Opened]


def _ask_about_sender(
    connection: Connection, sender: str | None, agent: str | None, now: datetime
) -> Callable[[], _Known]:
    """What gives what we remember of the sender, what was written to him of late, and which tickets he opened."""
    address = Address(sender or "")
    answer = _SENDER.ask(
        connection,
        {
            "address": address.address,
            "agent": agent or address.address,
            "domain": address.domain,
            "since_1h": now - timedelta(hours=1),
            "since_3h": now - timedelta(hours=3),
            "since_24h": now - timedelta(hours=24),
        },
    )
    return lambda: _known_of(answer()[0], is_somebody=sender is not None)


def _known_of(row: Any, *, is_somebody: bool) -> _Known:
    contact = Contact(*row[:6]) if row.address is not None else None
    tickets_1h = row.opened_normal + row.opened_outages
    opened = Opened(tickets_1h, row.opened_outages, row.incident) if is_somebody else Opened()
    return contact, LetterCounts(*row[9:]), opened
