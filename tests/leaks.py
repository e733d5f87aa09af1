"""What must not leave the house: watches every letter of a scenario, and plants canary words where they must not sing.

Kept from requesters and partners, in any header, text, page or file of any letter: notes, commands and their results,
quoted notifications, held mail, agents' addresses, what partners and agents write to each other, other customers' mail
and addresses, and the secrets of letters to somebody else. What an agent writes as an answer is his to say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage

from helpdesk.core.commands import parse
from helpdesk.core.decision import Decision, Filing, Role
from helpdesk.core.message import Inbound
from helpdesk.core.offers import WORDS
from helpdesk.core.policy import Policy
from helpdesk.core.ticket import Part, Ticket

CANARY = "canary-song"

# Shorter lines are said by everybody.
TELLING = 12

_SECRET = re.compile(r"(?<![a-z2-7])[a-z2-7]{40}(?![a-z2-7])")


def plant(raw: bytes) -> bytes:
    """An agent's mail with canaries: behind a #note, and in quoted history below the text."""
    head, separator, body = raw.partition(b"\r\n\r\n")
    if b"content-type: text/plain" not in head.lower():
        return raw
    noted = re.sub(rb"(?im)^(#note)\b *([^\r\n]*)", rb"\1 \2 " + CANARY.encode() + b"-noted", body)
    quoted = f"On Mon, 2 Mar 2026 at 10:00, Support wrote:\r\n> Queue: {CANARY}-quoted\r\n> #note {CANARY}-command\r\n"
    return head + separator + noted.rstrip() + b"\r\n\r\n" + quoted.encode()


@dataclass
class Watch:
    """What came in so far, and whose it is."""

    policy: Policy
    customers: dict[str, set[str]] = field(default_factory=dict)  # address -> lines that he wrote
    inside: set[str] = field(default_factory=set)  # lines for agents alone
    said: set[str] = field(default_factory=set)  # lines that agents wrote to somebody outside
    kept: dict[str, set[str]] = field(default_factory=dict)  # agent -> lines that a word of his would send
    partners: dict[str, set[str]] = field(default_factory=dict)  # address -> lines that he wrote
    named: set[str] = field(default_factory=set)  # addresses to which a customer has written himself
    owners: dict[str, str] = field(default_factory=dict)  # secret -> address
    ids: dict[str, str] = field(default_factory=dict)  # Message-ID of a mail that came -> its sender
    letters: int = 0

    def came(self, inbound: Inbound, decision: Decision) -> None:
        """A mail was decided on."""
        lines = _lines(inbound.text)
        sender = inbound.sender.address if inbound.sender else ""
        if inbound.message_id:
            self.ids[inbound.message_id] = sender
        if self.policy.agent(sender) is not None:
            parsed = parse(inbound.text)
            answers = _lines(parsed.answer)
            if any(inbound.text.strip().casefold() in words for words in WORDS.values()):
                self.said |= self.kept.pop(sender, set())
            if decision.filing is Filing.HELD:
                self.kept[sender] = answers
            is_inside = bool(parsed.errors) or decision.filing in (Filing.NOTE, Filing.HELD)
            self.inside |= lines if is_inside else lines - answers
            self.said |= set() if is_inside else answers
            self.inside |= {line for line in lines if line.startswith("#")}
            return
        if decision.role is Role.PARTNER:
            self.partners.setdefault(sender, set()).update(lines)
            return
        for one in (*inbound.to, *inbound.cc):
            if self.policy.agent(one.address) is None and not self.policy.is_ours(one.address):
                self.customers.setdefault(one.address, set())
                self.named |= {one.address} if decision.role in (Role.REQUESTER, Role.STRANGER) else set()
        self.customers.setdefault(sender, set()).update(lines)
        if decision.author is not None:
            self.customers.setdefault(decision.author.address, set()).update(_lines(decision.text or ""))

    def left(self, mail: EmailMessage, ticket: Ticket | None) -> None:
        """A letter left; AssertionError names what it should not have said."""
        self.letters += 1
        to = str(mail["Delivered-To"])
        said = _everything(mail)
        secrets = set(_SECRET.findall(said))
        if self.policy.agent(to) is None and to != self.policy.alert_address:
            leaks = [*self._foreign(to, said, ticket), *(one for one in secrets if self.owners.get(one, to) != to)]
            assert not leaks, f"{mail['X-Helpdesk-Event']} to {to} says {leaks}:\n{said}"
        for secret in secrets:
            self.owners.setdefault(secret, to)

    def _foreign(self, to: str, said: str, ticket: Ticket | None) -> list[str]:
        """What the letter says that is not for this reader."""
        hidden = {address for agent in self.policy.agents for address in agent.addresses}
        people = ticket.participants if ticket else ()
        partner = self.policy.partner(to)
        own = set(partner.addresses) if partner else {to}
        asked = {one.address.address for one in people if one.part is Part.PARTNER}
        is_partner = to in asked
        partners = {address for one in self.policy.partners for address in one.addresses} | set(self.partners)
        hidden |= partners - own
        # Whoever reads a requester's letters knows who else gets them; a partner knows nobody.
        known = {to} if is_partner else {to, *(one.address.address for one in people if one.part is not Part.PARTNER)}
        hidden |= {one for one in {*self.customers, *asked} - own if one not in known and "@" in one}
        heard = self.customers.get(ticket.requester.address, set()) if ticket and ticket.requester else set()
        lines = set(self.inside)
        for address, words in {**self.partners, **self.customers}.items():
            lines |= set() if address in own | (known if not is_partner else set()) else words
        lines -= self.said | (heard if is_partner else set())
        lower = said.lower()
        flat = " ".join(said.split())
        # What is published in the configuration is no secret; who knows the id of a mail knows whose it is.
        hidden = {one for one in hidden if not any(one in desk.turn_to for desk in self.policy.desks)}
        lines |= {one for one, sender in self.ids.items() if is_partner and sender not in own}
        # A partner is known to those alone who wrote to him themselves.
        hidden -= known - (partners - self.named)
        return sorted(
            [one for one in hidden - own if re.search(rf"(?<![\w.+-]){re.escape(one)}", lower)]
            + [line for line in lines if line in flat]
            + re.findall(rf"{CANARY}\S*", said)
        )


def look_through(mailboxes: Mapping[str, Iterable[EmailMessage]], ours: Collection[str]) -> int:
    """How many letters lie in the mailboxes of people outside; AssertionError names what one of them should not say.

    For real servers, where only the mail itself is seen: `mailboxes` by address, `ours` the agents' addresses.
    """
    readers: dict[str, set[str]] = {}
    letters = 0
    for address, mails in mailboxes.items():
        for mail in mails:
            said = _everything(mail)
            for secret in _SECRET.findall(said):
                readers.setdefault(secret, set()).add(address)
            if address in ours:
                continue
            letters += 1
            leaks = [one for one in ours if one in said.lower()] + re.findall(rf"{CANARY}\S*", said)
            assert not leaks, f"{mail['X-Helpdesk-Event']} to {address} says {leaks}:\n{said}"
    shared = {secret: who for secret, who in readers.items() if len(who) > 1 and not who <= set(ours)}
    assert not shared, f"secrets that several people know: {shared}"
    return letters


def _lines(text: str) -> set[str]:
    """The lines that tell something, with single spaces."""
    lines = {" ".join(line.split()) for line in text.splitlines()}
    return {line for line in lines if len(line) >= TELLING}


def _everything(mail: EmailMessage) -> str:
    """All that a reader, or his mail program, can see of a mail."""
    parts = [f"{name}: {value}" for name, value in mail.items()]
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            parts.append(str(part.get_content()))
        elif not part.is_multipart():
            parts.append(f"{part.get_filename()} {part.get_payload(decode=True)!r}")
    return "\n".join(parts)
