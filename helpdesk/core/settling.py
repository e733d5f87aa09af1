"""In which language a requester is answered: what is remembered of him, and what his letter adds to that.

A memory and a letter in, the memory afterwards out; whoever has none is answered in the desk's language. Remembered
is what the requester chose ("in English, please"), or what his letters settled: the first one that shows its language,
and then two in a row that show another, so that somebody who moves to another language is followed and one borrowed
sentence changes nothing. A letter shows what its program declares (Content-Language, RFC 3282), else what it is written
in. Never fails.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.language import LANGUAGES, guess
from helpdesk.core.message import Inbound
from helpdesk.core.sender import Contact, Settled

# Programs declare English whoever writes with them; nobody writes it in these languages' letters.
_CYRILLIC = ("ru", "uk")


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language (None: nothing shows it) and how firmly it is his."""

    language: str | None = None
    settled: Settled = Settled.LETTERS


def learn(contact: Contact | None, shown: str | None) -> Tongue:
    """What is known of the requester's language after a letter that shows `shown`."""
    before = Tongue(contact.language, contact.settled) if contact else Tongue()
    if shown is None or before.settled is Settled.CHOSEN:
        return before
    if before.language in (None, shown) or before.settled is Settled.DOUBTED:
        return Tongue(shown)
    return Tongue(before.language, Settled.DOUBTED)


def shown_by(inbound: Inbound, text: str) -> str | None:
    """The language of a letter with this new text, or None where it shows none."""
    written = guess(text)
    declared = _declared(inbound)
    if declared == "en" and written in _CYRILLIC:
        return written
    return declared or written


def _declared(inbound: Inbound) -> str | None:
    """The first language of Content-Language that we write, or None."""
    tags = (inbound.header("content-language") or "").lower().split(",")
    known = (tag.strip().partition("-")[0] for tag in tags)
    return next((language for language in known if language in LANGUAGES), None)
