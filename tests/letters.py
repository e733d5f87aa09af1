"""A sample letter of every event in every language, as the desk would really send it. For tests and pictures."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime

from helpdesk.compose import Face
from helpdesk.core.message import Address, Reason
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.ticket import Held, Lane, Part, Participant, Priority, State, Ticket
from helpdesk.ports import PassedOn

NOW = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
KEY = bytes(range(32))
NONCE = b"12345678"

ANNA = Address("anna@shop.example", "Анна Ковальчук")
BOSS = Address("boss@shop.example", "Олег")
IVAN = Address("ivan@example.com", "Иван Петров")

FACE = Face(
    address=Address("support@example.com", "Служба поддержки"),
    name="Служба поддержки",
    instance="desk-7f3a",
    reply_address="support+{token}@example.com",
    timezone="Europe/Moscow",
)

_REQUESTER_EVENTS = frozenset(
    {
        Event.OPENED,
        Event.REPLY,
        Event.MISSING,
        Event.REMINDER,
        Event.SOLVED,
        Event.CLOSED,
        Event.REOPENED,
        Event.TOO_LARGE,
    }
)
_AUDIENCES = {Event.NOTIFY: Audience.AGENT, Event.UNPROVEN: Audience.AGENT, Event.NOTE: Audience.COLLEAGUES}

_SUBJECTS = {
    "ru": "Сайт не открывается с утра",
    "uk": "Сайт не відкривається з ранку",
    "en": "The site has not opened since the morning",
    "pl": "Strona nie otwiera się od rana",
}
_WORDS = {
    "ru": "Добрый день!\n\nС девяти утра не открывается сайт, клиенты звонят.\nСкриншот приложила.\n\nАнна",
    "uk": "Добрий день!\n\nЗ дев’ятої ранку не відкривається сайт, клієнти телефонують.\nСкриншот додала.\n\nАнна",
    "en": "Good morning,\n\nthe site has not opened since nine, customers call.\nA screenshot is attached.\n\nAnna",
    "pl": "Dzień dobry,\n\nod dziewiątej strona się nie otwiera, klienci dzwonią.\nZałączam zrzut ekranu.\n\nAnna",
}
_ANSWERS = {
    "ru": "Анна, здравствуйте!\n\nСервер перезапустили, сайт открывается.\nПроверьте, пожалуйста, у себя.",
    "uk": "Анно, вітаю!\n\nСервер перезапустили, сайт відкривається.\nПеревірте, будь ласка, у себе.",
    "en": "Hello Anna,\n\nthe server has been restarted and the site opens.\nPlease check on your side.",
    "pl": "Dzień dobry,\n\nserwer został uruchomiony ponownie i strona się otwiera.\nProszę sprawdzić u siebie.",
}
_QUESTIONS = {
    "ru": ("С какого внешнего IP-адреса вы заходите?", "Во сколько это началось?", "Какое сообщение вы видите?"),
    "uk": ("З якої зовнішньої IP-адреси ви заходите?", "О котрій це почалося?", "Яке повідомлення ви бачите?"),
    "en": ("From which external IP address do you connect?", "When did it begin?", "Which message do you see?"),
    "pl": ("Z jakiego zewnętrznego adresu IP się łączysz?", "O której to się zaczęło?", "Jaki komunikat widzisz?"),
}


def ticket_of(event: Event, language: str) -> Ticket:
    """The ticket that the sample letter is about."""
    closed = event is Event.CLOSED
    return Ticket(
        number=123456,
        subject=_SUBJECTS[language],
        requester=ANNA,
        desk="support",
        state=State.CLOSED if closed else State.NEW,
        resolution="no-answer" if closed else None,
        lane=Lane.OUTAGE,
        priority=Priority.HIGH,
        situation="site-down",
        language=language,
        participants=(Participant(ANNA, Part.REQUESTER), Participant(BOSS, Part.CC)),
        held=(Held(id=3, sender=BOSS, subject="", at=NOW),) if event is Event.HELD else (),
        thread=("<first@shop.example>",),
        fields=(("ip", "192.0.2.17"),),
        reasons=("site-down: не открывается сайт",),
        opened_at=NOW,
        active_at=NOW,
    )


def letter_of(event: Event, language: str, **changes: object) -> Letter:
    """The sample letter; `changes` replace single fields."""
    to_requester = event in _REQUESTER_EVENTS
    written = event in (Event.REPLY, Event.NOTE)
    body = {
        Event.REPLY: _ANSWERS[language],
        Event.NOTIFY: _WORDS[language],
        Event.NOTE: _ANSWERS[language],
        Event.HELD: _WORDS[language],
        Event.UNPROVEN: _ANSWERS[language],
        Event.BOUNCED: "550 5.1.1 <anna@shop.example>: Recipient address rejected: User unknown",
        Event.RESULT: "#take        ok\n#priority high  ok\n\n100001  new   outage  The site is down",
        Event.ALERT: "quarantine: RecursionError. helpdesk quarantine show 7",
    }.get(event, "")
    reasons = {
        Event.NOTIFY: (Reason("site-down", "не открывается сайт"),),
        Event.HELD: (Reason("no-part", "boss@shop.example"), Reason("auth-failed", "dmarc=fail")),
        Event.BOUNCED: (Reason("bounce", "anna@shop.example: 5.1.1"),),
        Event.UNPROVEN: (Reason("not-proven", "From says ivan@example.com"),),
    }.get(event, ())
    asked = event in (Event.OPENED, Event.MISSING, Event.REMINDER, Event.NOTIFY)
    closes = asked or event is Event.SOLVED
    fields: dict[str, object] = {
        "event": event,
        "ticket": 123456,
        "to": ANNA if to_requester else IVAN,
        "audience": Audience.REQUESTER if to_requester else _AUDIENCES.get(event, Audience.NOBODY),
        "language": language,
        "dedupe_key": f"{event}-{language}",
        "automatic": event is not Event.REPLY,
        "urgent": not to_requester,
        "sender_name": "Иван" if written else "",
        "author": {Event.NOTIFY: ANNA, Event.NOTE: IVAN, Event.HELD: BOSS}.get(event),
        "body": body,
        "reasons": reasons,
        "missing": _QUESTIONS[language] if asked else (),
        "in_reply_to": "<first@shop.example>",
        "limit_mb": 25 if event is Event.TOO_LARGE else 0,
        "due_at": datetime(2026, 3, 17, 15, 0, tzinfo=UTC) if closes and to_requester else None,
    }
    return Letter(**{**fields, **changes})  # type: ignore[arg-type]


def _png(width: int, height: int) -> bytes:
    """A picture in one colour: the smallest PNG that programs open."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\0" + b"\x5b\x8d\xb8" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PICTURE = PassedOn("скриншот.png", "image/png", _png(320, 180), "image001@shop.example")
