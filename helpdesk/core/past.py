"""What a requester asked before, and from where: what an agent wants to know before he reads on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.ticket import State

# Lines of a notification: how many there were, and the last ones.
LAST_SHOWN = 2

# Nobody needs the number of a requester's tickets beyond this: "100 and more" says enough.
MAX_COUNTED = 100

# Where anybody gets a mailbox: such a domain says nothing of whom its owner works for.
PUBLIC_DOMAINS = frozenset(
    """gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com mac.com aol.com
    gmx.com gmx.net gmx.de web.de proton.me protonmail.com mail.com zoho.com fastmail.com hey.com
    mail.ru bk.ru inbox.ru list.ru internet.ru yandex.ru ya.ru yandex.com yandex.by yandex.kz rambler.ru lenta.ru
    ukr.net i.ua meta.ua bigmir.net wp.pl o2.pl onet.pl op.pl interia.pl interia.eu gazeta.pl tlen.pl""".split()
)


@dataclass(frozen=True, slots=True)
class PastTicket:
    """An earlier ticket of the same requester."""

    number: int
    subject: str
    state: State
    resolution: str | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """The tickets that a requester had before: how many (at most MAX_COUNTED), and the last ones, newest first."""

    count: int = 0
    last: tuple[PastTicket, ...] = ()


NO_PAST = Past()


def company_of(domain: str) -> str:
    """Whom an address speaks for, as far as its domain says; empty where that is a mail provider for everybody."""
    return "" if domain in PUBLIC_DOMAINS else domain
