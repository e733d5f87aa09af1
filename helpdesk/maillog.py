"""The events that an operator may grep for: one function each, one line each, a stable word first.

`sent letter=17 ticket=123456 event=opened to=ivan@example.com code=250 text="queued as 4F1"`: words without spaces
stand bare, everything else in double quotes; control and bidirectional characters are escaped, because mail may
contain anything. Our own Message-IDs and reply addresses are never logged: whoever reads them could answer in
somebody's name. `letter` is the id that `helpdesk outbox` shows.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from helpdesk.core.outgoing import Delivery
from helpdesk.ports import QueuedLetter

_log = logging.getLogger("helpdesk")

# Longer values are cut: a server's reply or a Message-ID may have any length.
_VALUE_LENGTH = 300


def fetched(*, mailbox: str, mails: int) -> None:
    """Mails were read from a mailbox."""
    _write(logging.INFO, "fetched", mailbox=mailbox, mails=mails)


def backlog(*, mailbox: str, waiting: int, left: timedelta | None) -> None:
    """Very much mail waits; `left` is how long it will take at the pace so far (None: too early to tell)."""
    _write(logging.INFO, "backlog", mailbox=mailbox, waiting=waiting, left=left)


def decided(
    *, mailbox: str, message_id: str | None, kind: str, disposition: str, ticket: int | None, evidence: str
) -> None:
    """A mail was committed together with everything that follows from it."""
    _write(
        logging.INFO,
        "decided",
        mailbox=mailbox,
        message_id=message_id,
        kind=kind,
        disposition=disposition,
        ticket=ticket,
        evidence=evidence,
    )


def queued(*, event: str, ticket: int | None, to: str) -> None:
    """A letter was put into the outbox."""
    _write(logging.INFO, "queued", event=event, ticket=ticket, to=to)


def held_back(*, event: str, ticket: int | None, to: str) -> None:
    """An agent has had so many letters within the hour that this one becomes a line of the next list."""
    _write(logging.INFO, "held_back", event=event, ticket=ticket, to=to)


def template_failed(*, event: str, problem: str) -> None:
    """A template of the desk's own could not be used; the letter was written with the one that ships."""
    _write(logging.ERROR, "template_failed", event=event, problem=problem)


def sent(letter: QueuedLetter, delivery: Delivery) -> None:
    """The relay took responsibility for a recipient of a letter."""
    _write(logging.INFO, "sent", **_delivery(letter, delivery))


def deferred(letter: QueuedLetter, delivery: Delivery, *, next_at: datetime) -> None:
    """A recipient did not get a letter yet. Code 0: no answer came."""
    _write(logging.WARNING, "deferred", **_delivery(letter, delivery), attempt=letter.attempts + 1, next_at=next_at)


def failed(letter: QueuedLetter, delivery: Delivery) -> None:
    """A recipient will not get a letter: refused for good, or given up."""
    _write(logging.ERROR, "failed", **_delivery(letter, delivery), attempt=letter.attempts + 1)


def quarantined(*, mailbox: str, entry: int, message_id: str | None, error: str, tries_left: bool) -> None:
    """A mail could not be processed and is kept; `entry` is the id that `helpdesk quarantine` shows."""
    _write(
        logging.ERROR,
        "quarantined",
        mailbox=mailbox,
        entry=entry,
        message_id=message_id,
        tries_left="yes" if tries_left else "no",
        error=error,
    )


def uid_used_again(*, mailbox: str, uid: int) -> None:
    """The server gave a mail the UID of another one, which no server may do; the mail is taken all the same."""
    _write(logging.ERROR, "uid_used_again", mailbox=mailbox, uid=uid)


def mailbox_down(*, mailbox: str, error: BaseException, retry_in: timedelta) -> None:
    """A mailbox cannot be read; it is tried again by itself."""
    _write(logging.ERROR, "mailbox_down", mailbox=mailbox, retry_in=retry_in, error=error)


def mailbox_up(*, mailbox: str) -> None:
    """A mailbox can be read (again)."""
    _write(logging.INFO, "mailbox_up", mailbox=mailbox)


def stands_by(*, mailbox: str) -> None:
    """Another daemon reads this mailbox; this one takes over should that one die."""
    _write(logging.INFO, "stands_by", mailbox=mailbox)


def took_over(*, mailbox: str) -> None:
    """The daemon that read this mailbox is gone; this one reads it now."""
    _write(logging.WARNING, "took_over", mailbox=mailbox)


def lease_lost(*, mailbox: str) -> None:
    """Another daemon reads this mailbox now, because this one gave no sign for long; nothing was lost."""
    _write(logging.WARNING, "lease_lost", mailbox=mailbox)


def relay_down(*, error: BaseException, retry_at: datetime) -> None:
    """No letter can be sent; they wait and the relay is tried again by itself."""
    _write(logging.ERROR, "relay_down", retry_at=retry_at, error=error)


def relay_up(*, down_for: timedelta) -> None:
    """The relay takes letters again."""
    _write(logging.INFO, "relay_up", down_for=down_for)


Value = str | int | datetime | timedelta | BaseException | None


def serving(*, file: str, mailboxes: int) -> None:
    """The daemon has started on this configuration."""
    _write(logging.INFO, "serving", file=file, mailboxes=mailboxes)


def reloaded(*, file: str) -> None:
    """The configuration was loaded again."""
    _write(logging.INFO, "reloaded", file=file)


def reload_refused(*, error: BaseException) -> None:
    """The configuration has problems; the one before goes on."""
    _write(logging.ERROR, "reload_refused", error=str(error))


def tick_failed(*, tick: str, error: BaseException) -> None:
    """Something that happens regularly failed this time; it is tried again."""
    _write(logging.ERROR, "tick_failed", tick=tick, error=f"{type(error).__name__}: {error}")


def _delivery(letter: QueuedLetter, delivery: Delivery) -> dict[str, Value]:
    return {
        "letter": letter.id,
        "ticket": letter.ticket,
        "event": letter.event,
        "to": delivery.address,
        "code": delivery.code,
        "text": delivery.text,
    }


def _write(level: int, word: str, /, **fields: Value) -> None:
    if _log.isEnabledFor(level):
        _log.log(level, "%s", " ".join([word, *(f"{key}={_shown(value)}" for key, value in fields.items())]))


def _shown(value: Value) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return value.isoformat(timespec="seconds")
        case timedelta():
            return f"{value.total_seconds():.0f}s"
        case BaseException():
            return _quoted(f"{type(value).__name__}: {value}")
        case str():
            return _quoted(value)
        case _:
            return str(value)


def _quoted(text: str) -> str:
    clean = "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode("ascii")
        for char in text[:_VALUE_LENGTH].replace("\\", "\\\\").replace('"', '\\"')
    )
    return clean if clean and " " not in clean and '"' not in clean and "=" not in clean else f'"{clean}"'
