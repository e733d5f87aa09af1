"""The mails that the benchmarks send: requests and replies of about 2 KB in four languages, the same in every run."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

DESK = "support@desk.example"

# Subject, text. One reports an outage, one asks for nothing that a checklist knows, one is a vague report, one a wish.
_REQUESTS = (
    (
        "Не работает сайт",
        (
            "Здравствуйте!\n\nС 10:30 не открывается сайт www.shop-{n}.example: белая страница, потом ошибка 502.\n"
            "Вчера вечером всё работало. Покупатели звонят, оформить заказ никто не может.\n\n"
            "Мы ничего не меняли: обновление каталога было в понедельник, после него два дня всё шло как обычно.\n"
            "Проверяли с трёх компьютеров и с телефона через мобильную сеть, везде одно и то же.\n\n"
            "Пожалуйста, посмотрите как можно скорее.\n\nС уважением,\nАнна Смирнова\nмагазин «Берёзка»"
        ),
    ),
    (
        "Додати користувача",
        (
            "Добрий день!\n\nПідкажіть, будь ласка, як дати доступ до особистого кабінету ще одній людині.\n"
            "До нас прийшов новий менеджер, він вестиме замовлення зі складу у Львові, номер договору {n}.\n"
            "Хотілося б, щоб він бачив лише свої замовлення, а рахунки й звіти лишилися за мною.\n\n"
            "Якщо для цього потрібна заява, надішліть, будь ласка, зразок. Поспіху немає, аби до кінця місяця.\n\n"
            "Дякую!\nОксана Коваль"
        ),
    ),
    (
        "Something is wrong with the reports",
        (
            "Hello,\n\nthe monthly report looks odd since last week. The totals do not match what we see among\n"
            "the orders, and the export has fewer lines than before. It is customer {n} in your books.\n\n"
            "We compared March and April: March is fine, April is short by about a dozen orders, all of them paid\n"
            "by bank transfer. Nobody here has changed any settings as far as I know.\n\n"
            "Could you please have a look? There is no rush, our accountant needs it by the end of the quarter.\n\n"
            "Best regards,\nJohn Miller"
        ),
    ),
    (
        "Zmiana adresu na fakturach",
        (
            "Dzień dobry,\n\nprzenieśliśmy się do nowego biura i od przyszłego miesiąca chcemy mieć na fakturach\n"
            "nowy adres: ul. Lipowa {n}, 30-702 Kraków. Numer NIP i nazwa firmy zostają bez zmian.\n\n"
            "Proszę też o przesłanie kopii faktur za ostatni kwartał, bo część dokumentów zaginęła w czasie\n"
            "przeprowadzki. Wystarczy PDF na ten adres.\n\nZ góry dziękuję za pomoc.\n\nPozdrawiam,\nMarek Nowak"
        ),
    ),
)

_ADDITION = (
    "Спасибо, что ответили. Добавлю: номер договора {n}, работаем через браузер Firefox, началось около 10:30.\n"
    "Снимок экрана пришлю позже, сейчас я не на месте. Если нужно, звоните после обеда.\n\nАнна\n"
)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a requester answers to: her address, the ticket's number and the Message-ID of the acknowledgement."""

    address: str
    number: int
    message_id: str


def request(n: int) -> bytes:
    """The first mail of requester `n`."""
    subject, text = _REQUESTS[n % len(_REQUESTS)]
    return _mail(f"requester-{n}@shop-{n}.example", subject, f"<request-{n}@shop.example>", text.format(n=n))


def reply(n: int, to: Acknowledged, *, tag: str = "[##{number}##]") -> bytes:
    """The reply number `n`: with the tag, the ids and a quotation, as mail programs write it."""
    quoted = "\n".join(f"> {line}" for line in _REQUESTS[n % len(_REQUESTS)][1].splitlines())
    request = to.address.partition("@")[0].replace("requester", "request")
    headers = f"In-Reply-To: {to.message_id}\nReferences: <{request}@shop.example> {to.message_id}\n"
    subject = f"Re: {tag.format(number=to.number)} Не работает сайт"
    text = f"{_ADDITION.format(n=n)}\n21.11.2026 20:10, Support пишет:\n{quoted}\n"
    return _mail(to.address, subject, f"<reply-{n}@shop.example>", text, headers)


def _mail(sender: str, subject: str, message_id: str, text: str, headers: str = "") -> bytes:
    return (
        "Received: from mail.shop.example (mail.shop.example [192.0.2.7]) by mx.desk.example with ESMTPS id 4A7F1\n"
        "\tfor <support@desk.example>; Sat, 21 Nov 2026 20:10:01 +0000\n"
        f"From: {_word('Анна Смирнова')} <{sender}>\nTo: {DESK}\nSubject: {_word(subject)}\nMessage-ID: {message_id}\n"
        f"{headers}Date: Sat, 21 Nov 2026 20:10:00 +0000\nMIME-Version: 1.0\n"
        "User-Agent: Mozilla Thunderbird\nContent-Language: ru\n"
        f"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
    ).encode()


def _word(text: str) -> str:
    return text if text.isascii() else f"=?utf-8?b?{b64encode(text.encode()).decode('ascii')}?="
