"""What the desk's administrator and lead have decided: the configuration as the core sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from helpdesk.core.calendar import Calendar
from helpdesk.core.checklist import Checklist
from helpdesk.core.message import Address
from helpdesk.core.rules import Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Agent:
    """Somebody who works on tickets. `desks` empty: all of them."""

    name: str
    addresses: tuple[str, ...]
    desks: tuple[str, ...] = ()
    lead: bool = False

    def serves(self, desk: str) -> bool:
        """Does this agent work on tickets of `desk`?"""
        return not self.desks or desk in self.desks


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """A queue with its own face: address, language, rules, hours."""

    name: str
    address: Address
    language: str
    calendar: Calendar
    rules: tuple[Rule, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    remind_after: tuple[timedelta | int, ...] = (2,)  # an int counts business days
    close_after: timedelta | int | None = 5
    close_resolution: str = "no-answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """How many automatic letters may leave (interface.md section 3)."""

    per_address_3h: int = 10
    per_address_24h: int = 20
    per_domain_1h: int = 1000
    total_1h: int = 5000
    notices_1h: int = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """All settings that decisions depend on. `own` are all addresses of ours, normalised."""

    name: str
    instance: str
    own: frozenset[str]
    desks: tuple[Desk, ...]
    agents: tuple[Agent, ...] = ()
    reply_address: str = ""  # with "{token}" in it where the host supports it
    trusted_authserv: str | None = None
    spam_header: tuple[str, str] | None = None  # (lower-case name, value)
    undo_window: timedelta = timedelta(seconds=20)
    secret_life: timedelta = timedelta(days=30)  # after the ticket's last activity
    bounds: Bounds = field(default_factory=Bounds)

    def desk(self, name: str) -> Desk:
        """The desk called `name`, else the first (a ticket may outlive its desk)."""
        return next((desk for desk in self.desks if desk.name == name), self.desks[0])

    def agent(self, address: str) -> Agent | None:
        """The agent who owns `address` (normalised), or None."""
        return next((agent for agent in self.agents if address in agent.addresses), None)
