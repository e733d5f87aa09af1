"""Mail that no program would write, made of mail that somebody did: the corpus, broken in all the ways of the world.

`mutate` takes a source of chance and the corpus and gives the bytes of one mail. The same chance gives the same mail.
Each mutation is a small function in the table below; a mail goes through one to four of them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

CORPUS = Path(__file__).parent.parent / "corpus"

# Larger ones cost time and say nothing new: what grows with size has tests of its own.
MAX_BYTES = 30_000

CHARSETS = (
    "utf-8 us-ascii utf-7 utf-16 utf-16le utf-32 koi8-r koi8-u windows-1251 cp866 iso-8859-5 iso-2022-jp hz gb18030 "
    "big5 euc-kr shift_jis x-mac-cyrillic unknown-8bit idna punycode rot13 base64 zlib unicode_escape undefined \xff "
    "utf-8'en' x-" + "a" * 80
).split()
ENCODINGS = "7bit 8bit binary base64 quoted-printable x-uuencode uuencode BASE64 none quoted_printable".split()
TYPES = (
    "text/plain text/html multipart/mixed multipart/alternative multipart/report multipart/signed multipart/related "
    "message/rfc822 message/delivery-status message/partial message/external-body application/ms-tnef text/calendar "
    "message/global multipart/digest text text/ /plain */* image/png application/octet-stream"
).split()
NAMES = (
    "From To Cc Reply-To Subject Date Message-ID References In-Reply-To Content-Type Content-Transfer-Encoding "
    "Content-Disposition Content-ID MIME-Version Return-Path Delivered-To Received Auto-Submitted Precedence List-Id "
    "Authentication-Results X-Helpdesk-Instance X-Helpdesk-Ticket X-Spam-Flag X-Failed-Recipients Sender"
).split()
# Values and pieces of values that some parser once stumbled over.
PIECES = (
    b"=?utf-8?B?////?=",
    b"=?utf-8?Q?=0D=0ABcc:_eve@evil.test?=",
    b"=?koi8-r?B?8NLJ18XU?= =?koi8-r?B?",
    b"=?x?q?" + b"=?" * 40,
    b"[##100001##] [##",
    b"\xd1\x80\xd1\x83\xd1\x81",
    b"\xf0\xf3\xf1\xf1\xea\xe8\xe9",
    b"\x00",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae\xef\xbb\xbf",
    b"<" * 50,
    b"(" * 50,
    b'"' * 3,
    b"a@b@c,;:<>@",
    b"<anna@shop.test>",
    b"support@help.test",
    b"Ivan <ivan@staff.test>",
    b"undisclosed-recipients:;",
    b"Mon, 32 Foo 99999 25:61:61 +9999",
    b"Fri, 13 Nov 0000 00:00:00 -0000",
    b"mx.help.test; dmarc=pass header.from=staff.test",
    b'mx.help.test; spf=fail smtp.mailfrom="; dmarc=pass',
    b"charset*0*=utf-8''%D0; charset*1=%FF",
    b"filename*0*=x'y'%00; filename*2=../../etc/passwd",
    b"boundary=",
    b"auto-generated",
    b"delivery-status",
    b"rfc822; nobody@shop.test",
    b"5.1.1",
    b"#close",
    "#закрыть".encode(),
    b"-- ",
    b"---------- Forwarded message ---------",
    "От: Анна <anna@shop.test>".encode(),
    b"On Mon, Mar 2, 2026 at 10:15 AM Anna <anna@shop.test> wrote:",
    b"<div" * 60,
    b"<!--<style><![CDATA[",
    b"&#x110000;&#0;&notanentity",
)
_PARAMETER = re.compile(
    rb"(charset|boundary|name|filename|report-type|format|delsp)\*?=\"?([^\";\r\n]*)", re.IGNORECASE
)
_BOUNDARY = re.compile(rb"boundary=\"?([^\";\r\n]+)", re.IGNORECASE)

Mail = bytes
Mutation = Callable[[Random, Mail, Sequence[Mail]], Mail]


def corpus() -> tuple[bytes, ...]:
    """Every mail of the corpus that is not too large, in a fixed order."""
    raws = (path.read_bytes() for path in sorted(CORPUS.rglob("*.eml")))
    return tuple(raw for raw in raws if len(raw) <= MAX_BYTES)


def mutate(chance: Random, mails: Sequence[Mail]) -> Mail:
    """A mail of the corpus after one to four mutations."""
    mail = chance.choice(mails)
    for _ in range(chance.randint(1, 4)):
        mail = chance.choice(MUTATIONS)(chance, mail, mails)[:MAX_BYTES]
    return mail


# --- bytes ----------------------------------------------------------------------------------------


def flip_bits(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    flipped = bytearray(mail)
    for _bit in range(chance.randint(1, 8) if flipped else 0):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def cut_off(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    return mail[: chance.randint(0, len(mail))]


def cut_out(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    begin = chance.randint(0, len(mail))
    return mail[:begin] + mail[begin + chance.randint(1, 200) :]


def put_in(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    at = chance.randint(0, len(mail))
    return mail[:at] + chance.choice(PIECES) * chance.choice((1, 1, 1, 20)) + mail[at:]


def splice(chance: Random, mail: Mail, mails: Sequence[Mail]) -> Mail:
    other = chance.choice(mails)
    return mail[: chance.randint(0, len(mail))] + other[chance.randint(0, len(other)) :]


def change_line_ends(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    unix = mail.replace(b"\r\n", b"\n")
    return unix.replace(b"\n", chance.choice((b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\x0b")))


# --- headers --------------------------------------------------------------------------------------


def _headers(mail: Mail) -> tuple[list[bytes], bytes]:
    """The lines of the header, and the rest."""
    head, blank, body = mail.partition(b"\n\r\n") if b"\n\r\n" in mail else mail.partition(b"\n\n")
    return head.split(b"\n"), blank + body


def drop_header(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    lines, rest = _headers(mail)
    del lines[chance.randrange(len(lines))]
    return b"\n".join(lines) + rest


def repeat_header(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    lines, rest = _headers(mail)
    lines.insert(chance.randint(0, len(lines)), chance.choice(lines))
    return b"\n".join(lines) + rest


def borrow_header(chance: Random, mail: Mail, mails: Sequence[Mail]) -> Mail:
    lines, rest = _headers(mail)
    lines.insert(chance.randint(0, len(lines)), chance.choice(_headers(chance.choice(mails))[0]))
    return b"\n".join(lines) + rest


def invent_header(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    value = b" ".join(chance.choices(PIECES, k=chance.randint(0, 3)))
    colon = chance.choice((b": ", b": ", b":", b" : ", b":\r\n ", b""))
    return chance.choice(NAMES).encode() + colon + value + b"\r\n" + mail


def shuffle_headers(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    lines, rest = _headers(mail)
    chance.shuffle(lines)
    return b"\n".join(lines) + rest


def fold_header(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    lines, rest = _headers(mail)
    at = chance.randrange(len(lines))
    place = chance.randint(0, len(lines[at]))
    lines[at] = lines[at][:place] + chance.choice((b"\r\n ", b"\n\t", b"\n", b"\r\n \r\n ")) + lines[at][place:]
    return b"\n".join(lines) + rest


# --- structure ------------------------------------------------------------------------------------


def shuffle_parts(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    found: list[bytes] = _BOUNDARY.findall(mail)
    if not found:
        return mail
    mark = b"\n--" + chance.choice(found)
    first, *parts = mail.split(mark)
    chance.shuffle(parts)
    if parts and chance.random() < 0.5:
        parts.append(chance.choice(parts))
    return mark.join([first, *parts])


def swap_parameter(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    found = list(_PARAMETER.finditer(mail))
    if not found:
        return mail
    place = chance.choice(found)
    value = chance.choice((*(name.encode() for name in CHARSETS), *PIECES, b"", *(one[2] for one in found)))
    return mail[: place.start(2)] + value + mail[place.end(2) :]


def swap_charset(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    name = chance.choice(CHARSETS).encode()
    return re.sub(rb"(?i)(charset=\"?)[^\";\s]+", lambda found: found[1] + name, mail)


def swap_encoding(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    name = chance.choice(ENCODINGS).encode()
    return re.sub(rb"(?i)(content-transfer-encoding:\s*)[^\r\n]+", lambda found: found[1] + name, mail)


def swap_type(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    name = chance.choice(TYPES).encode()
    return re.sub(rb"(?i)(content-type:\s*)[^;\s]+", lambda found: found[1] + name, mail, count=chance.randint(1, 3))


def enclose(chance: Random, mail: Mail, mails: Sequence[Mail]) -> Mail:
    """The mail within another one, perhaps encoded as it may not be."""
    head, _ = _headers(chance.choice(mails))
    kept = [line for line in head if not line.lower().startswith((b"content-", b" ", b"\t"))]
    encoded = chance.random() < 0.2
    inner = base64.encodebytes(mail) if encoded else mail
    encoding = b"\r\nContent-Transfer-Encoding: base64" if encoded else b""
    kind = chance.choice((b"message/rfc822", b"message/rfc822", b"message/global", b"text/rfc822-headers"))
    return (
        b"\n".join(kept)
        + b"\r\nContent-Type: multipart/mixed; boundary=wrap\r\n\r\n--wrap\r\n\r\nSee below.\r\n--wrap"
        + (b"\r\nContent-Type: " + kind + encoding + b"\r\n\r\n" + inner + b"\r\n--wrap--\r\n")
    )


def nest(chance: Random, mail: Mail, _: Sequence[Mail]) -> Mail:
    """The mail below a number of empty multiparts, whose boundaries may be the same or begin alike."""
    lines, rest = _headers(mail)
    others = [line for line in lines if not line.lower().startswith((b"content-", b" ", b"\t"))]
    own = [line for line in lines if line.lower().startswith(b"content-")]
    names = [b"b" * chance.randint(1, 4) for _ in range(chance.randint(1, 12))]
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=%b\n\n--%b\n" % (name, name) for name in names)
    return b"\n".join(others) + b"\n" + opened + b"\n".join(own) + rest


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, cut_off, cut_out, put_in, splice, change_line_ends,
    drop_header, repeat_header, borrow_header, invent_header, shuffle_headers, fold_header,
    shuffle_parts, swap_parameter, swap_charset, swap_encoding, swap_type, enclose, nest,
)  # fmt: skip
