"""What a letter on some topic must say, what it says already, and what to ask for.

The checklists of a desk and one Inbound in, Findings out: the first checklist whose topic fits (general ones stand
last), the fields found, and the items that are missing, in the order of the list. An item is ticked by a field
("IP: …"), by words, or by a file. Never fails: a letter on no topic has no checklist and misses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from helpdesk.core.forms import read_fields
from helpdesk.core.message import Attachment, Inbound, Reason
from helpdesk.core.phrases import Pattern, find
from helpdesk.core.rules import Words, evidence, matches_file
from helpdesk.core.words import prepare

# Bytes. A smaller picture that is shown inside the letter is the logo of a signature.
SMALLEST_PICTURE = 12 * 1024

# A language that nobody has translated an item into falls back to this one.
FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """Something that a case needs. `ask` holds (language, polite request); the rest tells how it is recognised."""

    key: str
    ask: tuple[tuple[str, str], ...]
    fields: tuple[str, ...] = ()
    found: tuple[Pattern, ...] = ()
    files: tuple[str, ...] = ()
    any_words: bool = False  # only a person can judge whether it was answered: any reply counts
    promised: tuple[Pattern, ...] = ()  # only asked for when the letter says that it is there, and it is not

    def question(self, language: str) -> str:
        """The request in `language`, else in English, else whatever there is."""
        texts = dict(self.ask)
        return texts.get(language) or texts.get(FALLBACK_LANGUAGE) or next(iter(texts.values()), self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checklist:
    """What a topic needs. Without words in `topic` it fits every letter that no other fits.

    `longest`: it is for letters of at most so many words; more words are details.
    """

    key: str
    items: tuple[Item, ...]
    topic: Words = Words()
    longest: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """Which checklist a letter came under, what it told, and the keys of items that are still missing."""

    checklist: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


def examine(
    checklists: tuple[Checklist, ...], inbound: Inbound, *, known: frozenset[str], named: str | None = None
) -> Findings:
    """What a first letter tells and misses.

    `known` are keys of items that need not be asked for. `named`: a rule says which checklist it is.
    """
    prepared = prepare(inbound.text, inbound.subject)
    by_rule = next((checklist for checklist in checklists if checklist.key == named), None)
    for checklist in checklists if by_rule is None else (replace(by_rule, topic=Words(), longest=None),):
        if checklist.longest is not None and len(prepared.words) > checklist.longest:
            continue
        words = evidence(checklist.topic, prepared)
        if words is None:
            continue
        topic = Reason(f"topic-{checklist.key}", "; ".join(str(match) for match in words) or "no other topic")
        open_items = tuple(
            item
            for item in checklist.items
            if item.key not in known
            and (not item.promised or any(find(pattern, prepared) for pattern in item.promised))
        )
        if not open_items and all(item.promised for item in checklist.items):
            continue
        fields, missing, ticked = _ticked(checklist, open_items, inbound)
        return Findings(checklist=checklist.key, fields=fields, missing=missing, reasons=(topic, *ticked))
    return Findings()


def settle(checklist: Checklist | None, missing: tuple[str, ...], inbound: Inbound) -> Findings:
    """What a later letter adds: fields of the whole list (a new value replaces an old one), and what is still missing.

    Keys that the list does not have (an agent asked for them) stay
    missing until an agent says otherwise.
    """
    if checklist is None:
        return Findings(missing=missing)
    asked = tuple(item for item in checklist.items if item.key in missing)
    fields, left, ticked = _ticked(checklist, asked, inbound)
    told = tuple(item.key for item in asked if item.key in left and item.any_words and inbound.text.strip())
    settled = ({item.key for item in asked} - set(left)) | set(told)
    return Findings(
        checklist=checklist.key,
        fields=fields,
        missing=tuple(key for key in missing if key not in settled),
        reasons=ticked + tuple(Reason(f"has-{key}", "in the writer's own words") for key in told),
    )


def questions(
    checklists: tuple[Checklist, ...], checklist: str | None, missing: tuple[str, ...], language: str
) -> tuple[str, ...]:
    """The polite requests for the keys in `missing`; a key that no list knows stands for itself."""
    ordered = sorted(checklists, key=lambda each: each.key != checklist)
    items = {item.key: item for each in reversed(ordered) for item in each.items}
    return tuple(items[key].question(language) if key in items else key for key in missing)


def _ticked(
    checklist: Checklist, items: tuple[Item, ...], inbound: Inbound
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], tuple[Reason, ...]]:
    """Fields of the whole list, the keys of `items` that nothing in the letter answers, and what answered the rest."""
    fields = dict(read_fields(inbound.text, {item.key: item.fields for item in checklist.items}))
    missing, reasons = [], []
    for item in items:
        seen = _seen(item, fields, inbound)
        if seen is None:
            missing.append(item.key)
        else:
            reasons.append(Reason(f"has-{item.key}", seen))
    return tuple(fields.items()), tuple(missing), tuple(reasons)


def _seen(item: Item, fields: dict[str, str], inbound: Inbound) -> str | None:
    """What in the letter answers the item, or None."""
    if item.key in fields:
        return f"field: {fields[item.key]}"
    for pattern in item.found:
        if match := find(pattern, prepare(inbound.text, inbound.subject)):
            return str(match)
    return next((f"file: {file.name}" for file in inbound.attachments if _shows(file, item.files)), None)


def _shows(file: Attachment, wanted: tuple[str, ...]) -> bool:
    logo = file.inline and file.type.startswith("image/") and file.size < SMALLEST_PICTURE
    return not logo and matches_file(file, wanted)
