"""What is asked of whoever fills in a form, and what is said of a value that was not understood.

Keys of fields and their problems in, one sentence each out, in the reader's language. None of them has a colon behind
the name of a field: quoted in an answer, it must not read as that field filled in.
"""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk.core.field_values import Fault, FieldKind
from helpdesk.core.form import Form, Problem, hint
from helpdesk.core.photos import FileFault, FileProblem
from helpdesk.core.texts import text_in

# Characters of a value that are repeated to its writer.
_SHOWN = 60


def form_question(form: Form, key: str, language: str, problem: Problem | None, *, words: bool) -> str | None:
    """What is asked for this key, or None where it is none of the form's.

    `words`: the value may be repeated. Whoever is not proven to have written it is told the name of the field alone.
    """
    check = next((each for each in form.checks if each.key == key), None)
    if check is not None:
        return text_in(check.tell, language, check.key)
    field = form.field(key)
    if field is None:
        return None
    label = form.label(key, language)
    wants = hint(field, language)
    if problem is None:
        return f"{label} ({wants})" if wants else label
    shown = problem.said if len(problem.said) <= _SHOWN else f"{problem.said[:_SHOWN]}…"
    said = _SAID.get(language, _SAID["en"]).format(value=shown) if words and shown else ""
    why = _why(form, problem, language, wants)
    return " – ".join(part for part in (label, said, why) if part)


def form_values(form: Form, values: Iterable[tuple[str, str]], language: str) -> tuple[str, ...]:
    """The values as they were understood, a line each, choices and yes and no in words."""
    return tuple(f"{form.label(key, language)} – {shown_value(form, key, value, language)}" for key, value in values)


def shown_value(form: Form, key: str, value: str, language: str) -> str:
    """A value as people read it: the label of a choice, "yes" in their language."""
    field = form.field(key)
    chosen = next((choice for choice in field.choices if choice.key == value), None) if field else None
    if chosen is not None:
        return text_in(chosen.names, language, chosen.key)
    if field is None or field.kind not in (FieldKind.DATE, FieldKind.YES_NO):
        return value
    if field.kind is FieldKind.DATE and language != "en":
        return ".".join(reversed(value.split("-")))
    return _YES_NO.get(language, {}).get(value, value)


def file_question(problem: FileProblem, language: str, *, words: bool) -> str:
    """What is said of a file that does not count; its name only where `words` may be repeated."""
    said = _FILES[problem.fault].get(language) or _FILES[problem.fault]["en"]
    name = f"“{problem.name}”" if language == "en" else f"«{problem.name}»"
    return " ".join(said.format(name=name if words else "", limit=problem.limit_mb).split())


def _why(form: Form, problem: Problem, language: str, wants: str) -> str:
    if problem.fault is None:
        return next((text_in(check.tell, language) for check in form.checks if check.key == problem.check), "")
    why = _FAULTS[problem.fault].get(language) or _FAULTS[problem.fault]["en"]
    return f"{why} ({wants})" if wants else why


_SAID = {
    "en": "you wrote “{value}”",
    "ru": "вы написали «{value}»",
    "uk": "ви написали «{value}»",
    "pl": "podano „{value}”",
}

_YES_NO = {
    "ru": {"yes": "да", "no": "нет"},
    "uk": {"yes": "так", "no": "ні"},
    "pl": {"yes": "tak", "no": "nie"},
}

_LANGUAGES = ("en", "ru", "uk", "pl")

_FAULTS = {
    fault: dict(zip(_LANGUAGES, line.split(" | "), strict=True))
    for fault, line in {
        Fault.DATE: "this is not a date, such as 25.03.2026 | это не дата, например 25.03.2026 | "
        "це не дата, наприклад 25.03.2026 | to nie jest data, np. 25.03.2026",
        Fault.DAY: "there is no such day | такого дня нет | такого дня немає | nie ma takiego dnia",
        Fault.NUMBER: "a whole number is needed | нужно целое число | потрібне ціле число | "
        "potrzebna jest liczba całkowita",
        Fault.MONEY: "an amount is needed, such as 1250 or 99.90 | нужна сумма, например 1250 или 99,90 | "
        "потрібна сума, наприклад 1250 або 99,90 | potrzebna jest kwota, np. 1250 lub 99,90",
        Fault.YES_NO: "“yes” or “no” is needed | нужно «да» или «нет» | потрібно «так» або «ні» | "
        "potrzebne jest „tak” lub „nie”",
        Fault.CHOICE: "one of these is needed | нужно одно из значений | потрібне одне зі значень | "
        "potrzebna jest jedna z wartości",
        Fault.SERIAL: "this is not a serial number; where there is none, write “none” | "
        "это не серийный номер; если его нет, напишите «Б/Н» | "
        "це не серійний номер; якщо його немає, напишіть «Б/Н» | "
        "to nie jest numer seryjny; jeśli go nie ma, proszę napisać „brak”",
        Fault.ARTICLE: "the article or model is needed | нужен артикул или модель | "
        "потрібен артикул або модель | potrzebny jest numer artykułu lub model",
        Fault.PHONE: "this is not a whole telephone number | это не полный номер телефона | "
        "це не повний номер телефону | to nie jest pełny numer telefonu",
        Fault.IBAN: "the check digits of the account do not fit; please copy it once more | "
        "контрольные цифры счёта не сходятся, скопируйте его ещё раз | "
        "контрольні цифри рахунку не сходяться, скопіюйте його ще раз | "
        "cyfry kontrolne rachunku się nie zgadzają, proszę skopiować go jeszcze raz",
        Fault.TAX_NUMBER: "this is not a valid tax number | такого налогового номера не бывает | "
        "такого податкового номера не буває | to nie jest poprawny numer podatkowy",
        Fault.EMAIL: "this is not a mail address | это не адрес электронной почты | "
        "це не адреса електронної пошти | to nie jest adres e-mail",
    }.items()
}

_FILES = {
    fault: dict(zip(_LANGUAGES, line.split(" | "), strict=True))
    for fault, line in {
        FileFault.TOO_LARGE: "The file {name} is larger than {limit} MB and was not counted; "
        "please send it smaller, one picture in each file. | "
        "Файл {name} больше {limit} МБ и не засчитан; пришлите его меньшего размера, одно фото в одном файле. | "
        "Файл {name} більший за {limit} МБ і не зарахований; надішліть його меншого розміру, одне фото в файлі. | "
        "Plik {name} przekracza {limit} MB i nie został uwzględniony; prosimy o mniejszy, jedno zdjęcie w pliku.",
        FileFault.UNCLEAR: "The file {name} has come, but what does it show? A line with its name and what can be seen "
        "is enough. | Файл {name} получен, но что на нём? Достаточно строки с его именем и тем, что снято. | "
        "Файл {name} отримано, але що на ньому? Досить рядка з його назвою і тим, що знято. | "
        "Plik {name} dotarł, ale co przedstawia? Wystarczy wiersz z jego nazwą i tym, co widać.",
    }.items()
}
