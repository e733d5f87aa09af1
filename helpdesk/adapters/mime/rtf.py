r"""The letter that Outlook keeps as compressed RTF in a winmail.dat: bytes in, plain text or HTML out.

Outlook often made the RTF of an HTML or plain mail and says so: then the HTML is put together again from the marks
it left. Otherwise the words are kept, and formats, fonts and pictures are passed over. What is torn ends the reading.
Never raises; bounded by MAX_RTF. Sources: the published formats MS-OXRTFCP (compression) and MS-OXRTFEX (HTML in
RTF), and the Rich Text Format Specification 1.9.1.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field, replace

from helpdesk.adapters.mime.charset import decode

# Text beyond this is cut: nobody writes so much by hand, and a small parcel must not grow without end.
MAX_RTF = 1_000_000
_MAX_DEPTH = 500

# --- compression ----------------------------------------------------------------------------------

_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_WINDOW = 4096
# What both sides know before the first byte: the words with which RTF usually begins.
_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def decompress(data: bytes) -> bytes:
    """The RTF, as far as it can be read; empty for what is no compressed RTF."""
    if len(data) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(data)
    wanted = min(size, MAX_RTF)
    if kind == _PLAIN:
        return data[_HEADER.size : _HEADER.size + wanted]
    return _expanded(data, wanted) if kind == _COMPRESSED else b""


def _expanded(data: bytes, wanted: int) -> bytes:
    """Literal bytes, and references into the last 4096 bytes that were written; eight of them behind each flag byte."""
    out = bytearray(_KNOWN)
    end = len(_KNOWN) + wanted
    at = _HEADER.size
    while at < len(data) and len(out) < end:
        flags = data[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            pair = int.from_bytes(data[at : at + 2], "big")
            at += 2
            distance = (len(out) - (pair >> 4)) % _WINDOW
            if distance == 0 or distance > len(out):
                at = len(data)  # a reference to the place that is written next is the end
                break
            for _ in range((pair & 15) + 2):
                out.append(out[-distance])
    return bytes(out[len(_KNOWN) : end])


# --- text -----------------------------------------------------------------------------------------

_TOKEN = re.compile(
    rb"\\(?:(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?|'(?P<byte>[0-9a-fA-F]{2})|(?P<sign>[^a-zA-Z]))"
    rb"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr footnote annotation "
    b"fldinst xmlnstbl themedata listtable".split()
)
_SIGNS = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t",
    b"emdash": "—", b"endash": "–", b"bullet": "•",
    b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
    b"~": "\u00a0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n",
}  # fmt: skip
# \fcharset of a font: the code page in which its bytes are written.
_FONT_CHARSETS = {
    0: "cp1252", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
_FROM_HTML = re.compile(rb"\\fromhtml1\b")
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")
_FONT = re.compile(rb"\\f(\d{1,5})\b[^{};]{0,200}?\\fcharset(\d{1,3})")


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds within a pair of braces."""

    silent: bool = False
    tag: bool = False  # within \*\htmltag: what stands here is HTML as it was
    hidden: bool = False  # between \htmlrtf and \htmlrtf0: what stands here was not in the HTML
    charset: str = "cp1252"
    fallback: int = 1  # so many bytes follow a \u for programs that do not know it


def letter(rtf: bytes) -> tuple[str, str]:
    """The plain text and the HTML of the letter, one of which is empty."""
    html = _FROM_HTML.search(rtf[:1_000]) is not None
    text = _words(rtf[:MAX_RTF], html)
    return ("", text) if html else (text, "")


def _words(rtf: bytes, html: bool) -> str:
    """What is written between all that tells how it looks."""
    page = _CODE_PAGE.search(rtf[:1_000])
    charset = f"cp{int(page[1])}" if page else "cp1252"
    fonts = {found[1]: _FONT_CHARSETS.get(int(found[2]), charset) for found in _FONT.finditer(rtf[: 64 * 1024])}
    letter = _Letter(html, charset, fonts, _Group(charset=charset))
    for token in _TOKEN.finditer(rtf):
        if token["text"] is not None:
            letter.add_bytes(token["text"])
        elif token["byte"] is not None:
            letter.add_bytes(bytes([int(token["byte"], 16)]))
        elif token["brace"] is not None:
            if not letter.turn(token["brace"]):
                break
        elif token["sign"] == b"*":
            letter.pass_over(known=rtf.startswith(b"\\htmltag", token.end()))
        elif word := token["word"] or token["sign"]:
            letter.obey(word, token["number"])
    return letter.text()


@dataclass(slots=True)
class _Letter:
    """The words so far, and what holds for the next ones."""

    html: bool
    charset: str
    fonts: dict[bytes, str]
    now: _Group
    around: list[_Group] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)  # of one charset: a character may have several bytes
    left_out: int = 0  # so many bytes repeat a character for programs that do not know it

    def add_bytes(self, data: bytes) -> None:
        """Bytes of the writer, unless this is no place where anybody reads."""
        kept = data[self.left_out :]
        self.left_out = max(0, self.left_out - len(data))
        if self._is_read():
            self.pending += kept

    def turn(self, brace: bytes) -> bool:
        """Begin or end a group; False when there are too many within each other."""
        self._settle()
        self.left_out = 0
        if brace == b"{":
            self.around.append(self.now)
        elif self.around:
            self.now = self.around.pop()
        return len(self.around) <= _MAX_DEPTH

    def pass_over(self, *, known: bool) -> None:
        """Be silent up to the end of the group, for it is of a kind that only some programs know."""
        self.now = replace(self.now, silent=self.now.silent or not known)

    def obey(self, word: bytes, number: bytes | None) -> None:
        """Do what a control word says; most say how something looks, and nothing is done."""
        self._settle()
        if word == b"htmltag":
            self.now = replace(self.now, tag=self.html, silent=self.now.silent or not self.html)
        elif word == b"htmlrtf":
            self.now = replace(self.now, hidden=self.html and number != b"0")
        elif word in _SKIPPED:
            self.now = replace(self.now, silent=True)
        elif word in (b"f", b"plain"):
            self.now = replace(self.now, charset=self.fonts.get(number or b"", self.charset))
        elif word == b"uc" and number:
            self.now = replace(self.now, fallback=min(abs(int(number)), 8))
        elif word == b"u" and number:
            self.left_out = self.now.fallback
            self._write(chr(int(number) % 0x10000))  # a UTF-16 unit, written as a signed number
        elif word in _SIGNS:
            self._write(_SIGNS[word])

    def text(self) -> str:
        """All words."""
        self._settle()
        # Characters beyond the first 65,536 come as two units.
        text = "".join(self.pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return decode(text.encode(), "utf-8")[0]

    def _is_read(self) -> bool:
        return not self.now.silent and (self.now.tag or not self.now.hidden)

    def _write(self, text: str) -> None:
        if self._is_read():
            self.pieces.append(text)

    def _settle(self) -> None:
        """Decode the bytes that are pending, before anything changes their charset."""
        if self.pending:
            self.pieces.append(_decoded(self.pending, self.now.charset))
            self.pending.clear()


def _decoded(raw: bytearray, charset: str) -> str:
    """Bytes of one font. What the font says holds: few bytes are too few to guess from."""
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("cp1252", "replace")
