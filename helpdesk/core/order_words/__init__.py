"""What the transcript of an agent's commands says, in the language of the desk."""

from __future__ import annotations

from helpdesk.core.order_words.english import ENGLISH
from helpdesk.core.order_words.form import Words
from helpdesk.core.order_words.polish import POLISH
from helpdesk.core.order_words.russian import RUSSIAN
from helpdesk.core.order_words.ukrainian import UKRAINIAN

__all__ = ["ENGLISH", "Words", "words_in"]

_BY_LANGUAGE = {"en": ENGLISH, "ru": RUSSIAN, "uk": UKRAINIAN, "pl": POLISH}


def words_in(language: str) -> Words:
    """The words of `language`, English where it is not one of ours."""
    return _BY_LANGUAGE.get(language, ENGLISH)
