"""A text in several languages, as a pack or this program says it."""

from __future__ import annotations

from dataclasses import dataclass

# (language, text).
Texts = tuple[tuple[str, str], ...]

# A text that nobody has translated falls back to this one.
FALLBACK_LANGUAGE = "en"


def text_in(texts: Texts, language: str, otherwise: str = "") -> str:
    """The text in `language`, else in English, else whatever there is."""
    known = dict(texts)
    return known.get(language) or known.get(FALLBACK_LANGUAGE) or next(iter(known.values()), otherwise)


@dataclass(frozen=True, slots=True)
class Wording:
    """The same thing said in four languages."""

    en: str
    ru: str
    uk: str
    pl: str

    @classmethod
    def read(cls, text: str) -> Wording:
        """The wording that a line of the table holds."""
        return cls(*text.split(" | "))

    def of(self, language: str) -> str:
        """What is said in `language`; English where it is none of ours."""
        return {"ru": self.ru, "uk": self.uk, "pl": self.pl}.get(language, self.en)
