"""How much one mail may cause: an automatic letter, a place out of turn, a notice. The answer is None, or why not.

Three breakers, each enough to stop a loop: machine mail is never answered (RFC 3834 section 2), our own
addresses are never written to, and bounds hold whatever the other side sends (interface.md section 3).
"""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.case import Case
from helpdesk.core.decision import Role
from helpdesk.core.message import Kind, Reason
from helpdesk.core.notices import alerts
from helpdesk.core.outgoing import Letter
from helpdesk.core.policy import Bounds
from helpdesk.core.rules import Verdict
from helpdesk.core.sender import LetterCounts
from helpdesk.core.subject_tag import find_tags
from helpdesk.core.ticket import Lane, Priority
from helpdesk.core.trust import Authentication

# The breaker that opens when the letters to one domain, or to everybody, reach their bound.
BREAKER = "breaker"

# A stranger who names one ticket after another.
GUESSING = "guessed-tags"


def refusal(case: Case) -> Reason | None:
    """Why no automatic letter goes to the sender of this mail, or None when one may."""
    domain = case.inbound.sender.domain if case.inbound.sender else ""
    contact = case.facts.contact
    checks = (
        (case.arrival.silent, Reason("silent", "imported without letters")),
        (case.inbound.sender is None, Reason("no-identity", "no single From address")),
        (case.kind is not Kind.HUMAN, Reason("machine-mail", case.kind.value)),
        (case.policy.is_ours(case.sender), Reason("own-address", case.sender)),
        (case.authentication is Authentication.FAILED, Reason("auth-failed", "no letter to a forged address")),
        (contact is not None and contact.blocked, Reason("blocked", case.sender)),
    )
    return next((reason for applies, reason in checks if applies), None) or over_bounds(
        case.facts.counts, case.policy.bounds, domain
    )


def over_bounds(counts: LetterCounts, bounds: Bounds, domain: str) -> Reason | None:
    """The bound that one more automatic letter to an address of `domain` would exceed, or None."""
    checks = (
        (counts.address_3h >= bounds.per_address_3h, Reason("bound", f"{counts.address_3h} letters in 3 hours")),
        (counts.address_24h >= bounds.per_address_24h, Reason("bound", f"{counts.address_24h} letters in 24 hours")),
        (
            counts.domain_1h >= bounds.per_domain_1h,
            Reason(BREAKER, f"{counts.domain_1h} letters to {domain} in an hour"),
        ),
        (counts.total_1h >= bounds.total_1h, Reason(BREAKER, f"{counts.total_1h} letters in an hour")),
    )
    return next((reason for applies, reason in checks if applies), None)


def breaker_alerts(case: Case, silence: Reason | None) -> tuple[Letter, ...]:
    """A breaker that has opened is told to the leads, once an hour for each breaker."""
    if silence is None or silence.rule != BREAKER:
        return ()
    scope = case.inbound.sender.domain if " to " in silence.evidence and case.inbound.sender else "all"
    return alerts(case.policy, str(silence), f"breaker:{scope}:{case.now:%Y-%m-%dT%H}")


def guessing(case: Case) -> Reason | None:
    """Does a stranger try out ticket numbers? From then on such mail is kept, and nobody gets a letter for it."""
    if case.role is not Role.STRANGER or not (find_tags(case.inbound.subject) or case.thread.evidence == "tag"):
        return None
    opened = case.facts.opened.tickets_1h
    if opened < case.policy.bounds.guesses_1h:
        return None
    return Reason(GUESSING, f"{case.sender} opened {opened} tickets in an hour and names tickets of others")


def guessing_alerts(case: Case, why: Reason) -> tuple[Letter, ...]:
    """The leads learn of it once an hour for each sender."""
    return alerts(case.policy, str(why), f"{GUESSING}:{case.sender}:{case.now:%Y-%m-%dT%H}")


def in_turn(case: Case, verdict: Verdict) -> Verdict:
    """The verdict; a sender who reports one outage after another has the further ones wait their turn."""
    reported = case.facts.opened.outages_1h
    if verdict.lane is not Lane.OUTAGE or reported < case.policy.bounds.outages_1h:
        return verdict
    why = Reason("outage-bound", f"{case.sender} reported {reported} outages in an hour")
    return replace(verdict, lane=Lane.NORMAL, priority=Priority.NORMAL, reasons=(why, *verdict.reasons))
