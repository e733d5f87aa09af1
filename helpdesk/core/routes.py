"""Routing cases: what a desk does with a letter that somebody else has to see to.

A Route says by which words such a letter is recognised, what its requester is told, which partner is asked, and how
long his answer is waited for. `probable` are the routes that a letter suggests, with the words that led there; an agent
carries one out (see `route_orders`). Plain values and questions on them. Never fails.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.duration import Duration
from helpdesk.core.forms import field_name
from helpdesk.core.message import Inbound, Reason
from helpdesk.core.phrases import Match
from helpdesk.core.rules import Words, evidence
from helpdesk.core.subject_tag import is_answer, strip_prefixes
from helpdesk.core.texts import Texts, text_in
from helpdesk.core.ticket import Ticket
from helpdesk.core.words import prepare

# The field of a ticket that names the case carried out last.
CASE = "case"

# Further suggestions are no help.
MAX_SUGGESTED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A routing case. `partner` is asked with `forward` above the request; empty: whoever the command names.

    Carried out once more, because that was no help, the requester is told `again`; where it is for those who `insist`,
    the partner is asked only then. `expects` is what the partner does then, for the agent. In the texts {number} and
    {FIELD} are filled in.
    """

    key: str
    label: Texts
    topic: Words = Words()
    reply: Texts = ()
    partner: str = ""
    forward: Texts = ()
    insists: bool = False
    again: Texts = ()
    expects: Texts = ()
    watch: Duration | None = None  # nobody waits for the answer where it is None

    def called(self, language: str) -> str:
        """Its name in `language`."""
        return text_in(self.label, language, self.key)

    def asks(self, ticket: Ticket, partner: str) -> bool:
        """Is a partner asked when an agent carries the case out now, naming `partner` or nobody?"""
        return bool(self.forward) and (bool(partner) or not self.insists or self.was_told(ticket))

    def was_told(self, ticket: Ticket) -> bool:
        """Has the requester been told before what this case tells him?"""
        return dict(ticket.fields).get(CASE) == self.key

    def answer(self, ticket: Ticket, partner: str) -> Texts:
        """What the requester is told when the case is carried out now."""
        once_more = self.was_told(ticket) or (self.insists and bool(partner))
        return self.again if self.again and once_more else self.reply


@dataclass(frozen=True, slots=True)
class Probable:
    """A route that a letter suggests, by its name for the reader, with the words that led there."""

    key: str
    label: str
    words: tuple[Match, ...]

    @property
    def reason(self) -> Reason:
        """What the agents are told of it."""
        return Reason("routing-case", "; ".join((f"{self.label} (#case {self.key})", *map(str, self.words))))


def probable(routes: tuple[Route, ...], inbound: Inbound, language: str) -> tuple[Probable, ...]:
    """The routes that the letter suggests, the one that it names first before the others."""
    prepared = prepare(inbound.text, strip_prefixes(inbound.subject)) if routes else None
    if prepared is None:
        return ()
    answers = is_answer(inbound.subject) and bool(inbound.text.strip())
    seen = ((route, evidence(route.topic, prepared, answers=answers)) for route in routes if route.topic != Words())
    found = [Probable(route.key, route.called(language), words) for route, words in seen if words]
    return tuple(sorted(found, key=lambda one: one.words[0].span[0])[:MAX_SUGGESTED])


def suggested(routes: tuple[Route, ...], inbound: Inbound, ticket: Ticket, language: str) -> tuple[Probable, ...]:
    """What a later letter suggests: a case by its words, else the last one, where that has a second step."""
    last = (route for route in routes if route.was_told(ticket) and (route.again or route.insists))
    return probable(routes, inbound, language) or tuple(Probable(one.key, one.called(language), ()) for one in last)


def routes_called(routes: tuple[Route, ...], name: str) -> tuple[Route, ...]:
    """The route of this key or label in any language, else those whose key or label so begins."""
    wanted = field_name(name)
    names = {route.key: tuple(map(field_name, (route.key, *(label for _, label in route.label)))) for route in routes}
    exact = tuple(route for route in routes if wanted in names[route.key])
    return exact or tuple(route for route in routes if any(one.startswith(wanted) for one in names[route.key]))
