"""Stages: a desk's own states, on top of the four general ones.

A Stage says which general state it is, from where it may be entered and by whom, and the letter that goes out then. A
closed one is a resolution of the desk. Plain values and questions on them; `stage_moves` moves a ticket. Never fails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from helpdesk.core.conditions import Condition, all_hold
from helpdesk.core.forms import field_name
from helpdesk.core.message import Inbound
from helpdesk.core.phrases import Match, Pattern, find
from helpdesk.core.rma import RMA
from helpdesk.core.texts import Texts, text_in
from helpdesk.core.ticket import State, Ticket
from helpdesk.core.words import prepare

# Fields that hold what we have given or looked up ourselves.
OUR_OWN = frozenset({"centres", "points", RMA})

_PLACE = re.compile(r"\{([\w.-]+)\}")


class Trigger(StrEnum):
    """What moves a ticket into a stage by itself."""

    COMPLETE = "complete"  # the requester sent the last of what the form wants
    SHIP = "ship"  # an agent notes the tracking number


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A state of a desk's own. `came_from`: stages or general states from which it may be entered; empty: from any.

    `words`: a requester's letter that says this enters it. `letter` goes to the requester on entering; {number} and
    {FIELD} in it are filled in, `documents` go with it. `when` must hold of the ticket's fields unless an agent
    enters it. `rma`: the ticket gets its RMA number. `registers`: the company that the form names is registered, and
    the requester is its administrator. `for_good`: closed so that only an agent opens it again.
    """

    key: str
    state: State
    label: Texts
    came_from: tuple[str, ...] = ()
    words: tuple[Pattern, ...] = ()
    on: Trigger | None = None
    when: tuple[Condition, ...] = ()
    rma: bool = False
    registers: bool = False
    documents: tuple[str, ...] = ()
    letter: Texts = ()
    for_good: bool = False

    def may_follow(self, ticket: Ticket) -> bool:
        """May the ticket, as it is, enter this stage?"""
        here = {ticket.stage or ticket.state.value, ticket.resolution}
        return not self.came_from or bool(here & set(self.came_from))

    def called(self, language: str) -> str:
        """Its name in `language`."""
        return text_in(self.label, language, self.key)


def stage_called(stages: tuple[Stage, ...], name: str) -> Stage | None:
    """The stage that people call `name`: its key, or its label in any language."""
    wanted = field_name(name)
    return next(
        (stage for stage in stages if wanted in map(field_name, (stage.key, *(label for _, label in stage.label)))),
        None,
    )


def stage_of(stages: tuple[Stage, ...], ticket: Ticket) -> Stage | None:
    """The stage that the ticket is in, or None where it is in a general state alone."""
    return next((stage for stage in stages if stage.key == ticket.stage and stage.state is ticket.state), None)


def state_said(stages: tuple[Stage, ...], ticket: Ticket, language: str) -> str:
    """The stage of the ticket by its name, else its general state."""
    stage = stage_of(stages, ticket)
    return stage.called(language) if stage else ticket.state.value


def resolution_said(stages: tuple[Stage, ...], ticket: Ticket, language: str) -> str:
    """How the ticket was closed, by the name that the desk has for that."""
    stage = stage_called(stages, ticket.resolution or "")
    return stage.called(language) if stage else ticket.resolution or ""


def entered_by_words(
    stages: tuple[Stage, ...], ticket: Ticket, inbound: Inbound, fields: Mapping[str, str], today: date
) -> tuple[Stage, Match] | None:
    """The stage that a letter of the requester enters, with the words that say so. `fields`: all that is known now."""
    prepared = prepare(inbound.text)
    found = (
        (stage, match)
        for stage in stages
        if stage.words and stage.may_follow(ticket) and all_hold(stage.when, fields, today)
        for pattern in stage.words
        if (match := find(pattern, prepared))
    )
    return next(found, None)


def stage_on(
    stages: tuple[Stage, ...], trigger: Trigger, ticket: Ticket, fields: Mapping[str, str], today: date
) -> Stage | None:
    """The first stage that this event enters, where the ticket may. `fields`: all that is known now."""
    entered = (stage for stage in stages if stage.on is trigger and stage.may_follow(ticket))
    return next((stage for stage in entered if all_hold(stage.when, fields, today)), None)


def filled_in(
    text: str, ticket: Ticket, *, fields: Mapping[str, str], ours: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The text with the ticket's number and fields in their places. Unproven words stay out: nothing stands there.

    What is `ours`, and the fields of OUR_OWN, are nobody's words but our own.
    """
    own = {key: value for key, value in fields.items() if key in OUR_OWN}
    known = (dict(fields) if ticket.words else own) | {"number": str(ticket.number)} | dict(ours)
    return _PLACE.sub(lambda place: known.get(place[1], "…"), text).strip()
