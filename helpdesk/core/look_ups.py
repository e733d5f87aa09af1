"""Look-ups in directories: what a field of a form says is looked for, and what is found becomes a field of the ticket.

A Field names the directory (`look_up`). `keys_in` says what to load for a letter; `found` turns the entries into fields
named like the directory: the service centres of a maker, those of the customer's city before all others; the sale of a
serial number; the reception points of a city. Where nothing is found the field says `none`, so that conditions can ask.
Pure; never fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from helpdesk.core.checklist import Checklist, Findings
from helpdesk.core.directory import Entry, folded
from helpdesk.core.form import Form, fill_in
from helpdesk.core.message import Inbound

# What a field says where the directory has nothing.
NONE = "none"

# By which centres and points are chosen, and the directory of our own reception points.
CITY, POINTS = "city", "points"

# Letters of a name that stay in every case.
SHORTEST_STEM = 4

# A letter is no catalogue.
MAX_NAMED = 5

# What of an entry is told, in this order; the rest is for ourselves.
_TOLD = {
    "centres": ("name", CITY, "street", "phone", "address", "hours"),
    POINTS: ("name", CITY, "street", "phone", "hours"),
    "sales": ("sold", "article", "document", "buyer"),
}

Entries = tuple[tuple[str, Entry], ...]


def looked_up(checklists: Iterable[Checklist]) -> tuple[tuple[str, str], ...]:
    """(field, directory) of every field of these checklists whose value is looked up."""
    forms = (checklist.form for checklist in checklists if checklist.form is not None)
    return tuple(dict.fromkeys(pair for form in forms for pair in form.look_ups))


def keys_in(checklists: Iterable[Checklist], inbound: Inbound) -> tuple[tuple[str, str], ...]:
    """(directory, folded key) of everything to look for after this letter."""
    keys = []
    for form in (checklist.form for checklist in checklists if checklist.form is not None and checklist.form.look_ups):
        said = dict(fill_in(form, inbound.text, inbound.quoted).values)
        keys += [(directory, folded(said[field])) for field, directory in form.look_ups if field in said]
    return tuple(dict.fromkeys(keys))


def found(form: Form | None, fields: Mapping[str, str], entries: Entries) -> tuple[tuple[str, str], ...]:
    """The fields that look-ups make of `fields`, which are all that is known of the ticket."""
    if form is None:
        return ()
    return tuple(
        (directory, _told(directory, folded(fields[field]), fields.get(CITY, ""), entries))
        for field, directory in form.look_ups
        if field in fields
    )


def with_look_ups(
    findings: Findings, checklists: Iterable[Checklist], known: Mapping[str, str], entries: Entries
) -> Findings:
    """The findings with what look-ups make of them and of what was `known` before."""
    form = next((one.form for one in checklists if one.key == findings.checklist), None)
    if not findings.by_form or not findings.fields:
        return findings
    more = found(form, {**known, **dict(findings.fields)}, entries)
    return replace(findings, fields=(*findings.fields, *more)) if more else findings


def centres(entries: Entries, words: str) -> str:
    """The service centres in the cities that `words` speak of; in any, where they speak of none that has one."""
    every = [entry for directory, entry in entries if directory == "centres"]
    said = folded(words).split()
    near = [entry for entry in every if any(_same_place(entry.value(CITY), word) for word in said)]
    return _lines("centres", near or every)


def _told(directory: str, key: str, city: str, entries: Entries) -> str:
    of_directory = [entry for name, entry in entries if name == directory]
    matching = [entry for entry in of_directory if entry.key == key]
    if directory == POINTS:
        return _lines(directory, matching or of_directory)
    near = [entry for entry in matching if _same_place(entry.value(CITY), city)]
    return _lines(directory, near or matching)


def _lines(directory: str, entries: list[Entry]) -> str:
    columns = _TOLD.get(directory, ("name",))
    lines = [", ".join(filter(None, map(entry.value, columns))) for entry in entries[:MAX_NAMED]]
    return "\n".join(lines) or NONE


def _same_place(city: str, said: str) -> bool:
    """Is it the name of the same place, whatever its case ending?"""
    one, other = folded(city), folded(said)
    stem = max(4, len(one) - 2)
    return bool(one) and (
        one == other or (len(one) >= 4 and one[:stem] == other[:stem] and abs(len(one) - len(other)) < 4)
    )
