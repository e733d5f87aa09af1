"""Replies in the form in which Outlook, Gmail, Apple Mail and a telephone write them, after mail of these programs.

Each gives the mail that its owner sends when he types `text` above the letter: an HTML page, mostly with plain text
beside it, the letter quoted in the program's own way, its headers, and what its keyboard makes of the words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr

Shape = Callable[[str, EmailMessage, str], EmailMessage]


def outlook(writer: str, letter: EmailMessage, text: str) -> EmailMessage:
    """Outlook for Windows: HTML of Word alone, in windows-1251; no ">", but a block of From, Sent, To and Subject."""
    # Word turns quotes into curly ones, and a keyboard of another alphabet has a wide number sign.
    typed = re.sub("^#", "＃", text.replace('"', "”"))
    paragraphs = "".join(_word(line) for line in typed.splitlines())
    block = (
        f"<b>From:</b> {html.escape(str(letter['From']))} <br><b>Sent:</b> Monday, March 2, 2026 10:00 AM<br>"
        f"<b>To:</b> {writer}<br><b>Subject:</b> {html.escape(str(letter['Subject']))}"
    )
    page = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40"><head>'
        "<style><!-- p.MsoNormal {margin:0cm; font-size:11.0pt;} --></style></head>"
        f'<body lang=EN-US link="#0563C1" style="word-wrap:break-word"><div class=WordSection1>{paragraphs}'
        f"{_word('')}<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>"
        f"<p class=MsoNormal>{block}<o:p></o:p></p></div></div>{_word('')}{_original_page(letter)}</div></body></html>"
    )
    mail = _reply(writer, letter, "RE: ")
    mail["X-Mailer"] = "Microsoft Outlook 16.0"
    mail["Thread-Index"] = "Adx5n0mQmKqC9oQ0QxW0xXk0w2jv3A=="
    mail["Content-Language"] = "en-us"
    mail.set_content(page, subtype="html", cte="quoted-printable")
    return mail


def gmail(writer: str, letter: EmailMessage, text: str) -> EmailMessage:
    """Gmail in a browser: both forms, the letter in a `gmail_quote`; blanks at the ends of lines do not break."""
    attribution = f"On Mon, Mar 2, 2026 at 10:00 AM {_name(letter)} <{_address(letter)}> wrote:"
    lines = "".join(f"<div>{html.escape(line) or '<br>'}</div>" for line in text.splitlines())
    page = (
        f'<div dir="ltr">{lines.replace("</div>", "&nbsp;</div>", 1)}</div><br>'
        '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"{html.escape(attribution)}<br></div>"
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204)">'
        f"{_original_page(letter)}</blockquote></div>"
    )
    mail = _reply(writer, letter, "Re: ")
    mail.set_content(f"{text}\n\n{attribution}\n\n{_quoted(letter)}", cte="quoted-printable")
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    return mail


def apple_mail(writer: str, letter: EmailMessage, text: str) -> EmailMessage:
    """Apple Mail on a Mac: both forms, curly quotes, the letter in a block that is cited."""
    typed = text.replace('"', "“", 1).replace('"', "”", 1).replace("'", "’")
    said = f"On 2 Mar 2026, at 10:00, {_name(letter)} <{_address(letter)}> wrote:"
    lines = "".join(f"{html.escape(line)}<br>" for line in typed.splitlines())
    page = (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        '<body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">'
        f'{lines}<div><br><blockquote type="cite"><div>{html.escape(said)}</div>'
        f'<br class="Apple-interchange-newline"><div>{_original_page(letter)}</div></blockquote></div><br></body>'
        "</html>"
    )
    mail = _reply(writer, letter, "Re: ")
    mail["X-Mailer"] = "Apple Mail (2.3826.700.81)"
    mail.set_content(f"{typed}\n\n> {said}\n> \n{_quoted(letter)}", cte="quoted-printable")
    mail.add_alternative(page, subtype="html", cte="base64")
    return mail


def telephone(writer: str, letter: EmailMessage, text: str) -> EmailMessage:
    """A telephone: it writes the first letter large, puts blanks that do not break, and signs."""
    begun = int(text.startswith("#"))
    typed = (text[:begun] + text[begun : begun + 1].upper() + text[begun + 1 :]).replace(" ", "\u00a0", 1)
    said = f"On Mar 2, 2026, at 10:00 AM, {_name(letter)} <{_address(letter)}> wrote:"
    lines = "".join(f"<div>{html.escape(line) or '<br>'}</div>" for line in typed.splitlines())
    page = (
        f'<html><body dir="auto">{lines}<div><br></div><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br>'
        f'<blockquote type="cite">{html.escape(said)}<br><br></blockquote></div><blockquote type="cite">'
        f'<div dir="ltr">\ufeff{_original_page(letter)}</div></blockquote></body></html>'
    )
    mail = _reply(writer, letter, "Re: ")
    mail["X-Mailer"] = "iPhone Mail (22D72)"
    mail.set_content(f"{typed}\n\nSent from my iPhone\n\n> {said}\n> \n> \ufeff{_quoted(letter)[2:]}", cte="base64")
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    return mail


SHAPES: dict[str, Shape] = {"outlook": outlook, "gmail": gmail, "apple": apple_mail, "telephone": telephone}


def _reply(writer: str, letter: EmailMessage, prefix: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = writer, str(letter["From"]), f"{prefix}{letter['Subject']}"
    mail["Message-ID"] = make_msgid(domain=writer.partition("@")[2])
    mail["In-Reply-To"] = str(letter["Message-ID"])
    mail["References"] = f"{letter['References'] or ''} {letter['Message-ID']}".strip()
    return mail


def _word(line: str) -> str:
    return f"<p class=MsoNormal>{html.escape(line) or '&nbsp;'}<o:p></o:p></p>"


def _original_page(letter: EmailMessage) -> str:
    page = letter.get_body(("html",))
    whole = str(page.get_content()) if page else ""
    return whole.partition("<body")[2].partition(">")[2].partition("</body>")[0] or whole


def _quoted(letter: EmailMessage) -> str:
    plain = letter.get_body(("plain",))
    return "".join(f"> {line}\n" for line in (str(plain.get_content()) if plain else "").splitlines())


def _name(letter: EmailMessage) -> str:
    return parseaddr(str(letter["From"]))[0]


def _address(letter: EmailMessage) -> str:
    return parseaddr(str(letter["From"]))[1]
