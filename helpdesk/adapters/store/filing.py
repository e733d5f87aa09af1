"""Mail as it came: kept raw, filed under a ticket or the delivery log, or quarantined; and how far we have read.

Each mail is known by its key in its mailbox. A key becomes one message or one quarantine row, never both and never
twice; filing it again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import raws, references
from helpdesk.adapters.store.later import Later
from helpdesk.adapters.store.models import ATTACHMENT, CURSOR, MESSAGE, QUARANTINE, Direction, insert
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.decision import Decision, Filing, Role
from helpdesk.core.message import Address, Attachment, Inbound, KeptMail, Reason
from helpdesk.ports import Cursor, Fetched, KnownMail, MailKey, Poison, QuarantineEntry
from helpdesk.raw import digest

# Much longer than any mail takes; only a program that died in the middle makes the next one wait so long.
_TRY_LASTS = timedelta(minutes=10)

_KEY = ["mailbox", "folder", "validity", "uid"]

_ONE_AT_A_TIME = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("mailbox"), 0)))

_FILE = Prepared(insert(MESSAGE).on_conflict_do_nothing(index_elements=_KEY).returning(MESSAGE.c.id))

_ATTACH = Prepared(insert(ATTACHMENT))

_ENTRY = insert(QUARANTINE)
_SET_ASIDE = _ENTRY.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        "attempts": QUARANTINE.c.attempts + 1,
        "error": _ENTRY.excluded.error,
        "next_try": _ENTRY.excluded.next_try,
        "at": _ENTRY.excluded.at,
    },
).returning(QUARANTINE.c.id)


def known(connection: Connection, mailbox: str, keys: Sequence[MailKey]) -> Mapping[MailKey, KnownMail]:
    """Those of the keys that are messages or in quarantine.

    Until the commit nobody else files mail of this mailbox. SQLite has one writer anyway. On PostgreSQL two programs
    that see the same mail at once take turns here: the second one finds it filed.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME, {"mailbox": mailbox})
    uids: dict[tuple[str, int], list[int]] = defaultdict(list)
    for key in keys:
        uids[key.folder, key.validity].append(key.uid)
    found: dict[MailKey, KnownMail] = {}
    for (folder, validity), chosen in uids.items():
        for table in (MESSAGE, QUARANTINE):
            rows = connection.execute(
                sa.select(table.c.uid, table.c.sha256).where(
                    table.c.mailbox == mailbox,
                    table.c.folder == folder,
                    table.c.validity == validity,
                    table.c.uid.in_(chosen),
                )
            )
            found |= {
                MailKey(folder, validity, uid): KnownMail(sha256, quarantined=table is QUARANTINE)
                for uid, sha256 in rows
            }
    return found


def file(
    connection: Connection,
    later: Later,
    mailbox: str,
    mail: Fetched,
    inbound: Inbound,
    decision: Decision,
    ticket: int | None,
) -> int | None:
    """Keep a mail: its bytes, text, attachments and all ids that it names.

    The row of its message; None, and nothing is changed, when the key is known.
    """
    raws.keep(connection, inbound.sha256, mail.raw)
    sender = decision.author or inbound.sender
    row = {
        "ticket": ticket,
        "direction": Direction.NOTE if decision.filing is Filing.NOTE else Direction.IN,
        "filing": decision.filing,
        "mailbox": mailbox,
        "folder": mail.key.folder,
        "validity": mail.key.validity,
        "uid": mail.key.uid,
        "sha256": inbound.sha256,
        "fingerprint": inbound.fingerprint,
        "message_id": inbound.message_id,
        "sender_address": sender.address if sender else None,
        "sender_name": sender.name if sender else inbound.from_shown,
        "to": [str(address) for address in inbound.to],
        "cc": [str(address) for address in inbound.cc],
        "subject": inbound.subject,
        "at": mail.arrived_at,
        "kind": decision.kind,
        "disposition": decision.disposition,
        "role": decision.role,
        "proof": decision.proof,
        "reasons": [(reason.rule, reason.evidence) for reason in decision.reasons],
        "text": inbound.text if decision.text is None else decision.text,
        "quoted": inbound.quoted,
    }
    message = _FILE.scalar(connection, row)
    if message is None:
        return None
    _ATTACH.run(
        connection,
        *(
            {
                "message": message,
                "part": attachment.part,
                "name": attachment.name,
                "type": attachment.type,
                "size": attachment.size,
                "sha256": attachment.sha256,
                "inline": attachment.inline,
                "content_id": attachment.content_id,
            }
            for attachment in inbound.attachments
        ),
    )
    if ticket is not None:
        references.remember(later, ticket, inbound.message_id, inbound.references)
    return int(message)


def kept_mail(connection: Connection, message: int) -> KeptMail | None:
    """A mail of a ticket as it was read when it came, without its headers; None for what is no such mail."""
    row = connection.execute(sa.select(MESSAGE).where(MESSAGE.c.id == message)).one_or_none()
    if row is None or row.ticket is None:
        return None
    if row.filing not in (Filing.VISIBLE, Filing.HELD) and row.role is not Role.PARTNER:
        return None
    came = sa.select(MESSAGE.c.id).where(
        MESSAGE.c.ticket == row.ticket, MESSAGE.c.filing == Filing.VISIBLE, MESSAGE.c.direction == Direction.IN
    )
    files = connection.execute(sa.select(ATTACHMENT).where(ATTACHMENT.c.message == message).order_by(ATTACHMENT.c.part))
    return KeptMail(
        id=row.id,
        ticket=row.ticket,
        inbound=Inbound(
            sha256=row.sha256 or "",
            fingerprint=row.fingerprint or "",
            size=0,
            message_id=row.message_id,
            sender=Address(row.sender_address, row.sender_name) if row.sender_address else None,
            subject=row.subject,
            text=row.text,
            quoted=row.quoted,
            attachments=tuple(
                Attachment(
                    part=file.part,
                    name=file.name,
                    type=file.type,
                    size=file.size,
                    sha256=file.sha256,
                    inline=file.inline,
                    content_id=file.content_id,
                )
                for file in files
            ),
        ),
        at=row.at,
        reasons=tuple(Reason(rule, evidence) for rule, evidence in row.reasons),
        first=connection.execute(came.where(MESSAGE.c.id < message).limit(1)).first() is None,
        last=connection.execute(came.where(MESSAGE.c.id > message).limit(1)).first() is None,
    )


def first_text(connection: Connection, ticket: int) -> str:
    """What the mail says that the ticket began with; empty where it began with none."""
    came = sa.select(MESSAGE.c.text).where(
        MESSAGE.c.ticket == ticket, MESSAGE.c.filing == Filing.VISIBLE, MESSAGE.c.direction == Direction.IN
    )
    return connection.execute(came.order_by(MESSAGE.c.id).limit(1)).scalar() or ""


# --- quarantine -----------------------------------------------------------------------------------


def quarantine(
    connection: Connection,
    mailbox: str,
    mail: Fetched,
    *,
    sender: str,
    subject: str,
    message_id: str | None,
    error: str,
    now: datetime,
    next_try: datetime | None,
) -> int:
    """Keep a mail that could not be processed; its id. The same key again is one more attempt."""
    sha256 = digest(mail.raw)
    raws.keep(connection, sha256, mail.raw)
    row = {
        "mailbox": mailbox,
        "folder": mail.key.folder,
        "validity": mail.key.validity,
        "uid": mail.key.uid,
        "sha256": sha256,
        "arrived_at": mail.arrived_at,
        "at": now,
        "sender": sender,
        "subject": subject,
        "message_id": message_id,
        "error": error,
        "attempts": 1,
        "next_try": next_try,
    }
    return int(connection.execute(_SET_ASIDE, row).scalar_one())


def poisoned(connection: Connection, now: datetime, limit: int) -> list[Poison]:
    """Quarantined mails whose next try is due, the longest due first.

    They count as being tried from now on: should that kill its program, they are due again after a pause.
    """
    rows = connection.execute(
        sa.select(QUARANTINE)
        .where(QUARANTINE.c.next_try <= now)
        .order_by(QUARANTINE.c.next_try, QUARANTINE.c.id)
        .limit(limit)
        .with_for_update(of=QUARANTINE, skip_locked=True)
    ).all()
    connection.execute(
        sa.update(QUARANTINE).where(QUARANTINE.c.id.in_([row.id for row in rows])).values(next_try=now + _TRY_LASTS)
    )
    return [
        Poison(
            id=row.id,
            mailbox=row.mailbox,
            key=MailKey(row.folder, row.validity, row.uid),
            raw=raw,
            arrived_at=row.arrived_at,
            attempts=row.attempts,
            ticket=row.ticket,
        )
        for row in rows
        if (raw := raws.of_quarantined(connection, row.id)) is not None
    ]


def gave_up(connection: Connection, poison_id: int, ticket: int) -> None:
    """This ticket was made of the headers of a quarantined mail."""
    connection.execute(sa.update(QUARANTINE).where(QUARANTINE.c.id == poison_id).values(ticket=ticket))


def release(connection: Connection, poison_id: int) -> None:
    """A quarantined mail was processed: its message takes the place of the quarantine row."""
    connection.execute(sa.delete(QUARANTINE).where(QUARANTINE.c.id == poison_id))


def quarantined(connection: Connection) -> list[QuarantineEntry]:
    """Everything in quarantine, oldest first."""
    return [
        QuarantineEntry(
            id=row.id,
            mailbox=row.mailbox,
            at=row.at,
            sender=row.sender,
            subject=row.subject,
            message_id=row.message_id,
            error=row.error,
            attempts=row.attempts,
            retrying=row.next_try is not None,
        )
        for row in connection.execute(sa.select(QUARANTINE).order_by(QUARANTINE.c.id))
    ]


def quarantine_retry(connection: Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Make the next try due now; the ids of those that exist and are kept whole."""
    whole = sa.and_(QUARANTINE.c.id.in_(ids), QUARANTINE.c.error.not_like("TooLarge:%"))
    statement = sa.update(QUARANTINE).where(whole).values(next_try=now).returning(QUARANTINE.c.id)
    return sorted(connection.execute(statement).scalars())


# --- cursors --------------------------------------------------------------------------------------


def cursor(connection: Connection, mailbox: str) -> Cursor | None:
    """How far the mailbox has been read, None when it was never read."""
    row = connection.execute(sa.select(CURSOR).where(CURSOR.c.mailbox == mailbox)).one_or_none()
    if row is None:
        return None
    return Cursor(folder=row.folder, validity=row.validity, uid=row.uid, since=row.since)


def save_cursor(connection: Connection, mailbox: str, cursor: Cursor) -> None:
    """Remember how far the mailbox has been read."""
    place = {"folder": cursor.folder, "validity": cursor.validity, "uid": cursor.uid, "since": cursor.since}
    statement = insert(CURSOR).on_conflict_do_update(index_elements=["mailbox"], set_=place)
    connection.execute(statement, {"mailbox": mailbox} | place)
