"""Everything that is known about one mail at the moment it is decided.

`wanted` says what to load for it; `study` draws the conclusions that every later decision shares: the kind,
the ticket, the sender's role and proof.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from helpdesk.core.actions import key_of, without_key
from helpdesk.core.classify import asks_by_itself, classify, is_robot_address
from helpdesk.core.command_values import Away, CarryOutCase, ForwardTo, ShowQueue, ShowStats, Split
from helpdesk.core.commands import files_wanted, numbers_named, parse, searches
from helpdesk.core.companies import are_known, with_colleagues
from helpdesk.core.decision import Decision, Disposition, Filing, Outcome, Proof, Role
from helpdesk.core.facts import Facts, Wanted
from helpdesk.core.forward import original, without_a_word
from helpdesk.core.list_replies import read_orders
from helpdesk.core.look_ups import POINTS, keys_in, looked_up
from helpdesk.core.message import Address, Forwarded, Inbound, Kind, Reason
from helpdesk.core.policy import Desk, Policy, reply_token
from helpdesk.core.report import since
from helpdesk.core.thread import Thread, match, tags_shown
from helpdesk.core.ticket import Ticket
from helpdesk.core.trust import Authentication, authenticate, proven, role_of
from helpdesk.core.wishes import wished


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """How a mail came to us. `silent`: imported history, nothing is queued, sent or timed."""

    desk: str
    at: datetime
    spam_header: tuple[str, str] | None = None
    silent: bool = False


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
    forwarded: Forwarded | None = None  # what a proven agent or partner passes on
    asks_by_itself: bool = False  # of machine mail: it answers nothing, somebody should look at it
    kept_text: str | None = None  # what is kept as the mail's text when it differs from what was written
    kept_author: Address | None = None  # whose words that is, when they are not the sender's

    @property
    def ticket(self) -> Ticket | None:
        """The ticket that the evidence leads to, whether or not the sender may come in."""
        return self.thread.ticket

    @property
    def tickets(self) -> tuple[Ticket, ...]:
        """Every ticket that what follows from this mail may change, as it is now."""
        facts = self.facts
        meant = () if self.ticket is None else (self.ticket,)
        return (*meant, *facts.by_number, *(one for _, one in facts.by_reference), *facts.gathered)

    @property
    def sender(self) -> str:
        """The sender's address, or an empty string where there is no identity."""
        return self.inbound.sender.address if self.inbound.sender else ""

    @property
    def spam(self) -> Reason | None:
        """The verdict of our own server, where one is configured."""
        if self.arrival.spam_header is None:
            return None
        name, value = self.arrival.spam_header
        found = self.inbound.header(name.lower())
        if found is None or not found.strip().lower().startswith(value.lower()):
            return None
        return Reason("spam", f"{name}: {found.strip()}")

    @property
    def desk_of_arrival(self) -> Desk:
        """The desk whose address stands first in To, then Cc; else that of the mailbox."""
        return next(iter(self.desks_addressed), self.policy.desk(self.arrival.desk))

    @property
    def desks_addressed(self) -> tuple[Desk, ...]:
        """The desks whose addresses stand in To, then Cc, in this order."""
        # Several desks may share one address: then the mailbox decides.
        by_address = {desk.address.address: desk for desk in reversed(self.policy.desks)}
        arrived = self.policy.desk(self.arrival.desk)
        by_address[arrived.address.address] = arrived
        named = (by_address.get(recipient.address) for recipient in self.inbound.to + self.inbound.cc)
        return tuple({desk.name: desk for desk in named if desk is not None}.values())

    @property
    def of_author(self) -> Case:
        """This case as if the author of a mail that is passed on had written to us himself."""
        if self.forwarded is None:
            return self
        forwarded = self.forwarded
        inbound = replace(
            self.inbound,
            message_id=forwarded.message_id,
            sender=forwarded.sender,
            # Whom else the mail was passed on to has no part in the request.
            to=tuple(address for address in self.inbound.to if self.policy.is_ours(address.address)),
            cc=tuple(address for address in self.inbound.cc if self.policy.is_ours(address.address)),
            subject=forwarded.subject or self.inbound.subject,
            text=forwarded.text,
            quoted="",
        )
        return replace(self, inbound=inbound, kept_text=forwarded.text, kept_author=forwarded.sender)

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
            text=self.kept_text if text is None else text,
            author=self.kept_author,
            language=language,
            changes=outcome.changes,
            letters=() if self.arrival.silent else outcome.letters,
            reasons=tuple(dict.fromkeys(self.reasons + outcome.reasons + more)),
        )


def wanted(inbound: Inbound, policy: Policy, arrival: Arrival) -> Wanted:
    """What to load before this mail is decided."""
    within = policy.incidents.within
    recipients = [address.address for address in inbound.to + inbound.cc] + list(inbound.delivered_to)
    tokens = [reply_token(address, policy.reply_address) for address in recipients]
    agent = policy.agent(inbound.sender.address) if inbound.sender else None
    if agent is not None:
        tokens.append(key_of(inbound.text))
    authentication, _ = authenticate(inbound, policy.trusted_authserv)
    forwarded = passed_on(inbound, policy, authentication)
    sender = forwarded.sender if forwarded else inbound.sender
    commands = parse(inbound.text, inbound.subject).commands if agent else ()
    checklists = tuple(checklist for desk in policy.desks for checklist in desk.checklists)
    look_ups = looked_up(checklists)
    return Wanted(
        sha256=inbound.sha256,
        fingerprint=inbound.fingerprint,
        message_id=inbound.message_id,
        references=tuple(reversed(inbound.references)),
        tokens=tuple(dict.fromkeys(token for token in tokens if token)),
        tags=tags_shown(inbound, policy.rma_series),
        numbers=numbers_named(commands),
        sender=sender.address if sender else None,
        agent=agent.addresses[0] if agent else None,
        bounced_message_id=inbound.bounce.original_message_id if inbound.bounce else None,
        queue=any(isinstance(command, ShowQueue | Away) for command in commands),
        files=files_wanted(commands),
        figures=(since(policy, arrival.at), agent.desks) if agent and ShowStats() in commands else None,
        searches=searches(commands),
        told=Split() in commands,
        customer=policy.knows_customers(),
        rows=agent is not None and bool(read_orders(inbound.text)),
        invited=wish.address or None if agent is None and (wish := wished(inbound.text)) else None,
        request=any(isinstance(command, ForwardTo | CarryOutCase) for command in commands),
        entries=() if agent else keys_in(checklists, inbound),
        entries_by=() if agent else look_ups,
        companies=not agent and are_known(checklists),
        directories=(
            *(("centres",) if any(isinstance(command, CarryOutCase) for command in commands) else ()),
            *((POINTS,) if not agent and any(directory == POINTS for _, directory in look_ups) else ()),
        ),
        reports_between=(arrival.at - within, arrival.at + within),
    )


def passed_on(inbound: Inbound, policy: Policy, authentication: Authentication) -> Forwarded | None:
    """The mail that this one passes on, so that its author is the requester; None where nobody may do that.

    Only agents and listed partners may, and only when the trusted server has proven them: who else forwards a
    mail speaks for himself.
    """
    sender = inbound.sender.address if inbound.sender else ""
    if authentication is not Authentication.PASSED or not policy.passes_on(sender):
        return None
    found = original(inbound, lambda address: policy.passes_on(address) or policy.is_ours(address))
    return None if found is None or is_robot_address(found.sender.address) else found


def _letters_of_one_person(inbound: Inbound, facts: Facts, policy: Policy) -> Facts:
    """The facts with an agent's letters counted as sent to the address that he writes from: he may have several."""
    agent = policy.agent(inbound.sender.address) if inbound.sender else None
    if inbound.sender is None or agent is None or len(agent.addresses) == 1:
        return facts
    address = inbound.sender.address
    letters = (
        replace(letter, recipient=address) if letter.recipient in agent.addresses else letter
        for letter in facts.letters
    )
    return replace(facts, letters=tuple(letters))


def study(inbound: Inbound, facts: Facts, policy: Policy, arrival: Arrival, now: datetime) -> Case:
    """The shared conclusions about this mail."""
    kind, kind_reasons = classify(inbound, instance=policy.instance)
    authentication, auth_reason = authenticate(inbound, policy.trusted_authserv)
    facts = _letters_of_one_person(inbound, facts, policy)
    facts = with_colleagues(facts, inbound.sender.address) if inbound.sender else facts
    thread = match(inbound, facts, policy.rma_series)
    role = role_of(inbound, thread.ticket, policy)
    # An agent's commands and answers are what he wrote himself, nothing else.
    words = without_key(inbound.text) if role in (Role.AGENT, Role.LEAD) else without_a_word(inbound)
    words = None if words == inbound.text else words
    return Case(
        inbound=inbound if words is None else replace(inbound, text=words, quoted=""),
        facts=facts,
        policy=policy,
        arrival=arrival,
        now=now,
        kind=kind,
        authentication=authentication,
        thread=thread,
        role=role,
        proof=proven(inbound, authentication, facts.letters),
        reasons=(*kind_reasons, auth_reason, *thread.reasons),
        forwarded=passed_on(inbound, policy, authentication),
        asks_by_itself=kind is Kind.AUTO_REPLY and asks_by_itself(inbound, kind_reasons),
        kept_text=words,
    )
