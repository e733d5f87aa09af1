"""A letter to one of ours without its files, for a relay that does not take it with them.

Its own words list the files; a note in their place says why they are not there. The bytes of a letter in, those of the
smaller one out: the same letter, with the same Message-ID, and at each try the same.
"""

from __future__ import annotations

import re

from helpdesk.core import wire
from helpdesk.core.outgoing import Event

# What a requester gets is what an agent sent: nothing is left out of it behind his back, it fails, and he is told.
EVENTS = frozenset({Event.NOTIFY, Event.NOTE, Event.HELD, Event.UNPROVEN, Event.RESULT})

_NOTES = {
    "ru": "Файлы не приложены: с ними письмо слишком велико для почтового сервера.",
    "uk": "Файли не долучено: з ними лист завеликий для поштового сервера.",
    "en": "The files are not attached: with them the letter is too large for the mail server.",
    "pl": "Plików nie załączono: z nimi list jest za duży dla serwera pocztowego.",
}

# How they are had all the same; not said in a letter that should have brought them (#files).
_CURES = {
    "ru": "Команда #файлы {number} пришлёт их по частям.",
    "uk": "Команда #файли {number} надішле їх частинами.",
    "en": "#files {number} sends them in parts.",
    "pl": "Polecenie #pliki {number} przyśle je w częściach.",
}

_FILES = re.compile(rb'^Content-Type: multipart/mixed;\s+boundary="([^"]+)"', re.MULTILINE)
_TICKET = re.compile(rb"^X-Helpdesk-Ticket: (\d+)", re.MULTILINE)
_OF_RESULT = re.compile(rb"^X-Helpdesk-Event: result\b", re.MULTILINE)
_LANGUAGE = re.compile(rb"^Content-Language: (\w+)", re.MULTILINE)


def without_files(letter: bytes) -> bytes | None:
    """The smaller letter, or None where there are no files. Of `letter` everything up to its files is enough."""
    head, _, body = letter.partition(b"\r\n\r\n")
    found, language = _FILES.search(head), _LANGUAGE.search(head)
    if found is None:
        return None
    edge = b"--" + found[1]
    _, *parts = body.split(edge + b"\r\n", 2)
    if len(parts) < 2:
        return None
    note = wire.text_part(_note(head, language[1].decode() if language else "") + "\n", "plain")
    opening = head + b"\r\n\r\n" + edge + b"\r\n"
    return b"".join([opening, parts[0], edge, b"\r\n", *note.pieces(), b"\r\n", edge, b"--\r\n"])


def _note(head: bytes, language: str) -> str:
    """What stands in place of the files."""
    ticket = None if _OF_RESULT.search(head) else _TICKET.search(head)
    why, cure = _NOTES.get(language, _NOTES["en"]), _CURES.get(language, _CURES["en"])
    return f"{why} {cure.format(number=ticket[1].decode())}" if ticket else why
