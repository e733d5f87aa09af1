"""The command by which an agent moves a ticket to a state of the desk's own."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.bench import Bench, Carried
from helpdesk.core.stage_moves import enter
from helpdesk.core.stages import stage_called
from helpdesk.core.ticket import Ticket


def move_to_stage(ticket: Ticket, name: str, bench: Bench) -> Carried | str:
    """The ticket enters the stage called `name`, if it may from where it is."""
    desk = bench.policy.desk(ticket.desk)
    words = _WORDS.get(desk.language, _WORDS["en"])
    stage = stage_called(desk.stages, name)
    if stage is None or not stage.may_follow(ticket):
        names = ", ".join(one.called(desk.language) for one in desk.stages if one.may_follow(ticket))
        return (words.unknown if stage is None else words.not_from_here).format(name=name, names=names or "-")
    entered = enter(ticket, stage, desk, bench.now, by=bench.agent.name, cause=bench.cause)
    return Carried(
        ticket=entered.ticket,
        changes=entered.changes,
        # With an answer it is one letter, what the agent wrote, unless the stage's letter brings a number or papers.
        letters=() if bench.has_answer and not (stage.rma or stage.documents) else entered.letters,
        lines=(words.entered.format(name=stage.called(desk.language)),),
        settles_state=True,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    entered: str
    unknown: str
    not_from_here: str


_WORDS = {
    "en": _Words(
        "State: {name}.",
        'there is no state "{name}". Possible now: {names}',
        'the state "{name}" cannot be entered from here. Possible now: {names}',
    ),
    "ru": _Words(
        "Состояние: {name}.",
        "нет состояния «{name}». Сейчас возможны: {names}",
        "в состояние «{name}» отсюда перейти нельзя. Сейчас возможны: {names}",
    ),
    "uk": _Words(
        "Стан: {name}.",
        "немає стану «{name}». Зараз можливі: {names}",
        "у стан «{name}» звідси перейти не можна. Зараз можливі: {names}",
    ),
    "pl": _Words(
        "Stan: {name}.",
        "nie ma stanu „{name}”. Teraz możliwe: {names}",
        "do stanu „{name}” nie można stąd przejść. Teraz możliwe: {names}",
    ),
}
