"""Where a new letter stands in the queue, and why: a table of named rules, each of which is looked at.

Rules and one Inbound in, a Verdict out. Every rule that holds is recorded with the words that it saw and where
they stood. The highest wins: the outage lane before the normal one, then priority, then the situation that the
letter names first; the order of the rules never matters. Only the subject and what the writer wrote now are read,
never quoted history, and no header by which a sender calls himself urgent. Never fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from helpdesk.core.classifier import Classifier, Likeness
from helpdesk.core.forms import read_fields
from helpdesk.core.message import Attachment, Inbound, Kind, Reason
from helpdesk.core.phrases import Match, Pattern, find, match_at, places
from helpdesk.core.spans import Span
from helpdesk.core.subject_tag import is_answer, strip_prefixes
from helpdesk.core.ticket import Lane, Priority, PriorityRank
from helpdesk.core.words import SENTENCE, Prepared, prepare


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What the words of a letter must and must not say; every list may be empty.

    `any_of`: one of these. `all_of`: each of these. `unless`: a match does not count in a sentence that says this.
    `none_of`: not if the letter says this anywhere. `until`: takes back whatever was said before it ("works again").
    `narrow`: not if the letter says that only one is hit; `wide`: but all the same if it says that everybody is.
    """

    any_of: tuple[Pattern, ...] = ()
    all_of: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
    none_of: tuple[Pattern, ...] = ()
    until: tuple[Pattern, ...] = ()
    narrow: tuple[Pattern, ...] = ()
    wide: tuple[Pattern, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A named row of the table: conditions, which must all hold, and what follows. An empty condition always holds.

    `senders`, `organisations`, `attachments`, header and field values are shell patterns (* and ?), compared without
    regard to case: senders with the whole address, organisations with what the directory of customers says, attachments
    with file name and type, fields with what stands on a line `Name: value`. `known`: the sender has (or has not)
    written to us before. `working`: it came within (or outside) the desk's hours. `requests_1h`: the sender has opened
    so many tickets or more within the last hour. `take` leads from a field to the pattern whose last word is its value.
    `template` names the acknowledgement. `likely`: by what `learned` was taught, the letter is most like those on the
    rule's situation, and on some situation at so many percent.
    """

    name: str
    words: Words = Words()
    likely: int = 0
    learned: Classifier | None = None
    senders: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    desks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = (Kind.HUMAN,)
    known: bool | None = None
    working: bool | None = None
    requests_1h: int = 0
    lane: Lane | None = None
    situation: str | None = None
    priority: Priority | None = None
    desk: str | None = None
    tags: tuple[str, ...] = ()
    assignee: str | None = None
    notify: tuple[str, ...] = ()
    checklist: str | None = None
    template: str | None = None
    take: tuple[tuple[str, Pattern], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Where the letter stands, and the reasons: one for each rule that held, the strongest first."""

    lane: Lane = Lane.NORMAL
    situation: str | None = None
    priority: Priority = Priority.NORMAL
    desk: str | None = None
    tags: tuple[str, ...] = ()
    assignee: str | None = None
    notify: tuple[str, ...] = ()
    checklist: str | None = None
    template: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Hit:
    rule: Rule
    evidence: str
    place: int  # of the first word seen; rules that look at no words come last

    def strength(self) -> tuple[int, int, int, str]:
        """Sort key: the strongest hit first, whatever the order of the rules."""
        rank = PriorityRank[(self.rule.priority or Priority.NORMAL).name]
        return (0 if self.rule.lane is Lane.OUTAGE else 1, rank, self.place, self.rule.name)


# Behind every word of a letter.
_NOWHERE = 1 << 40


def judge(
    rules: tuple[Rule, ...],
    inbound: Inbound,
    *,
    desk: str,
    language: str,
    kind: Kind,
    known: bool = False,
    working: bool = True,
    requests_1h: int = 0,
    organisation: str = "",
) -> Verdict:
    """The verdict of all rules on a letter that came to `desk`, is written in `language` and is of `kind`.

    The subject counts without tag and prefixes. That of an answer is in the words of the letter before: it says what
    the text is about, but nothing by itself unless there is no text. `known`: its sender has written before.
    `working`: it came within the desk's hours. `requests_1h`: tickets that its sender opened within the last hour.
    `organisation`: whose customer the sender is, by the directory of customers.
    """
    prepared = prepare(inbound.text, strip_prefixes(inbound.subject))
    answers = is_answer(inbound.subject) and bool(inbound.text.strip())
    applying = (
        rule
        for rule in rules
        if kind in rule.kinds
        and (not rule.desks or desk in rule.desks)
        and (not rule.languages or language in rule.languages)
        and rule.known in (None, known)
        and rule.working in (None, working)
        and requests_1h >= rule.requests_1h
        and (not rule.organisations or any(_fits(organisation, wanted) for wanted in rule.organisations))
        and _applies(rule, inbound)
    )
    hits = [hit for rule in applying if (hit := _hit(rule, inbound, prepared, answers))]
    hits.sort(key=_Hit.strength)
    priorities = [hit.rule.priority for hit in hits if hit.rule.priority]
    return Verdict(
        lane=next((hit.rule.lane for hit in hits if hit.rule.lane), Lane.NORMAL),
        situation=next((hit.rule.situation for hit in hits if hit.rule.situation), None),
        priority=min(priorities, key=lambda priority: PriorityRank[priority.name], default=Priority.NORMAL),
        desk=next((hit.rule.desk for hit in hits if hit.rule.desk), None),
        tags=tuple(sorted({tag for hit in hits for tag in hit.rule.tags})),
        assignee=next((hit.rule.assignee for hit in hits if hit.rule.assignee), None),
        notify=tuple(sorted({name for hit in hits for name in hit.rule.notify})),
        checklist=next((hit.rule.checklist for hit in hits if hit.rule.checklist), None),
        template=next((hit.rule.template for hit in hits if hit.rule.template), None),
        fields=_taken(hits, prepared),
        reasons=tuple(Reason(hit.rule.name, hit.evidence) for hit in hits),
    )


def _taken(hits: list[_Hit], prepared: Prepared) -> tuple[tuple[str, str], ...]:
    """Fields that the rules read from the words; of two values the stronger rule's counts."""
    fields: dict[str, str] = {}
    for hit in hits:
        for name, pattern in hit.rule.take:
            if name not in fields and (match := find(pattern, prepared)):
                fields[name] = prepared.said(match.span[1], match.span[1])
    return tuple(fields.items())


def evidence(words: Words, prepared: Prepared, *, answers: bool = False) -> tuple[Match, ...] | None:
    """The matches by which a letter says what `words` want, in reading order; None when it does not say so.

    `answers`: its subject is that of an earlier letter.
    """
    looked_for: list[list[Span]] = []
    for pattern in words.all_of:
        looked_for.append(places(pattern, prepared))
        if not looked_for[-1]:
            return None
    if words.any_of:
        looked_for.append([span for pattern in words.any_of for span in places(pattern, prepared)])
        if not looked_for[-1]:
            return None
    if _says(words.none_of, prepared) or (_says(words.narrow, prepared) and not _says(words.wide, prepared)):
        return None
    standing = _Standing(words, prepared, answers)
    kept = [span for spans in looked_for if (span := standing.first(spans))]
    return tuple(match_at(span, prepared) for span in sorted(kept)) if len(kept) == len(looked_for) else None


def _says(patterns: tuple[Pattern, ...], prepared: Prepared) -> bool:
    return any(places(pattern, prepared) for pattern in patterns)


class _Standing:
    """Which matches still count after what else the letter says."""

    def __init__(self, words: Words, prepared: Prepared, answers: bool) -> None:
        self.prepared = prepared
        self.answers = answers
        excuses = (span for pattern in words.unless for span in places(pattern, prepared))
        self.excused = {self._sentence(first) for first, _ in excuses}
        recalls = (span for pattern in words.until for span in places(pattern, prepared))
        self.taken_back = max((first for first, _ in recalls), default=-1)

    def first(self, spans: Iterable[Span]) -> Span | None:
        """The first that is neither excused by its sentence nor taken back later."""
        return min((span for span in spans if self._stands(span)), default=None)

    def _stands(self, span: Span) -> bool:
        first, last = span
        if last < self.taken_back or (self.answers and self.prepared.in_subject(last)):
            return False
        return self.excused.isdisjoint({self._sentence(first), self._sentence(last)})

    def _sentence(self, place: int) -> tuple[int, bool]:
        """Its number; the subject is one by itself, also where a match reaches over its end."""
        return place // SENTENCE, self.prepared.in_subject(place)


def _applies(rule: Rule, inbound: Inbound) -> bool:
    return (
        (not rule.senders or _sender(rule, inbound) is not None)
        and all(any(_fits(value, wanted) for value in inbound.header_all(name)) for name, wanted in rule.headers)
        and (not rule.attachments or _attachment(rule, inbound) is not None)
        and (not rule.fields or _fields(rule, inbound) is not None)
    )


def _hit(rule: Rule, inbound: Inbound, prepared: Prepared, answers: bool) -> _Hit | None:
    found = evidence(rule.words, prepared, answers=answers)
    if found is None:
        return None
    like = _like(rule, prepared, answers)
    if rule.likely and like is None:
        return None
    seen = (
        *(str(match) for match in found),
        *((str(like),) if like else ()),
        *((f"from {_sender(rule, inbound)}",) if rule.senders else ()),
        *(f"{name}: {wanted}" for name, wanted in rule.headers),
        *((f"attachment {_attachment(rule, inbound)}",) if rule.attachments else ()),
        *(_fields(rule, inbound) or ()),
        *((f"of {' or '.join(rule.organisations)}",) if rule.organisations else ()),
        *((f"to the desk {' or '.join(rule.desks)}",) if rule.desks else ()),
        *((f"written in {' or '.join(rule.languages)}",) if rule.languages else ()),
        *((f"mail of the kind {' or '.join(rule.kinds)}",) if rule.kinds != (Kind.HUMAN,) else ()),
        *(() if rule.known is None else ("the sender has written before" if rule.known else "a new sender",)),
        *(() if rule.working is None else ("within working hours" if rule.working else "outside working hours",)),
        *((f"{rule.requests_1h} requests or more in an hour",) if rule.requests_1h else ()),
    )
    place = min([match.span[0] for match in found] + ([like.place] if like else []), default=_NOWHERE)
    return _Hit(rule, "; ".join(seen) or "every letter", place)


def _like(rule: Rule, prepared: Prepared, answers: bool) -> Likeness | None:
    """What the letter is most like, if that is as likely as the rule wants; asked once for all rules of a pack."""
    if rule.learned is None:
        return None
    asked = (rule.learned, answers)
    if asked not in prepared.memo:
        prepared.memo[asked] = rule.learned.likeness(prepared, answers=answers)
    like: Likeness | None = prepared.memo[asked]
    return like if like and like.situation == rule.situation and like.chance >= rule.likely else None


def _sender(rule: Rule, inbound: Inbound) -> str | None:
    address = inbound.sender.address if inbound.sender else None
    return address if address and any(_fits(address, wanted) for wanted in rule.senders) else None


def _fields(rule: Rule, inbound: Inbound) -> tuple[str, ...] | None:
    """The lines `Name: value` that the rule wants, or None when one is missing or says something else."""
    said = dict(read_fields(inbound.text, {name: () for name, _ in rule.fields}))
    fits = all(name in said and _fits(said[name], wanted) for name, wanted in rule.fields)
    return tuple(f"{name}: {said[name]}" for name, _ in rule.fields) if fits else None


def _attachment(rule: Rule, inbound: Inbound) -> str | None:
    return next((file.name for file in inbound.attachments if matches_file(file, rule.attachments)), None)


def matches_file(file: Attachment, wanted: tuple[str, ...]) -> bool:
    """Is the file's name or type one of `wanted` (shell patterns)?"""
    return any(_fits(file.name, pattern) or _fits(file.type, pattern) for pattern in wanted)


def _fits(value: str, pattern: str) -> bool:
    return fnmatchcase(value.lower(), pattern.lower())
