"""Everything that is known about one mail at the moment it is decided.

`wanted` says what to load for it; `study` draws the conclusions that every later decision shares: the kind,
the ticket, the sender's role and proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.classify import classify
from helpdesk.core.commands import numbers_named, wants_queue
from helpdesk.core.decision import Decision, Disposition, Facts, Filing, Outcome, Proof, Role, Wanted
from helpdesk.core.message import Inbound, Kind, Reason
from helpdesk.core.policy import Desk, Policy, reply_token
from helpdesk.core.subject_tag import find_tags
from helpdesk.core.thread import Thread, match
from helpdesk.core.ticket import Ticket
from helpdesk.core.trust import Authentication, authenticate, proven, role_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """How a mail came to us. `silent`: imported history, nothing is queued, sent or timed."""

    desk: str
    at: datetime
    spam_header: tuple[str, str] | None = None
    silent: bool = False
    envelope_to: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One mail with the conclusions that all decisions about it share."""

    inbound: Inbound
    facts: Facts
    policy: Policy
    arrival: Arrival
    now: datetime
    kind: Kind
    authentication: Authentication
    thread: Thread
    role: Role
    proof: Proof
    reasons: tuple[Reason, ...]

    @property
    def ticket(self) -> Ticket | None:
        """The ticket that the evidence leads to, whether or not the sender may come in."""
        return self.thread.ticket

    @property
    def sender(self) -> str:
        """The sender's address, or an empty string where there is no identity."""
        return self.inbound.sender.address if self.inbound.sender else ""

    @property
    def desk_of_arrival(self) -> Desk:
        """The desk whose address stands first in To, then Cc; else that of the mailbox."""
        arrived = self.policy.desk(self.arrival.desk)
        for recipient in self.inbound.to + self.inbound.cc:
            if recipient.address == arrived.address.address:
                return arrived  # several desks may share one address: then the mailbox decides
            for desk in self.policy.desks:
                if desk.address.address == recipient.address:
                    return desk
        return arrived

    def decision(
        self,
        disposition: Disposition,
        filing: Filing,
        outcome: Outcome,
        *,
        ticket: int | None = None,
        language: str = "",
        text: str | None = None,
        more: tuple[Reason, ...] = (),
    ) -> Decision:
        """A Decision about this mail; the shared conclusions are filled in."""
        return Decision(
            disposition=disposition,
            kind=self.kind,
            role=self.role,
            proof=self.proof,
            ticket=outcome.ticket if ticket is None else ticket,
            evidence=self.thread.evidence,
            filing=filing,
            text=text,
            language=language,
            changes=outcome.changes,
            letters=() if self.arrival.silent else outcome.letters,
            reasons=tuple(dict.fromkeys(self.reasons + outcome.reasons + more)),
        )


def wanted(inbound: Inbound, policy: Policy) -> Wanted:
    """What to load before this mail is decided."""
    recipients = [address.address for address in inbound.to + inbound.cc] + list(inbound.delivered_to)
    tokens = (reply_token(address, policy.reply_address) for address in recipients)
    is_agent = inbound.sender is not None and policy.agent(inbound.sender.address) is not None
    return Wanted(
        sha256=inbound.sha256,
        fingerprint=inbound.fingerprint,
        message_id=inbound.message_id,
        references=tuple(reversed(inbound.references)),
        tokens=tuple(dict.fromkeys(token for token in tokens if token)),
        tags=find_tags(inbound.subject),
        numbers=numbers_named(inbound.text, inbound.subject) if is_agent else (),
        sender=inbound.sender.address if inbound.sender else None,
        bounced_message_id=inbound.bounce.original_message_id if inbound.bounce else None,
        queue=is_agent and wants_queue(inbound.text, inbound.subject),
    )


def study(inbound: Inbound, facts: Facts, policy: Policy, arrival: Arrival, now: datetime) -> Case:
    """The shared conclusions about this mail."""
    kind, kind_reasons = classify(inbound, instance=policy.instance)
    authentication, auth_reason = authenticate(inbound, policy.trusted_authserv)
    thread = match(inbound, facts)
    return Case(
        inbound=inbound,
        facts=facts,
        policy=policy,
        arrival=arrival,
        now=now,
        kind=kind,
        authentication=authentication,
        thread=thread,
        role=role_of(inbound, thread.ticket, policy),
        proof=proven(inbound, authentication, facts.letters),
        reasons=(*kind_reasons, auth_reason, *thread.reasons),
    )
