"""Turns the letters that an outcome wants into outbox rows, inside the transaction that carries the outcome out.

Letters are rendered to final bytes here, with their final Message-ID, so that every try to send them is the same.
A letter whose dedupe key is known was queued before and is not queued again. Letters to an agent who got very many of
late are held back for a list (core/digest).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256

from helpdesk import maillog
from helpdesk.compose import Face, compose, face_of
from helpdesk.core.digest import is_batched, shortened
from helpdesk.core.file_letters import room_for_files, room_of
from helpdesk.core.notices import alerts
from helpdesk.core.outgoing import Event, Letter
from helpdesk.core.past import NO_PAST
from helpdesk.core.policy import Policy
from helpdesk.core.ticket import NEW, NEW_INCIDENT, Ticket
from helpdesk.errors import PermanentError
from helpdesk.papers import paper_view
from helpdesk.ports import Drawer, PassedOn, Reader, Renderer, Unit
from helpdesk.raw import Raw, cut


class Postbox:
    """Composes and queues. `nonce` gives 16 fresh random bytes at every call; `key` is the store's secret key."""

    def __init__(
        self,
        policy: Policy,
        renderer: Renderer,
        reader: Reader,
        *,
        key: bytes,
        nonce: Callable[[], bytes],
        drawer: Drawer | None = None,
    ) -> None:
        self.policy = policy
        self._renderer = renderer
        self._reader = reader
        self._drawer = drawer
        self._key = key
        self._nonce = nonce
        self._face = lru_cache(maxsize=64)(partial(face_of, policy))

    def policy_now(self, unit: Unit, now: datetime) -> Policy:
        """The policy with what the store knows of our own people: whose letters come back, who is away."""
        came_back = unit.came_back()
        away = tuple((name, until) for name, until in unit.away() if until > now)
        return replace(self.policy, came_back=came_back, away=away) if came_back or away else self.policy

    def put(
        self, unit: Unit, letters: tuple[Letter, ...], opened: int | None, now: datetime, raw: Raw | None = None
    ) -> int:
        """How many letters were queued. `opened` is the number that NEW stands for; `raw` the mail that led to them."""
        tickets: dict[int, Ticket | None] = {}

        def known(number: int | None) -> Ticket | None:
            if number is not None and number not in tickets:
                tickets[number] = unit.ticket(number)
            return tickets[number] if number is not None else None

        def meant(number: int | None) -> Ticket | None:
            if number != NEW_INCIDENT:
                return known(opened if number == NEW else number)
            # What was opened hangs on the incident that began with it.
            member = known(opened)
            return known(member.incident) if member else None

        return sum(self._put(unit, letter, meant(letter.ticket), now, raw) for letter in letters)

    def _put(self, unit: Unit, letter: Letter, ticket: Ticket | None, now: datetime, raw: Raw | None) -> bool:
        if self._is_too_much(unit, letter, now):
            held_back = unit.hold_back(shortened(letter, ticket), letter.dedupe_key, now)
            if held_back:
                maillog.held_back(event=letter.event, ticket=ticket.number if ticket else None, to=letter.to.address)
            return False
        face = self._face(ticket.desk if ticket else "")
        papers, undrawn = self._papers(letter, ticket, face, now)
        composed = compose(
            letter,
            ticket,
            face,
            (*papers, *self._files(unit, letter, raw)),
            key=self._key,
            nonce=self._nonce(),
            now=now,
            renderer=self._renderer,
            past=unit.past(ticket) if ticket is not None and letter.event is Event.NOTIFY else NO_PAST,
        )
        queued = unit.enqueue(letter, ticket.number if ticket else None, composed, now)
        if queued:
            maillog.queued(event=letter.event, ticket=ticket.number if ticket else None, to=letter.to.address)
        for problem in filter(None, (composed.problem, *undrawn) if queued else ()):
            self._tell_of_template(unit, letter, problem, now)
        return queued

    def _tell_of_template(self, unit: Unit, letter: Letter, problem: str, now: datetime) -> None:
        """Tell the leads, once a day for each problem. An alert whose own template fails ends here, as it is known."""
        maillog.template_failed(event=letter.event, problem=problem)
        cause = f"template:{sha256(problem.encode()).hexdigest()[:16]}:{now:%Y-%m-%d}"
        self.put(unit, alerts(self.policy_now(unit, now), f"template: {problem}", cause), None, now)

    def _is_too_much(self, unit: Unit, letter: Letter, now: datetime) -> bool:
        """Has this agent got so many letters within the hour that further ones, as some always do, come as a list?"""
        if letter.listed:
            return True
        if not is_batched(letter):
            return False
        written = unit.letters_to_ours(letter.to.address, now - timedelta(hours=1))
        return written >= self.policy.bounds.notices_1h

    def _papers(
        self, letter: Letter, ticket: Ticket | None, face: Face, now: datetime
    ) -> tuple[tuple[PassedOn, ...], tuple[str, ...]]:
        """The papers that go with the letter, and why others do not: a paper that fails never holds its letter back."""
        drawn, problems = [], []
        if ticket is None or self._drawer is None:
            return (), ()
        for name in letter.documents:
            try:
                drawn.append(self._drawer.draw(name, letter.language, paper_view(letter, ticket, face, now)))
            except PermanentError as error:
                problems.append(str(error))
        return tuple(drawn), tuple(problems)

    def _files(self, unit: Unit, letter: Letter, raw: Raw | None) -> tuple[PassedOn, ...]:
        source = unit.raw_of(letter.parts_of) if letter.parts_of is not None else raw
        if source is None or not letter.parts:
            return ()
        if not letter.piece:
            return self._reader.parts(source, letter.parts, room_for_files(self.policy.max_letter_bytes))
        room = room_of(self.policy)
        start = (letter.piece - 1) * room
        return tuple(
            replace(
                file,
                name=f"{file.name}.{letter.piece:03}",
                type="application/octet-stream",
                content=cut(file.content, start, room),
                content_id=None,
            )
            for file in self._reader.parts(source, letter.parts, len(source))
        )
