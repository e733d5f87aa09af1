"""How a desk's letters to requesters look: a colour, a logo, and what stands below every letter.

The colour is only ever a ground for text, and the text on it is black or white, whichever is easier to read: one of
them always has a contrast of 4.5 at least. A logo is a PNG or JPEG by its content, whatever it is called:
SVG is a program that mail programs refuse. Source: WCAG 2.2, "relative luminance" and success criterion 1.4.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

# In CSS pixels: a logo is shown within this box, and never larger than it is.
LOGO_WIDTH, LOGO_HEIGHT = 240, 48

# It travels in every letter to a requester.
MAX_LOGO = 64 * 1024

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"

# Start-of-frame markers of JPEG; C4, C8 and CC between them are tables (ITU-T T.81, table B.1).
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture to show; `width` and `height` are those at which it is shown, in CSS pixels."""

    type: str
    content: bytes
    width: int
    height: int

    @property
    def name(self) -> str:
        """A file name that says what it is."""
        return f"logo.{self.type.partition('/')[2]}"

    def cid(self, domain: str) -> str:
        """The same in every letter: mail programs may keep it."""
        return f"logo.{sha256(self.content).hexdigest()[:20]}@{domain}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Brand:
    """`colour` is "#rrggbb", or empty: none.

    `signature` are lines below every letter to a requester, `signatures` those of some languages: (language, lines).
    """

    colour: str = ""
    logo: Logo | None = None
    signature: tuple[str, ...] = ()
    signatures: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def signed(self, language: str) -> tuple[str, ...]:
        """The lines below a letter in this language."""
        return dict(self.signatures).get(language, self.signature)


def read_colour(text: str) -> str:
    """The colour in lower case; ValueError for anything but #rrggbb."""
    if not _COLOUR.fullmatch(text.lower()):
        raise ValueError('want a colour as "#rrggbb", for example "#1a5fb4"')
    return text.lower()


def text_on(colour: str) -> str:
    """Black or white: what is easier to read on this colour."""
    return max("#ffffff", "#000000", key=lambda text: contrast(text, colour))


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white); 4.5 is easy to read."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def read_logo(content: bytes) -> Logo:
    """The picture, scaled into its box; ValueError, in words for people, for what cannot be one."""
    if len(content) > MAX_LOGO:
        raise ValueError(f"is larger than {MAX_LOGO // 1024} KB; want a smaller one: it is in every letter")
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) >= 24:
        kind, width, height = "image/png", int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    elif content.startswith(_JPEG):
        kind, (width, height) = "image/jpeg", _size_of_jpeg(content)
    else:
        raise ValueError("is no PNG or JPEG; mail programs show no other kind everywhere, SVG least of all")
    if not width or not height:
        raise ValueError("says that it is empty; save it again")
    scale = min(1, LOGO_WIDTH / width, LOGO_HEIGHT / height)
    return Logo(kind, content, max(1, round(width * scale)), max(1, round(height * scale)))


def _size_of_jpeg(content: bytes) -> tuple[int, int]:
    """(0, 0) where the file ends before it says."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in _FRAMES:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + length
    return 0, 0
