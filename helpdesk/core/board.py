"""The board: every ticket is a card in one folder, and whoever moves the card orders what that folder means.

(a ticket, its cards as they lie there) -> Step: what was ordered, which card stays, which go, whether a new one is put.
A card remembers in its name where it was put. Lying elsewhere, it was moved; lying nowhere, it was deleted and comes
back. Where the ticket has changed since the card was put, or two cards were moved to two places, the ticket wins, and
its history says so. Never fails: what is no card of ours is no card.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from helpdesk.core import command_values as order
from helpdesk.core.bench import Bench, Carried
from helpdesk.core.chains import Occasion
from helpdesk.core.decision import Change, Record, SetState
from helpdesk.core.orders import carry_out
from helpdesk.core.policy import Policy
from helpdesk.core.scheduling import start, stop
from helpdesk.core.ticket import Lane, Priority, State, Ticket

# So long the card of a closed ticket is shown.
CLOSED_SHOWN = timedelta(days=7)

_NAME = re.compile(r"<?card\.(\d{6,12})\.([0-9a-f]{8})\.([0-9a-f]{16})\.([0-9a-f]{32})@")


class Column(StrEnum):
    """What a folder of the board means."""

    OUTAGE = "outage"  # nobody has taken it, and it goes before everything else
    NEW = "new"  # nobody has taken it
    MINE = "mine"  # an agent works on it
    WAITING = "waiting"  # for the requester, or until it wakes
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Spot:
    """One folder of the board: a column or, of the column MINE, the part of one agent."""

    column: Column
    agent: str = ""

    @property
    def key(self) -> str:
        """The spot as a card's name holds it: eight hexadecimal digits."""
        return sha256(f"{self.column}:{self.agent}".encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Seen:
    """A card as it lies on the server: which ticket, where it was put, as which version, where it is now."""

    at: Spot
    uid: int
    ticket: int
    home: str
    version: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from the cards of one ticket. `order`: a person wants the ticket there; `crossed`: in vain."""

    order: Spot | None = None
    crossed: Spot | None = None
    put: bool = False
    remove: tuple[Seen, ...] = ()


def spots(policy: Policy) -> tuple[Spot, ...]:
    """Every folder of the board."""
    mine = (Spot(Column.MINE, agent.name) for agent in policy.agents)
    return (Spot(Column.OUTAGE), Spot(Column.NEW), *mine, Spot(Column.WAITING), Spot(Column.CLOSED))


def spot_of(ticket: Ticket, policy: Policy, now: datetime) -> Spot | None:
    """Where the card of this ticket belongs; None where it has none any longer."""
    if ticket.merged_into is not None:
        return None
    if ticket.state is State.CLOSED:
        closed_at = ticket.closed_at or ticket.active_at
        return Spot(Column.CLOSED) if now - closed_at < CLOSED_SHOWN else None
    if ticket.state is State.WAITING or ticket.wake_at is not None:
        return Spot(Column.WAITING)
    if any(agent.name == ticket.assignee for agent in policy.agents):
        return Spot(Column.MINE, ticket.assignee or "")
    return Spot(Column.OUTAGE if ticket.lane is Lane.OUTAGE else Column.NEW)


def marks_of(ticket: Ticket) -> tuple[str, ...]:
    """The flags and keywords of its card, for the colours of mail programs."""
    urgent = ticket.lane is Lane.OUTAGE or ticket.priority is Priority.HIGH
    quiet = ticket.state in (State.WAITING, State.CLOSED) or ticket.wake_at is not None
    return (
        *(("\\Flagged",) if urgent else ()),
        *(("\\Seen",) if quiet else ()),
        *(("outage",) if ticket.lane is Lane.OUTAGE else ()),
        *((f"priority-{ticket.priority}",) if ticket.priority is not Priority.NORMAL else ()),
        *(("held",) if ticket.held else ()),
    )


def version_of(ticket: Ticket) -> str:
    """Changes with everything that its card shows; sixteen hexadecimal digits."""
    shown = (ticket.subject, ticket.state, ticket.assignee, ticket.active_at, ticket.wake_at, marks_of(ticket))
    return sha256(repr(shown).encode()).hexdigest()[:16]


def name_of(key: bytes, ticket: int, home: str, version: str, domain: str) -> str:
    """The Message-ID of a card. Nobody else can make one."""
    return f"<card.{ticket}.{home}.{version}.{_mac(key, ticket, home, version)}@{domain}>"


def read_card(key: bytes, name: str, at: Spot, uid: int, *, deleted: bool) -> Seen | None:
    """The card of this name, None where it is no card of ours."""
    found = _NAME.search(name)
    if found is None or not hmac.compare_digest(found[4], _mac(key, int(found[1]), found[2], found[3])):
        return None
    return Seen(at, uid, int(found[1]), found[2], found[3], deleted)


def judge(ticket: Ticket, cards: Iterable[Seen], policy: Policy, now: datetime) -> Step:
    """What the cards of this ticket ask for."""
    spot, version, seen = spot_of(ticket, policy, now), version_of(ticket), tuple(cards)
    if spot is None:
        return Step(remove=seen)
    alive = [card for card in seen if not card.deleted]
    # What lies at its old home was never moved: an interrupted change has left it.
    moved = [card for card in alive if card.at != spot and card.home != card.at.key]
    places = {card.at for card in moved}
    current = all(card.home == spot.key for card in moved)
    kept = next((card for card in alive if (card.at, card.home, card.version) == (spot, spot.key, version)), None)
    wanted = moved[0].at if moved else None
    return Step(
        order=wanted if len(places) == 1 and current else None,
        crossed=wanted if len(places) > 1 or not current else None,
        put=kept is None,
        remove=tuple(card for card in seen if card is not kept),
    )


def move(ticket: Ticket, to: Spot, bench: Bench) -> Carried | str:
    """What moving its card there does to the ticket, or why it cannot be done."""
    if to.column is Column.WAITING:
        return _wait(ticket, bench)
    commands: tuple[order.Command, ...]
    rests = ticket.state in (State.WAITING, State.CLOSED) or ticket.wake_at is not None
    awake = (order.Reopen(),) if rests else ()
    free = (order.Release(),) if ticket.assignee else ()
    match to.column:
        case Column.CLOSED:
            commands = (order.Close(),)
        case Column.MINE:
            commands = (*awake, order.Take())
        case Column.NEW:
            commands = (*awake, *((order.Normal(),) if ticket.lane is Lane.OUTAGE else ()), *free)
        case Column.OUTAGE:
            commands = (*awake, *((order.Outage(),) if ticket.lane is Lane.NORMAL else ()), *free)
    carried = carry_out(commands, ticket, bench)
    return carried if isinstance(carried, Carried) else carried.why


def _wait(ticket: Ticket, bench: Bench) -> Carried | str:
    """It was asked or answered by other means: the requester owes the next word."""
    if ticket.lane is Lane.OUTAGE or ticket.requester is None:
        return "an outage, or a ticket without a requester, waits for nobody"
    after = replace(ticket, state=State.WAITING, wake_at=None, resolution=None)
    chain = start(ticket.number, bench.policy.desk(ticket.desk), Occasion.ANSWERED, bench.now)
    changes: tuple[Change, ...] = (stop(ticket.number), *chain, SetState(ticket.number, State.WAITING))
    return Carried(ticket=after, changes=changes)


def note(ticket: int, step: Step, why: str) -> Record:
    """The line of the history that says that a card went back, and why."""
    to = step.order or step.crossed
    where = f"from {to.column} {to.agent}".rstrip() if to else ""
    return Record(ticket, "board", "card moved back", f"{where}: {why}")


def _mac(key: bytes, ticket: int, home: str, version: str) -> str:
    return hmac.digest(key, f"card\0{ticket}\0{home}\0{version}".encode(), "sha256")[:16].hex()
