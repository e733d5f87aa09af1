"""Which of our four languages a text is written in: ru, uk, en, pl, or unknown.

Text in, language code or None out. Letters that only one of the languages has weigh most, its commonest
words and endings come second. A word or two without a telling letter may leave it open: None is an answer,
and the caller falls back on the requester's earlier mail and the desk's language. Other languages in Latin
letters mostly come out as English, which their writers are likelier to read. Never fails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

# Those that letters are written in.
LANGUAGES = ("ru", "uk", "en", "pl")

# The beginning says enough, and keeps a pasted log of a megabyte cheap.
MAX_LOOKED_AT = 4_000

# A telling letter outweighs any single word: one slip of the keyboard does not outweigh a sentence.
_LETTER_WEIGHT = 2

_LETTERS: Mapping[str, str] = {"uk": "іїєґ", "ru": "ыэёъ", "pl": "ąęłńśźżćó"}


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words that are common in one language and absent from its neighbours, the mail of a help desk in mind.
_WORDS: Mapping[str, frozenset[str]] = {
    "ru": _set_of(
        """и или что чтобы как где когда если только уже еще ещё нет не был была было были есть мой мне меня нас вас
        вам нам он она они это этот эта эти того тоже так также очень почему потому может можно нужно надо будет
        здравствуйте добрый день доброе утро пожалуйста спасибо помогите подскажите уважением уважаемые привет
        работает работают открывается загружается грузится лежит упал упала сломалось сломался ошибка ошибку заказ
        заказа заказы сайт сайте цена цены товар товара письмо письма почта пароль вход войти оплата оплатить сегодня
        вчера сейчас снова опять ничего никто нельзя получается приходит приходят пропал пропали пропала проценка
        проверьте сделать сделайте после перед через из при под над от до для без со ко об во кто куда все всё всех
        вообще больше теперь клиент клиенты покупатели корзина корзину прайс выгрузка вместо который которые нашем
        магазин магазине поставщик поставщики висит тормозит срочно вопрос ответ жду ждем просьба прошу"""
    ),
    "uk": _set_of(
        """та або що щоб як де коли якщо тільки вже ще немає не був була було були є мій мені мене нас вас вам нам він
        вона вони це цей ця того теж так також дуже чому тому може можна треба потрібно буде будь ласка дякую вітаю
        добрий день доброго дня ранку допоможіть підкажіть повагою шановні працює працюють відкривається
        завантажується лежить впав впала зламалося помилка помилку замовлення сайт сайті ціна ціни товар товару лист
        листи пошта пароль вхід увійти оплата сплатити сьогодні вчора зараз знову нічого ніхто виходить приходить
        приходять зник зникли перевірте зробити зробіть після перед через із зі під над від до для без про хто куди
        все всі всіх взагалі більше тепер клієнт клієнти покупці кошик прайс вивантаження замість який які нашому
        магазин магазині постачальник терміново питання запитання відповідь чекаю чекаємо прошу прохання"""
    ),
    "en": _set_of(
        """the a an and or that this these those is are was were be been have has had do does did not no can could will
        would should may please thanks thank you your yours we our us i my me it its he she they them to of in on at
        for from with without by about when where why how what which who there here hello hi dear regards best kind
        site website page order orders price prices cart payment login password error work works working down help
        cannot can't doesn't don't isn't won't i'm it's again still since yesterday today now after before into out
        up customer customers shop checkout email mail urgent issue problem nothing anyone everyone all any"""
    ),
    "pl": _set_of(
        """i oraz lub albo że żeby jak gdzie kiedy jeśli tylko już jeszcze nie był była było były jest są mój mi mnie
        nas was wam nam on ona oni to ten ta tego też tak także bardzo dlaczego bo może można trzeba będzie proszę
        prosze dziękuję dziekuje dzień dzien dobry witam cześć pozdrawiam pozdrowienia pomocy pomóżcie działa dziala
        działają otwiera ładuje laduje leży padł padła błąd blad zamówienie zamowienie zamówienia strona strony
        sklep sklepie cena ceny towar towaru wiadomość poczta hasło haslo logowanie zalogować zalogowac płatność
        platnosc dzisiaj wczoraj teraz znowu nic nikt przychodzi zniknęły sprawdźcie sprawdzić zrobić po przed przez
        z ze pod nad od do dla bez o w na za się sie kto co który które klient klienci koszyk koszyka cennik pilne
        pytanie odpowiedź czekam czekamy mam mamy nasz nasza naszej wszystko wszyscy"""
    ),
}

# Endings for texts without a known word; with "работает" and "картой" against "працюють" and "карткою" in mind.
_PARTS: Mapping[str, re.Pattern[str]] = {
    "ru": re.compile(r"(?:тся|ция|ство|ние|его|ет|ит|ят|ют|ут|ешь|ли|ой|ая|ую)\b"),
    "uk": re.compile(r"(?:ття|ння|ати|ити|ють|уть|ли|ою|ає|ує)\b"),
    "en": re.compile(r"(?:ing|tion|ed|ly|n't)\b|th|wh|\bsh"),
    "pl": re.compile(r"sz|cz|rz|dz|(?:ego|owa|ować|ych|acji)\b"),
}

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NOT_WORDS = ("://", "@", "www.")
_CYRILLIC = re.compile("[\u0400-\u04ff]+")
_LATIN = re.compile("[a-z\u00c0-\u017f]+")


def guess(text: str) -> str | None:
    """One of ru, uk, en, pl, or None when the text does not say."""
    return _guess(text[:MAX_LOOKED_AT])


# The language of a letter is asked for several times while it is decided.
@lru_cache(maxsize=8)
def _guess(beginning: str) -> str | None:
    if any(mark in beginning for mark in _NOT_WORDS):
        beginning = " ".join(word for word in beginning.split() if not any(mark in word for mark in _NOT_WORDS))
    beginning = beginning.casefold().replace("’", "'")
    words = _WORD.findall(beginning)
    cyrillic = sum(map(len, _CYRILLIC.findall(beginning)))
    latin = sum(map(len, _LATIN.findall(beginning)))
    if not cyrillic and not latin:
        return None
    # Product names and log lines in Latin letters are common in Cyrillic mail, the reverse is not.
    first, second = ("ru", "uk") if cyrillic * 3 >= latin else ("pl", "en")
    one, other = _weight(first, beginning, words), _weight(second, beginning, words)
    if one == other:
        return None
    return first if one > other else second


def _weight(language: str, text: str, words: list[str]) -> int:
    """How much speaks for the language, in words."""
    letters = sum(text.count(letter) for letter in _LETTERS.get(language, ""))
    known = sum(map(_WORDS[language].__contains__, words))
    return 4 * (_LETTER_WEIGHT * letters + known) + len(_PARTS[language].findall(text))
