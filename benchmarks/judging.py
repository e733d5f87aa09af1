"""What it costs to judge a letter by the shipped packs: rules and checklists, in milliseconds of CPU.

A letter of 2 KB is one of the packs' own labelled letters, and below it what people write besides: who they are, what
they tried, what they will send later. A letter of 1 MB is labelled letters up to its end: the worst there is. Each
letter is judged once, so that nothing of it is remembered from before.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from statistics import median

from helpdesk.core.checklist import examine
from helpdesk.core.message import Inbound, Kind
from helpdesk.core.rules import judge
from helpdesk.core.trial import Example
from helpdesk.packs import all_examples, load_pack

SMALL, LARGE = 2_000, 1_000_000

_BESIDES = {
    "ru": (
        "Мы работаем с вами с прошлого года, договор номер 4471, отвечает за него Анна из отдела закупок. На этой "
        "неделе у нас новый сотрудник, он ещё не всё знает, поэтому пишу я. Мы ничего не меняли: обновление было "
        "в понедельник, после него два дня всё шло как обычно. Проверяли с трёх компьютеров и с телефона через "
        "мобильную сеть. Если нужны ещё сведения, напишите, пожалуйста, или позвоните после обеда, я буду на "
        "месте до шести часов вечера. Снимок экрана пришлю позже. Заранее благодарим за помощь и желаем хорошего "
        "дня.\n"
    ),
    "uk": (
        "Ми працюємо з вами з минулого року, договір номер 4471, відповідає за нього Оксана з відділу закупівель. "
        "Цього тижня у нас новий співробітник, він ще не все знає, тому пишу я. Ми нічого не змінювали: оновлення "
        "було в понеділок, після нього два дні все йшло як зазвичай. Перевіряли з трьох комп'ютерів і з телефона "
        "через мобільну мережу. Якщо потрібні ще відомості, напишіть, будь ласка, або зателефонуйте після обіду, "
        "я буду на місці до шостої години. Знімок екрана надішлю пізніше. Заздалегідь дякуємо за допомогу та "
        "бажаємо гарного дня.\n"
    ),
    "en": (
        "We have been with you since last year, contract number 4471, Anna from the purchasing department looks "
        "after it. This week there is a new colleague who does not know everything yet, so it is me who writes. "
        "We have not changed anything: the update was on Monday, and for two days everything went as usual after "
        "it. We tried three computers and a telephone in the mobile network. If you need to know more, please "
        "write or call in the afternoon, I shall be here until six. I will send a picture of the screen later. "
        "Thank you in advance, and have a nice day.\n"
    ),
    "pl": (
        "Współpracujemy z Państwem od zeszłego roku, umowa numer 4471, odpowiada za nią Anna z działu zakupów. W "
        "tym tygodniu mamy nowego pracownika, który jeszcze nie wszystko wie, dlatego piszę ja. Niczego nie "
        "zmienialiśmy: aktualizacja była w poniedziałek, potem dwa dni wszystko szło jak zwykle. Sprawdzaliśmy na "
        "trzech komputerach i w telefonie przez sieć komórkową. Jeśli potrzebne są jeszcze informacje, proszę "
        "napisać albo zadzwonić po południu, będę do szóstej. Zrzut ekranu prześlę później. Z góry dziękujemy za "
        "pomoc i życzymy miłego dnia.\n"
    ),
}


def report() -> str:
    """The figures as Markdown."""
    outages, clarify = load_pack("outages", None), load_pack("clarify", None)
    letters = all_examples(outages)
    gc.freeze()  # as the daemon does

    def cost(mail: Inbound, language: str) -> float:
        begun = time.process_time()
        judge(outages.rules, mail, desk="", language=language, kind=Kind.HUMAN)
        examine(clarify.checklists, mail, known=frozenset())
        return (time.process_time() - begun) * 1000

    small = sorted(cost(_mail(letter, _prose(letter)), letter.language) for letter in letters)
    large = sorted(cost(_mail(letter, _worst(letters, n)), letter.language) for n, letter in enumerate(letters[::100]))
    rows = (("2 KB, a report or a near miss", small), ("1 MB of reports and near misses", large))
    lines = ["| ms of CPU per letter | letters | median | p95 | max |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {len(ms)} | {median(ms):.2f} | {_p95(ms):.2f} | {ms[-1]:.2f} |" for name, ms in rows]
    return "\n".join([*lines, ""])


def _p95(ascending: list[float]) -> float:
    return ascending[len(ascending) * 95 // 100]


def _mail(letter: Example, text: str) -> Inbound:
    return Inbound(sha256="", fingerprint="", size=len(text), subject=letter.subject, text=text)


def _prose(letter: Example) -> str:
    return _filled(f"{letter.text}\n", lambda: cycle([_BESIDES[letter.language]]), SMALL)


def _worst(letters: tuple[Example, ...], first: int) -> str:
    return _filled("", lambda: (f"{letter.text}\n" for letter in islice(cycle(letters), first * 37, None)), LARGE)


def _filled(text: str, more: Callable[[], Iterator[str]], size: int) -> str:
    """The text with so much more that it has `size` bytes."""
    parts, left = [text], size - len(text.encode())
    for part in more():
        if left <= 0:
            break
        parts.append(part)
        left -= len(part.encode())
    return "".join(parts).encode()[:size].decode(errors="ignore")


if __name__ == "__main__":
    print(report())
