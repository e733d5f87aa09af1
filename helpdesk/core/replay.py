"""What changed rules would have made of past mail: two verdicts on the same mail in, their differences out."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.rules import Verdict
from helpdesk.core.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would have been otherwise."""

    what: str
    before: str
    after: str


def differences(before: Verdict, after: Verdict) -> tuple[Difference, ...]:
    """What the two verdicts disagree on, the place in the queue first."""
    return tuple(
        Difference(what, old, new)
        for (what, old), (_, new) in zip(_told(before), _told(after), strict=True)
        if old != new
    )


def as_it_stands(ticket: Ticket, now: Verdict) -> Verdict:
    """A verdict that gives the ticket the place which it has, and agrees with `now` on what a ticket does not keep."""
    return Verdict(
        lane=ticket.lane,
        situation=ticket.situation,
        priority=ticket.priority,
        desk=now.desk,
        tags=now.tags,
        assignee=now.assignee,
        notify=now.notify,
        checklist=now.checklist,
        fields=now.fields,
    )


def _told(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    return (
        ("lane", verdict.lane.value),
        ("situation", verdict.situation or "none"),
        ("priority", verdict.priority.value),
        ("desk", verdict.desk or "where it came"),
        ("assignee", verdict.assignee or "nobody"),
        ("notify", ", ".join(verdict.notify) or "nobody else"),
        ("tags", ", ".join(verdict.tags) or "none"),
        ("checklist", verdict.checklist or "by topic"),
        ("fields", ", ".join(f"{name}: {value}" for name, value in verdict.fields) or "none"),
    )
