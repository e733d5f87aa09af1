"""When to try again: a letter that was not delivered, a server that is away.

Attempts and times in, a time out. Never fails. RFC 5321 section 4.5.4.1 asks for a few early tries, then one
every half hour or more, for four to five days.
"""

from __future__ import annotations

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(days=5)

_LETTER_WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
_LETTER_JITTER = timedelta(minutes=1)

_SERVER_WAIT = timedelta(seconds=1)
_SERVER_WAIT_MAX = timedelta(seconds=60)


def next_attempt(
    attempts: int,
    created_at: datetime,
    now: datetime,
    *,
    give_up_after: timedelta = GIVE_UP_AFTER,
    jitter: float = 0.0,
) -> datetime | None:
    """When to try this letter again after `attempts` failed ones (1 or more), or None to give up.

    Waits 1, 5, 15, 60 minutes, then hourly. The last try happens when the letter is `give_up_after` old. `jitter`
    is 0.0-1.0 and adds up to one minute, so that a relay that returns does not get everything at once.
    """
    gives_up_at = created_at + give_up_after
    if now >= gives_up_at:
        return None
    wait = _LETTER_WAITS[min(max(attempts, 1), len(_LETTER_WAITS)) - 1]
    return min(now + wait + jitter * _LETTER_JITTER, max(gives_up_at, now + _LETTER_WAITS[0]))


def reconnect_wait(failures: int, jitter: float = 0.0) -> timedelta:
    """How long to leave a server alone after `failures` failed tries in a row (1 or more).

    One second, doubled each time up to 60. `jitter` is 0.0-1.0 and adds up to half of it, so that many mailboxes of
    one server do not return in step.
    """
    # The exponent is bounded because a server may be away for weeks and timedelta overflows.
    wait = min(_SERVER_WAIT * (1 << min(max(failures, 1) - 1, 6)), _SERVER_WAIT_MAX)
    return wait + wait * jitter / 2
