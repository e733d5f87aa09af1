"""What was written now, and what is history: as mail programs really mark it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.quote import split

GT = "> Какой браузер?\n> Служба поддержки"
PLAIN = "Какой браузер?\n\nСлужба поддержки"

# What programs put above the quotation; the answer is above, the question below.
ATTRIBUTIONS = {
    "gmail ru": ("пн, 5 февр. 2024 г. в 10:00, Desk <desk@example.com>:\n", GT),
    "gmail uk": ("пн, 5 лют. 2024 р. о 10:00 Desk <desk@example.com> пише:\n", GT),
    "gmail pl": ("pon., 5 lut 2024 o 10:00 Desk <desk@example.com> napisał(a):\n", GT),
    "gmail en, wrapped": ("On Mon, Feb 5, 2024 at 10:00 AM The Support Desk <desk@example.com>\nwrote:\n", GT),
    "gmail de, wrapped in the address": ("Am Mo., 5. Feb. 2024 um 10:00 Uhr schrieb Desk <\ndesk@example.com>:\n", GT),
    "gmail fr": ("Le lun. 5 févr. 2024 à 10:00, Desk <desk@example.com> a écrit :\n", GT),
    "gmail es": ("El lun, 5 feb 2024 a las 10:00, Desk (<desk@example.com>) escribió:\n", GT),
    "gmail it": ("Il giorno lun 5 feb 2024 alle ore 10:00 Desk <desk@example.com> ha scritto:\n", GT),
    "apple mail en": ("> On 5 Feb 2024, at 10:00, Desk <desk@example.com> wrote:\n>", GT),
    "apple mail ru": ("5 февр. 2024 г., в 10:00, Desk <desk@example.com> написал(а):\n", GT),
    "apple mail uk": ("5 лют. 2024 р. о 10:00 Desk <desk@example.com> пише:\n", GT),
    "apple mail pl": ("Wiadomość napisana przez Desk <desk@example.com> w dniu 05.02.2024, o godz. 10:00:\n", GT),
    "thunderbird en": ("On 2/5/24 10:00, Desk wrote:", GT),
    "thunderbird ru": ("05.02.2024 10:00, Desk пишет:", GT),
    "thunderbird uk": ("05.02.24 10:00, Desk пише:", GT),
    "thunderbird pl": ("W dniu 5.02.2024 o 10:00, Desk pisze:", GT),
    "yandex": ('05.02.2024, 10:00, "Desk" <desk@example.com>:', PLAIN),
    "yandex with a list": ("----------------\nКому: Desk (desk@example.com);\nТема: сайт;\n05.02.2024, 10:00:", PLAIN),
    "mail.ru": ("Понедельник, 5 февраля 2024, 10:00 +03:00 от Desk <desk@example.com>:\n", PLAIN),
    "ukr.net ru": (
        "--- Исходное сообщение ---\nОт кого: Desk <desk@example.com>\nДата: 5 февраля 2024, 10:00\n",
        PLAIN,
    ),
    "ukr.net uk": (
        "--- Оригінальне повідомлення ---\nВід кого: Desk <desk@example.com>\nДата: 5 лютого, 10:00\n",
        PLAIN,
    ),
    "k-9 ru": ("5 февраля 2024 г. 10:00:00 GMT+03:00, Desk <desk@example.com> пишет:", GT),
    "k-9 pl": ("Dnia 5 lutego 2024 10:00:00 CET, Desk <desk@example.com> napisał(a):", GT),
    "zoho": ("---- On Mon, 05 Feb 2024 10:00:00 +0300 Desk <desk@example.com> wrote ----\n", PLAIN),
    "the bat": ("Вы писали 5 февраля 2024 г., 10:00:00:\n", GT),
    "roundcube ru": ("Desk писал 2024-02-05 10:00:", GT),
    "mutt": ("On Mon, Feb 05, 2024 at 10:00:00AM +0000, Desk wrote:", GT),
    "no attribution at all": ("", GT),
    "apple mail nl": ("Op 5 feb. 2024, om 10:00 heeft Desk <desk@example.com> het volgende geschreven:\n", GT),
    "gmail sv": ("Den mån 5 feb. 2024 kl 10:00 skrev Desk <desk@example.com>:\n", GT),
    "samsung, an address and no date": ("Sent from Samsung MobileDesk <desk@example.com> wrote:\n", GT),
    "a name and no date": ("Support Desk wrote:", GT),
    "telephone, no date": ("---- Desk wrote ----\n", GT),
    "dashes on both sides": ("------On 12/29/2023 17:32 PM, Desk wrote-----\n", PLAIN),
    "a language that we do not know": ("Vào 14:24 8 tháng 6, 2017, Desk <desk@example.com> đã viết:\n", GT),
    "gmail pt": ("Em seg., 5 de fev. de 2024 às 10:00, Desk <desk@example.com> escreveu:\n", GT),
    "gmail cs": ("po 5. 2. 2024 v 10:00 odesílatel Desk <desk@example.com> napsal:\n", GT),
    "gmail tr": ("Desk <desk@example.com>, 5 Şub 2024 Pzt, 10:00 tarihinde şunu yazdı:\n", GT),
    "gmail hu": ("Desk <desk@example.com> ezt írta (időpont: 2024. febr. 5., H, 10:00):\n", GT),
    "gmail el": ("Στις Δευ 5 Φεβ 2024 στις 10:00 π.μ., ο χρήστης Desk <desk@example.com> έγραψε:\n", GT),
    "gmail ja": ("2024年2月5日(月) 10:00 Desk <desk@example.com>:\n", GT),
    "gmail zh": ("Desk <desk@example.com> 于2024年2月5日周一 10:00写道：\n", GT),
    "gmail ko": ("2024년 2월 5일 (월) 오전 10:00, Desk <desk@example.com>님이 작성:\n", GT),
    "old gmail, a zone and no address": ("2016-03-03 17:21 GMT+01:00 Support Desk:\n", GT),
    "a day, a time and a name": ("5/2/24 10:00 am, Desk:", GT),
    "tutanota": ("5 Feb 2024, 10:00 by desk@example.com:\n", GT),
    "groupwise": (">>> Desk <desk@example.com> 02/05/24 10:00 AM >>>", PLAIN),
    "broken by blank lines": ("On Tue, Apr 11, 2017 at 10:07 PM Desk\n\n<\nmailto:desk@example.com\n> wrote:", PLAIN),
    "line of another desk": ("##- Please type your reply above this line -##\n", PLAIN),
    "line of another desk, ru": ("--- Пожалуйста, пишите ответ выше этой линии ---\n", PLAIN),
    "old gmail, no verb": ("2024/2/5 Desk <desk@example.com>\n", GT),
}

# Header blocks: below them everything is history.
BLOCKS = {
    "outlook en": "From: Desk <desk@example.com>\nSent: Monday, February 5, 2024 10:00 AM\nTo: Anna\nSubject: RE: site",
    "outlook en, colleagues without addresses": "From: Desk\nSent: Monday, February 5, 2024 10:00 AM\nTo: Anna\n"
    "Subject: x",
    "outlook ru": "От: Desk <desk@example.com>\nОтправлено: 5 февраля 2024 г. 10:00\nКому: Анна\nТема: сайт",
    "outlook uk": "Від: Desk <desk@example.com>\nНадіслано: 5 лютого 2024 р. 10:00\nКому: Анна\nТема: сайт",
    "outlook pl": "Od: Desk <desk@example.com>\nWysłano: poniedziałek, 5 lutego 2024 10:00\nDo: Anna\nTemat: strona",
    "outlook de": "Von: Desk <desk@example.com>\nGesendet: Montag, 5. Februar 2024 10:00\nAn: Anna\nBetreff: Seite",
    "gmx": "Gesendet: Montag, 05. Februar 2024 um 10:00 Uhr\nVon: Desk <desk@example.com>\nAn: Anna\nBetreff: Seite",
    "outlook fr": "De : Desk <desk@example.com>\nEnvoyé : lundi 5 février 2024 10:00\nÀ : Anna\nObjet : site",
    "outlook es": "De: Desk <desk@example.com>\nEnviado: lunes, 5 de febrero de 2024 10:00\nPara: Anna\nAsunto: web",
    "outlook it": "Da: Desk <desk@example.com>\nInviato: lunedì 5 febbraio 2024 10:00\nA: Anna\nOggetto: sito",
    "outlook da": "Fra: Desk <desk@example.com>\nSendt: 5. februar 2024 10:00\nTil: Anna\nEmne: side",
    "outlook sv": "Från: Desk <desk@example.com>\nSkickat: den 5 februari 2024 10:00\nTill: Anna\nÄmne: sida",
    "outlook nl": "Van: Desk <desk@example.com>\nVerzonden: maandag 5 februari 2024 10:00\nAan: Anna\nOnderwerp: site",
    "outlook cs": "Od: Desk <desk@example.com>\nOdesláno: pondělí 5. února 2024 10:00\nKomu: Anna\nPředmět: stránka",
    "windows mail, marks of direction in the date": "От: Desk\nОтправлено: \u200eпонедельник\u200e, "
    "\u200e5\u200e \u200eфевраля\u200e \u200e2024\u200e г. \u200e10\u200e:\u200e00\nКому: Anna",
    "outlook web": "_" * 32 + "\nОт: Desk <desk@example.com>\nОтправлено: 5 февраля 2024 г. 10:00\nКому: Анна\nТема: x",
    "outlook for mac, bold": "*From: *Desk <desk@example.com>\n*Date: *Monday, 5 February 2024 at 10:00\n"
    "*To: *Anna\n*Subject: *x",
    "outlook 2003": "-----Original Message-----\nFrom: Desk [mailto:desk@example.com]\n"
    "Sent: Monday\nTo: Anna\nSubject: x",
    "long list of recipients": "From: Desk <desk@example.com>\nSent: Monday 10:00\nTo: Anna <a@example.com>"
    ";\n Ivan <i@example.com>;\n"
    " Olga <o@example.com>\nCc: Oleg\nSubject: x",
    "samsung ru": "-------- Исходное сообщение --------\nОт: Desk <desk@example.com>\n"
    "Дата: 05.02.2024 10:00 (GMT+03:00)\nТема: x",
    "samsung pl": "-------- Oryginalna wiadomość --------\nOd: Desk <desk@example.com>\n"
    "Data: 05.02.2024 10:00\nTemat: x",
    "gmail forward": "---------- Forwarded message ---------\nОт: Desk <desk@example.com>\n"
    "Date: пн, 5 февр.\nSubject: x\nTo: <a@example.com>",
    "thunderbird forward": "-------- Перенаправленное сообщение --------\nТема: x\nДата: 05.02.2024\n"
    "От: Desk <desk@example.com>",
    "apple forward": "Begin forwarded message:\n\nFrom: Desk <desk@example.com>\nSubject: x",
    "outlook pt": "De: Desk <desk@example.com>\nEnviada em: segunda-feira, 5 de fevereiro de 2024 10:00\nPara: Anna\n"
    "Assunto: site",
    "outlook ro": "De la: Desk <desk@example.com>\nTrimis: luni, 5 februarie 2024 10:00\nCătre: Anna\nSubiect: site",
    "outlook el": "Από: Desk <desk@example.com>\nΣτάλθηκε: Δευτέρα, 5 Φεβρουαρίου 2024 10:00\nΠρος: Anna\nΘέμα: x",
    "outlook bg": "От: Desk <desk@example.com>\nИзпратено: 5 февруари 2024 10:00\nДо: Anna\nОтносно: x",
    "outlook hr": "Šalje: Desk <desk@example.com>\nPoslano: 5. veljače 2024. 10:00\nPrima: Anna\nPredmet: x",
    "outlook zh": "发件人: Desk <desk@example.com>\n发送时间: 2024年2月5日 10:00\n收件人: Anna\n主题: x",
    "outlook zh, wide colons": "发件人：Desk <desk@example.com>\n发送时间：2024年2月5日 10:00\n收件人：Anna\n主题：x",
    "outlook ja": "差出人: Desk <desk@example.com>\n送信日時: 2024年2月5日 10:00\n宛先: Anna\n件名: x",
    "outlook ko": "보낸 사람: Desk <desk@example.com>\n보낸 날짜: 2024년 2월 5일 10:00\n받는 사람: Anna\n제목: x",
    "qq": "------------------ 原始邮件 ------------------\n发件人: Desk <desk@example.com>;\n主题: x",
    "all fields on one line": "From: Desk <desk@example.com> Sent: Monday, February 5, 2024 10:00 To: Anna Subject: x",
    "two fields on one line below a rule": "--------------------\nFrom: desk@example.com Date: Thu, 24 Mar 2016 08:07",
    "bare separator": "----- Исходное сообщение -----",
}

ANSWERS = [
    "Firefox, версия последняя.",
    "Первый абзац.\n\nВторой абзац: 12.05.2024, 10:00 - упало.",
    "#close\nСпасибо!",
]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("program", ATTRIBUTIONS)
def test_answer_above_an_attribution_is_all_that_is_new(program: str, answer: str) -> None:
    attribution, question = ATTRIBUTIONS[program]
    new, quoted = split(f"{answer}\n\n{attribution}\n{question}\n")
    assert new == answer
    assert "Какой браузер?" in quoted


@pytest.mark.parametrize("program", [name for name, (_, question) in ATTRIBUTIONS.items() if question is GT])
def test_answer_below_the_quotation_is_new_too(program: str) -> None:
    attribution, question = ATTRIBUTIONS[program]
    new, quoted = split(f"{attribution}\n{question}\n\nFirefox\n-- \nАнна\n")
    assert new == "Firefox"
    assert quoted.endswith("--\nАнна")


@pytest.mark.parametrize("program", BLOCKS)
def test_everything_below_a_header_block_is_history(program: str) -> None:
    new, quoted = split(f"Firefox.\n\n{BLOCKS[program]}\n\nКакой браузер?\n\nСлужба\n")
    assert new == "Firefox."
    assert quoted.startswith(BLOCKS[program].split("\n", maxsplit=1)[0])
    assert "Какой браузер?" in quoted


def test_answers_between_quoted_lines_stay_with_the_writer() -> None:
    text = "On 2/5/24 10:00, Desk wrote:\n> Which browser?\nFirefox\n> Which address?\n192.0.2.1\n> Regards\n"
    assert split(text) == (
        "Firefox\n192.0.2.1",
        "On 2/5/24 10:00, Desk wrote:\n> Which browser?\n> Which address?\n> Regards",
    )


def test_link_that_breaks_a_quoted_line_is_quoted() -> None:
    text = "Blah\n\nOn Monday, 24 September, 2012 at 3:46 PM, Desk wrote:\n\n"
    text += "> see http://example.com/action\n_nonce=3dd\n> x"
    assert split(text)[0] == "Blah"
    assert split("> see http://example.com/a\nThanks, that helps\n> x")[0] == "Thanks, that helps"


@pytest.mark.parametrize(
    "line",
    [
        "Отправлено с iPhone",
        "Отправлено из мобильной Почты Mail.ru",
        "Отправлено из Outlook для iOS",
        "Отправлено с моего Galaxy",
        "Скачайте Outlook для Android",
        "Надіслано з iPhone",
        "Надіслано зі смартфона Samsung Galaxy.",
        "Wysłano z iPhone'a",
        "Pobierz aplikację Outlook dla systemu iOS",
        "Sent from my iPhone",
        "Get Outlook for iOS <https://aka.ms/o0ukef>",
        "Von meinem iPhone gesendet",
    ],
)
def test_line_that_a_telephone_adds_is_not_the_writers(line: str) -> None:
    assert split(f"Не работает вход.\n\n{line}\n\n> старое\n") == ("Не работает вход.", f"{line}\n> старое")
    assert split(f"Не работает вход.\n\n{line}") == ("Не работает вход.", line)


def test_short_signature_below_a_bare_dash_is_folded() -> None:
    assert split("Помогите\n--\nАнна\nтел. 123") == ("Помогите", "--\nАнна\nтел. 123")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Сайт лежит",
        "Отправлено из магазина два заказа, ни один не пришёл",
        "Отправлено с сайта письмо. Не дошло!",
        "12.05.2024 в 10:00 директор написал:\nвсё сломалось, чините",  # reported speech without an address
        "Вчера в 10:00 на ivan@example.com пришло:\nошибка 500",
        "Имя: Анна\nТема: вход\nДата: вчера\nНе работает вход",  # a form that was filled in
        "От: Анна\nДата: 05.02.2024\nТема: оплата\nНе проходит оплата",
        "Проблемы:\n- корзина\n- оплата",
        "Вот лог:\n--------------------\nerror 500\n--------------------\nчто делать?",
        "Цена:\n=====\n100",
        "a -- b\nc--\n--d",
        "--\n" + "\n".join(f"пункт {number}" for number in range(40)),  # too long for a signature
        "From: the very beginning it did not work\nTo: whom it may concern",
        "On Monday we wrote:\nnothing",
        "On 5 May 2024 at 10:00 I called you\n\nand Anna <anna@example.com> said that the site is down.",
        "From: Moscow To: Kyiv Date: 5 May Subject: delivery\nHow much?",
        "05.02.2024 10:00 в журнале появилось:\nошибка 500",
        "Please type your answer in the field above the line in the form",
    ],
)
def test_when_in_doubt_the_lines_are_the_writers(text: str) -> None:
    assert split(text) == (text, "")


def test_answer_that_is_only_history_is_empty() -> None:
    assert split(f"On 2/5/24 10:00, Desk wrote:\n{GT}\n")[0] == ""


def test_attribution_on_the_last_line_of_the_answer_takes_no_word_of_it() -> None:
    new, quoted = split("Спасибо\nReply On Wed, Apr 4, 2012 at 3:59 PM, bob@example.com wrote:\n> Hi")
    assert (new, quoted) == ("Спасибо\nReply", "On Wed, Apr 4, 2012 at 3:59 PM, bob@example.com wrote:\n> Hi")


MARKS = [
    "",
    " ",
    "> q",
    ">> q",
    "-- ",
    "--",
    "text",
    "From: a <a@b.example>",
    "Sent: Monday 10:00",
    "To: b",
    "Subject: c",
]
MARKS += [
    "-----Original Message-----",
    "On 1.1.2024 10:00 A <a@b.example> wrote:",
    "wrote:",
    "Sent from my iPhone",
    "_" * 32,
]


@given(st.lists(st.sampled_from(MARKS) | st.text(max_size=20), max_size=30))
def test_every_line_is_in_exactly_one_half(lines: list[str]) -> None:
    text = "\n".join(lines)
    new, quoted = split(text)
    expected = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    kept = [line for half in (new, quoted) for line in half.split("\n") if line.strip()]
    assert sorted(kept) == sorted(expected)


@given(st.lists(st.sampled_from(MARKS) | st.text(max_size=20), max_size=30))
def test_splitting_what_is_new_again_changes_only_what_history_hid(lines: list[str]) -> None:
    new, _ = split("\n".join(lines))
    assert set(split(new)[0].split("\n")) <= {*new.split("\n"), ""}


@pytest.mark.parametrize(
    "line",
    [
        " on " + "x" * 200 + " at ",
        "On 1 2024 10:00",
        "From: a",
        "From: x\nfoo",
        "--",
        "-----\n\n\n\n\n\n",
        "On 2024 x wrote:\n\n\n\n\n",
        "On 2024 a@b.example wrote:\n> x",
        ">",
        "",
        "a@",
        "отправлено из ",
    ],
)
def test_a_megabyte_of_almost_marks_is_read_to_the_end(line: str) -> None:
    text = (line + "\n") * (1_000_000 // (len(line) + 1))
    new, quoted = split(text + "the end")
    assert (new + quoted).count("the end") == 1


@pytest.mark.parametrize(
    "attribution", [ATTRIBUTIONS["gmail en, wrapped"], ATTRIBUTIONS["mutt"], ATTRIBUTIONS["yandex"]]
)
def test_a_command_with_an_address_right_above_an_attribution_is_no_part_of_it(attribution: tuple[str, str]) -> None:
    said, below = attribution
    assert split(f"#cc anna@shop.test\n{said}\n{below}")[0] == "#cc anna@shop.test"
