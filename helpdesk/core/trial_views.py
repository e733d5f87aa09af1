"""Views that every template must survive: full, nearly empty, hostile, endless, from right to left, and incomplete.

None of them can come about in each letter, but each of their values can; a template that fails on one of them
would some day fail on a customer.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime

from helpdesk.core.message import Address
from helpdesk.core.outgoing import Ahead, Audience, Bar, LetterView, NamedFile, Picture
from helpdesk.core.past import Past, PastTicket
from helpdesk.core.ticket import State

# Marks of templates, of HTML and of our own blocks, and what would be run or fetched if it were believed.
HOSTILE_WORDS = (
    "{{ 7*7 }}{% for x in y %}{# gone #} <script>alert(1)</script> <img src=http://x.example/t.gif> "
    "</title></body> \" onload='x' & #close \x02facts\x03"
)

# Of a log, say, without one space: nothing can be broken anywhere.
ENDLESS_WORD = "x" * 100_000

# Hebrew and Arabic, and an override that would turn the rest of the line around.
RIGHT_TO_LEFT = "שלום \u202eevil.exe\u202c مرحبا"

EMPTY = LetterView(number=0, tag="", desk="", audience=Audience.NOBODY, reader_is_ours=True)

FULL = LetterView(
    number=100001,
    tag="[##100001##]",
    desk="Support",
    audience=Audience.AGENT,
    reader_is_ours=True,
    reaches=(str(Address("anna@example.net", "Anna")),),
    subject="The site is down",
    author="Anna <anna@example.net>",
    agent="Jan",
    body="Nothing opens.\nPlease help!",
    questions=("When did it begin?", "Which message do you see?"),
    understood=("IP: 192.0.2.1",),
    reasons=("site-down: site is down", "quarantine: cannot be read"),
    files=(NamedFile(name="screen.png", size=52_000, attached=True, cid="picture-1@example.com"),),
    requester="Anna <anna@example.net>",
    assignee="Jan",
    state="new",
    lane="outage",
    priority="high",
    situation="site-down",
    resolution="no-answer",
    fields=(("ip", "192.0.2.1"),),
    opened_at=datetime(2026, 3, 12, 9, 30, tzinfo=UTC),
    due_at=datetime(2026, 3, 17, 9, 30, tzinfo=UTC),
    ahead=Ahead(
        begins_at=datetime(2026, 3, 13, 9, 30, tzinfo=UTC),
        answer_by=datetime(2026, 3, 13, 13, 30, tzinfo=UTC),
    ),
    urgent=True,
    held=1,
    apart_from="[##100002##]",
    incident=True,
    gathers=37,
    limit_mb=25,
    company="example.net",
    progress="open",
    done="stopped",
    template="returns",
    past=Past(1, (PastTicket(100000, "Slow", State.CLOSED, "solved", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),)),
    actions=(("take", "mailto:support+secret@example.com?subject=%23take"),),
    colour="#1a5fb4",
    logo=Picture("logo@example.com", 120, 40),
    signature=("Example Ltd", "+44 20 7946 0000"),
    request="My boiler leaks.",
    rma="R-1000015",
    parcels=(("[##100001##] The site is down", "TT 000 111"),),
    bars=(Bar("Mon", 3), Bar("Tue", 0)),
    asks_satisfaction=True,
    final=True,
    stays_closed=True,
    turn_to="Anna, +48 22 000 00 00",
    follows="[##100003##]",
)


def saying(text: str) -> LetterView:
    """The full view with `text` wherever correspondents, agents or the desk's own rules can put words."""
    return replace(
        FULL,
        desk=text,
        reaches=(text,),
        subject=text,
        author=text,
        agent=text,
        body=f"{text}\n--\n- {text}\n\n{text}",
        questions=(text, text),
        understood=(text,),
        reasons=(text, f"{text}: {text}"),
        files=(NamedFile(name=text, size=1, attached=True), NamedFile(name=text, size=5 << 20, attached=False)),
        requester=text,
        company=text,
        past=Past(1, (PastTicket(100000, text, State.CLOSED, text, datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),)),
        assignee=text,
        situation=text,
        resolution=text,
        turn_to=text,
        fields=((text, text),),
        bars=(Bar(text, 3),),
        gathers=None,
        signature=(text,),
        rma=text,
        parcels=((text, text),),
    )


def _incomplete() -> dict[str, LetterView]:
    """The full view without one of the things that a letter may lack."""
    lacking = {field.name: field.default for field in fields(LetterView) if field.default is not MISSING}
    return {f"without {name}": replace(FULL, **{name: default}) for name, default in lacking.items()}


# What a template is tried with, by what is special about it.
VIEWS: dict[str, LetterView] = {
    "full": FULL,
    "nearly empty": EMPTY,
    "to a requester": replace(FULL, audience=Audience.REQUESTER, reader_is_ours=False, gathers=None),
    "to a requester, nearly empty": replace(EMPTY, audience=Audience.REQUESTER, reader_is_ours=False),
    "a form to be filled in": replace(FULL, form=("1. IP:", "2. Since when:")),
    "hostile words": saying(HOSTILE_WORDS),
    "100,000 characters without a space": saying(ENDLESS_WORD),
    "words from right to left": saying(RIGHT_TO_LEFT),
    **_incomplete(),
}
