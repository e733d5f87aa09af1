"""Names of attachments as they may be shown and sent on: data, never a path.

A name as a stranger wrote it in, a harmless one out, or an empty string when nothing is left of it. Keeps
the ending, because people and programs judge a file by it. Never fails.
"""

from __future__ import annotations

import re
import unicodedata

# As long as file systems and mail headers take without trouble.
MAX_BYTES = 150

# Controls, marks without width and direction overrides, surrogates, private and unassigned characters.
_INVISIBLE = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def clean(name: str) -> str:
    """The last component of the name, visible characters only, at most 150 bytes of UTF-8, or ""."""
    visible = "".join(
        char for char in unicodedata.normalize("NFC", name[:2_000]) if unicodedata.category(char) not in _INVISIBLE
    )
    last = re.split(r"[/\\]", visible.rstrip("/\\ "))[-1]
    last = " ".join(_FORBIDDEN.sub("_", last).split()).strip(". ")
    if _RESERVED.fullmatch(last):
        last = f"_{last}"
    return _shorten(last)


def _shorten(name: str) -> str:
    """The name cut in the middle so that its ending stays."""
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 20:
        stem, ending = name, ""
    room = MAX_BYTES - len(f"{dot if ending else ''}{ending}".encode())
    cut = stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ")
    return f"{cut}.{ending}" if ending else cut
