"""One list in place of many notices: what agents get once there was a letter for each of so many things.

Every automatic letter to one of ours counts, whatever it is for: a fan-out of notices, of alerts, or of answers to an
agent's own robot is what fills mailboxes. Those over the bound become lines, and the lines a list every ten minutes.
What joins an incident is a line from the start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.core.list_replies import NO_TICKET
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.subject_tag import tag
from helpdesk.core.ticket import Ticket

# The oldest line of a list has waited for so long.
LIST_EVERY = timedelta(minutes=10)

# Nobody reads further; the queue shows the rest.
MAX_LINES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A letter that was not written, as a line of the next list to the same reader."""

    to: Address
    language: str
    ticket: int | None
    about: str


def is_batched(letter: Letter) -> bool:
    """Does this letter count, and may it become a line?"""
    by_the_clock = letter.event in (Event.DIGEST, Event.MORNING, Event.REPORT)
    return letter.automatic and letter.audience.is_ours and not by_the_clock


def shortened(letter: Letter, ticket: Ticket | None) -> Notice:
    """The letter as a line: its ticket, or how its text begins."""
    if ticket is not None:
        about = f"{tag(ticket.number)} {letter.subject or ticket.subject}"
    else:
        about = letter.body.partition("\n")[0]
    return Notice(to=letter.to, language=letter.language, ticket=ticket.number if ticket else None, about=about)


def lists(notices: Sequence[Notice], now: datetime) -> tuple[Letter, ...]:
    """A letter to each reader with what was held back for them, oldest first; what concerns one ticket is one line."""
    readers = {notice.to.address: notice for notice in notices}
    return tuple(
        Letter(
            event=Event.DIGEST,
            ticket=None,
            to=last.to,
            audience=Audience.NOBODY,
            language=last.language,
            dedupe_key=f"{Event.DIGEST}:{address}:{now.isoformat()}",
            body=_lines([notice for notice in notices if notice.to.address == address]),
            rows=_rows([notice for notice in notices if notice.to.address == address]),
        )
        for address, last in readers.items()
    )


def _lines(notices: list[Notice]) -> str:
    about = {notice.ticket or notice.about: notice.about for notice in notices}
    counted = Counter(notice.ticket or notice.about for notice in notices)
    lines = [
        f"{row}. {about[key]}" + (f" ×{count}" if count > 1 else "")
        for row, (key, count) in enumerate(counted.items(), start=1)
    ]
    left = len(lines) - MAX_LINES
    return "\n".join([*lines[:MAX_LINES], *([f"… +{left}"] if left > 0 else [])])


def _rows(notices: list[Notice]) -> tuple[int, ...]:
    """The ticket of each line, 0 where it is about none."""
    keys = dict.fromkeys(notice.ticket or notice.about for notice in notices)
    return tuple(key if isinstance(key, int) else NO_TICKET for key in keys)[:MAX_LINES]
