"""Forms by mail: which lines fill in what, what is asked for, what is said of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.checklist import Checklist, Findings, examine, request, settle
from helpdesk.core.field_values import Fault
from helpdesk.core.form import Form, Problem, blank, fill_in
from helpdesk.core.message import Inbound
from helpdesk.packs import load_pack

(ACT,) = load_pack("warranty-acts", None).checklists
assert ACT.form is not None
FORM: Form = ACT.form
TODAY = date(2026, 3, 2)

PRODUCT = """
Изделие
Наименование: Бензиновая газонокосилка
Артикул: ЭГК-1500
Серийный номер: 01.234.09274
Причина обращения: Не заводится
Внешний вид изделия: Б/У
Дата продажи: 01.06.2025
Принято в ремонт: 15.02.2026
Комплектация: Полная
Гарантийный талон: Да
"""
DIAGNOSIS = """
Диагностика
Механик: Иван
Результаты диагностики: Коленвал вышел из строя
из-за влаги в цилиндре
Заключение СЦ: Гарантийный случай, нужен коленвал
Гарантийный случай: да
"""
PARTS = """
Запчасть 1
Наименование: Коленвал
Количество: 1
Своя: да
Цена: 780
Запчасть 2
Наименование: Прокладка
Количество: 2
Своя: нет
"""
ADDITIONAL = """
Дополнительно
ФИО: Дмитрий
Телефон: +7 900 000-12-34
Продавец: Магазин
Сложность: 2
Состояние: Оставлено в СЦ
"""
WHOLE = PRODUCT + DIAGNOSIS + PARTS + ADDITIONAL
PHOTOS = ("photo-nameplate", "photo-papers", "photo-damage", "photo-part")


def letter(text: str, quoted: str = "", **more: Any) -> Inbound:
    return Inbound(sha256="a", fingerprint="b", size=1, text=text, quoted=quoted, **more)


def first(text: str, quoted: str = "") -> Findings:
    return examine((ACT,), letter(text, quoted), known=frozenset(), today=TODAY)


def asked(findings: Findings, *, words: bool = True) -> tuple[str, ...]:
    return request((ACT,), findings, "ru", words=words).questions


def test_a_whole_act_lacks_only_the_photos() -> None:
    findings = first(WHOLE)
    assert (findings.checklist, findings.missing, findings.problems) == ("act", PHOTOS, ())
    fields = dict(findings.fields)
    assert fields["category"] == "Бензиновая газонокосилка"  # "Наименование" of the product …
    assert (fields["part.1.part"], fields["part.2.part"]) == ("Коленвал", "Прокладка")  # … and of the parts
    assert (fields["part.1.price"], fields["sold"], fields["look"]) == ("780", "2025-06-01", "used")
    assert fields["result"] == "Коленвал вышел из строя из-за влаги в цилиндре"  # it went on over the line


def test_rows_need_no_heading() -> None:
    rows = "Запчасть: Коленвал\nКоличество: 1\nЗапчасть: Прокладка\nКоличество: 2"
    assert dict(fill_in(FORM, rows).values) == {
        "part.1.part": "Коленвал",
        "part.1.quantity": "1",
        "part.2.part": "Прокладка",
        "part.2.quantity": "2",
    }


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace("Серийный номер:", "Серийный номр :"),  # a slip
        WHOLE.replace("Серийный номер:", "Serial number:"),  # another language
        WHOLE.replace("Серийный номер:", "3. *Серийный номер* (если номера нет – Б/Н):"),  # number, bold, our own hint
        WHOLE.replace("Серийный номер: ", "Серийный номер\t"),  # a table
        ADDITIONAL + PARTS + DIAGNOSIS + PRODUCT,  # another order
        "\n".join(f"   {line}" for line in WHOLE.splitlines()),
    ],
)
def test_a_form_survives_what_mail_programs_and_people_do(text: str) -> None:
    assert dict(first(text).fields) == dict(first(WHOLE).fields)
    assert first(text).missing == PHOTOS


def test_a_form_may_be_filled_in_between_quoted_lines() -> None:
    quoted = "\n".join(f"> {line}" for line in WHOLE.splitlines())
    assert dict(first("См. ниже", quoted).fields) == dict(first(WHOLE).fields)


def test_the_history_below_a_letter_replaces_nothing() -> None:
    known = (("sold", "2025-06-02"),)
    quoted = "> Дата продажи: 01.06.2025\n> Сложность: 2"
    findings = settle(ACT, ("complexity",), letter("Спасибо", quoted), fields=known, today=TODAY)
    assert findings.fields == (("complexity", "2"),)


def test_every_problem_is_answered_at_once_with_the_value_as_it_was_written() -> None:
    wrong = (
        WHOLE.replace("01.06.2025", "31.02.2025").replace("Сложность: 2", "Сложность: 7").replace(": 780", ": дорого")
    )
    findings = first(wrong)
    assert findings.missing == ("sold", "part.1.price", "complexity", *PHOTOS)
    assert findings.problems == (
        Problem("sold", Fault.DAY, "31.02.2025"),
        Problem("part.1.price", Fault.MONEY, "дорого"),
        Problem("complexity", Fault.CHOICE, "7"),
    )
    told = asked(findings)
    assert told[0].startswith("Дата продажи – вы написали «31.02.2025» – такого дня нет")
    assert told[1].startswith("Запасная часть 1, цена запчасти – вы написали «дорого»")
    assert told[2] == "Сложность ремонта – вы написали «7» – нужно одно из значений (1 / 2 / 3)"


def test_an_unproven_writer_is_told_the_names_of_fields_alone() -> None:
    findings = first(WHOLE.replace("01.06.2025", "31.02.2025"))
    shown = request((ACT,), findings, "ru", words=False)
    assert "31.02.2025" not in " ".join(shown.questions)
    assert shown.questions[0].startswith("Дата продажи – такого дня нет")
    assert shown.understood == ()


def test_what_depends_on_another_field_is_asked_for_only_then() -> None:
    assert "part.1.price" in first(WHOLE.replace("Цена: 780\n", "")).missing
    assert "part.1.price" not in first(WHOLE.replace("Цена: 780\n", "").replace("Своя: да", "Своя: нет")).missing
    assert "repaired-on" in first(WHOLE.replace("Оставлено в СЦ", "Отремонтировано")).missing


def test_a_refusal_within_two_weeks_wants_the_signed_claim() -> None:
    refused = WHOLE.replace("01.06.2025", "10.02.2026").replace("Талон", "Талон") + "\nОтказ от ремонта: да"
    assert first(refused).missing == (*PHOTOS, "photo-claim")
    assert first(refused.replace("10.02.2026", "01.02.2026")).missing == PHOTOS
    assert first(refused.replace("Б/У", "предторг")).missing == PHOTOS  # no limit for pre-sale goods


def test_a_result_that_names_the_work_is_sent_back_with_the_example() -> None:
    findings = first(WHOLE.replace("Коленвал вышел из строя\nиз-за влаги в цилиндре", "Замена коленвала, ЦПГ"))
    assert findings.missing == ("result", *PHOTOS)
    assert "result" not in dict(findings.fields)
    assert "верно «Коленвал вышел из строя из-за попадания" in asked(findings)[0]
    allowed = first(WHOLE.replace("из-за влаги в цилиндре", "из-за влаги, нужна замена"))
    assert allowed.missing == PHOTOS


def test_a_contradiction_is_pointed_out_once_and_any_answer_settles_it() -> None:
    findings = first(WHOLE.replace("Гарантийный случай: да", "Гарантийный случай: нет"))
    assert findings.missing == ("warranty-not-ticked", *PHOTOS)
    assert "отправка будет за ваш счёт" in asked(findings)[0]
    confirmed = settle(ACT, findings.missing, letter("Всё верно"), fields=findings.fields, today=TODAY)
    assert confirmed.missing == PHOTOS
    corrected = settle(ACT, findings.missing, letter("Гарантийный случай: да"), fields=findings.fields, today=TODAY)
    assert (corrected.fields, corrected.missing) == ((("warranty", "yes"),), PHOTOS)


def test_a_later_letter_corrects_a_field_and_a_row() -> None:
    known = first(WHOLE)
    later = settle(
        ACT, known.missing, letter("Запчасть 2\nКоличество: 3\nМеханик: Пётр"), fields=known.fields, today=TODAY
    )
    assert later.fields == (("part.2.quantity", "3"), ("mechanic", "Пётр"))
    assert later.missing == PHOTOS


def test_what_an_agent_ticked_is_not_asked_for_again() -> None:
    known = first(WHOLE.replace("Сложность: 2\n", ""))
    assert "complexity" in known.missing
    ticked = tuple(key for key in known.missing if key != "complexity")
    assert settle(ACT, ticked, letter("Механик: Пётр"), fields=known.fields, today=TODAY).missing == PHOTOS


@pytest.mark.parametrize("text", ["форма", "Форма акта", "Бланк: акт", "form", "FORM ACT", "formularz"])
def test_a_word_gets_the_blank_form(text: str) -> None:
    findings = first(text)
    assert findings.blank
    assert request((ACT,), findings, "ru", words=True).form == blank(FORM, "ru")


@pytest.mark.parametrize("text", ["форма заказа не открывается на сайте", "Какая форма нужна?", "формат файла"])
def test_a_sentence_about_a_form_gets_none(text: str) -> None:
    assert first(text) == Findings()


@pytest.mark.parametrize("language", ["ru", "uk", "en", "pl"])
def test_a_blank_form_fills_in_nothing_and_reads_back_when_filled_in(language: str) -> None:
    lines = blank(FORM, language)
    assert fill_in(FORM, "\n".join(lines)).size == 0
    serial = FORM.label("serial", language)
    filled = "\n".join(f"{line} A-100" if line.startswith(serial) else line for line in lines)
    assert fill_in(FORM, filled).values == (("serial", "A-100"),)


@pytest.mark.parametrize("language", ["ru", "uk", "en", "pl"])
def test_our_own_questions_quoted_in_an_answer_fill_in_nothing(language: str) -> None:
    wrong = WHOLE.replace("01.06.2025", "31.02.2025").replace("Сложность: 2", "Сложность: 7")
    findings = first(wrong)
    said = request((ACT,), findings, language, words=True)
    history = "\n".join(f"> {n}. {line}" for n, line in enumerate((*said.questions, *said.understood), start=1))
    assert fill_in(FORM, "Добрый день", history).size == 0


@given(st.text(), st.text())
def test_any_letter_can_be_read_as_a_form(text: str, quoted: str) -> None:
    filling = fill_in(FORM, text, quoted)
    assert all(FORM.field(key) for key, _ in filling.values)


@given(st.lists(st.sampled_from(WHOLE.splitlines()), max_size=60))
def test_lines_of_a_form_in_any_number_and_order_are_read(lines: list[str]) -> None:
    findings = examine((ACT, Checklist(key="rest")), letter("\n".join(lines)), known=frozenset(), today=TODAY)
    assert all(FORM.field(key) for key, _ in findings.fields)
