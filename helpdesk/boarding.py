"""Workflow: keeps the board in step with the tickets: cards seen + tickets -> orders in one commit each, then cards.

The store is the truth. An order is judged again on the ticket as it is within the transaction that carries it out, and
cards are put and removed only after the commit: a crash between leaves a card that the next pass puts right. A new card
is put before the old one goes, so a ticket is never without.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime

from helpdesk.core import wire
from helpdesk.core.bench import Bench
from helpdesk.core.board import (
    CLOSED_SHOWN,
    Seen,
    Spot,
    Step,
    judge,
    marks_of,
    move,
    name_of,
    note,
    read_card,
    spot_of,
    version_of,
)
from helpdesk.core.clocks import keep_clocks
from helpdesk.core.decision import Outcome, Record
from helpdesk.core.lease import Lease
from helpdesk.core.listing import one_ticket
from helpdesk.core.message import Address
from helpdesk.core.order_words import words_in
from helpdesk.core.policy import Agent
from helpdesk.core.subject_tag import tag
from helpdesk.core.texts import Wording
from helpdesk.core.ticket import Ticket
from helpdesk.ports import Store
from helpdesk.ports.board import Board
from helpdesk.postbox import Postbox

# Whoever moves a card is not known: the folders belong to all agents.
SOMEBODY = Agent(name="board", addresses=("",))

# More of a letter is read in the ticket itself.
MAX_TEXT = 20_000

_EXPLAINED = Wording.read(
    "Moving this card to another folder takes, gives back, closes or reopens the ticket. A reply to it is a note. | "
    "Перенос этой карточки в другую папку назначает, возвращает, закрывает или открывает обращение. Ответ на неё — "
    "заметка. | "
    "Перенесення цієї картки до іншої папки призначає, повертає, закриває або відкриває звернення. Відповідь на неї — "
    "нотатка. | "
    "Przeniesienie tej karty do innego folderu przydziela, oddaje, zamyka albo otwiera zgłoszenie. Odpowiedź na nią to "
    "notatka."
)


class Boarding:
    """Keeps one board."""

    def __init__(
        self,
        store: Store,
        postbox: Postbox,
        board: Board,
        *,
        now: Callable[[], datetime],
        on_queued: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._postbox = postbox
        self._board = board
        self._now = now
        self._on_queued = on_queued
        self._key = store.secret_key()

    def keep(self, lease: Lease | None = None) -> int:
        """One pass: every order is carried out, every card lies where it belongs; how many orders there were."""
        cards: dict[int, list[Seen]] = defaultdict(list)
        for mail in self._board.look():
            card = read_card(self._key, mail.message_id, mail.at, mail.uid, deleted=mail.deleted)
            if card is not None:
                cards[card.ticket].append(card)
        shown = (*self._store.queue(), *self._store.closed_since(self._now() - CLOSED_SHOWN))
        tickets = {ticket.number: ticket for ticket in shown}
        others = [number for number in cards if number not in tickets]
        tickets |= {ticket.number: ticket for ticket in self._store.tickets(others)}
        orders = 0
        for number, ticket in tickets.items():
            now = self._now()
            step = judge(ticket, cards[number], self._postbox.policy, now)
            if step.order or step.crossed:
                orders += 1
                ticket = self._carry_out(ticket, cards[number], lease)
                self._on_queued()
                step = self._settled(ticket, cards[number], now)
            self._lay(ticket, step, now)
        return orders

    def _carry_out(self, before: Ticket, cards: Sequence[Seen], lease: Lease | None) -> Ticket:
        """The ticket as it is once what its card asks for was done, or refused with a line of its history."""
        now = self._now()
        with self._store.unit() as unit:
            if lease is not None:
                unit.fence(lease)
            ticket = unit.ticket(before.number) or before
            policy = self._postbox.policy_now(unit, now)
            step = judge(ticket, cards, policy, now)
            if step.order is None and step.crossed is None:
                return ticket
            outcome = self._outcome(ticket, step, now)
            outcome = keep_clocks(outcome, (ticket,), policy, now)
            unit.apply(outcome, now, by=SOMEBODY.name)
            self._postbox.put(unit, outcome.letters, ticket.number, now)
            return unit.ticket(ticket.number) or ticket

    def _outcome(self, ticket: Ticket, step: Step, now: datetime) -> Outcome:
        policy = self._postbox.policy
        if step.order is None:
            return Outcome(
                ticket=ticket.number, changes=(note(ticket.number, step, "the ticket has changed meanwhile"),)
            )
        named = next((agent for agent in policy.agents if agent.name == step.order.agent), SOMEBODY)
        bench = Bench(
            agent=named,
            policy=policy,
            now=now,
            cause=f"board:{version_of(ticket)}:{now.isoformat()}",
            words=words_in(policy.desk(ticket.desk).language),
        )
        carried = move(ticket, step.order, bench)
        if isinstance(carried, str):
            return Outcome(ticket=ticket.number, changes=(note(ticket.number, step, carried),))
        moved = Record(
            ticket.number, SOMEBODY.name, "card moved", f"to {step.order.column} {step.order.agent}".rstrip()
        )
        return Outcome(ticket=ticket.number, changes=(moved, *carried.changes), letters=carried.letters)

    def _settled(self, ticket: Ticket, cards: Sequence[Seen], now: datetime) -> Step:
        """What is left to do with the cards once the order is settled: a fresh one is put, all others go."""
        return Step(put=spot_of(ticket, self._postbox.policy, now) is not None, remove=tuple(cards))

    def _lay(self, ticket: Ticket, step: Step, now: datetime) -> None:
        spot = spot_of(ticket, self._postbox.policy, now)
        if step.put and spot is not None:
            self._board.put(spot, self._card(ticket, spot), marks_of(ticket), ticket.active_at)
        if step.remove:
            self._board.remove(step.remove)

    def _card(self, ticket: Ticket, spot: Spot) -> bytes:
        """The card as a mail: the newest message of the ticket, and how the ticket stands."""
        desk = self._postbox.policy.desk(ticket.desk)
        shown = self._store.show(ticket.number)
        # What somebody wrote says more than our own acknowledgement of it.
        came = (
            [one.text for one in shown.messages if one.direction == "in" and one.filing == "visible"] if shown else []
        )
        said = came[-1] if came else ""
        person = ticket.requester or desk.address
        name = name_of(self._key, ticket.number, spot.key, version_of(ticket), desk.address.domain)
        text = "\n\n".join(
            (_EXPLAINED.of(desk.language), "\n".join(one_ticket(ticket, desk.language)), said[:MAX_TEXT])
        )
        headers = (
            wire.token_header("Message-ID", [name]),
            # A reply goes to the desk, never past it to the customer.
            wire.address_header("From", [Address(desk.address.address, person.name or person.address)]),
            wire.address_header("To", [desk.address]),
            wire.text_header("Subject", wire.one_line(ticket.subject), verbatim=tag(ticket.number)),
            wire.token_header("Date", [format_datetime(ticket.active_at)]),
            "MIME-Version: 1.0\r\n",
        )
        return b"".join(("".join(headers).encode(), *wire.text_part(text, "plain").pieces()))
