"""Which addresses a mail server says it could not reach, in words for people.

The text of a returned mail in, the addresses with whether the failure is for good out. A server announces a
failure in a sentence of its language and names the addresses in it or in the lines right below, up to the
copy of the letter. Ask only about mail that a server wrote: people use the same words. Never fails.
"""

from __future__ import annotations

import re

from helpdesk.core.address import normalise

# So many lines below the announcement the addresses stand; a reason may stand between.
_MAX_LINES = 12

_ANNOUNCED = re.compile(
    r"undeliverable|(?:could ?n[o']t|can ?n[o']t|unable to|not able to|failed to) (?:be )?deliver|"
    r"(?:was|were|has been|have been|is|are) not (?:been )?delivered|not delivered to|"
    r"delivery (?:to|of) .{0,80}(?:fail|postponed|delayed|impossible)|delivery problem|"
    r"did not (?:reach|receive)|failed recipients?|has been (?:postponed|delayed)|rejected your message|"
    r"not a valid (?:user|mailbox|address)|no such (?:user|mailbox|recipient)|does not exist|"
    r"(?:user|mailbox|recipient) (?:is )?unknown|unknown (?:user|recipient|mailbox)|"
    r"не (?:может быть|могло быть|было|удалось|удается|удаётся) доставл?(?:ен|ить)|не доставлен|"
    r"невозможно доставить|доставка .{0,80}(?:не удалась|невозможна|отложена)|ошибка (?:при )?доставк|"
    r"пользовател[ья] (?:с таким|не (?:найден|существует))|нет такого пользователя|"
    r"ящик .{0,40}(?:переполнен|не существует|заблокирован)|"
    r"не (?:може бути|вдалося|вдалось|вдається) доставл?(?:ен|ити)|неможливо доставити|доставка .{0,80}неможлива|"
    r"скриньк\w .{0,40}(?:переповнен|не існує|заблокован)|"
    r"nie (?:może|mogła|mógł|można|udało się|została|zostało|został) .{0,40}dostarcz|niedostarczon|nie istnieje|"
    r"konnte nicht zugestellt|n'a pas pu [eê]tre (?:d[eé]livr|remis)|no se (?:pudo|ha podido) entregar|"
    r"non (?:è|e') stato (?:possibile )?(?:recapitat|consegn)",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"delayed|postponed|temporar|will (?:continue|keep|be retried)|not yet been delivered|no action is required|"
    r"отложен|задерж|временн|повторн\w+ попыт|будут продолжены|затрим|тимчасов|повторн\w+ спроб|"
    r"opóźnion|tymczasow|verzögert",
    re.IGNORECASE,
)
_COPY_BEGINS = re.compile(
    r"\s{0,3}(?:[-–—=]{2,}.{0,60}(?:original|returned|copy|header|исходн|копия|вихідн|oryginaln|message follows)|"
    r"(?:received|return-path|message-id|mime-version):)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![\w.+%@-])[\w.+%=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_MAX_LINE = 1_000

# Servers say it at the top; a copy of the letter may follow.
_MAX_TEXT = 64 * 1024


def failed_in(text: str) -> dict[str, bool]:
    """The addresses that the text says could not be reached: True for good, False for now."""
    named: dict[str, bool] = {}
    lines = [line[:_MAX_LINE] for line in text[:_MAX_TEXT].split("\n")]
    for_now = _NOT_YET.search("\n".join(lines[:80])) is not None
    left = 0
    for line in lines:
        if _COPY_BEGINS.match(line):
            break
        if _ANNOUNCED.search(line):
            left = _MAX_LINES
        elif left:
            left -= bool(line.strip())
        if left:
            for found in _ADDRESS.findall(line):
                if address := normalise(found):
                    named.setdefault(address, not for_now)
    return named
