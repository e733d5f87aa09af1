"""Ready replies: texts that a desk has written once, and an agent sends by name.

Never fails: without such a text, the names that there are are the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyReply:
    """A text by its name, in each language (ru, uk, en, pl) that the desk has it in."""

    name: str
    texts: tuple[tuple[str, str], ...]

    def text(self, *languages: str) -> str:
        """The text in the first of these languages that it is there in, else in any."""
        known = dict(self.texts)
        return next((known[one] for one in (*languages, FALLBACK_LANGUAGE) if one in known), self.texts[0][1])


def meant(name: str, replies: tuple[ReadyReply, ...]) -> tuple[ReadyReply, ...]:
    """The reply of this name or, failing that, every one whose name so begins; case does not matter."""
    wanted = name.casefold()
    exact = tuple(one for one in replies if one.name.casefold() == wanted)
    return exact or tuple(one for one in replies if one.name.casefold().startswith(wanted))
