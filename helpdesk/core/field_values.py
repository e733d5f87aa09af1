"""What people write into a field, understood: a date, a number, one of several choices, an account …

Text and the Field in, the value in its one canonical form out, or a Fault that says what is wrong with the text.
Dates are YYYY-MM-DD, amounts have a point and perhaps a currency, yes and no are "yes" and "no", a choice is its key;
accounts, tax numbers and phones have no spaces. Never fails otherwise.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from helpdesk.core.check_digits import is_iban, is_tax_number
from helpdesk.core.words import fold

YES, NO = "yes", "no"

# What "there is none" reads as, where a field may say so.
NONE = "-"

# How alike a word must be to count as the choice that was meant, 0.0-1.0.
ALIKE = 0.75


class FieldKind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    DATE = "date"
    NUMBER = "number"  # a whole one
    MONEY = "money"
    YES_NO = "yes-no"
    CHOICE = "choice"
    SERIAL = "serial"  # letters, digits and marks between them; or a word for "none"
    ARTICLE = "article"
    PHONE = "phone"
    IBAN = "iban"
    TAX_NUMBER = "tax-number"
    EMAIL = "email"


class Fault(StrEnum):
    """What is wrong with a text."""

    DATE = "date"
    DAY = "day"  # no such day in the calendar
    NUMBER = "number"
    MONEY = "money"
    YES_NO = "yes-no"
    CHOICE = "choice"
    SERIAL = "serial"
    ARTICLE = "article"
    PHONE = "phone"
    IBAN = "iban"
    TAX_NUMBER = "tax-number"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several things that a field may say; `names` holds (language, label), `also` other words for it."""

    key: str
    names: tuple[tuple[str, str], ...]
    also: tuple[str, ...] = ()


Understood = str | Fault


def understand(kind: FieldKind, text: str, choices: tuple[Choice, ...] = ()) -> Understood:
    """The value that `text` gives a field of this kind, or what is wrong with it."""
    text = " ".join(text.split())
    return _chosen(text, choices) if kind is FieldKind.CHOICE else _READERS[kind](text)


def _date(text: str) -> Understood:
    """01.06.2023, 1.6.23, 01/06/2023, 2023-06-01, 1 июня 2023; the day stands before the month."""
    if found := re.match(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?!\d)", text):
        year, month, day = (int(part) for part in found.groups())
    elif found := re.match(r"(\d{1,2})\s?[-./]\s?(\d{1,2})\s?[-./]\s?(\d{4}|\d{2})(?!\d)", text):
        day, month, year = (int(part) for part in found.groups())
    elif found := re.match(r"(\d{1,2})\s+([^\W\d_]{3,})\.?,?\s+(\d{4})(?!\d)", text):
        named = fold(found[2])
        month = next((number for number, stems in _MONTHS.items() if named.startswith(stems)), 0)
        day, year = int(found[1]), int(found[3])
        if not month:
            return Fault.DATE
    else:
        return Fault.DATE
    try:
        return date(year + 2000 if year < 100 else year, month, day).isoformat()
    except ValueError:
        return Fault.DAY


def _number(text: str) -> Understood:
    found = re.match(r"(\d{1,9})(?:\s?(?:шт|штук\w*|pcs?|szt\w*)\b\.?|\s*$|\s+\D)", text)
    return str(int(found[1])) if found else Fault.NUMBER


def _money(text: str) -> Understood:
    """1 234,50 руб.; 780; UAH 99.90. A point or comma before exactly two digits parts the hundredths."""
    found = re.fullmatch(r"(\D{0,6}?)\s?(\d{1,3}(?:[ .,\u00a0]\d{3})+|\d{1,9})(?:[.,-](\d{1,2}))?\s?(\D{0,12})", text)
    if found is None:
        return Fault.MONEY
    words = fold(f"{found[1]} {found[4]}")
    currency = next((code for code, stems in _CURRENCIES.items() if any(stem in words for stem in stems)), "")
    if words.strip(" .,-") and not currency:
        return Fault.MONEY
    whole = str(int(re.sub(r"\D", "", found[2])))
    amount = f"{whole}.{found[3].ljust(2, '0')}" if found[3] and int(found[3]) else whole
    return f"{amount} {currency}".strip()


def _yes_no(text: str) -> Understood:
    word = re.sub(r"[^\w+-]", " ", fold(text)).split()
    first = word[0] if word else ""
    if first in _YES:
        return YES
    return NO if first in _NO else Fault.YES_NO


def _chosen(text: str, choices: tuple[Choice, ...]) -> Understood:
    """The choice that is named, or nearly: "б/у", "бу", "исползованное"; nothing where two are as near."""
    wanted = _plain(text)
    spellings = {
        _plain(name): choice.key
        for choice in choices
        for name in (choice.key, *(label for _, label in choice.names), *choice.also)
    }
    if wanted in spellings:
        return spellings[wanted]
    begun = {key for name, key in spellings.items() if len(wanted) > 2 and (name.startswith(wanted))}
    near = begun or {spellings[name] for name in difflib.get_close_matches(wanted, spellings, n=3, cutoff=ALIKE)}
    if not near:
        # "не полная, без ключа": a name and then more words.
        longest = max((name for name in spellings if name and wanted.startswith(f"{name} ")), key=len, default="")
        near = {spellings[longest]} if longest else set()
    return near.pop() if len(near) == 1 else Fault.CHOICE


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", fold(text)).split())


def _serial(text: str) -> Understood:
    if _plain(text) in _NONE_WORDS or text in ("-", "—", "–"):
        return NONE
    found = re.match(r"[\w./\\-]{3,40}(?:\s[\w./\\-]*\d[\w./\\-]*){0,3}", text)
    return found[0].upper() if found and re.search(r"\d", found[0]) else Fault.SERIAL


def _article(text: str) -> Understood:
    """A model or article and its maker, as written; at least one letter or digit."""
    return text if re.search(r"\w{2}", text) else Fault.ARTICLE


def _phone(text: str) -> Understood:
    """International with +, or as in the country; 8 before ten digits is Russian for +7."""
    found = re.match(r"[+(\d][\d\s().-]{5,24}", text)
    digits = re.sub(r"\D", "", found[0]) if found else ""
    if not 7 <= len(digits) <= 15:
        return Fault.PHONE
    if len(digits) == 11 and digits[0] in "78" and not text.startswith("+8"):
        return f"+7{digits[1:]}"
    return f"+{digits}" if text.startswith("+") else digits


def _iban(text: str) -> Understood:
    account = re.sub(r"[\s.-]", "", text).upper().removeprefix("IBAN").lstrip(":")
    return account if is_iban(account) else Fault.IBAN


def _tax_number(text: str) -> Understood:
    number = re.sub(r"[\s-]", "", text)
    return number if is_tax_number(number) else Fault.TAX_NUMBER


def _email(text: str) -> Understood:
    found = re.search(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text)
    return found[0].lower() if found else Fault.EMAIL


_READERS: dict[FieldKind, Callable[[str], Understood]] = {
    FieldKind.TEXT: lambda text: text,
    FieldKind.DATE: _date,
    FieldKind.NUMBER: _number,
    FieldKind.MONEY: _money,
    FieldKind.YES_NO: _yes_no,
    FieldKind.SERIAL: _serial,
    FieldKind.ARTICLE: _article,
    FieldKind.PHONE: _phone,
    FieldKind.IBAN: _iban,
    FieldKind.TAX_NUMBER: _tax_number,
    FieldKind.EMAIL: _email,
}

_YES = frozenset("да yes так tak y д есть є jest + v имеется має true ага верно вірно істина".split())
_NO = frozenset("нет no ні nie n н - отсутствует відсутній brak немає нема false без".split())
_NONE_WORDS = frozenset(("б н", "бн", "без номера", "нет", "немає", "отсутствует", "відсутній", "none", "n a", "brak"))

_CURRENCIES = {
    "RUB": ("руб", "rub", "₽", "р.", "р "),
    "UAH": ("грн", "uah", "₴", "грив"),
    "PLN": ("zl", "pln", "зл"),
    "EUR": ("eur", "€", "евро", "євро"),
    "USD": ("usd", "$", "долл", "дол"),
}

# How the months begin in Russian, Ukrainian, English and Polish, as `fold` leaves them.
_MONTHS: dict[int, tuple[str, ...]] = {
    number: tuple(fold(stem) for stem in stems.split())
    for number, stems in {
        1: "янв січ jan sty",
        2: "фев лют feb lut",
        3: "мар бер mar",
        4: "апр кві apr kwi",
        5: "май мая тра may maj",
        6: "июн чер jun cze",
        7: "июл лип jul lip",
        8: "авг сер aug sie",
        9: "сен вер sep wrz",
        10: "окт жов oct paź",
        11: "ноя лис nov lis",
        12: "дек гру dec gru",
    }.items()
}
