"""What a tap on a link in a letter to an agent writes: a mail with the command and its proof, ready to be sent.

A mail that a `mailto:` link opens (RFC 6068) answers nothing: it has no References. So the secret of the letter travels
in the reply address where that may hold one, else as a line of its own below the command, which is taken out of the
text again before anybody reads it. It is the letter's own secret: it proves the same, lives as long, is spent alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from helpdesk.core.command_table import GRAMMAR
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.subject_tag import tag
from helpdesk.core.ticket import State, Ticket

# Stands for the secret until the letter has one. What correspondents wrote holds no such character (see `wire`).
SECRET = "\x04"

# Ready-made orders beyond this many are a menu, not a choice.
MAX_ASKED = 8

_KEY_LINE = re.compile(r"(?im)^[ \t\u00a0]*key:[ \t\u00a0]*([a-z2-7]{40})[ \t\u00a0]*$\n?")


def links(letter: Letter, ticket: Ticket, address: str, pattern: str) -> tuple[tuple[str, str], ...]:
    """(name of the action, its link with SECRET for the secret) of each action that this letter offers.

    `address` is where mail to the desk goes, `pattern` its reply address, with `{token}` where the host supports it.
    """
    to = pattern.replace("{token}", SECRET) if "{token}" in pattern else address
    proof = "" if "{token}" in pattern else f"key: {SECRET}"
    return tuple((name, _link(to, ticket.number, order, proof)) for name, order in _offered(letter, ticket))


def key_of(text: str) -> str | None:
    """The secret that an action has put into the text of a mail, or None."""
    found = _KEY_LINE.search(text)
    return found[1].lower() if found else None


def without_key(text: str) -> str:
    """The text without the line that holds the secret."""
    return _KEY_LINE.sub("", text).rstrip() if key_of(text) else text


def _offered(letter: Letter, ticket: Ticket) -> tuple[tuple[str, str], ...]:
    """(name, command in the agent's language, empty for words to the requester) of what this letter makes easy."""
    words = _commands(letter.language)
    if letter.event is Event.HELD:
        return tuple((name, words[name]) for name in ("accept", "reject", "spam"))
    if letter.event is not Event.NOTIFY or letter.audience is not Audience.AGENT:
        return ()
    if ticket.gathers is not None:
        return (("take", words["take"]),)
    if ticket.state is State.CLOSED:
        return (("reopen", words["reopen"]),)
    asked = f"{words['ask']} {', '.join(ticket.missing[:MAX_ASKED])}" if ticket.missing else ""
    take = () if ticket.assignee else (("take", words["take"]),)
    return (
        *take,
        *((f"{words['case']} {name}", f"{words['case']} {key}") for name, key in letter.cases),
        ("ask", asked),
        ("wait", f"{words['wait']} 3d"),
        ("close", words["close"]),
    )


@lru_cache(maxsize=8)
def _commands(language: str) -> Mapping[str, str]:
    """How each command begins in this language."""
    return {row.name: f"#{row.words.of(language).split()[0]}" for row in GRAMMAR}


def _link(to: str, number: int, order: str, proof: str) -> str:
    body = "\r\n".join((order, "", "", proof) if proof else (order, ""))
    written = (quote(part, safe="@+" + SECRET) for part in (to, tag(number), body))
    return "mailto:{}?subject={}&body={}".format(*written)
