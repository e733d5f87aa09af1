"""Does a letter say nothing but thanks? Then it asks for nothing: it is kept, and a closed ticket stays closed.

Text -> Reason with the words, or None. Explainable on purpose: short, no question, no attachment, and every word is
one of the courtesies below, per language. Any other word may be a request, so it counts as one. Never fails.
"""

from __future__ import annotations

import re

from helpdesk.core.message import Inbound, Reason

# Longer letters say more than thanks.
MAX_WORDS = 14

# What thanks are made of; a letter without one of these is no courtesy: "да" answers something.
_THANKS = {
    "ru": "спасибо благодарю благодарим признателен признательна спс",
    "uk": "дякую дякуємо спасибі вдячний вдячна",
    "en": "thanks thank thx cheers appreciated",
    "pl": "dziękuję dziękujemy dzięki dziekuje dzieki dziekujemy",
    "de": "dank danke dankeschön",
    "fr": "merci",
    "es": "gracias",
    "it": "grazie",
}
_AROUND = {
    "ru": """большое огромное вам вас тебе за помощь оперативность оперативную быстрый быструю ответ работу всё все
    отлично хорошо супер понятно понял поняла ясно ок окей заработало работает теперь помогло получилось решено
    добрый день здравствуйте привет с уважением всего доброго хорошего дня и до свидания очень и""",
    "uk": """велике дуже вам вас тобі за допомогу оперативність швидку швидкий відповідь роботу все усе чудово добре
    супер зрозуміло зрозумів зрозуміла ясно ок запрацювало працює тепер допомогло вийшло вирішено добрий день вітаю
    з повагою всього доброго гарного дня і та""",
    "en": """you very much so a lot many for your the help support quick fast reply answer great perfect all good ok
    okay works working now it is that helped solved fixed got understood hello hi dear best kind regards have nice day
    and everything again it's""",
    "pl": """bardzo serdecznie za pomoc szybką szybka odpowiedź odpowiedz wsparcie wszystko super świetnie dobrze ok
    jasne zrozumiałem zrozumiałam działa dziala teraz pomogło rozwiązane dzień dobry witam pozdrawiam z poważaniem
    miłego dnia i już""",
    "de": "vielen für ihre die hilfe schnelle antwort alles gut super funktioniert jetzt mit freundlichen grüßen",
    "fr": "beaucoup pour votre aide réponse rapide tout fonctionne bien cordialement bonjour bonne journée",
    "es": "muchas por su ayuda respuesta rápida todo funciona bien saludos hola buen día",
    "it": "mille per il vostro aiuto la risposta tutto funziona bene saluti ciao buona giornata",
}
_THANK_WORDS = {language: frozenset(words.split()) for language, words in _THANKS.items()}
_COURTESIES = {language: _THANK_WORDS[language] | frozenset(words.split()) for language, words in _AROUND.items()}

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def courtesy(inbound: Inbound) -> Reason | None:
    """The courtesy that this letter is, with its words, or None when it may say more."""
    if any(not file.inline for file in inbound.attachments) or "?" in inbound.text:
        return None
    if any(char.isdigit() for char in inbound.text):
        return None
    words = [word.lower().replace("’", "'") for word in _WORD.findall(inbound.text[:1000])]
    if not words or len(words) > MAX_WORDS:
        return None
    for language, known in _COURTESIES.items():
        others = [word for word in words if word not in known]
        # One word more is a name: "Спасибо, Иван!", but only where it is written as a name.
        if (not others or _is_name(others, inbound.text)) and any(word in _THANK_WORDS[language] for word in words):
            return Reason("courtesy", " ".join(inbound.text.split()))
    return None


def _is_name(words: list[str], text: str) -> bool:
    """Is it one word, with a capital letter, and not the first of the letter?"""
    if len(words) != 1:
        return False
    found = re.search(rf"\b{re.escape(words[0])}\b", text, re.IGNORECASE)
    return found is not None and found[0][:1].isupper() and found.start() > 0
