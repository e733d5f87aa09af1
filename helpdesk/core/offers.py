"""What a word in reply to one of our letters means: an offer is that letter and the mail that is kept with it.

A mail of an agent that is not carried out at once (nothing proves it, or it reaches far) is held on its ticket, and
the letter that tells him so offers a word. Exactly a reply to that letter, with nothing but the word, carries the mail
out as it was kept. Then it is held no longer: the offer is taken once, and a replay finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk.core.commands import numbers_named, parse
from helpdesk.core.message import Inbound
from helpdesk.core.outgoing import SEND_WORD, Event, SentLetter
from helpdesk.core.ticket import Held, Ticket
from helpdesk.core.trust import own_letter

# The words that a letter of each event may offer. A result offers one only where the mail that led to it is held.
_SAID = frozenset({*SEND_WORD.values(), "send anyway", "отправить всё равно", "надіслати все одно", "wyślij mimo to"})
WORDS: dict[Event, frozenset[str]] = {Event.UNPROVEN: _SAID, Event.RESULT: _SAID}


def says_word(inbound: Inbound, letters: tuple[SentLetter, ...]) -> bool:
    """Is this mail nothing but a word that the letter it answers may offer?"""
    letter = own_letter(inbound, letters)
    said = inbound.text.strip().strip(".!").casefold()
    return letter is not None and said in WORDS.get(letter.event, ())


def kept(inbound: Inbound, letters: tuple[SentLetter, ...], ticket: Ticket) -> Held | None:
    """The mail that the answered letter offers; None when that was taken or rejected before, or never was."""
    letter = own_letter(inbound, letters)
    return None if letter is None else _kept_with(letter, ticket)


def told_of(letter: SentLetter | None, ticket: Ticket) -> tuple[Held, ...]:
    """The held mail that the answered notice told of."""
    if letter is None or letter.event is not Event.HELD:
        return ()
    return tuple(held for held in ticket.held if held.id == letter.cause)


def numbers_kept(letters: Iterable[SentLetter], tickets: Iterable[Ticket]) -> tuple[int, ...]:
    """The tickets that the mails kept with these letters name in their commands."""
    known = tuple(tickets)
    offered = (_kept_with(letter, ticket) for letter in letters if letter.event in WORDS for ticket in known)
    return tuple(number for held in offered if held is not None for number in numbers_named(parse(held.text).commands))


def _kept_with(letter: SentLetter, ticket: Ticket) -> Held | None:
    return next((held for held in ticket.held if held.id == letter.cause), None)
