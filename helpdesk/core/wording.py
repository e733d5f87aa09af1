"""What a letter says, in the reader's language: a view and the words of a language -> texts for its template.

`values` are what templates print within a sentence, `named_blocks` what they print as a paragraph of its own.
A key without an entry (a desk's own rule or resolution) is shown as it is; a missing label is a KeyError.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from helpdesk.core.layout import Block
from helpdesk.core.outgoing import SEND_WORD, Audience, LetterView, NamedFile
from helpdesk.core.past import MAX_COUNTED, PastTicket
from helpdesk.core.subject_tag import tag

# The texts of a language: (section, key) -> text.
Words = Mapping[tuple[str, str], str]


def values(words: Words, language: str, view: LetterView) -> dict[str, object]:
    """What templates print and test besides the blocks: texts in the reader's language, and claims."""
    alert = _alert(view)
    return {
        "number": view.number,
        "tag": view.tag,
        "desk": view.desk,
        "subject": view.subject,
        "author": view.author,
        "agent": view.agent,
        "assignee": view.assignee,
        "situation": _word(words, "situation", view.situation),
        "resolution": _word(words, "resolution", view.resolution),
        "unanswered": view.resolution == "no-answer",
        "new": view.state == "new",
        "held": view.held,
        "apart_from": view.apart_from,
        "follows": view.follows,
        "incident": view.incident,
        "progress": _progress(words, view),
        "done": words["done", view.done] if view.done else "",
        "gathers": view.gathers,
        "limit": view.limit_mb,
        "asks": view.asks_satisfaction,
        "final": view.final,
        "stays_closed": view.stays_closed,
        "turn_to": view.turn_to,
        "rma": view.rma,
        "due": _day(words, view.due_at),
        "working": view.ahead.working,
        "begins": _opening(words, view.ahead.begins_at),
        "answer_by": _opening(words, view.ahead.answer_by),
        "send_word": SEND_WORD[language],
        "next": _next(words, view),
        "what": words.get(("alert", f"{alert}-what"), ""),
        "why": words.get(("alert", f"{alert}-why"), ""),
        "cure": words.get(("alert", f"{alert}-cure"), ""),
    }


def _progress(words: Words, view: LetterView) -> str:
    """How the request of whoever asks stands."""
    if not view.progress:
        return ""
    # A state of the desk's own says it in the desk's words.
    for_good = view.progress == "closed" and view.stays_closed
    return _word(words, "progress", "closed-for-good" if for_good else view.progress)


def _alert(view: LetterView) -> str:
    """What an alert is about: it says so in its first reason or, without reasons, at the start of its text."""
    return (*view.reasons, view.body)[0].partition(":")[0]


def _detail(words: Words, view: LetterView) -> str:
    """The text of an alert, without the word in front that only this program understands."""
    about, separator, rest = view.body.partition(": ")
    return rest if separator and about == _alert(view) and ("alert", f"{about}-what") in words else view.body


def named_blocks(words: Words, language: str, view: LetterView) -> dict[str, Block]:
    """What templates print as a paragraph of its own; empty ones are falsy there."""
    body = tuple(view.body.split("\n")) if view.body else ()
    reasons = (reason.partition(": ")[::2] for reason in view.reasons)
    return {
        "urgent": ("urgent", _urgent(words, view)),
        "questions": _questions(view),
        "understood": ("list", tuple(("", line) for line in view.understood)),
        "body": ("body", body),
        "quoted": ("quote", body),
        "detail": ("body", tuple(_detail(words, view).split("\n")) if view.body else ()),
        "request": ("quote", tuple(view.request.split("\n")) if view.request else ()),
        "reasons": ("list", tuple(("", _reason(words, *reason)) for reason in reasons)),
        "files": ("files", tuple((_file(words, language, file), file.cid) for file in view.files)),
        "facts": ("facts", _facts(words, view)),
        "parcels": ("facts", view.parcels),
        "history": ("list", _history(words, view)),
        "actions": ("actions", tuple((_word(words, "action", name), link) for name, link in view.actions)),
        "footer": ("footer", (*view.signature, " · ".join(part for part in (view.tag, view.desk) if part))),
        "bars": ("bars", _bars(view)),
    }


def _questions(view: LetterView) -> Block:
    """What is asked for: numbered or, where a whole form is to be filled in, its lines and then the rest."""
    if not view.form:
        return "numbers", view.questions
    return "body", (*view.form, *([""] if view.questions else []), *(f"- {question}" for question in view.questions))


def _word(words: Words, section: str, key: str) -> str:
    # A desk's own rules and resolutions have no entry: they are words already.
    return words.get((section, key), key)


def reach(words: Words, view: LetterView) -> str:
    if view.audience in (Audience.AGENT, Audience.ASIDE) and view.reaches:
        return f"{words['reach', view.audience.value]} {', '.join(view.reaches)}"
    return words["reach", "colleagues" if view.audience is Audience.COLLEAGUES else "nobody"]


def _reason(words: Words, rule: str, evidence: str) -> str:
    named = words.get(("rule", rule)) or words.get(("situation", rule)) or rule
    places = {place: words.get(("seen", place)) for place in ("text", "subject")}
    seen = "; ".join(_seen(places, one) for one in evidence.split("; "))
    return f"{named} — {seen}" if seen else named


def _seen(places: Mapping[str, str | None], evidence: str) -> str:
    """ "text: the site is down" says in the reader's language where these words stood."""
    place, separator, said = evidence.partition(": ")
    return f"{places.get(place) or place}{separator}{said}"


def _file(words: Words, language: str, file: NamedFile) -> str:
    if file.size < 1024 * 1024:
        size = f"{max(1, round(file.size / 1024))} {words['file', 'kilobytes']}"
    else:
        size = f"{file.size / 1024 / 1024:.1f} {words['file', 'megabytes']}"
    size = size if language == "en" else size.replace(".", ",")
    return f"{file.name}, {size}" + ("" if file.attached else f" ({words['file', 'left']})")


def _urgent(words: Words, view: LetterView) -> str:
    if not view.urgent:
        return ""
    why = _word(words, "situation", view.situation)
    return words["lane", "outage"].capitalize() + (f": {why}" if why else "")


def _bars(view: LetterView) -> tuple[tuple[str, str, int], ...]:
    longest = max((bar.value for bar in view.bars), default=0) or 1
    return tuple((bar.label, str(bar.value), round(100 * bar.value / longest)) for bar in view.bars)


def _facts(words: Words, view: LetterView) -> tuple[tuple[str, str], ...]:
    if not view.number or not view.reader_is_ours:
        return ()
    place = ", ".join(
        part
        for part in (
            _word(words, "situation", view.situation) or _word(words, "lane", view.lane),
            _word(words, "priority", view.priority) if view.priority != "normal" else "",
        )
        if part
    )
    facts = (
        ("number", view.tag),
        ("requester", view.requester),
        ("company", view.company),
        ("state", _word(words, "state", view.state)),
        ("resolution", _word(words, "resolution", view.resolution)),
        ("place", place),
        ("assignee", view.assignee or words["facts", "nobody"]),
        ("opened", _moment(words, view.opened_at)),
        ("held", str(view.held) if view.held else ""),
    )
    known = tuple((words["facts", key], value) for key, value in facts if value)
    return known + tuple((_word(words, "field", name), value) for name, value in view.fields)


def _next(words: Words, view: LetterView) -> str:
    """What whoever reads a notification does best now."""
    if view.state in ("", "closed") or view.gathers is not None:
        return ""
    if view.held:
        step = "held"
    elif view.state == "waiting":
        step = "waits"
    elif not view.assignee:
        step = "outage" if view.urgent else "take"
    else:
        step = "answer"
    return words["next", step]


def _history(words: Words, view: LetterView) -> tuple[tuple[str, str], ...]:
    """How many tickets the requester had before, and the last ones; empty for whoever asks for the first time."""
    if not view.past.count:
        return ()
    count = f"{view.past.count}{'+' if view.past.count == MAX_COUNTED else ''}"
    return (("", f"{words['past', 'count']} {count}"), *(("", _past_ticket(words, one)) for one in view.past.last))


def _past_ticket(words: Words, one: PastTicket) -> str:
    state = _word(words, "resolution", one.resolution or "") or _word(words, "state", one.state)
    return f"{tag(one.number)} {one.subject} – {state}, {_day(words, one.opened_at)}"


def _day(words: Words, at: datetime | None) -> str:
    return f"{at.day} {words['month', str(at.month)]}" if at else ""


def _moment(words: Words, at: datetime | None) -> str:
    return f"{_day(words, at)}, {at:%H:%M}" if at else ""


def _opening(words: Words, at: datetime | None) -> str:
    if at is None:
        return ""
    return words["opening", str(at.isoweekday())].replace("{day}", _day(words, at)).replace("{time}", f"{at:%H:%M}")
