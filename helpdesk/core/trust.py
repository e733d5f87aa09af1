"""Who wrote, how that is proven, and what the trusted server says about it.

A From header is a claim. It is proven by a secret that only we sent to that address (`reply`), or by an
aligned DMARC pass in the topmost Authentication-Results header of the configured server (`dmarc`,
RFC 8601 section 5, RFC 7489 section 3.1). Everything else is `none`: missing means unverified, never passed.
"""

from __future__ import annotations

import re
from enum import StrEnum

from helpdesk.core.decision import Proof, Role
from helpdesk.core.message import Inbound, Reason
from helpdesk.core.outgoing import SentLetter
from helpdesk.core.policy import Policy
from helpdesk.core.ticket import Part, Ticket

# Longer headers are not read: a border server writes a few hundred bytes.
MAX_RESULTS = 8192


class Authentication(StrEnum):
    """What the trusted server says of the sender."""

    PASSED = "passed"
    FAILED = "failed"
    SILENT = "silent"  # a trusted server is configured and says nothing that decides it
    UNCONFIGURED = "unconfigured"  # nobody's word is believed


def authenticate(inbound: Inbound, trusted_authserv: str | None) -> tuple[Authentication, Reason]:
    """What the configured server found out about the only From of this mail, with its words."""
    if not trusted_authserv:
        return Authentication.UNCONFIGURED, Reason("auth-unconfigured")
    results = _trusted_results(inbound, trusted_authserv)
    if results is None:
        return Authentication.SILENT, Reason("auth-silent", f"no result of {trusted_authserv}")
    verdicts = _verdicts(results)
    seen = " ".join(f"{method}={result}" for method, result, _ in verdicts)
    by_method = {method: (result, properties) for method, result, properties in reversed(verdicts)}
    dmarc, properties = by_method.get("dmarc", ("", {}))
    domain = inbound.sender.domain if inbound.sender else ""
    if dmarc == "pass":
        if domain and properties.get("header.from", "").lower().rstrip(".") == domain:
            return Authentication.PASSED, Reason("auth-passed", seen)
        return Authentication.SILENT, Reason("auth-not-aligned", f"{seen}; From is at {domain or 'no single address'}")
    if dmarc == "fail":
        return Authentication.FAILED, Reason("auth-failed", seen)
    others = [result for method, result, _ in verdicts if method in ("spf", "dkim")]
    if "fail" in others and "pass" not in others:
        return Authentication.FAILED, Reason("auth-failed", seen)
    return Authentication.SILENT, Reason("auth-silent", seen)


def _trusted_results(inbound: Inbound, authserv: str) -> str | None:
    """The topmost Authentication-Results of the configured server; lower ones may be the sender's own."""
    for value in inbound.header_all("authentication-results"):
        name, _, results = _atoms(value[:MAX_RESULTS]).partition(";")
        if name.lower().split()[:1] == [authserv.lower()]:
            return results
    return None


# What a quoted string may say of itself; all else in it is data of the sender's and separates nothing.
_PLAIN_IN_QUOTES = re.compile(r"[^A-Za-z0-9.@_-]")


def _atoms(value: str) -> str:
    """The header without comments (RFC 5322: they nest) and with each quoted string made one harmless word.

    A sender chooses what a quoted local part says: `smtp.mailfrom="; dmarc=pass …"` must stay one value. What is
    left open swallows the rest, so that a torn header proves nothing.
    """
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in value:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif quoted:
            quoted = char != '"'
            kept.append(_PLAIN_IN_QUOTES.sub("?", char) if quoted else "")
        elif char == "(":
            depth += 1
        elif depth:
            depth -= char == ")"
        elif char == '"':
            quoted = True
        else:
            kept.append(char)
    return "".join(kept)


_RESULT = re.compile(r"^\s*([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<!\S)((?:header|smtp|policy|body)\.[a-z0-9-]+)\s*=\s*(\S+)", re.IGNORECASE)


def _verdicts(results: str) -> list[tuple[str, str, dict[str, str]]]:
    """(method, result, properties) in order of appearance (RFC 8601 section 2.2)."""
    verdicts = []
    for clause in results.split(";"):
        found = _RESULT.match(clause)
        if found:
            properties = {key.lower(): value for key, value in _PROPERTY.findall(clause)}
            verdicts.append((found[1].lower(), found[2].lower(), properties))
    return verdicts


def role_of(inbound: Inbound, ticket: Ticket | None, policy: Policy) -> Role:
    """Who the From claims to be, to this ticket."""
    if inbound.sender is None:
        return Role.NOBODY
    agent = policy.agent(inbound.sender.address)
    if agent is not None:
        return Role.LEAD if agent.lead else Role.AGENT
    part = ticket.part_of(inbound.sender.address) if ticket else None
    match part:
        case Part.REQUESTER:
            return Role.REQUESTER
        case Part.CC:
            return Role.CC
        case Part.PARTNER:
            return Role.PARTNER
        case None:
            # Who may write gets the answers from his first mail on.
            is_colleague = ticket is not None and inbound.sender.address in ticket.colleagues
            if is_colleague:
                return Role.CC
            return Role.PARTNER if _is_partners(inbound.sender.address, ticket, policy) else Role.STRANGER


def _is_partners(address: str, ticket: Ticket | None, policy: Policy) -> bool:
    """Does the address belong to a listed partner who was asked at another one of his addresses?"""
    partner = policy.partner(address)
    return (
        ticket is not None and partner is not None and any(one.address in partner.addresses for one in ticket.partners)
    )


def proven(inbound: Inbound, authentication: Authentication, letters: tuple[SentLetter, ...]) -> Proof:
    """The best proof of identity. Where the trusted server says "failed", no secret helps."""
    if inbound.sender is None or authentication is Authentication.FAILED:
        return Proof.NONE
    if authentication is Authentication.PASSED:
        return Proof.DMARC
    if own_letter(inbound, letters) is not None:
        return Proof.REPLY
    return Proof.NONE


def own_letter(inbound: Inbound, letters: tuple[SentLetter, ...]) -> SentLetter | None:
    """The newest letter whose secret this mail shows and that went to this very sender."""
    if inbound.sender is None:
        return None
    return next((one for one in letters if one.usable and one.recipient == inbound.sender.address), None)


def addressed_to_others(inbound: Inbound, policy: Policy) -> bool:
    """Was this mail also sent to somebody besides us, so that its secrets are no secrets any more?"""
    own = inbound.sender.address if inbound.sender else ""
    return any(address.address != own and not policy.is_ours(address.address) for address in inbound.to + inbound.cc)
