"""Did a mail server write this, about a letter that it could not deliver?

An Inbound in, a bool out. Words are data in the tables below: whoever meets a new server adds some. Few words are
believed of a sender who is known to be a server; of anybody else more must speak for it, because people ask about
reports, too. Never fails. Sources: RFC 5321 section 4.5.5 (null sender), and what many servers write.
"""

from __future__ import annotations

import re

from helpdesk.core.failure import failed_in, is_announced, says_nothing_else
from helpdesk.core.message import Inbound

_DAEMON = re.compile(
    r"(?:mailer[-_.]?daemon|post[-_.]?master|mail[-_.]?daemon|mail[-_.]?delivery[-_.]?(?:system|subsystem|"
    r"service)?|mdaemon|"
    r"microsoftexchange[0-9a-f]{32})@"
)
# What servers call themselves where the address is missing or somebody's own.
_DAEMON_SHOWN = re.compile(
    r"mailer-daemon|postmaster|mail ?(?:deliver(?:y)? (?:system|subsystem|service)|administrator)|"
    r"system administrator|"
    r"internet mail delivery|mail router|courier mail server|"
    r"administrator systemu|системный администратор|системний адміністратор|systemadministrator|"
    r"administrateur système|administrador del sistema|microsoft (?:exchange|outlook)|smtp.{0,3}mail.{0,3}service|"
    r"система доставки|служба доставки|система доставлення",
    re.IGNORECASE,
)
# An address of which nobody expects letters of a person.
_UNATTENDED_ADDRESS = re.compile(
    r"(?:[a-z0-9._+-]{0,40}[._+-])?(?:no[-_.]?reply|do[-_.]?not[-_.]?reply)[^@]{0,60}@|bounces?@"
)

# In lower case and from the beginnings of words on: looked at for every mail.
_SUBJECT = re.compile(
    r"(?<!\w)(?:"
    r"undeliver(?:able|ed)|mail delivery (?:failed|failure|system|subsystem|warning|status|problem|error|delayed)|"
    r"delivery (?:status notification|failure|failed|has failed|problem|report|error|delayed|incomplete|notification)|"
    r"(?:failed|failure|unsuccessful) (?:mail )?delivery|non[- ]?delivery|failure notice|(?:fail|failure) of delivery|"
    r"(?:returned|bounced) mail|mail (?:failure|returned|system error)|delayed mail|\[bounce\]|returned to sender|"
    r"(?:mail|message) (?:could not be|cannot be|was not|not|has not been) (?:delivered|sent)|"
    r"message delivery|message status - |could not (?:send|deliver)|unable to deliver|error sending your mail|"
    r"(?:user|host|recipient|address) (?:is )?(?:unknown|not found)|warning: (?:message .{1,60} delayed|could not)|"
    r"delivery status|mail status report|delivery to .{1,80} failed|"
    r"не доставлен|недоставлен|не уда[её]тся доставить|не удалось доставить|(?:ошибка|отчет о|отчёт о|сбой) доставк|"
    r"задержк[аи] доставки|отложена доставка|доставка (?:отложена|не удалась)|уведомление о (?:недоставке|доставке)|"
    r"невозможно доставить|возврат (?:почты|письма)|"
    r"не вдалося доставити|не вдається доставити|помилка доставки|затримк[аи] доставки|звіт про (?:не)?доставк|"
    r"niedostarczaln|niedostarczon|nie dostarczono|nie można dostarczyć|niepowodzenie dostarcz|opóźnienie dostarcz|"
    r"błąd dostarcz|zwrot wiadomości|"
    r"unzustellbar|(?:zustellung|nachrichtenzustellung) (?:fehlgeschlagen|verzögert)|zustell(?:fehler|bericht)|"
    r"(?:fehler|fehlschlag) bei der zustellung|"
    r"non remis|échec de (?:la )?(?:remise|distribution)|remise retardée|non distribu|"
    r"no se puede entregar|no se ha (?:podido entregar|entregado)|entrega retrasada|error de entrega|devuelto|"
    r"non recapitabile|mancato recapito|mancata consegna|recapito ritardato|impossibile (?:recapitare|consegnare)|"
    r"não entreg|não é possível entregar|falha na entrega|entrega (?:atrasada|falhou)|"
    r"onbestelbaar|bezorging (?:mislukt|vertraagd)|olevererbart|det går inte att leverera|kan ikke leveres|"
    r"ei toimitettavissa|toimittaminen epäonnistui|nedoručiteln|nedoručen|kézbesíthetetlen|nelivrabil|teslim edil)|"
    r"配信不能|配信できません|配信に失敗|未配信|エラーメール|未送达|无法投递|退信|無法傳遞|"
    r"배달되지|배달할 수 없|전달되지|"
    r"μη παραδοτέο|не може да бъде доставено",
)
_UNATTENDED = re.compile(r"\s*(?:auto|bulk|junk)", re.IGNORECASE)
# So far from the top a server has named the address.
_LOOKED_AT = 1_000
_SERVER_SAYS = re.compile(
    r"automatic(?:ally)? (?:generated|created)|auto-?generated|automated (?:message|response|reply)|"
    r"(?:do not|don't) reply to this|permanent error|^[-= ]{2,}.{0,20}(?:returned|original|failed)|"
    r"remote host said|smtp error|said: [45]\d\d|\b5\d\d[ -]#?5\.\d\.\d|^\s*(?:received )?[<>]{3} |\brcpt to:|"
    r"(?:создано|отправлено|сформировано) автоматически|автоматическое (?:сообщение|уведомление)|"
    r"(?:створено|надіслано) автоматично|wygenerowan\w+ automatycznie|automatisch (?:erstellt|generiert|erzeugt)|"
    r"généré automatiquement|generado automáticamente|generato automaticamente",
    re.IGNORECASE | re.MULTILINE,
)
# No server greets so, or asks.
_PERSON_SAYS = re.compile(
    r"^\W{0,3}(?:hello|good (?:morning|day|afternoon|evening)|здравствуйте|добрый (?:день|вечер)|доброе утро|привет|"
    r"добрий день|доброго дня|вітаю|dzień dobry|witam|cześć|guten (?:tag|morgen)|hallo|bonjour|hola|buongiorno|salve|"
    r"olá|bom dia)\b|\w\?(?:\s|$)",
    re.IGNORECASE | re.MULTILINE,
)


def looks_returned(inbound: Inbound) -> bool:
    """May this be a returned mail, so that it is worth looking for the addresses that failed?"""
    if is_daemon(inbound) or inbound.header("x-failed-recipients") is not None:
        return True
    if inbound.return_path == "" and (inbound.sender is None or not inbound.subject):
        return True
    # A person who passes a returned mail on has a name of her own, and the null sender is no person's.
    if inbound.return_path == "" or _DAEMON_SHOWN.search(inbound.from_shown) is not None:
        return is_bounce_subject(inbound)
    unattended = _is_unattended(inbound)
    if not is_bounce_subject(inbound):
        return unattended and _speaks_as_server(inbound)
    if _SUBJECT.match(inbound.subject.lower()) and (unattended or _speaks_as_server(inbound)):
        return True
    by_person = inbound.references or _PERSON_SAYS.search(inbound.text[:_LOOKED_AT])
    return not by_person and says_nothing_else(inbound.text)


def is_surely_returned(inbound: Inbound) -> bool:
    """Is it so certain to be a report that whoever it names was not reached, in whatever language it says so?"""
    by_server = is_daemon(inbound) or inbound.return_path == "" or _DAEMON_SHOWN.search(inbound.from_shown) is not None
    return by_server and (is_bounce_subject(inbound) or is_announced(inbound.text))


def is_bounce_subject(inbound: Inbound) -> bool:
    """Does the subject say that something was not delivered? People who ask about it say so, too."""
    return _SUBJECT.search(inbound.subject.lower()) is not None


def is_daemon(inbound: Inbound) -> bool:
    """Was the mail written by a mail server, by its address?"""
    address = inbound.sender.address if inbound.sender else ""
    return is_daemon_address(address) or "mailer-daemon" in inbound.from_shown.lower()


def is_daemon_address(address: str) -> bool:
    """Is this (normalised) address one that mail servers write from?"""
    return _DAEMON.match(address) is not None


def _is_unattended(inbound: Inbound) -> bool:
    """Does the mail itself say that nobody wrote it?"""
    address = inbound.sender.address if inbound.sender else ""
    return _UNATTENDED_ADDRESS.match(address) is not None or any(
        _UNATTENDED.match(inbound.header(name) or "") for name in ("auto-submitted", "precedence", "x-precedence")
    )


def _speaks_as_server(inbound: Inbound) -> bool:
    """Does the text begin with who was not reached, and show the returned letter or say that a program speaks?

    For servers that send their reports from an address like anybody's. A person who asks about a report greets,
    answers, or passes it on.
    """
    top = inbound.text[:_LOOKED_AT]
    return (
        not inbound.references
        and _PERSON_SAYS.search(top) is None
        and bool(failed_in(top))
        and (
            _SERVER_SAYS.search(top) is not None
            or any(file.type in ("message/rfc822", "text/rfc822-headers") for file in inbound.attachments)
        )
    )
