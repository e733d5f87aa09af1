"""What was written now, and what is quoted history or signature below it.

A text in, (new, quoted) out. Every line that is not blank is in exactly one of the two, in its order: nothing
is deleted, only folded. Lines are quoted when they begin with ">" or when something above them says that
history begins: an attribution ("On … wrote:"), a header block of Outlook, a separator. Answers between and
below quoted lines stay with the writer. When in doubt a line is the writer's. Never fails; looks at every
line a bounded number of times, whatever stands in it. Source of "-- ": RFC 3676 section 4.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpdesk.core.header_block import CLOCK, block_length

# What stands further down is a pasted log: only ">" is looked for there.
_MAX_LINES = 20_000

# A line longer than this marks nothing: no program writes such an attribution.
_MAX_MARK = 400

# Programs wrap "On … wrote:" into several lines, and make paragraphs of a link in it.
_MAX_ATTRIBUTION_LINES = 6

# Below a bare "--" more lines than these are not a signature.
_MAX_SIGNATURE_LINES = 15

_QUOTED = re.compile(r"[ \t\u00a0\ufeff]{0,3}(?:>|&gt;)")

# --- separators -----------------------------------------------------------------------------------

_ORIGINAL = (
    r"original message|original appointment|forwarded message|forwarded by|reply message|"
    r"(?:исходное|оригинальное|первоначальное|пересылаемое|пересланное|перенаправленное) сообщение|"
    r"конец пересылаемого сообщения|"
    r"(?:оригінальне|початкове|вихідне|переслане|пересилане|перенаправлене) повідомлення|пересланий лист|"
    r"(?:oryginalna|przekazana|pierwotna|przesłana|treść przekazanej|treść oryginalnej) wiadomo(?:ść|sci|ści)|"
    r"wiadomość (?:oryginalna|przekazana|pierwotna)|treść oryginalna|"
    r"ursprüngliche nachricht|original-?nachricht|weitergeleitete nachricht|originalmeldung|"
    r"message (?:d['’]origine|original|initial|transféré)|courriel original|"
    r"mensaje (?:original|reenviado)|messaggio (?:originale|inoltrato)|"
    r"mensagem (?:original|encaminhada)|oorspronkelijk bericht|původní zpráva|pôvodná správa|mesaj original|"
    r"eredeti üzenet|alkuperäinen viesti|oprindelig meddelelse|ursprungligt meddelande|opprinnelig melding|"
    r"原始邮件|原始郵件|转发邮件|元のメッセージ|원본 메일|원본 메시지"
)
_SEPARATOR = re.compile(rf"[\s*]{{0,4}}[-–—_=]{{2,40}}\s{{0,3}}(?:{_ORIGINAL})\b[^\n]{{0,80}}", re.IGNORECASE)
_FORWARD_BEGINS = re.compile(
    r"\s{0,3}(?:begin forwarded message|начало переадресованного сообщения|начало пересылаемого сообщения|"
    r"початок переадресованого повідомлення|початок листа, що пересилається|"
    r"początek przekazanej wiadomości|początek przekazywanej wiadomości|"
    r"anfang der weitergeleiteten nachricht|début du message (?:réexpédié|transféré)|"
    r"inicio del mensaje reenviado|inizio messaggio inoltrato)\s{0,3}:\s{0,3}",
    re.IGNORECASE,
)
# "##- Please type your reply above this line -##", in the notices of other desks.
_REPLY_ABOVE = re.compile(
    r"\s{0,3}[-–—_=*#~]{2,40}[^\n]{0,80}(?:above (?:this|the) (?:dashed )?line|выше этой (?:линии|строки|черты)|"
    r"вище (?:цієї )?(?:лінії|риски|рядка)|(?:nad|powyżej) tej lini\w+|nad tą linią|oberhalb dieser (?:zeile|linie)|"
    r"au-dessus de cette ligne|por encima de esta línea|acima desta linha|sopra questa riga)[^\n]{0,60}",
    re.IGNORECASE,
)
_RULE_MARKS = "-–—_=*#~"
_RULE = re.compile(r"\s{0,3}[_\-–—=*]{5,200}\s{0,3}")

# --- attributions ---------------------------------------------------------------------------------

_WEEKDAY = (
    r"пн|вт|ср|чт|пт|сб|вс|нд|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|"
    r"понеділок|вівторок|середа|п['’ʼ]?ятниця|субота|неділя|четвер|"
    r"pon|wt|śr|czw|pt|sob|niedz|ndz|poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela|"
    r"mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
)
_ATTRIBUTION_BEGINS = re.compile(
    rf"\s{{0,3}}[-–—*\"«“]{{0,8}}\s{{0,2}}"
    rf"(?:on|at|am|le|el|il|em|op|den|på|dne|dňa|pe|w dniu|dnia|dn\.|w|в|во|у|о|{_WEEKDAY})\b"
    r"|\s{0,3}[-–—*\"«“]{0,8}\s{0,2}\d",
    re.IGNORECASE,
)
_WROTE = (
    r"wrote|writes|said|(?:на)?писал[аи]?|пишет|сообщила?|"
    r"(?:на)?писав|пише|(?:na)?pisał[ay]?|pisze|napisan[ay] przez|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|"
    r"napsala?|napísala?|geschreven|skrev|kirjoitti|írta|yazdı|a scris|έγραψε|написа|"
    r"写道|寫道|さんは書きました|작성|sent(?=\s?:)"
)
_WROTE_WITHIN = re.compile(rf"\b(?:{_WROTE})\b", re.IGNORECASE)
# Yandex, mail.ru and Gmail in Russian have no verb: '01.02.2024, 10:00, "Ivan" <i@x>:'.
_DATE_AND_NAME = re.compile(
    rf"(?:(?:{_WEEKDAY})\b[^\n]{{0,3}})?\s?\d[^\n]{{5,300}}<\s?[^<>\s]{{3,200}}\s?>\s?:$", re.IGNORECASE
)
# Any language: a time, an address in brackets and a colon, right above quoted lines.
_TIME_AND_ADDRESS = re.compile(
    r"(?=.{0,300}\d{1,2}[:.]\d{2}).{1,300}<\s?[^<>\s]{3,200}@[^<>\s]{3,200}\s?>[^<>\n]{0,30}[:：]$"
)
# Old Gmail: "2011/4/7 Ivan <ivan@example.com>", right above quoted lines.
_DATE_FIRST = re.compile(r"\d{4}[/-]\d{1,2}[/-]\d{1,2} .{1,200}<\s?[^<>\s]{3,200}\s?>:?$")
# Any program: a day, a time and a name, right above quoted lines.
_DATE_AND_CLOCK = re.compile(
    r"\s?\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]\.?m\.?)?"
    r"(?: (?:GMT|UTC)?[+-]\d{1,2}:?\d{2})?[, -]{1,3}(?P<name>[^\n:<>@]{2,60}):",
    re.IGNORECASE,
)
_DATE_AND_ADDRESS = re.compile(r"\s?\d[^\n<>]{5,100}\bby [^<>\s]{1,100}@[^<>\s]{3,200}:")
# GroupWise: ">>> Ivan <ivan@example.com> 02/05/24 10:00 AM >>>", and nothing before the lines below.
_BETWEEN_ARROWS = re.compile(r">>> [^>\n]{2,100}(?:<[^<>\s]{3,200}> )?[^>\n]{0,60}\d{1,2}:\d{2}[^>\n]{0,10} >>>\s*")
# "---- Ivan wrote ----", in telephones and Zoho.
_WROTE_IN_DASHES = re.compile(
    rf"\s{{0,3}}[-–—]{{2,10}}\s?[^\n]{{2,200}}\b(?:{_WROTE})\s?:?\s?[-–—]{{2,10}}\s*", re.IGNORECASE
)
# Some programs begin the attribution on the last line of the answer.
_BEGINS_WITHIN = re.compile(
    rf"(?:(?<=\s)|[-–—]{{2,10}}\s?)(?:On|Am|Le|El|Il|W dniu|Dnia)\s(?:(?:{_WEEKDAY})\b|\d)"
    rf"[^\n]{{5,300}}\b(?:{_WROTE})\s?:\s*$",
    re.IGNORECASE,
)
_MAX_SHARED_LINES = 50
# "Ivan Petrov wrote:", right above quoted lines, with an address or without.
_SOMEBODY_WROTE = re.compile(
    rf"(?!(?:i|we|you|я|мы|вы|ты|ми|ви|ти|ja|my) )[^\W\d_][^\n:]{{1,80}}? (?:<[^<>\s]{{3,200}}> )?(?:{_WROTE})\s?[:：]",
    re.IGNORECASE,
)
_MAX_WORDS_OF_A_NAME = 6
_COMMAND_MARKS = ("#", "＃", "﹟")
_ATTRIBUTION_ENDS = (":", "：", ":*", "-", "—", ">")
# Windows Mail puts them between all parts of a date.
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DATED = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b(?:19|20)\d{2}\b")
_ADDRESSED = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}\.[\w.-]{1,100}")

# --- signatures -----------------------------------------------------------------------------------

_SENT_FROM = re.compile(
    r"\s{0,3}[*_(]{0,2}(?:"
    r"sent (?:from|via|using|with) (?:my )?(?:iphone|ipad|ios|android|samsung|galaxy|huawei|xiaomi|mobile|phone|"
    r"blackberry|outlook|yahoo|gmail|mail|proton|yandex|thunderbird|k-9|blue)|get outlook for (?:ios|android)|"
    r"отправлено (?:с|со|из|через) (?:моего |моей |мобильно[гй]о? |приложения )*(?:iphone|ipad|айфон|android|андроид|"
    r"samsung|galaxy|huawei|xiaomi|honor|устройства|смартфона|телефона|почты|яндекс|yandex|outlook|mail|gmail|blue|"
    r"мобильн|k-9|планшета)|"
    r"(?:надіслано|відправлено|відіслано) (?:з|із|зі|через) (?:мого |моєї |мобільно(?:го|ї) )*(?:iphone|ipad|айфон|"
    r"android|андроїд|samsung|galaxy|huawei|xiaomi|пристрою|смартфон|телефон|пошти|outlook|mail|gmail|ukr|blue|k-9)|"
    r"wysłan[eoya]{1,2} (?:z|za pomocą|przy użyciu|przez) (?:mojego )?(?:iphone|ipad|android|samsung|galaxy|huawei|"
    r"xiaomi|telefonu|urządzenia|smartfon|poczty|outlook|aplikacji|mobiln)|pobierz (?:program |aplikację )?outlook|"
    r"(?:скачать|скачайте|получить|завантажити|завантажте|отримати) outlook|"
    r"(?:von meinem|gesendet (?:von|mit|mittels)|envoyé (?:de|depuis|à partir)|enviado desde|inviato da) )"
    r"[^\n]{0,80}",
    re.IGNORECASE,
)
_SIGNED_BEGINS = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE_BEGINS = "-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_ENDS = "-----END PGP SIGNATURE-----"
_SENTENCE_GOES_ON = re.compile(r"[?!]|[.,;] ")


def split(text: str) -> tuple[str, str]:
    """What the writer wrote now, and the quoted history and signatures; both without blank edges."""
    lines = _unshared(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    # What is decided on has no marks of direction; what is kept is what was written.
    marks = _mark([_DIRECTION_MARKS.sub("", line) for line in lines])
    new = [line for line, quoted in zip(lines, marks, strict=True) if not quoted]
    old = [line for line, quoted in zip(lines, marks, strict=True) if quoted]
    return _trim(new), _trim(old)


def is_separator(line: str) -> bool:
    """Does this line announce another mail, in the words of some program?"""
    return len(line) <= _MAX_MARK and any(mark.fullmatch(line) for mark in (_SEPARATOR, _FORWARD_BEGINS))


def _unshared(lines: list[str]) -> list[str]:
    """The lines, with an attribution that begins behind the writer's last words on a line of its own."""
    apart: list[str] = []
    left = _MAX_SHARED_LINES
    for at, line in enumerate(lines):
        quote_follows = at + 1 < len(lines) and _QUOTED.match(lines[at + 1]) is not None
        if quote_follows and left and line.rstrip().endswith(":") and len(line) <= _MAX_MARK:
            left -= 1
            mark = None if _ATTRIBUTION_BEGINS.match(line) else _BEGINS_WITHIN.search(line)
            if mark is not None and line[: mark.start()].strip():
                apart += [line[: mark.start()], line[mark.start() :]]
                continue
        apart.append(line)
    return apart


def _trim(lines: list[str]) -> str:
    """The lines as text: no blank lines at the edges, at most two in a row, no blanks at the ends of lines."""
    kept: list[str] = []
    for line in lines:
        line = line.rstrip()
        if line or (kept and not (len(kept) > 1 and kept[-1] == kept[-2] == "")):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept)


def _mark(lines: list[str]) -> list[bool]:
    """For every line: does it belong to quoted history or to a signature?"""
    marks = [_QUOTED.match(line) is not None for line in lines]
    _mark_broken_links(lines, marks)
    at = 0
    while at < min(len(lines), _MAX_LINES):
        length = int(_ends_in_arrows(lines[at])) if marks[at] else _history_begins(lines, at)
        if not length:
            at += 1
            continue
        marks[at : at + length] = [True] * length
        at += length
        below = _next_written(lines, at)
        if below is not None and not marks[below]:
            # History without ">" has no end that could be seen.
            marks[at:] = [True] * (len(lines) - at)
            break
    _mark_armour(lines, marks)
    for begin, end in _own_blocks(marks):
        _mark_signature(lines, marks, begin, end)
    return marks


def _ends_in_arrows(line: str) -> bool:
    return line.startswith(">>> ") and _BETWEEN_ARROWS.fullmatch(line) is not None


def _next_written(lines: list[str], start: int) -> int | None:
    """The first line from `start` on that is not blank."""
    return next((at for at in range(start, len(lines)) if lines[at].strip()), None)


def _history_begins(lines: list[str], at: int) -> int:
    """How many lines from `at` on announce quoted history; 0 when none does."""
    line = lines[at]
    if not line.strip() or len(line) > _MAX_MARK:
        return 0
    if line.lstrip()[0] in _RULE_MARKS:
        if _WROTE_IN_DASHES.fullmatch(line) or _REPLY_ABOVE.fullmatch(line):
            return 1
        block = block_length(lines, at + 1, announced=True)
        if _SEPARATOR.fullmatch(line) or (block and _RULE.fullmatch(line)):
            return 1 + block
    if ":" in line or "：" in line:
        if _FORWARD_BEGINS.fullmatch(line):
            return 1 + block_length(lines, at + 1, announced=True)
        block = block_length(lines, at, announced=False)
        if block:
            return block
    return _attribution(lines, at)


def _attribution(lines: list[str], at: int) -> int:
    """How many lines from `at` on say who wrote what follows, and when; 0 for none."""
    first = lines[at].strip()
    if first[:1] in _COMMAND_MARKS:
        return 0  # "#cc anna@shop.test", right above "On … wrote:"
    if not first.endswith(_ATTRIBUTION_ENDS) and "@" not in first and not _ATTRIBUTION_BEGINS.match(first):
        return 0  # most lines: no program begins an attribution so
    window = range(at, min(at + _MAX_ATTRIBUTION_LINES, len(lines)))
    if not any(lines[end].rstrip().endswith(_ATTRIBUTION_ENDS) for end in window):
        return 0
    joined = ""
    for end in window:
        if not lines[end].strip():
            if not _goes_on_below(lines, end, joined):
                return 0
            continue
        joined = f"{joined} {lines[end].strip()}".lstrip()
        if len(joined) > _MAX_MARK:
            return 0
        if _is_attribution(joined, lines, end + 1):
            return end + 1 - at
        if not _ATTRIBUTION_BEGINS.match(joined) and not _ADDRESSED.search(joined):
            return 0
    return 0


def _goes_on_below(lines: list[str], at: int, joined: str) -> bool:
    """Is this blank line within an attribution? The day and the time stand above it, an address in brackets below."""
    below = lines[at + 1].lstrip() if at + 1 < len(lines) else ""
    return below.startswith("<") and CLOCK.search(joined) is not None and _ATTRIBUTION_BEGINS.match(joined) is not None


def _is_attribution(joined: str, lines: list[str], below: int) -> bool:
    """Is this sentence an attribution, seen with what follows at line `below`?

    The writer may speak of dates too: it takes an address, or quoted lines right below.
    """
    if not joined.endswith(_ATTRIBUTION_ENDS):
        return False
    following = _next_written(lines, below)
    above_quote = following is not None and _QUOTED.match(lines[following]) is not None
    if above_quote and any(mark.fullmatch(joined) for mark in (_DATE_FIRST, _TIME_AND_ADDRESS, _DATE_AND_ADDRESS)):
        return True
    dated = _DATE_AND_CLOCK.fullmatch(joined) if above_quote else None
    if dated is not None and all(word[:1].isupper() for word in dated["name"].split()):
        return True
    if above_quote and joined.count(" ") <= _MAX_WORDS_OF_A_NAME and _SOMEBODY_WROTE.fullmatch(joined):
        return True
    if joined.endswith(">") or not _DATED.search(joined):
        return False
    if not _WROTE_WITHIN.search(joined) and not _DATE_AND_NAME.match(joined):
        return False
    return above_quote or _ADDRESSED.search(joined) is not None


def _mark_broken_links(lines: list[str], marks: list[bool]) -> None:
    """Mark what a program wrapped out of a quoted line because a link was too long for it: one word between quotes."""
    for at in range(1, min(len(lines), _MAX_LINES) - 1):
        if not marks[at] and marks[at - 1] and marks[at + 1] and len(lines[at].split()) == 1:
            marks[at] = "://" in lines[at - 1][-_MAX_MARK:].rpartition(" ")[2]


def _own_blocks(marks: list[bool]) -> Iterator[tuple[int, int]]:
    """Stretches of lines that are still the writer's."""
    begin = None
    for at, quoted in enumerate([*marks, True]):
        if not quoted and begin is None:
            begin = at
        elif quoted and begin is not None:
            yield begin, at
            begin = None


def _mark_armour(lines: list[str], marks: list[bool]) -> None:
    """Mark what a PGP program puts around a letter that it signs: the words are the writer's, the armour is not."""
    until: str | None = None
    for at, line in enumerate(lines):
        if line.startswith(_SIGNED_BEGINS):
            until = ""  # its own header ends at a blank line
        elif line.startswith(_SIGNATURE_BEGINS):
            until = _SIGNATURE_ENDS
        if until is not None:
            marks[at] = True
            if line.strip() == until:
                until = None


def _mark_signature(lines: list[str], marks: list[bool], begin: int, end: int) -> None:
    """Mark what stands below "-- " in this stretch, and "Sent from my phone" at its end."""
    for at in range(begin, end):
        if lines[at] == "-- " or (lines[at].rstrip() == "--" and end - at <= _MAX_SIGNATURE_LINES):
            marks[at:end] = [True] * (end - at)
            end = at
            break
    last = next((at for at in range(end - 1, begin - 1, -1) if lines[at].strip()), None)
    if last is not None and len(lines[last]) <= 120 and _is_sent_from(lines[last]):
        marks[last] = True


def _is_sent_from(line: str) -> bool:
    """Is this line what a telephone adds, and not a sentence of the writer?"""
    match = _SENT_FROM.fullmatch(line.rstrip())
    return match is not None and not _SENTENCE_GOES_ON.search(line.replace("Mail.ru", ""))
