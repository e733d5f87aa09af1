"""A text in several languages, as a pack says it."""

from __future__ import annotations

# (language, text).
Texts = tuple[tuple[str, str], ...]

# A text that nobody has translated falls back to this one.
FALLBACK_LANGUAGE = "en"


def text_in(texts: Texts, language: str, otherwise: str = "") -> str:
    """The text in `language`, else in English, else whatever there is."""
    known = dict(texts)
    return known.get(language) or known.get(FALLBACK_LANGUAGE) or next(iter(known.values()), otherwise)
