"""Chains of follow-ups: what happens by itself, step by step, after an occasion on which the requester owes us a word.

Plain values; `timers` decides what a step does when its time has come.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.core.duration import BusinessDays, Duration
from helpdesk.core.outgoing import Event

AUTO_CLOSE = "auto-close"


class Occasion(StrEnum):
    """What a chain comes after."""

    MISSING = "missing"  # facts were asked for
    ANSWERED = "answered"  # an agent answered, and nothing else is asked


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A letter (`send`) or the end (`close`: the resolution), `after` the occasion of its chain."""

    after: Duration
    send: Event | None = None
    close: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """The steps in the order in which they come after an Occasion, or a stage of the desk; perhaps none."""

    after: str
    steps: tuple[Step, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """How the follow-up of each step is called: `reminder`, `reminder-2`, `auto-close`, `answered:solved`."""
        seen: Counter[str] = Counter()
        kinds = []
        for step in self.steps:
            name = step.send.value if step.send else AUTO_CLOSE
            seen[name] += 1
            nth = f"-{seen[name]}" if seen[name] > 1 else ""
            kinds.append(f"{'' if self.after is Occasion.MISSING else f'{self.after}:'}{name}{nth}")
        return tuple(kinds)


# Of a desk that says nothing else. A letter that only asks whether an answer helped is a desk's own decision.
NO_ANSWER = "no-answer"
REMIND_AFTER: Duration = BusinessDays(2)
CLOSE_AFTER: Duration = BusinessDays(5)


def asked(remind_after: Duration | None = REMIND_AFTER, close_after: Duration | None = CLOSE_AFTER) -> Chain:
    """A reminder and then closing, once facts were asked for; None: without that step."""
    steps = []
    if remind_after is not None:
        steps.append(Step(after=remind_after, send=Event.REMINDER))
    if close_after is not None:
        steps.append(Step(after=close_after, close=NO_ANSWER))
    return Chain(after=Occasion.MISSING, steps=tuple(steps))
