"""The ticket tag in a subject, and the prefixes that mail programs put before it.

Subject in, numbers or subject out. `[##123456##]` is found wherever it stands, also without its brackets,
which some gateways remove. Digits are ASCII, six or more. `[##123456-1##]`, which the first partner
of a ticket sees, leads to the same ticket. Never fails, linear in the length.
"""

from __future__ import annotations

import re

# Twelve digits are more tickets than any desk will have; more digits are somebody else's number.
_TAG = re.compile(r"\[?##([0-9]{6,12})(?:-[0-9]{1,3})?##\]? ?", re.ASCII)

# What programs of many languages put before the subject of an answer …
_REPLY_WORDS = (
    "re|aw|antw|sv|vs|ref|rif|r|res|odp|odpowiedź|ynt|bls|"  # en de nl sv fi fr it pt pl tr
    "на|ha|нa|hа|отв|ответ|"  # Russian Outlook writes HA in letters of either alphabet
    "відп|відповідь|вд"
)
# … and of a message that is passed on. VS forwards in Danish and answers in Finnish; it counts as an answer.
_FORWARD_WORDS = (
    "fwd|fw|wg|vb|vl|rv|tr|enc|doorst|i|ilt|pd|przek|przekaz|fs|пер|пересл|переслано|пересылка|пд|пересилання"
)
# A program may count its answers: Re[2]:, Re(3):, Re^4:.
_COUNT = r"\s{0,3}(?:\[\d{1,4}\]|\(\d{1,4}\)|\^\d{1,4}|\*\d{1,4})?\s{0,3}"
_PREFIX = re.compile(rf"\s*(?:(?P<forward>{_FORWARD_WORDS})|(?:{_REPLY_WORDS})){_COUNT}[:：]\s*", re.IGNORECASE)


def tag(number: int, side: int = 0) -> str:
    """The tag as it stands in a subject: plain ASCII, at least six digits; `side` counts partners, 0 is nobody's."""
    return f"[##{number:06d}-{side}##]" if side else f"[##{number:06d}##]"


def find_tags(subject: str) -> tuple[int, ...]:
    """Numbers of all tags in the subject, in order of appearance, without doubles."""
    return tuple(dict.fromkeys(int(number) for number in _TAG.findall(subject)))


def strip_tags(subject: str) -> str:
    """The subject without any tag."""
    while (match := _TAG.search(subject)) is not None:
        # Repeated because taking one away may join the halves of another.
        subject = subject[: match.start()] + subject[match.end() :]
        if match.start() == len(subject):
            subject = subject.rstrip()
    return subject


def add_tag(subject: str, number: int, side: int = 0) -> str:
    """The subject with this tag in front, and no other tag."""
    rest = strip_tags(subject)
    return f"{tag(number, side)} {rest}" if rest else tag(number, side)


def strip_prefixes(subject: str) -> str:
    """The words of the subject alone: without tags and without the prefixes in front, in any mix."""
    subject = strip_tags(subject)
    start = 0
    while (match := _PREFIX.match(subject, start)) is not None:
        start = match.end()
    return subject[start:].strip()


def is_answer(subject: str) -> bool:
    """Does the outermost prefix say that the message answers another, in whose words the subject is?"""
    match = _PREFIX.match(strip_tags(subject))
    return match is not None and match["forward"] is None


def is_forward(subject: str) -> bool:
    """Does the outermost prefix say that the message was passed on?"""
    match = _PREFIX.match(strip_tags(subject))
    return match is not None and match["forward"] is not None
