"""What a letter on some topic must say, what it says already, and what to ask for.

The checklists of a desk and one Inbound in, Findings out: the first checklist whose topic fits (general ones stand
last), the fields found, and the items that are missing, in the order of the list. An item is ticked by a field
("IP: …"), by words, or by a file. A checklist may have a form: whoever fills that in, or asks for it, comes under it
whatever else the letter says. Never fails: a letter on no topic has no checklist and misses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from helpdesk.core.conditions import Condition, all_hold
from helpdesk.core.form import FEWEST_FIELDS, Filling, Form, Problem, blank, fill_in, review
from helpdesk.core.form_words import file_question, form_question, form_values, shown_value
from helpdesk.core.forms import field_name, read_fields
from helpdesk.core.message import Attachment, Inbound, Reason
from helpdesk.core.photos import FileProblem, Wanted, recognise
from helpdesk.core.phrases import Pattern, find
from helpdesk.core.rules import Words, evidence, matches_file
from helpdesk.core.texts import Texts, text_in
from helpdesk.core.words import MAX_CHARS, fold, prepare

# Bytes. A smaller picture that is shown inside the letter is the logo of a signature.
SMALLEST_PICTURE = 12 * 1024

# The item by which a requester says who asks: whoever stands in the directory of customers is not asked.
CUSTOMER = "customer"

# By which a letter asks for a blank form, alone or before the name of one.
FORM_WORDS = frozenset({"форма", "форму", "бланк", "form", "blank", "formularz"})

# Conditions that look at no date hold on every day.
NO_DAY = date.min


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """Something that a case needs. `ask` holds (language, polite request); the rest tells how it is recognised."""

    key: str
    ask: Texts
    fields: tuple[str, ...] = ()
    found: tuple[Pattern, ...] = ()
    files: tuple[str, ...] = ()
    any_words: bool = False  # only a person can judge whether it was answered: any reply counts
    promised: tuple[Pattern, ...] = ()  # only asked for when the letter says that it is there, and it is not
    when: tuple[Condition, ...] = ()  # only asked for when the fields of the form say so
    photo: bool = False  # a picture of a thing that `fields` name; each file shows one

    def question(self, language: str) -> str:
        """The request in `language`, else in English, else whatever there is."""
        return text_in(self.ask, language, self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checklist:
    """What a topic needs. Without words in `topic` it fits every letter that no other fits, or that fills in its form.

    `longest`: it is for letters of at most so many words; more words are details.
    """

    key: str
    items: tuple[Item, ...] = ()
    topic: Words = Words()
    longest: int | None = None
    form: Form | None = None
    max_file_mb: int | None = None  # a larger picture does not count


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """Which checklist a letter came under, what it told, and the keys of items that are still missing.

    `problems` are values of the form that were not taken, `files` pictures that do not count;
    `blank`: the whole form is what to send; `by_form`: the checklist has a form, which this letter was read by.
    """

    checklist: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    files: tuple[FileProblem, ...] = ()
    blank: bool = False
    by_form: bool = False
    reasons: tuple[Reason, ...] = ()


def examine(
    checklists: tuple[Checklist, ...],
    inbound: Inbound,
    *,
    known: frozenset[str],
    named: str | None = None,
    today: date = NO_DAY,
) -> Findings:
    """What a first letter tells and misses.

    `known` are keys of items that need not be asked for. `named`: a rule says which checklist it is.
    """
    filled = form_of(checklists, inbound)
    if filled is not None and filled.form is not None:
        return _begin_form(filled, filled.form, inbound, known, today, Reason(f"form-{filled.key}"))
    prepared = prepare(inbound.text, inbound.subject)
    by_rule = next((checklist for checklist in checklists if checklist.key == named), None)
    for checklist in checklists if by_rule is None else (replace(by_rule, topic=Words(), longest=None),):
        if checklist.longest is not None and len(prepared.words) > checklist.longest:
            continue
        if checklist.form is not None and checklist.topic == Words() and by_rule is None:
            continue
        words = evidence(checklist.topic, prepared)
        if words is None:
            continue
        topic = Reason(f"topic-{checklist.key}", "; ".join(str(match) for match in words) or "no other topic")
        if checklist.form is not None:
            return _begin_form(checklist, checklist.form, inbound, known, today, topic)
        open_items = tuple(
            item
            for item in checklist.items
            if item.key not in known
            and (not item.promised or any(find(pattern, prepared) for pattern in item.promised))
        )
        if not open_items and all(item.promised for item in checklist.items):
            continue
        ticked = _ticked(checklist, open_items, inbound)
        return Findings(
            checklist=checklist.key,
            fields=ticked.fields,
            missing=ticked.missing,
            files=ticked.files,
            reasons=(topic, *ticked.reasons),
        )
    return Findings()


def settle(
    checklist: Checklist | None,
    missing: tuple[str, ...],
    inbound: Inbound,
    *,
    fields: tuple[tuple[str, str], ...] = (),
    today: date = NO_DAY,
) -> Findings:
    """What a later letter adds: fields of the whole list (a new value replaces an old one), and what is still missing.

    `fields` are known from earlier letters. Keys that the list does not have (an agent asked for them) stay missing
    until an agent says otherwise.
    """
    if checklist is None:
        return Findings(missing=missing)
    if checklist.form is not None:
        return _go_on_with_form(checklist, checklist.form, missing, inbound, dict(fields), today)
    asked = tuple(item for item in checklist.items if item.key in missing)
    ticked = _ticked(checklist, asked, inbound)
    told = tuple(item.key for item in asked if item.key in ticked.missing and item.any_words and inbound.text.strip())
    settled = ({item.key for item in asked} - set(ticked.missing)) | set(told)
    return Findings(
        checklist=checklist.key,
        fields=ticked.fields,
        files=ticked.files,
        missing=tuple(key for key in missing if key not in settled),
        reasons=ticked.reasons + tuple(Reason(f"has-{key}", "in the writer's own words") for key in told),
    )


def questions(
    checklists: tuple[Checklist, ...],
    checklist: str | None,
    missing: tuple[str, ...],
    language: str,
    *,
    problems: Iterable[Problem] = (),
    words: bool = True,
) -> tuple[str, ...]:
    """The polite requests for the keys in `missing`; a key that no list knows stands for itself.

    `problems` say why values of a form were not taken; `words`: those values may be repeated.
    """
    ordered = sorted(checklists, key=lambda each: each.key != checklist)
    items = {item.key: item.question(language) for each in reversed(ordered) for item in each.items}
    form = ordered[0].form if ordered and ordered[0].key == checklist else None
    why = {problem.key: problem for problem in problems}
    asked = {key: form_question(form, key, language, why.get(key), words=words) for key in missing if form}
    return tuple(asked.get(key) or items.get(key) or key for key in missing)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a letter asks of its reader: questions, perhaps a blank form; and how the form so far was understood."""

    questions: tuple[str, ...] = ()
    form: tuple[str, ...] = ()
    understood: tuple[str, ...] = ()


def request(checklists: tuple[Checklist, ...], findings: Findings, language: str, *, words: bool) -> Request:
    """What to ask after a letter with these findings. `words`: the letter's own words may be repeated."""
    form = next((each.form for each in checklists if each.key == findings.checklist), None)
    odd = tuple(file_question(problem, language, words=words) for problem in findings.files)
    if form is None:
        asked = questions(checklists, findings.checklist, findings.missing, language)
        return Request(questions=(*asked, *odd) if asked else ())
    missing = findings.missing
    if findings.blank:
        missing = tuple(key for key in missing if form.field(key) is None)
    asked = questions(checklists, findings.checklist, missing, language, problems=findings.problems, words=words)
    values = (value for value in findings.fields if form.field(value[0]) is not None)
    return Request(
        questions=(*asked, *odd),
        form=blank(form, language) if findings.blank and findings.missing else (),
        understood=form_values(form, values, language) if words else (),
    )


def form_wanted(inbound: Inbound, checklists: tuple[Checklist, ...]) -> Checklist | None:
    """The checklist whose blank form the letter asks for: "форма", or the word and a name of the form."""
    for said in (inbound.text, inbound.subject):
        words = islice(re.finditer(r"\w+", fold(said[:MAX_CHARS])), 6)
        word, *name = [found[0] for found in words] or [""]
        if word in FORM_WORDS:
            with_form = [checklist for checklist in checklists if checklist.form]
            wanted = field_name(" ".join(name))
            called = (
                each for each in with_form if each.form and wanted in map(field_name, (each.key, *each.form.names))
            )
            return next(called, with_form[0] if with_form and not wanted else None)
        if said.strip():
            return None
    return None


def form_of(checklists: tuple[Checklist, ...], inbound: Inbound) -> Checklist | None:
    """The checklist whose form the letter fills in or asks for, or None."""
    filled = (each for each in checklists if each.form and _is_filled_in(each.form, inbound))
    return next(filled, None) or form_wanted(inbound, checklists)


def labelled(
    checklists: tuple[Checklist, ...], checklist: str | None, fields: tuple[tuple[str, str], ...], language: str
) -> tuple[tuple[str, str], ...]:
    """Fields and values as people read them, where a form knows them; the others as they are."""
    known = next((each for each in checklists if each.key == checklist), None)
    if known is None or known.form is None:
        return fields
    form, items = known.form, {item.key: re.split("[;.:]", item.question(language))[0] for item in known.items}
    return tuple(
        (items.get(key) or form.label(key, language), shown_value(form, key, value, language)) for key, value in fields
    )


def key_called(checklists: tuple[Checklist, ...], checklist: str | None, name: str) -> str:
    """The key of the item or field that people call `name`; the name itself where none is called so."""
    known = next((each for each in checklists if each.key == checklist), Checklist(key=""))
    wanted = field_name(name)
    item = next((item.key for item in known.items if wanted in map(field_name, (item.key, *item.fields))), None)
    return item or (known.form.key_called(name) if known.form else None) or name


# --- forms ----------------------------------------------------------------------------------------


def _is_filled_in(form: Form, inbound: Inbound) -> bool:
    return fill_in(form, inbound.text, inbound.quoted).size >= FEWEST_FIELDS


def _begin_form(
    checklist: Checklist, form: Form, inbound: Inbound, known: frozenset[str], today: date, topic: Reason
) -> Findings:
    findings = _review(checklist, form, inbound, {}, today)
    missing = tuple(key for key in findings.missing if key not in known)
    return replace(findings, missing=missing, reasons=(topic, *findings.reasons))


def _go_on_with_form(
    checklist: Checklist, form: Form, missing: tuple[str, ...], inbound: Inbound, fields: Mapping[str, str], today: date
) -> Findings:
    """What was asked for and is still lacking, and what only now is asked for; what an agent ticked stays ticked."""
    lacked, _ = review(form, fields, Filling(), today)
    before = {*lacked, *(item.key for item in _items_wanted(checklist, fields, today))}
    findings = _review(checklist, form, inbound, fields, today)
    faulty = {problem.key for problem in findings.problems}
    checks = {check.key for check in form.checks}
    asked = tuple(
        key for key in findings.missing if key in missing or key in faulty or key in checks or key not in before
    )
    ours = {*before, *checks, *(item.key for item in checklist.items)}
    others = tuple(key for key in missing if key not in ours and form.field(key) is None)
    return replace(findings, missing=asked + others)


def _review(checklist: Checklist, form: Form, inbound: Inbound, fields: Mapping[str, str], today: date) -> Findings:
    filling = fill_in(form, inbound.text, inbound.quoted, fields)
    after = dict(fields) | dict(filling.values)
    missing, problems = review(form, after, filling, today)
    refused = {problem.key for problem in problems if problem.check}
    items = _items_wanted(checklist, after, today)
    ticked = _ticked(checklist, items, inbound)
    seen = {reason.rule.removeprefix("has-"): reason.evidence for reason in ticked.reasons}
    return Findings(
        checklist=checklist.key,
        fields=tuple(
            (dict(value for value in filling.values if value[0] not in refused) | seen | dict(ticked.fields)).items()
        ),
        missing=missing + ticked.missing,
        problems=problems,
        files=ticked.files,
        blank=form_wanted(inbound, (checklist,)) is not None or not after,
        by_form=True,
        reasons=ticked.reasons,
    )


def _items_wanted(checklist: Checklist, fields: Mapping[str, str], today: date) -> tuple[Item, ...]:
    return tuple(
        item
        for item in checklist.items
        if item.key not in fields and not item.promised and all_hold(item.when, fields, today)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ticked:
    """Fields of the whole list, the keys that nothing in the letter answers, what answered the rest, odd files."""

    fields: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    reasons: tuple[Reason, ...]
    files: tuple[FileProblem, ...]


def _ticked(checklist: Checklist, items: tuple[Item, ...], inbound: Inbound) -> _Ticked:
    """What the letter answers of `items`, which are still open."""
    fields = dict(read_fields(inbound.text, {item.key: item.fields for item in checklist.items if not item.photo}))
    things = [Wanted(item.key, item.fields, open=item in items) for item in checklist.items if item.photo]
    photos = recognise(inbound.attachments, inbound.text, things, limit_mb=checklist.max_file_mb)
    missing, reasons = [], []
    for item in items:
        seen = _seen(item, fields, dict(photos.taken), inbound)
        if seen is None:
            missing.append(item.key)
        else:
            reasons.append(Reason(f"has-{item.key}", seen))
    return _Ticked(
        fields=(*fields.items(), *photos.taken),
        missing=tuple(missing),
        reasons=tuple(reasons),
        files=photos.problems,
    )


def _seen(item: Item, fields: Mapping[str, str], photos: Mapping[str, str], inbound: Inbound) -> str | None:
    """What in the letter answers the item, or None."""
    if item.photo:
        return f"file: {photos[item.key]}" if item.key in photos else None
    if item.key in fields:
        return f"field: {fields[item.key]}"
    for pattern in item.found:
        if match := find(pattern, prepare(inbound.text, inbound.subject)):
            return str(match)
    return next((f"file: {file.name}" for file in inbound.attachments if _shows(file, item.files)), None)


def _shows(file: Attachment, wanted: tuple[str, ...]) -> bool:
    logo = file.inline and file.type.startswith("image/") and file.size < SMALLEST_PICTURE
    return not logo and matches_file(file, wanted)
