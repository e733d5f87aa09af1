"""The header of another mail within a text: From, Sent, To, Subject, as mail programs write it in their languages.

Lines in; what they name, or how long the block is, out. A form that a customer fills in may hold the same words, so a
block that nothing announces must look like a mail's in more than one way. Never fails, linear.
"""

from __future__ import annotations

import re

# How far below its first line a header block may reach; long lists of recipients wrap.
_MAX_LINES = 14

# Nothing is looked for further to the right.
_MAX_LINE = 400

_LABELS = {
    "from": "from|от|от кого|отправитель|від|від кого|відправник|od|nadawca|von|de|da|mittente|fra|från|van|de la|"
    "lähettäjä|odesílatel|odosielateľ|feladó|kimden|šalje|από|发件人|寄件者|差出人|보낸 사람",
    "date": "sent|date|sent at|отправлено|дата|дата и время|надіслано|відправлено|wysłano|wysłane|data|"
    "data wysłania|gesendet|datum|envoyé|envoyé le|enviado|enviado el|enviado em|enviada em|enviada|fecha|inviato|"
    "sendt|skickat|verzonden|dato|lähetetty|päivämäärä|odesláno|odoslané|küldve|elküldve|gönderildi|gönderilme|tarih|trimis|"
    "poslano|στάλθηκε|ημερομηνία|изпратено|发送时间|日期|傳送時間|送信日時|日時|보낸 날짜|날짜",
    "to": "to|кому|получатель|одержувач|do|adresat|an|à|pour|para|a|til|till|aan|vastaanottaja|komu|címzett|kime|către|"
    "prima|προς|до|收件人|收件者|宛先|받는 사람",
    "cc": "cc|копия|копія|dw|kopia|kopie|bcc|reply-to|ответить|importance|важность|抄送|참조",
    "subject": "subject|тема|тема письма|temat|betreff|objet|sujet|asunto|assunto|oggetto|emne|ämne|onderwerp|aihe|"
    "předmět|predmet|tárgy|konu|subiect|θέμα|относно|主题|主旨|件名|제목",
}
_LABEL_OF = {word: key for key, words in _LABELS.items() for word in words.split("|")}
_LABEL = re.compile(r"[ \t\u00a0>*|]{0,6}(?P<label>[^\W\d_][^:：\n*]{0,20}?)[ \t\u00a0*]{0,3}[:：]")
_ANY_LABEL = "|".join(sorted(_LABEL_OF, key=len, reverse=True))
_NEXT_LABEL = re.compile(
    rf"[ \t\u00a0*;](?P<label>{_ANY_LABEL})[ \t\u00a0*]{{0,3}}[:：](?=[ \t\u00a0*])", re.IGNORECASE
)
CLOCK = re.compile(r"(?<![\d.])\d{1,2}[:.]\d{2}(?![\d.])")


def header_fields(line: str) -> list[tuple[str, str]]:
    """What a line of a quoted header names (from, date, to, cc, subject), whatever its language, and the values.

    Some programs put all fields on one line.
    """
    line = line[:_MAX_LINE]
    match = _LABEL.match(line)
    key = _LABEL_OF.get(match["label"].strip().lower()) if match else None
    if match is None or key is None:
        return []
    found = [(key, match.end(), len(line))]
    if key in ("from", "date"):
        for further in _NEXT_LABEL.finditer(line, match.end()):
            other = _LABEL_OF[further["label"].lower()]
            if other not in (name for name, _, _ in found):
                found[-1] = (*found[-1][:2], further.start())
                found.append((other, further.end(), len(line)))
    return [(name, line[begin:end].strip(" *\t\u00a0")) for name, begin, end in found]


def block_length(lines: list[str], start: int, *, announced: bool) -> int:
    """How many lines from `start` on are a quoted header (From, Sent, To, Subject); 0 for none.

    One that nothing announces must name the author, the date, and a recipient or the subject.
    """
    seen: set[str] = set()
    sent = False
    end = start
    for at in range(start, min(start + _MAX_LINES, len(lines))):
        if not lines[at].strip():
            if seen:
                break
            if not announced:
                return 0
            continue
        fields = header_fields(lines[at])
        if not fields and not seen:
            return 0
        for key, value in fields:  # none: a wrapped list of recipients, which counts only when a label follows
            if not seen and not announced and key not in ("from", "date"):
                return 0
            seen.add(key)
            sent |= (key == "from" and "@" in value) or (key == "date" and CLOCK.search(value) is not None)
            end = at + 1
    if announced:
        return end - start if len(seen - {"cc"}) >= 2 else 0
    # A form may hold the same words, but no address of an author and no clock.
    return end - start if sent and seen >= {"from", "date"} and seen & {"to", "subject"} else 0
