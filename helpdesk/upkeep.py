"""Workflow: what is due -> what happens then -> one commit. Also tells agents of letters that failed.

A follow-up is done, or still due: what it does and the mark that it is done commit together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from helpdesk.core.bouncing import not_reached
from helpdesk.core.clocks import keep_clocks
from helpdesk.core.decision import Change, Done, Outcome, Record
from helpdesk.core.digest import LIST_EVERY, lists
from helpdesk.core.message import Reason
from helpdesk.core.muting import refused
from helpdesk.core.notices import alerts, to_agents
from helpdesk.core.outgoing import Audience, Delivery, Event, Letter
from helpdesk.core.policy import Policy
from helpdesk.core.report import reports, since, until
from helpdesk.core.rounds import day_of_digest, day_of_report, digests
from helpdesk.core.shipping import leaving_with
from helpdesk.core.timers import happen
from helpdesk.ports import QueuedLetter, Store
from helpdesk.postbox import Postbox

# Follow-ups of one transaction; a desk that was down for long works through the rest in further ones.
AT_ONCE = 100


class Upkeep:
    """Carries out what has come due."""

    def __init__(self, store: Store, postbox: Postbox, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._postbox = postbox
        self._now = now
        self._made: dict[Event, date] = {}  # the rounds that need not be looked at again today

    def follow_up(self) -> int:
        """How many follow-ups happened now, at most one for each ticket; those that were put off do not count."""
        done: set[int] = set()
        happened = 0
        while True:
            now = self._now()
            with self._store.unit() as unit:
                due = [(ticket, kind) for ticket, kind in unit.due(now, AT_ONCE) if ticket.number not in done]
                for ticket, kind in due:
                    if ticket.number in done:
                        continue
                    together = tuple(one for one in leaving_with(ticket, kind, due) if one.number not in done)
                    done |= {one.number for one in (ticket, *together)}
                    outcome = happen(ticket, kind, self._postbox.policy_now(unit, now), now, together)
                    unit.apply(outcome, now, by="helpdesk")
                    self._postbox.put(unit, outcome.letters, ticket.number, now)
                    happened += sum(isinstance(change, Done) for change in outcome.changes)
            if not due:
                return happened

    def send_lists(self) -> int:
        """How many lists of notices that were held back are on their way now."""
        now = self._now()
        with self._store.unit() as unit:
            return self._postbox.put(unit, lists(unit.take_held_back(now - LIST_EVERY), now), None, now)

    def make_rounds(self) -> int:
        """How many morning digests and weekly reports are on their way now; none where none is due."""
        now, policy = self._now(), self._postbox.policy
        queued = 0
        digest, report = day_of_digest(policy, now), day_of_report(policy, now)
        if digest is not None and self._made.get(Event.MORNING) != digest:
            # Read beforehand: a long queue is no reason to keep others from writing.
            tickets = self._store.queue()
            queued += self._make_round(Event.MORNING, digest, lambda policy: digests(tickets, policy, now, digest))
        if report is not None and self._made.get(Event.REPORT) != report:
            figures = self._store.figures(since(policy, now), until(policy, now))
            queued += self._make_round(Event.REPORT, report, lambda policy: reports(figures, policy, now, report))
        return queued

    def _make_round(self, event: Event, day: date, letters: Callable[[Policy], tuple[Letter, ...]]) -> int:
        """The letters and the note that they were written commit together."""
        queued, now = 0, self._now()
        with self._store.unit() as unit:
            if unit.begin_round(event.value, day):
                queued = self._postbox.put(unit, letters(self._postbox.policy_now(unit, now)), None, now)
        self._made[event] = day
        return queued

    def tell_failed(self, letter: QueuedLetter, deliveries: Sequence[Delivery]) -> None:
        """A letter will not arrive: its ticket's agents are told; of a letter to an agent, the leads are."""
        now = self._now()
        words = "; ".join(f"{one.address}: {one.code or 'no answer'} {one.text}".strip() for one in deliveries)
        why = Reason("not-delivered", words)
        lost = {one.address for one in deliveries}
        changes: tuple[Change, ...] = ()
        with self._store.unit() as unit:
            policy = self._postbox.policy_now(unit, now)
            ticket = unit.ticket(letter.ticket) if letter.ticket is not None else None
            for_good = (policy.agent(one.address) for one in deliveries if one.permanent)
            agent = next((one for one in for_good if one is not None), None)
            to_us = any(policy.agent(address) for address in lost)
            if agent is not None:
                changes, letters = refused(policy, agent, letter.message_id, why, ticket, now)
            elif to_us or ticket is None:
                hour = f"{now:%Y-%m-%dT%H}"
                letters = tuple(
                    one
                    for one in alerts(policy, str(why), f"not-delivered:{min(lost)}:{hour}", ticket=ticket)
                    if one.to.address not in lost
                )
            else:
                if ticket.requester is not None and ticket.requester.address in lost:
                    changes = not_reached(ticket)
                letters = to_agents(
                    Event.BOUNCED, ticket, policy, letter.message_id, audience=Audience.NOBODY, reasons=(why,)
                )
            if ticket is not None:
                changes = (Record(ticket.number, "helpdesk", "not delivered", words), *changes)
            outcome = Outcome(ticket=letter.ticket, changes=changes, letters=letters, reasons=(why,))
            outcome = keep_clocks(outcome, (ticket,) if ticket else (), policy, now)
            unit.apply(outcome, now, by="helpdesk")
            self._postbox.put(unit, outcome.letters, letter.ticket, now)

    def tell_leads(self, what: str, cause: str) -> None:
        """Those who lead the desk learn what is wrong with it, once for each `cause`."""
        now = self._now()
        with self._store.unit() as unit:
            self._postbox.put(unit, alerts(self._postbox.policy_now(unit, now), what, cause), None, now)
