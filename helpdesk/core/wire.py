"""A letter as bytes on the wire: header lines, encoded words, MIME parts.

Text in -> ASCII lines that end in CRLF. The same input gives the same bytes: nothing is drawn at random, the boundary
is an argument. Foreign text never breaks out of its header: it is cleaned, not refused. Written here and not by
`email.message.EmailMessage`, which turns long ids of References into encoded words that no client
follows, draws its own boundaries and takes several times as long.

Source: RFC 5322 (folding, addresses), 2047 (encoded words), 2045 (transfer encodings), 2231 (file names), 2183.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from helpdesk.core.message import Address

# A header line, without CRLF. Longer ones are legal up to 998, but 78 is what every program expects.
LINE = 76
# So many bytes of a file make a line of base64.
_LINE_BYTES = LINE // 4 * 3
# Longer file names are cut before their extension; their percent form must stay on one line of 998.
MAX_FILE_NAME = 100
# Hostile ids only; a true one is far shorter. Together with the limit on their number References stay bounded.
MAX_ID = 250
# Of UTF-8 in one encoded word, which has at most 75 characters.
WORD_BYTES = 45

# What has no place in a letter of ours: control characters, and what hides or redirects the text around it
# (direction marks and overrides, byte order marks, interlinear marks, halves of surrogate pairs).
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]+>")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")
# What a mail program might run or draw by itself travels as a plain file. A mail as an attachment may
# not be encoded (RFC 2046 section 5.2.1), so it does too.
_ACTIVE = re.compile(r"text/html|.*(xml|svg|script|xhtml|x-shockwave).*|message/.*|multipart/.*")
PLAIN_FILE = "application/octet-stream"


# --- cleaning -------------------------------------------------------------------------------------


def one_line(text: str) -> str:
    """The text on one line: line ends and tabs become spaces, characters that hide or redirect are gone."""
    # What can be printed holds nothing of all this, and that is known at once.
    clean = text if text.isprintable() else _UNSEEN.sub("", _LINE_ENDS.sub(" ", text))
    return " ".join(clean.split())


def lines(text: str) -> str:
    """The text with its lines, each ended by LF; characters that hide or redirect are gone."""
    if text.replace("\n", "").isprintable():
        return text
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))


def message_ids(ids: Iterable[str]) -> list[str]:
    """Those ids that can stand in a header, in order, without doubles."""
    return [known for known in dict.fromkeys(ids) if len(known) <= MAX_ID and _MESSAGE_ID.fullmatch(known)]


def file_name(name: str) -> str:
    """A name that is no path and cannot hide its extension; `file` when nothing is left."""
    name = re.sub(r'[/\\:"<>|*?]', "_", one_line(name)).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if len(name) > MAX_FILE_NAME:
        name = stem[: MAX_FILE_NAME - 12].rstrip() + dot + extension[:11] if dot else name[:MAX_FILE_NAME]
    return name or "file"


def content_type(declared: str) -> str:
    """The declared type when it is well-formed and nothing that a mail program might run."""
    declared = declared.strip().lower()
    return PLAIN_FILE if not _TYPE.fullmatch(declared) or _ACTIVE.fullmatch(declared) else declared


# --- headers --------------------------------------------------------------------------------------


def text_header(name: str, text: str, *, verbatim: str = "") -> str:
    """A header of free text; `verbatim` stands in front of it and stays as it is (our tag)."""
    text = one_line(text)
    words = [verbatim] if verbatim else []
    return _folded(name, [*words, *(text.split(" ") if _is_plain(text) else encoded_words(text))])


def token_header(name: str, tokens: Iterable[str]) -> str:
    """A header of tokens (ids, keywords) that are never encoded and never broken."""
    return _folded(name, list(tokens))


def address_header(name: str, addresses: Iterable[Address]) -> str:
    """A header of mailboxes. An address with letters beyond ASCII stays as it is (RFC 6532)."""
    written = [_mailbox(address) for address in addresses]
    return _folded(
        name, [word for mailbox in written[:-1] for word in (*mailbox[:-1], mailbox[-1] + ",")] + written[-1]
    )


def encoded_words(text: str) -> list[str]:
    """The text as encoded words of at most 75 characters, none of which splits a character.

    They end at spaces where they can: some readers (Python's among them) put another space between two of them.
    """
    words, room = [""], WORD_BYTES
    for piece in _pieces(text):
        size = len(piece.encode("utf-8"))
        if size > room:
            words.append("")
            room = WORD_BYTES
        words[-1] += piece
        room -= size
    return [f"=?utf-8?b?{b64encode(word.encode('utf-8')).decode('ascii')}?=" for word in words]


def _pieces(text: str) -> list[str]:
    """Words with the space behind them; single characters of a word that is too long for one encoded word."""
    words = re.findall(r"\S+\s?|\s", text)
    return [piece for word in words for piece in ([word] if len(word.encode("utf-8")) <= WORD_BYTES else word)]


def _is_plain(text: str) -> bool:
    # What looks like an encoded word would be decoded by the reader: a way to smuggle a line end in.
    return text.isascii() and "=?" not in text and all(len(word) < LINE for word in text.split(" "))


def _mailbox(mailbox: Address) -> list[str]:
    name, address = one_line(mailbox.name), one_line(mailbox.address).replace(" ", "")
    if not name:
        return [address]
    if not _is_plain(name):
        phrase = encoded_words(name)
    elif _ATOMS.fullmatch(name):
        phrase = name.split(" ")
    else:
        phrase = ['"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"']
    return [*phrase, f"<{address}>"]


def _folded(name: str, words: list[str]) -> str:
    """`Name: words`, broken between words only; words keep one space between them when unfolded."""
    done, line = [], f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > LINE and line.strip() != f"{name}:":
            done.append(line)
            line = ""
        line += " " + word
    return "\r\n".join([*done, line]) + "\r\n"


# --- bodies ---------------------------------------------------------------------------------------


# A few bytes, or many that come one after another, and again each time when they are asked for.
Piece = bytes | Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """A MIME part: its header lines (with CRLF) and its encoded content."""

    headers: str
    content: tuple[Piece, ...]

    def pieces(self) -> Iterator[bytes]:
        """The whole part; what is large comes a little at a time."""
        yield self.headers.encode("utf-8") + b"\r\n"
        for piece in self.content:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from piece


@dataclass(frozen=True, slots=True)
class _Base64:
    """A file in base64, encoded while it is written. `content` gives its bytes each time anew."""

    content: Callable[[], Iterator[bytes]]

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        for piece in self.content():
            waiting = rest + piece
            whole = len(waiting) // _LINE_BYTES * _LINE_BYTES
            rest = waiting[whole:]
            yield _base64(waiting[:whole])
        yield _base64(rest)


# The letters to several agents about one mail have the same text.
@lru_cache(maxsize=4)
def text_part(text: str, subtype: str) -> Part:
    """Text in the shortest encoding that survives every relay: lines of at most 76, nothing beyond ASCII.

    Text that is mostly Latin stays readable in the source (quoted-printable); the rest is base64.
    """
    raw = lines(text).replace("\n", "\r\n").encode("utf-8")
    beyond = len(raw) - len(raw.decode("utf-8"))
    if beyond == 0 and all(len(line) <= LINE and not line.startswith((b".", b"From ")) for line in raw.split(b"\r\n")):
        encoding, content = "7bit", raw
    elif beyond * 8 < len(raw):
        encoding, content = "quoted-printable", _quoted_printable(raw)
    else:
        encoding, content = "base64", _base64(raw)
    return Part(f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n", (content,))


def file_part(name: str, declared_type: str, content: Callable[[], Iterator[bytes]], *, content_id: str = "") -> Part:
    """A file to be saved or, with a `content_id` (without brackets), a picture within the letter.

    `content` gives its bytes, a few at a time, whenever they are needed.
    """
    name = file_name(name)
    disposition = f"{'inline' if content_id else 'attachment'};"
    headers = [
        # The name stands twice: programs that do not know RFC 2231 look for it here, in encoded words.
        token_header("Content-Type", [f"{content_type(declared_type)};", *_quoted("name", name)]),
        token_header("Content-Disposition", [disposition, *_file_name_parameter(name)]),
        "Content-Transfer-Encoding: base64\r\n",
    ]
    if content_id:
        headers.append(token_header("Content-ID", [f"<{content_id}>"]))
    return Part("".join(headers), (_Base64(content),))


def _quoted(parameter: str, value: str) -> list[str]:
    words = [value] if value.isascii() else encoded_words(value)
    return f'{parameter}="{" ".join(words)}"'.split(" ")


def _file_name_parameter(name: str) -> list[str]:
    # An ASCII name beside this one would win in many readers.
    return _quoted("filename", name) if name.isascii() else [f"filename*=utf-8''{quote(name, safe='')}"]


def multipart(subtype: str, parts: Iterable[Part], boundary: str) -> Part:
    """Parts one after another; `boundary` must not occur in them and differ from that of any part within."""
    pieces = [
        piece for part in parts for piece in (f"--{boundary}\r\n{part.headers}\r\n".encode(), *part.content, b"\r\n")
    ]
    # Of related parts the first is the one to show, and its type is said (RFC 2387 section 3.1).
    root = ['type="text/html";'] if subtype == "related" else []
    header = token_header("Content-Type", [f"multipart/{subtype};", *root, f'boundary="{boundary}"'])
    return Part(header, (*pieces, f"--{boundary}--\r\n".encode()))


def _quoted_printable(raw: bytes) -> bytes:
    # The module writes soft line breaks as a bare LF unless the first line end it meets is a CRLF. "From " at the
    # start of a line gets a ">" from old mailboxes, and a dot must be doubled by every relay: both are spelt out.
    written = b"\n" + b2a_qp(raw, istext=True).replace(b"\r\n", b"\n")
    spelt = written.replace(b"\nFrom ", b"\n=46rom ").replace(b"\n.", b"\n=2E")
    return spelt[1:].replace(b"\n", b"\r\n")


def _base64(raw: bytes) -> bytes:
    encoded = b64encode(raw)
    return b"".join(encoded[at : at + LINE] + b"\r\n" for at in range(0, len(encoded), LINE))
