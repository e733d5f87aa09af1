"""Is what the desk has kept still sound? Each record in, what is wrong with it and its cure out.

These are the promises of the program as they can be seen in the database alone: mail is kept as it came, every mail
has a decision with its reasons, every letter is in one legal state, nobody got more automatic letters than the
bounds allow, nothing internal left the house. A sound record gives no finding; nothing here fails.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.core.message import Kind
from helpdesk.core.outgoing import Audience, OutboxState, RecipientState
from helpdesk.core.policy import Bounds, Policy

# A claim of a letter lasts 15 minutes. Who finds it ended so long ago finds that nobody sends.
OVERDUE = timedelta(minutes=15)

# Daemons that decide side by side do not see each other's letters of the moment.
OVERSHOOT = 200

# A shorter note ("ok", a serial number) may stand in a letter by chance.
NOTE_LENGTH = 24

# Which states of its recipients a letter in each state may have, and whether it knows when to be tried next.
_LEGAL: dict[OutboxState, tuple[frozenset[RecipientState], bool]] = {
    OutboxState.QUEUED: (frozenset(RecipientState), True),
    OutboxState.SENDING: (frozenset(RecipientState), True),
    OutboxState.SENT: (frozenset({RecipientState.SENT}), False),
    OutboxState.FAILED: (frozenset(RecipientState) - {RecipientState.WAITING}, False),
    OutboxState.CANCELLED: (frozenset(RecipientState), False),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be: where, what was found, and what to do."""

    place: str
    found: str
    cure: str


@dataclass(frozen=True, slots=True)
class KeptRaw:
    """What is said of a mail's bytes, and (hash, size) of those that are kept: None when they cannot be unpacked."""

    sha256: str
    size: int
    found: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail that came: what was decided about it, and how many reasons are kept for that."""

    id: int
    decided: bool
    reasons: int


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptLetter:
    """A letter of the outbox. `cause` is the kind of the mail that led to it, None where no mail did.

    `addresses` are those whom it goes to in fact; `answers`: it goes to the writer of the mail that led to it;
    `whole`: its bytes can be unpacked, and its Message-ID is in them.
    """

    id: int
    audience: Audience
    automatic: bool
    to: str
    created_at: datetime
    state: OutboxState
    next_attempt_at: datetime | None
    recipients: frozenset[RecipientState]
    addresses: frozenset[str]
    caused: bool
    answers: bool
    cause: Kind | None
    whole: bool


def raw_findings(raw: KeptRaw) -> list[Finding]:
    """Are these the bytes that came?"""
    place = f"mail {raw.sha256[:12]}"
    cure = "restore the row of table raw from a backup; the mail may also lie in the done folder of its mailbox"
    if raw.found is None:
        return [Finding(place, "its bytes cannot be unpacked", cure)]
    if raw.found != (raw.sha256, raw.size):
        return [Finding(place, "its bytes are not those that came", cure)]
    return []


def mail_findings(mail: KeptMail) -> list[Finding]:
    """Does the history say why this mail went where it went?"""
    if mail.decided and mail.reasons:
        return []
    missing = "no reasons" if mail.decided else "no disposition"
    return [Finding(f"message {mail.id}", f"is kept with {missing}", "report this: no mail is filed without them")]


def letter_findings(letter: KeptLetter, policy: Policy, now: datetime, *, paused: bool) -> list[Finding]:
    """Is the letter whole, in a legal state, and to somebody who may be written to?"""
    place, cancel = f"letter {letter.id}", f"helpdesk outbox cancel {letter.id}"
    findings = []
    if not letter.whole:
        findings.append(Finding(place, "its bytes are damaged", f"restore the row from a backup, or {cancel}"))
    states, waits = _LEGAL[letter.state]
    if not letter.recipients or not letter.recipients <= states or (letter.next_attempt_at is not None) is not waits:
        recipients = ", ".join(sorted(letter.recipients)) or "none"
        found = f"is {letter.state}, its recipients: {recipients}, next try: {letter.next_attempt_at}"
        findings.append(Finding(place, found, f"helpdesk outbox retry {letter.id}, or {cancel}"))
    elif letter.state is OutboxState.SENDING and not paused and _is_overdue(letter.next_attempt_at, now):
        found = f"its sender gave no sign since {letter.next_attempt_at} and nobody took it over"
        findings.append(Finding(place, found, "start the daemon: it sends the letter again"))
    findings += [
        Finding(place, f"is addressed to {to or 'nobody'}, which is never written to", cancel)
        for to in sorted({letter.to, *letter.addresses})
        if policy.is_ours(to) or "@" not in to
    ]
    to_requester = letter.automatic and letter.audience is Audience.REQUESTER
    if to_requester and letter.cause not in (None, Kind.HUMAN):
        findings.append(Finding(place, f"answers machine mail ({letter.cause})", cancel))
    return findings


def _is_overdue(lease_ends: datetime | None, now: datetime) -> bool:
    return lease_ends is not None and now - lease_ends > OVERDUE


class Windows:
    """Counts automatic letters to each requester, over the last 3 and 24 hours of every letter; forgets older ones."""

    def __init__(self, bounds: Bounds) -> None:
        self._windows = ((timedelta(hours=3), bounds.per_address_3h), (timedelta(hours=24), bounds.per_address_24h))
        self._latest: deque[tuple[datetime, str]] = deque()
        self._sent: dict[str, deque[datetime]] = defaultdict(deque)

    def findings(self, letter: KeptLetter) -> list[Finding]:
        """Was there room for this letter? Letters come in the order in which they were made.

        Follow-ups count, but only what a mail led to can be refused.
        """
        if not letter.automatic or letter.audience is not Audience.REQUESTER:
            return []
        self._forget(letter.created_at - timedelta(hours=24))
        findings = []
        for window, bound in self._windows:
            count = sum(at > letter.created_at - window for at in self._sent[letter.to])
            if letter.caused and count >= bound:
                found = f"{letter.to} had {count} automatic letters within {window} before it; the bound is {bound}"
                cure = "report this, unless [bounds] was lowered since; #spam stops letters to an address"
                findings.append(Finding(f"letter {letter.id}", found, cure))
        self._latest.append((letter.created_at, letter.to))
        self._sent[letter.to].append(letter.created_at)
        return findings

    def _forget(self, before: datetime) -> None:
        while self._latest and self._latest[0][0] <= before:
            _, address = self._latest.popleft()
            self._sent[address].popleft()
            if not self._sent[address]:
                del self._sent[address]


class Breakers:
    """Counts automatic letters to each domain, and to everybody, over the last hour of every letter.

    Those up to `resumed_at` count no longer: then an administrator closed the breakers, perhaps not for the first time.
    """

    def __init__(self, bounds: Bounds, resumed_at: datetime | None) -> None:
        self._bounds = bounds
        self._resumed_at = resumed_at
        self._latest: deque[tuple[datetime, str]] = deque()
        self._to_domain: Counter[str] = Counter()

    def findings(self, letter: KeptLetter) -> list[Finding]:
        """Was there room for this letter? Letters come in the order in which they were made."""
        if not letter.automatic or letter.audience is not Audience.REQUESTER:
            return []
        if self._resumed_at is not None and letter.created_at <= self._resumed_at:
            return []
        while self._latest and self._latest[0][0] <= letter.created_at - timedelta(hours=1):
            self._to_domain[self._latest.popleft()[1]] -= 1
        domain = letter.to.rpartition("@")[2]
        windows = (
            (domain, self._to_domain[domain], self._bounds.per_domain_1h),
            ("everybody", len(self._latest), self._bounds.total_1h),
        )
        findings = []
        for whom, count, bound in windows:
            if letter.answers and count >= bound + OVERSHOOT:
                found = f"{count} automatic letters to {whom} were made within an hour before it; the bound is {bound}"
                cure = "report this, unless [bounds] was lowered since"
                findings.append(Finding(f"letter {letter.id}", found, cure))
        self._latest.append((letter.created_at, domain))
        self._to_domain[domain] += 1
        return findings


def note_findings(ticket: int, note: str, letter: str) -> list[Finding]:
    """Does a letter to a requester hold what an agent wrote for colleagues only?"""
    internal = " ".join(note.split())
    if len(internal) < NOTE_LENGTH or internal not in " ".join(letter.split()):
        return []
    cure = "tell those who lead the desk, and report this: notes never leave the house"
    return [Finding(f"ticket {ticket}", f'a letter to its requester holds the note "{internal[:60]}"', cure)]


def number_findings(next_number: int, highest: int | None) -> list[Finding]:
    """Will the next ticket get a number that nobody has?"""
    if highest is None or highest < next_number:
        return []
    found = f"the next ticket would be {next_number}, and {highest} exists already"
    return [Finding("ticket numbers", found, "restore a backup: the counter (meta.next_number) was set back")]
