"""Which chain of follow-ups a desk has for each occasion.

The desk's own [[follow_up]] wins, then the two keys of its [[desk]], then those of its packs (the later pack), then
what is built in. Several for one desk and occasion are a problem, as are those of desks that do not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from helpdesk.config.document import Document, read_follow_ups
from helpdesk.config.problems import Problems
from helpdesk.config.tables import DeskTable, FollowUpTable
from helpdesk.core.chains import Chain, Occasion, Step, asked
from helpdesk.core.outgoing import Event
from helpdesk.packs import Pack

_OLD_KEYS = ("remind_after", "close_after")

# The tables [[follow_up]] of each pack, by the pack's name.
OfPacks = Mapping[str, tuple[FollowUpTable, ...]]


def of_packs(packs: Mapping[str, Pack], problems: Problems) -> OfPacks:
    """What the packs bring; what is wrong with it goes to `problems` with the pack's file."""
    read: dict[str, tuple[FollowUpTable, ...]] = {}
    for name, pack in packs.items():
        tables = []
        for file, place, values in pack.follow_ups:
            in_pack = Problems(file)
            tables += [placed.table for placed in read_follow_ups([(place, values)], in_pack)]
            problems.found += in_pack.found
        read[name] = tuple(tables)
    return read


def check_follow_ups(document: Document, problems: Problems) -> None:
    """One chain for each desk and occasion, written in one way."""
    for desk in document.desks:
        table, first = desk.table, dict[str, str]()
        for key in _OLD_KEYS:
            if key in table.model_fields_set:
                first.setdefault(Occasion.MISSING, f"{desk.place}.{key}")
        for follow_up in document.follow_ups:
            if not _is_for(follow_up.table, table):
                continue
            other = first.setdefault(follow_up.table.after, follow_up.place)
            if other != follow_up.place:
                problems.add(
                    f'{follow_up.place} is a chain after "{follow_up.table.after}" of the desk "{table.name}", and so '
                    f"is {other}; want one of them"
                )


def check_occasions(document: Document, packs: Mapping[str, Pack], of_packs: OfPacks, problems: Problems) -> None:
    """A chain comes after an Occasion, or after a state that a pack of the configuration brings."""
    known = {*Occasion, *(stage.key for pack in packs.values() for stage in pack.stages)}
    tables = [(placed.place, placed.table) for placed in document.follow_ups]
    tables += [(f"the pack {name}: follow_up", table) for name, found in of_packs.items() for table in found]
    for place, table in tables:
        if table.after not in known:
            problems.add(f'{place}.after is "{table.after}"; want one of {", ".join(sorted(known))}')


def chains(desk: DeskTable, document: Document, packs: Iterable[tuple[FollowUpTable, ...]]) -> tuple[Chain, ...]:
    """The desk's chains, one for each occasion; `packs` are the tables of its packs."""
    found: dict[str, Chain] = {Occasion.MISSING: asked()}
    found |= {one.after: _chain(one) for pack in packs for one in pack if _is_for(one, desk)}
    if desk.model_fields_set & set(_OLD_KEYS):
        found[Occasion.MISSING] = asked(desk.remind_after, desk.close_after)
    found |= {one.table.after: _chain(one.table) for one in document.follow_ups if _is_for(one.table, desk)}
    return tuple(chain for chain in found.values() if chain.steps)


def _is_for(follow_up: FollowUpTable, desk: DeskTable) -> bool:
    return not follow_up.desks or desk.name in follow_up.desks


def _chain(table: FollowUpTable) -> Chain:
    steps = (
        Step(after=step.after, send=Event(step.send) if step.send else None, close=step.close) for step in table.steps
    )
    return Chain(after=table.after, steps=tuple(steps))
