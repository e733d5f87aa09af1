"""What the desk's administrator and lead have decided: the configuration as the core sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.core.brand import Brand
from helpdesk.core.calendar import Calendar
from helpdesk.core.chains import Chain, asked
from helpdesk.core.checklist import CUSTOMER, Checklist
from helpdesk.core.duration import Duration
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Ahead
from helpdesk.core.ready import ReadyReply
from helpdesk.core.routes import Route
from helpdesk.core.rules import Rule
from helpdesk.core.service_levels import ServiceLevel, first_answer_by
from helpdesk.core.stages import Stage
from helpdesk.core.ticket import Lane, Priority

# So many letters to an agent may come back for good before no more are written to him.
MUTE_AFTER = 3


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
class Partner:
    """An outside party that is asked for help. Letters go to the first of its addresses, answers come from any."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """A queue with its own face: address, language, rules, hours."""

    name: str
    address: Address
    language: str
    calendar: Calendar
    rules: tuple[Rule, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    stages: tuple[Stage, ...] = ()
    routes: tuple[Route, ...] = ()
    chains: tuple[Chain, ...] = (asked(),)  # one for each occasion
    reopen_within: Duration | None = None  # a later letter to a closed ticket begins a new one; None: never
    final: tuple[str, ...] = ()  # resolutions after which only an agent opens a ticket again; "*": all
    turn_to: str = ""  # whom a requester may turn to then
    service_levels: tuple[ServiceLevel, ...] = ()  # the first that fits a ticket holds for it
    around_the_clock: bool = False  # are outages escalated outside opening hours as well?
    brand: Brand = Brand()
    warehouse: tuple[str, ...] = ()  # where returned goods go, line by line
    rma_series: str = "R"  # what RMA numbers given here begin with
    shipping_day: int | None = None  # when parcels leave, once a week (0 is Monday); None: at once

    def chain(self, occasion: str) -> Chain | None:
        """What happens by itself after this occasion, or None."""
        return next((chain for chain in self.chains if chain.after == occasion), None)

    def is_final(self, resolution: str) -> bool:
        """Does a ticket that was closed like this stay closed until an agent opens it?"""
        return is_final(self.final, resolution)

    @property
    def closes_for_good(self) -> bool:
        """Does what closes by itself on this desk stay closed?"""
        closing = [step.close for chain in self.chains for step in chain.steps if step.close is not None]
        return any(self.is_final(one) for one in closing)

    def calendar_of(self, lane: Lane) -> Calendar:
        """The hours in which somebody works on tickets of this lane."""
        if lane is Lane.OUTAGE and self.around_the_clock:
            return Calendar.always(self.calendar.timezone)
        return self.calendar

    def today(self, now: datetime) -> date:
        """Which day it is where the desk is."""
        return now.astimezone(ZoneInfo(self.calendar.timezone)).date()

    def service_level(self, lane: Lane, priority: Priority) -> ServiceLevel | None:
        """What is promised for such tickets, if anything is."""
        return next((level for level in self.service_levels if level.holds_for(lane, priority)), None)

    def ahead(self, lane: Lane, priority: Priority, came_at: datetime, now: datetime) -> Ahead:
        """What comes next of a request that came then: nobody says of an outage that it waits until the desk opens."""
        calendar, level = self.calendar_of(lane), self.service_level(lane, priority)
        begins_at = calendar.next_opening(now)
        answer_by = first_answer_by(came_at, level, calendar) if level else None
        return Ahead(
            working=begins_at <= now,
            begins_at=begins_at if begins_at > now and lane is not Lane.OUTAGE else None,
            answer_by=answer_by if answer_by and answer_by > now else None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """How many automatic letters may leave, and what one sender may cause (interface.md section 3)."""

    per_address_3h: int = 10
    per_address_24h: int = 20
    per_domain_1h: int = 1000
    total_1h: int = 5000
    notices_1h: int = 200  # to one agent
    outages_1h: int = 20  # of one sender; further ones wait their turn
    guesses_1h: int = 3  # tickets of one sender; further mails with a tag that is not theirs cause no letter


@dataclass(frozen=True, kw_only=True, slots=True)
class Incidents:
    """When reports of one situation become an incident: from so many requesters (0: never), within so much time."""

    reporters: int = 3
    within: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalation:
    """When the leads are told of an outage that nobody has taken, and how often again (None: not).

    `page` is a second address that gets a short text, for a gateway to text messages.
    """

    after: timedelta | None = timedelta(minutes=10)
    again: timedelta | None = timedelta(minutes=30)
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Weekly:
    """A time of the week; Monday is 0."""

    weekday: int
    time: time


@dataclass(frozen=True, kw_only=True, slots=True)
class Rounds:
    """When agents get their morning digest, on business days, and the leads their report; None: not."""

    digest: time | None = None
    report: Weekly | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """All settings that decisions depend on. `own` are all addresses of ours, normalised."""

    name: str
    instance: str
    own: frozenset[str]
    desks: tuple[Desk, ...]
    agents: tuple[Agent, ...] = ()
    reply_address: str = ""  # with "{token}" in it where the host supports it
    partners: tuple[Partner, ...] = ()  # they may pass on a customer's mail, as agents may
    trusted_authserv: str | None = None
    replies: tuple[ReadyReply, ...] = ()
    alert_address: str | None = None  # told with the leads when something is wrong
    undo_window: timedelta = timedelta(seconds=20)
    bounds: Bounds = field(default_factory=Bounds)
    incidents: Incidents = field(default_factory=Incidents)
    escalation: Escalation = field(default_factory=Escalation)
    rounds: Rounds = field(default_factory=Rounds)
    max_letter_bytes: int = 25 * 1024 * 1024  # of a whole letter: more the relay does not take
    # What the store knows of our own people: (address, Message-ID) of each letter that came back; (name, until when) of
    # each who is away now.
    came_back: tuple[tuple[str, str], ...] = ()
    away: tuple[tuple[str, datetime], ...] = ()

    def is_muted(self, agent: Agent) -> bool:
        """Do letters to this agent come back, so that no more are written until a good mail comes from there?"""
        return sum(address == agent.addresses[0] for address, _ in self.came_back) >= MUTE_AFTER

    def away_until(self, agent: Agent) -> datetime | None:
        """When this agent is back; None: he is here."""
        return dict(self.away).get(agent.name)

    def desk(self, name: str) -> Desk:
        """The desk called `name`, else the first (a ticket may outlive its desk)."""
        return next((desk for desk in self.desks if desk.name == name), self.desks[0])

    def knows_customers(self) -> bool:
        """Does any desk ask who a sender is, or have a rule on somebody's organisation?"""
        return any(
            any(one.key == CUSTOMER for each in desk.checklists for one in each.items)
            or any(rule.organisations for rule in desk.rules)
            for desk in self.desks
        )

    def agent(self, address: str) -> Agent | None:
        """The agent who owns `address` (normalised), or None."""
        return next((agent for agent in self.agents if address in agent.addresses), None)

    def passes_on(self, address: str) -> bool:
        """May the owner of `address` (normalised), once proven, open tickets for whose mail he forwards?"""
        return self.partner(address) is not None or self.agent(address) is not None

    def partner(self, address: str) -> Partner | None:
        """The listed partner who owns `address` (normalised), or None."""
        return next((partner for partner in self.partners if address in partner.addresses), None)

    @property
    def rma_series(self) -> frozenset[str]:
        """What RMA numbers of any desk begin with."""
        return frozenset(desk.rma_series for desk in self.desks)

    def is_ours(self, address: str) -> bool:
        """Is `address` (normalised) one that only this helpdesk reads: never written to, never a requester?"""
        return address in self.own or reply_token(address, self.reply_address) is not None


def is_final(final: tuple[str, ...], resolution: str) -> bool:
    """Is it one of these resolutions, whatever its case? "*" is every one."""
    return "*" in final or resolution.casefold() in (one.casefold() for one in final)


def reply_token(address: str, pattern: str) -> str | None:
    """The token in one of our reply addresses (`support+{token}@example.com`), or None."""
    head, mark, tail = pattern.lower().partition("{token}")
    if not mark or not address.startswith(head) or not address.endswith(tail):
        return None
    return address[len(head) : len(address) - len(tail)] or None
