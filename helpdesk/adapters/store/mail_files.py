"""The files of everything that came on a ticket, for #files."""

from __future__ import annotations

from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import tickets
from helpdesk.adapters.store.models import ATTACHMENT, MESSAGE
from helpdesk.core.decision import Filing
from helpdesk.core.file_letters import KeptFile, MailFiles
from helpdesk.core.message import SIGNATURES

_FILES = (
    sa.select(
        MESSAGE.c.id,
        MESSAGE.c.at,
        MESSAGE.c.sender_address,
        MESSAGE.c.sender_name,
        ATTACHMENT.c.part,
        ATTACHMENT.c.name,
        ATTACHMENT.c.size,
        ATTACHMENT.c.sha256,
    )
    .join(ATTACHMENT, ATTACHMENT.c.message == MESSAGE.c.id)
    .where(
        MESSAGE.c.ticket == sa.bindparam("ticket"),
        # Delivery reports and what machines enclose are nobody's files.
        MESSAGE.c.filing != Filing.RECORDED,
        ATTACHMENT.c.type.not_in(SIGNATURES),
    )
    .order_by(MESSAGE.c.id, ATTACHMENT.c.part)
)


def of_ticket(connection: Connection, number: int) -> tuple[MailFiles, ...]:
    """The files of each mail that has any, oldest first."""
    rows = connection.execute(_FILES, {"ticket": number}).all()
    return tuple(
        MailFiles(
            message,
            str(tickets.sender(of[0].sender_address, of[0].sender_name) or of[0].sender_name),
            of[0].at,
            tuple(KeptFile(row.part, row.name, row.size, row.sha256) for row in of),
        )
        for message, of in ((message, list(group)) for message, group in groupby(rows, key=lambda row: row.id))
    )
