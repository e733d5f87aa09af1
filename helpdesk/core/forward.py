"""Mail that was passed on: who wrote it first, and what.

An Inbound in, the forwarded mail out, or None. It is either enclosed whole or stands inline: a line that announces
it and a header block in the language of the program ("Von:", "Od:", "Від:"), as Gmail, Outlook, Apple Mail,
Thunderbird, Yandex and mail.ru write them. Whatever stands there is only a claim of whoever passed it on: what it
is worth is decided elsewhere (see `case`). Nothing is guessed: a block without one address names nobody. Never
fails, linear in the length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from helpdesk.core.address import normalise
from helpdesk.core.header_block import header_fields
from helpdesk.core.message import Address, Forwarded, Inbound
from helpdesk.core.quote import is_separator, split
from helpdesk.core.subject_tag import is_forward

# A partner passes on to an agent, who passes on to the desk; longer chains are not followed.
MAX_CHAIN = 5

# Further down nobody's header block is looked for: it is a pasted log.
_MAX_LINES = 2_000

# How far below its first line a header block may reach.
_MAX_BLOCK = 14

# A longer value of From names no person.
_MAX_FROM = 400

_FORWARDED = re.compile(
    r"forward|пересыл|пересла|перенаправл|переадрес|пересил|przekaz|przesłan|weitergeleitet|transféré|réexpédié|"
    r"reenviado|inoltrato",
    re.IGNORECASE,
)
# Yandex and Apple say where the forwarded mail ends, too.
_ENDS = re.compile(r"\s{0,3}[-–—]{2,40}\s?(?:конец|завершение|кінець|завершення|end of|koniec) ", re.IGNORECASE)
_OTHER_LABEL = re.compile(r"[ \t*]{0,3}[^\W\d_][^:\n@]{0,20}:[ \t]")
_ADDRESS = re.compile(r"[^\s<>\[\]()\"',;:*|]{1,64}@[^\s<>\[\]()\"',;:*|]{1,255}")
_NAME_ENDS = re.compile(r"[<\[(]|[^\s<\[(]*@")
# Yandex names date and author on one line in place of a header block: 02.03.2026, 10:15, "Anna" <anna@shop.test>:
_DATE_AND_AUTHOR = re.compile(r"\s{0,3}\d{1,2}[./]\d{1,2}[./]\d{2,4},?\s[\d:]{4,8},?\s(?P<author>[^\n]{3,300}):\s*")


def original(inbound: Inbound, passes_on: Callable[[str], bool]) -> Forwarded | None:
    """The mail that was passed on, its text without the history below it; None when there is none to be seen.

    Where it was written by somebody who `passes_on` mail himself (an agent, a partner), the one in it counts.
    """
    found = _inline(inbound.quoted, expected=is_forward(inbound.subject)) or inbound.enclosed
    for _ in range(MAX_CHAIN):
        if found is None or not passes_on(found.sender.address):
            break
        found = _inline(found.text, expected=is_forward(found.subject))
    if found is None or passes_on(found.sender.address):
        return None
    new, _ = split(found.text)
    return replace(found, text=new or found.text)


def without_a_word(inbound: Inbound) -> str | None:
    """What somebody passed on who wrote nothing above it: then these words are the request. Else None."""
    if inbound.text.strip() or not is_forward(inbound.subject):
        return None
    return inbound.quoted.strip() or (inbound.enclosed.text.strip() if inbound.enclosed else "") or None


def _inline(text: str, *, expected: bool) -> Forwarded | None:
    """The first mail whose header block stands in this text.

    `expected`: the subject says that something was passed on, so that a block counts which nothing announces.
    """
    lines = text.split("\n")
    for at, line in enumerate(lines[:_MAX_LINES]):
        announced = is_separator(line) and _FORWARDED.search(line) is not None
        found = _block(lines, at + 1, announced=True) if announced else None
        if found is None and expected:
            found = _block(lines, at, announced=False)
        if found is not None or announced:
            return found
    return None


def _block(lines: list[str], start: int, *, announced: bool) -> Forwarded | None:
    """The mail whose header block begins at line `start`; blank lines may stand before one that is announced."""
    while announced and start < len(lines) and not _unquoted(lines[start]).strip():
        start += 1
    if start == len(lines):
        return None
    quoted = _is_quoted(lines[start])
    shown = [_unquoted(line) if quoted else line for line in lines[start : start + _MAX_BLOCK]]
    by_yandex = _DATE_AND_AUTHOR.fullmatch(shown[0]) if announced else None
    if by_yandex:
        values, length = {"from": by_yandex["author"]}, 1
    else:
        values, length = _header(shown)
        if not announced and not {"from", "date"} <= values.keys():
            return None
    sender = _author(values.get("from", ""))
    if sender is None:
        return None
    body = lines[start + length :]
    body = body[: next((at for at, line in enumerate(body) if _ENDS.match(line)), len(body))]
    # Proton marks what the author wrote, and not the block above it.
    quoted = quoted or all(_is_quoted(line) for line in body if line.strip())
    text = "\n".join(_unquoted(line) if quoted else line for line in body).strip("\n")
    return Forwarded(sender=sender, subject=" ".join(values.get("subject", "").split()), text=text)


def _header(lines: list[str]) -> tuple[dict[str, str], int]:
    """The values of a header block by their key, and how many lines it has."""
    values: dict[str, str] = {}
    key = ""
    for at, line in enumerate(lines):
        fields = header_fields(line)
        for key, value in fields:
            values.setdefault(key, value)
        if fields:
            continue
        if not line.strip() or not key or _is_quoted(line):
            return values, at
        if not _OTHER_LABEL.match(line) and len(values[key]) < _MAX_FROM:
            values[key] += f" {line.strip()}"  # programs wrap long values
    return values, len(lines)


def _author(value: str) -> Address | None:
    """The one mailbox that this value names, however the program wrote it; None for none or several."""
    value = value[:_MAX_FROM].strip(" *\t\u00a0")
    found = {normalise(address.strip(".")) for address in _ADDRESS.findall(value)}
    address = found.pop() if len(found) == 1 else None
    if address is None:
        return None
    return Address(address, " ".join(_NAME_ENDS.split(value, maxsplit=1)[0].strip(" *\"'«»“”\t\u00a0").split()))


def _is_quoted(line: str) -> bool:
    return line.lstrip(" \t\u00a0").startswith(">")


def _unquoted(line: str) -> str:
    """The line without its first quotation mark."""
    bare = line.lstrip(" \t\u00a0")
    return bare[1:].removeprefix(" ") if bare.startswith(">") else line
