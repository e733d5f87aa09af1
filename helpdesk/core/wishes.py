"""What a requester may wish with a letter that says nothing else: text -> Wished, or None.

Like an agent's commands, but in the words of people who know no commands: "status", "закройте, пожалуйста". Only the
whole new text of a short letter is a wish, never words within a sentence: whoever writes more is read by a person.
Never fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from helpdesk.core.address import only_mailbox
from helpdesk.core.ticket import Satisfaction

# Longer letters say more than a wish.
MAX_CHARS = 200


class Wish(StrEnum):
    """What is wished."""

    STATUS = "status"  # how does the request stand?
    STOP = "stop"  # no more automatic letters on this request
    CLOSE = "close"
    LANGUAGE = "language"  # letters in another language
    ADD = "add"  # a colleague takes part, once he agrees
    LET_IN = "let-in"  # somebody speaks for the company, once he agrees
    LET_OUT = "let-out"  # somebody speaks for it no longer


@dataclass(frozen=True, slots=True)
class Wished:
    """A wish, with the language or the address (normalised) that it names."""

    wish: Wish
    language: str = ""
    address: str = ""


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in text.split("|"))


_WISHES = {
    Wish.STATUS: _phrases(
        """status | what is the status | статус | статус обращения | статус заявки | какой статус | состояние
        | статус звернення | статус заявки | який статус | стан | стан звернення | status zgłoszenia | jaki jest status
        | stan zgłoszenia"""
    ),
    Wish.STOP: _phrases(
        """stop | stop writing | unsubscribe | стоп | не пишите | не присылайте писем | отписаться | не пишіть
        | не надсилайте листів | відписатися | nie piszcie | nie pisać | wypisz"""
    ),
    Wish.CLOSE: _phrases(
        """close | close it | you can close it | you may close it | закройте | закройте обращение | закройте заявку
        | закрыть
        | можно закрыть | можете закрыть | можно закрывать | закрывайте | закрийте | закрийте звернення | закрити
        | можна закрити | можете закрити | можна закривати | zamknij | zamknąć | zamknijcie | można zamknąć
        | możecie zamknąć | możecie państwo zamknąć"""
    ),
}
_LANGUAGES = {
    "en": _phrases(
        "english | in english | английский | по-английски | англійська | англійською | angielski | po angielsku"
    ),
    "ru": _phrases(
        "russian | in russian | русский | на русском | по-русски | російська | російською | rosyjski | po rosyjsku"
    ),
    "uk": _phrases(
        """ukrainian | in ukrainian | украинский | на украинском | по-украински | українська | українською | ukraiński
        | po ukraińsku"""
    ),
    "pl": _phrases(
        "polish | in polish | польский | на польском | по-польски | польська | польською | polski | po polsku"
    ),
}
_NAMES_LANGUAGE = re.compile(r"(?:language|язык|мова|język)?[:\s]*(.*)")
_ADD = re.compile(r"(?:please add|add|добавьте|добавить|додайте|додати|dodaj|dodajcie|proszę dodać)[:\s]+(\S+@\S+)")
_LET_IN = re.compile(
    r"(?:please add|add|добавьте|добавить|додайте|додати|dodaj|dodajcie|proszę dodać)"
    r" (?:a )?(?:representative|представителя|представника|przedstawiciela)[:\s]+(\S+@\S+)"
)
_LET_OUT = re.compile(
    r"(?:please remove|remove|удалите|удалить|видаліть|видалити|usuń|usuńcie|proszę usunąć)"
    r" (?:the )?(?:representative|представителя|представника|przedstawiciela)[:\s]+(\S+@\S+)"
)
_COURTESY = re.compile(
    r"\b(?:please|пожалуйста|будь ласка|proszę|thanks|thank you|спасибо|дякую|dziękuję|hello|hi|здравствуйте"
    r"|добрый день|вітаю|добрий день|dzień dobry)\b"
)


def wished(text: str) -> Wished | None:
    """What this letter wishes, when it says nothing else."""
    return None if len(text) > MAX_CHARS else _wished(text)


# It is asked before the ticket is looked up, and again on the ticket.
@lru_cache(maxsize=2)
def _wished(text: str) -> Wished | None:
    said = " ".join(text.casefold().split())
    for shape, wanted in ((_ADD, Wish.ADD), (_LET_IN, Wish.LET_IN), (_LET_OUT, Wish.LET_OUT)):
        if found := shape.fullmatch(said.strip(" .!")):
            address = only_mailbox([found[1].strip("<>.,;!")])
            return Wished(wanted, address=address) if address is not None else None
    bare = " ".join(re.sub(r"[.,!?;()\"«»]", " ", _COURTESY.sub(" ", said)).split())
    wish = next((wish for wish, phrases in _WISHES.items() if bare in phrases), None)
    if wish is not None:
        return Wished(wish)
    named = _NAMES_LANGUAGE.fullmatch(bare)
    language = next((code for code, names in _LANGUAGES.items() if named and named[1] in names), None)
    return Wished(Wish.LANGUAGE, language=language) if language else None


# --- changes of a decision ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetSatisfaction:
    """What the requester answered when asked whether we have helped."""

    ticket: int
    satisfaction: Satisfaction


@dataclass(frozen=True, slots=True)
class SetQuiet:
    """The requester wants no more automatic letters on this ticket."""

    ticket: int


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """Letters to the requester are written in another language."""

    ticket: int
    language: str
