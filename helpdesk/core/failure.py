"""Which addresses a mail server says it could not reach, in words for people.

The text of a returned mail in, the addresses with whether the failure is for good out. A server announces a
failure in a sentence of its language and names the addresses in it, or in the lines right below, up to the
copy of the letter. People use the same words; so `failed_in` counts only what is announced. Of a mail that is
known to come from a server, whatever its language, `named_in` takes the addresses that stand where servers
put them. Never fails, linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpdesk.core.address import normalise

# So many lines below the announcement the addresses stand; a reason may stand between.
_MAX_LINES = 12

# In lower case, because every line is looked at.
_ANNOUNCED = re.compile(
    r"undeliverable|(?:could ?n[o']t|can ?n[o']t|cannot|unable to|not able to|failed to) (?:be )?deliver|"
    r"(?:was|were|has been|have been|is|are) not (?:been )?delivered|(?:was|has|have)n['’]t (?:been )?delivered|"
    r"(?:has|have) not (?:yet )?been delivered|not delivered to|could(?: not|n['’]t) be (?:reached|sent)|"
    r"delivery (?:to|of) .{0,80}(?:fail|postponed|delayed|impossible)|delivery (?:problem|has failed|is delayed)|"
    r"(?:delivery|permanent|fatal) (?:fatal )?errors|failed to these recipients|failed to send to|"
    r"error .{0,40}(?:deliver|attempting)|is delayed for more than|problem delivering|trouble delivering|"
    r"did not (?:reach|receive|like (?:our|the) rcpt)|(?:failed|affected|intended) recipients?|"
    r"recipients? .{0,20}affected|"
    r"has been (?:postponed|delayed)|rejected (?:your message|recipient)|recipient(?:s|\(s\))? .{0,40}rejected|"
    r"not a valid (?:user|mailbox|address)|no such (?:user|mailbox|recipient)|does not exist|not listed in|"
    r"(?:user|mailbox|recipient) (?:is )?(?:unknown|exceeds)|unknown (?:user|recipient|mailbox)|"
    r"не (?:может быть|могло быть|было|удалось|удается|удаётся) (?:доставл?(?:ен|ить)|отправл)|не доставлен|"
    r"невозможно доставить|доставка .{0,80}(?:не удалась|невозможна|отложена|не выполнена)|ошибка (?:при )?доставк|"
    r"пользовател[ья] (?:с таким|не (?:найден|существует))|нет такого пользователя|"
    r"не может\s*$|ящик .{0,40}(?:переполнен|не существует|заблокирован)|"
    r"не (?:може бути|вдалося|вдалось|вдається) доставл?(?:ен|ити)|не доставлено|неможливо доставити|"
    r"доставка .{0,80}неможлива|скриньк\w .{0,40}(?:переповнен|не існує|заблокован)|"
    r"nie (?:może|mogła|mógł|można|udało się|została|zostało|został) .{0,40}dostarcz|niedostarczon|nie dostarczono|"
    r"dostarczenie .{0,60}nie powiodło|nie istnieje|"
    r"nicht .{0,60}zugestellt|konnte .{0,60}nicht (?:zugestellt|zustellen)|fehler bei der nachrichtenzustellung|"
    r"zustellung .{0,60}(?:fehlgeschlagen|verzögert|nicht möglich)|"
    r"n['’]a pas (?:pu [eê]tre |été )(?:d[eé]livr|remis|distribu)|échec de (?:la )?remise|impossible de remettre|"
    r"no se (?:pudo|ha podido|ha entregado|puede) .{0,30}entrega|no se ha entregado|error de entrega|"
    r"non (?:è|e['’]) stato (?:possibile )?(?:recapitat|consegn)|impossibile (?:recapitare|consegnare)|"
    r"falha na entrega|não (?:foi|pôde ser|p[oô]de) .{0,20}entreg|"
    r"配信に失敗|配信(?:でき|されま)せん|お届けできません|送信できません",
)
_NOT_YET = re.compile(
    r"delayed|postponed|deferred|will (?:continue|keep|retry|be retried)|not yet been delivered|"
    r"hasn['’]t been delivered yet|"
    r"no action is required|temporary problem delivering|warning message only|only a temporary failure|"
    r"отложен|задерж|повторн\w+ попыт|будут продолжены|затрим|повторн\w+ спроб|відкладен|opóźnion|verzögert|"
    r"retardé|retrasad|ritardat|atrasad|遅延",
    re.IGNORECASE,
)
_TEMPORARY = re.compile(
    r"temporar(?!ily disabled)|временн|тимчасов|tymczasow|vorübergehend|temporaire|temporal\b|temporane", re.IGNORECASE
)
_FOR_GOOD = re.compile(
    r"permanent|(?:given|giving|gave) up|will not (?:be )?(?:retr|continu|try)|\b5\d\d[ -]|\b5\.\d{1,3}\.\d{1,3}\b|"
    r"(?:has )?expired|too long|last attempt",
    re.IGNORECASE,
)
_COPY_BEGINS = re.compile(
    r"\s{0,3}[-–—=]{2,}.{0,60}(?:original|returned (?:message|mail)|copy|header|unsent|message follows|"
    r"исходн|копия|вихідн|копія|oryginaln|kopia|ursprünglich)|"
    r"(?:received|return-path|message-id|mime-version):|"
    r"\s{0,6}(?:original message (?:details|headers|follows)|message details:|message headers? follows?|"
    r"below (?:this line )?is a copy of the|this is a copy of (?:the|your)|reported headers|"
    r"(?:ursprüngliche|original-?) ?nachrichten(?:köpfe|kopfzeilen)|en-?têtes (?:de|du) message|encabezados de|"
    r"intestazioni (?:del|originali)|oryginalne nagłówki|nagłówki oryginaln|cabeçalhos d|исходные заголовки|"
    r"исходные сведения|вихідні заголовки|заголовки (?:исходн|вихідн)|元のメッセージ)",
    re.IGNORECASE,
)
# Lines that name somebody else: who sent the letter, or who may be asked for help.
_OF_OTHERS = re.compile(
    r"\s*(?:from|sender|sender address|reply-to|mail from|reporting-mta|cc)\s*:|mail from:?\s*<|"
    r"(?:further |for )assistance|\bcontact\b|please (?:send|forward|write|mail)|if you (?:have|need|believe|think)|"
    r"обрати(?:тесь|ться)|свяжитесь|зверн(?:іться|ітися)|skontaktuj|zwróć się|wenden sie|kontaktieren|contacte[zr]|"
    r"póngase|contatt|お問い合わせ",
    re.IGNORECASE,
)
_ADDRESS_TEXT = r"[\w.+%=/&!$~'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_ADDRESS = re.compile(rf"(?<![\w.+%@-])(?:{_ADDRESS_TEXT})")
# Where servers put who was not reached: at the beginning of a line, behind a label, in the command that was refused.
_IN_ITS_PLACE = re.compile(
    rf"[\s>*\"'<(\[•·-]{{0,12}}(?:[45]\d\d[ -](?:[45]\.\d{{1,3}}\.\d{{1,3}} )?<?)?(?:smtp:|rfc822;\s?)?"
    rf"(?P<first>{_ADDRESS_TEXT})"
    rf"|\s{{0,12}}(?:(?:original|final|failed|intended|affected)[ -])?(?:recipients?(?: address)?|addressed to|"
    rf"address|адресат|"
    rf"получатель|одержувач|empfänger|destinataire|destinatario)\s?:\s{{0,8}}[<\[\"']{{0,3}}(?:smtp:|rfc822;\s?<?)?"
    rf"(?P<labelled>{_ADDRESS_TEXT})"
    rf"|.{{0,60}}\brcpt to:?\s?<?(?P<refused>{_ADDRESS_TEXT})",
    re.IGNORECASE,
)
_TO = re.compile(rf"[>\s]{{0,6}}(?:x-original-|rcpt )?to\s?:[^\n]{{0,200}}?(?P<to>{_ADDRESS_TEXT})", re.IGNORECASE)
_MAX_LINE = 1_000
# Whether the server goes on trying it says above the copy.
_MAX_JUDGED = 80

# Servers say it at the top; a copy of the letter may follow.
_MAX_TEXT = 64 * 1024


def failed_in(text: str, but: frozenset[str] = frozenset()) -> dict[str, bool]:
    """The addresses that the text announces could not be reached: True for good, False for now.

    `but`: whom the report went to and who sent it; they count only where nobody else is named.
    """
    lines, _ = _report(text)
    return _judged(_preferred([_places(lines, announced=True), _announced(lines)], but), lines)


def named_in(text: str, but: frozenset[str] = frozenset()) -> dict[str, bool]:
    """The same for a mail that surely is a server's report: what it announces, else whom it names at all."""
    lines, copy = _report(text)
    places = [*_places(lines, announced=True), *_places(lines, announced=False)]
    return _judged(_preferred([places, _announced(lines), _all(lines), _addressees(copy)], but), lines)


def is_reported(address: str, text: str) -> bool:
    """Does the address stand in the report, and not only in the copy of the letter below it?"""
    return any(address in line.lower() for line in _report(text)[0])


def is_announced(text: str) -> bool:
    """Does the text say somewhere that a letter was not delivered?"""
    return any(_ANNOUNCED.search(line.lower()) for line in _report(text)[0])


def says_nothing_else(text: str) -> bool:
    """Does every line announce a failure, name somebody, or draw a rule? People say more."""
    lines = [line for line in _report(text)[0] if line.strip()]
    return bool(lines) and all(
        _ANNOUNCED.search(line.lower()) or _IN_ITS_PLACE.match(line) or not any(map(str.isalnum, line))
        for line in lines
    )


def is_for_now(text: str) -> bool:
    """Does the report say that the server goes on trying?"""
    return _is_for_now(_report(text)[0])


def _is_for_now(lines: list[str]) -> bool:
    told = "\n".join(lines[:_MAX_JUDGED])
    return _NOT_YET.search(told) is not None or (_TEMPORARY.search(told) is not None and not _FOR_GOOD.search(told))


def _report(text: str) -> tuple[list[str], list[str]]:
    """The lines of the report, and those of the copy of the letter below it."""
    lines = [line[:_MAX_LINE] for line in text[:_MAX_TEXT].split("\n")]
    end = next((at for at, line in enumerate(lines) if _COPY_BEGINS.match(line)), len(lines))
    # Some put the copy first, and what they have to say below it.
    return (lines[:end], lines[end:]) if "".join(lines[:end]).strip() else (lines, [])


def _preferred(tiers: list[list[str]], but: frozenset[str]) -> list[str]:
    """The first tier that names anybody besides those whom every report names."""
    for named in tiers:
        others = [address for address in named if address not in but]
        if others:
            return others
    return next(filter(None, tiers), [])


def _judged(named: list[str], lines: list[str]) -> dict[str, bool]:
    return dict.fromkeys(named, not _is_for_now(lines))


def _announced(lines: list[str]) -> list[str]:
    """Every address in an announcement and below it."""
    return [address for line, _ in _below_announcements(lines) for address in _addresses(line)]


def _places(lines: list[str], *, announced: bool) -> list[str]:
    """Addresses in an announcement itself, or where servers put them; `announced`: only below one."""
    found: list[str] = []
    for line, says_so in _below_announcements(lines) if announced else ((line, False) for line in lines):
        place = _IN_ITS_PLACE.match(line)
        if place is not None and not _OF_OTHERS.match(line):
            found += _addresses(place[place.lastgroup or 0])
        elif says_so:
            found += _addresses(line)
    return found


def _below_announcements(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """The lines near an announcement, and whether a line is one."""
    left = 0
    for line in lines:
        says_so = _ANNOUNCED.search(line.lower()) is not None
        if says_so:
            left = _MAX_LINES
        elif left:
            left -= bool(line.strip())
        if left:
            yield line, says_so


def _all(lines: list[str]) -> list[str]:
    return [address for line in lines for address in _addresses(line)]


def _addressees(copy: list[str]) -> list[str]:
    """To whom the letter went, by its copy, where it was one."""
    found = [address for line in copy if (match := _TO.match(line)) for address in _addresses(match["to"])]
    return found[:1]


def _addresses(line: str) -> list[str]:
    """The mailboxes that a line names."""
    if _OF_OTHERS.search(line):
        return []
    return [
        address for found in _ADDRESS.findall(line) if (address := normalise(found.strip("'.").removeprefix("smtp=")))
    ]
