"""A sample letter of every event in every language, with the ticket that it is about: for previews and trials.

Event and language -> the Letter that a decision would have asked for. The people, numbers and addresses are
invented, and their words are in the letter's language, so that a page shows how a real one would look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from helpdesk.core.message import Address, Reason
from helpdesk.core.outgoing import Audience, Bar, Event, Letter, Parcel
from helpdesk.core.rma import RMA, rma_number
from helpdesk.core.ticket import Held, Lane, Part, Participant, Priority, State, Ticket

NOW = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)

ANNA = Address("anna@shop.example", "Анна Ковальчук")
BOSS = Address("boss@shop.example", "Олег")
IVAN = Address("ivan@example.com", "Иван Петров")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Speech:
    """What the people of the sample say, and what they are called, in one language."""

    requester: str
    colleague: str  # of the requester
    agent: str
    subject: str
    letter: str
    answer: str
    questions: tuple[str, str, str]
    news: str  # of an incident
    seen: str  # the words in `letter` that a rule saw
    transcript: str
    page: str
    late: str  # the heading of what is late in a digest
    by: str  # and by when it was promised
    week: str  # the figures of a weekly report
    days: tuple[str, str]  # and the labels of its bars
    state: str  # what a desk says where a request enters a state of its own


_SPEECH = {
    "ru": _Speech(
        requester="Анна Ковальчук",
        colleague="Олег",
        agent="Иван",
        subject="Сайт не открывается с утра",
        letter="Добрый день!\n\nС девяти утра не открывается сайт, клиенты звонят.\nСкриншот приложила.\n\nАнна",
        answer="Анна, здравствуйте!\n\nСервер перезапустили, сайт открывается.\nПроверьте, пожалуйста, у себя.",
        questions=(
            "С какого внешнего IP-адреса вы заходите?",
            "Во сколько это началось?",
            "Какое сообщение вы видите?",
        ),
        news="Вышел из строя коммутатор в дата-центре. Его меняют, сайт откроется примерно к 13:00.",
        seen="не открывается сайт",
        transcript="Назначено: Иван.\nПриоритет: высокий.",
        page="Аварию никто не взял с 12:30: [##123456##] Сайт не открывается с утра · Анна Ковальчук",
        late="Просрочено: 1",
        by="до 12.03 12:30",
        week="Новых обращений: 128\nЗакрыто: 131\nПервый ответ, медиана по 97: 1:25 рабочего времени",
        days=("Пн 09.03, новых", "Пн 09.03, закрыто"),
        state="Акт проверен, запчасти уйдут к вам во вторник.",
    ),
    "uk": _Speech(
        requester="Анна Ковальчук",
        colleague="Олег",
        agent="Іван",
        subject="Сайт не відкривається з ранку",
        letter="Добрий день!\n\nЗ дев’ятої ранку не відкривається сайт, клієнти телефонують.\nСкриншот додала.\n\nАнна",
        answer="Анно, вітаю!\n\nСервер перезапустили, сайт відкривається.\nПеревірте, будь ласка, у себе.",
        questions=("З якої зовнішньої IP-адреси ви заходите?", "О котрій це почалося?", "Яке повідомлення ви бачите?"),
        news="Вийшов з ладу комутатор у дата-центрі. Його замінюють, сайт відкриється приблизно о 13:00.",
        seen="не відкривається сайт",
        transcript="Призначено: Іван.\nПріоритет: високий.",
        page="Аварію ніхто не взяв від 12:30: [##123456##] Сайт не відкривається з ранку · Анна Ковальчук",
        late="Прострочено: 1",
        by="до 12.03 12:30",
        week="Нових звернень: 128\nЗакрито: 131\nПерша відповідь, медіана за 97: 1:25 робочого часу",
        days=("Пн 09.03, нових", "Пн 09.03, закрито"),
        state="Акт перевірено, запчастини вирушать до вас у вівторок.",
    ),
    "en": _Speech(
        requester="Anna Kowalchuk",
        colleague="Oleg",
        agent="Ivan",
        subject="The site has not opened since the morning",
        letter="Good morning,\n\nthe site has not opened since nine, customers call.\nScreenshot attached.\n\nAnna",
        answer="Hello Anna,\n\nthe server has been restarted and the site opens.\nPlease check on your side.",
        questions=("From which external IP address do you connect?", "When did it begin?", "Which message do you see?"),
        news="A switch in the data centre has failed. It is being replaced; the site should open by about 13:00.",
        seen="the site has not opened",
        transcript="Assigned to Ivan.\nPriority: high.",
        page="Nobody has taken this outage since 12:30: [##123456##] The site has not opened since the morning",
        late="Late: 1",
        by="by 12.03 12:30",
        week="New requests: 128\nClosed: 131\nFirst answer, median of 97: 1:25 of working time",
        days=("Mon 09.03, new", "Mon 09.03, closed"),
        state="The act has been checked; the parts will leave on Tuesday.",
    ),
    "pl": _Speech(
        requester="Anna Kowalczuk",
        colleague="Oleg",
        agent="Jan",
        subject="Strona nie otwiera się od rana",
        letter="Dzień dobry,\n\nod dziewiątej strona się nie otwiera, klienci dzwonią.\nZałączam zrzut ekranu.\n\nAnna",
        answer="Dzień dobry,\n\nserwer został uruchomiony ponownie i strona się otwiera.\nProszę sprawdzić u siebie.",
        questions=(
            "Z jakiego zewnętrznego adresu IP łączą się Państwo ze stroną?",
            "O której to się zaczęło?",
            "Jaki komunikat jest widoczny?",
        ),
        news="Uległ awarii przełącznik w centrum danych. Trwa wymiana, strona zacznie działać około 13:00.",
        seen="strona się nie otwiera",
        transcript="Przypisano: Jan.\nPriorytet: wysoki.",
        page="Nikt nie wziął awarii od 12:30: [##123456##] Strona nie otwiera się od rana · Anna Kowalczuk",
        late="Po terminie: 1",
        by="do 12.03 12:30",
        week="Nowe: 128\nZamknięte: 131\nPierwsza odpowiedź, mediana z 97: 1:25 czasu pracy",
        days=("Pn 09.03, nowe", "Pn 09.03, zamknięte"),
        state="Protokół został sprawdzony, części wyślemy we wtorek.",
    ),
}

_TO_REQUESTERS = frozenset(
    {
        Event.OPENED,
        Event.REPLY,
        Event.MISSING,
        Event.REMINDER,
        Event.STATE,
        Event.SOLVED,
        Event.STATUS,
        Event.INVITED,
        Event.CLOSED,
        Event.REOPENED,
        Event.STAYS_CLOSED,
        Event.INCIDENT,
        Event.RMA,
        Event.SHIPPED,
        Event.TOO_LARGE,
    }
)
_AUDIENCES = {
    Event.NOTIFY: Audience.AGENT,
    Event.UNPROVEN: Audience.AGENT,
    Event.NOTE: Audience.COLLEAGUES,
    Event.FORWARD: Audience.PARTNER,
}

# What is about no ticket.
_OF_THE_DESK = frozenset({Event.ALERT, Event.DIGEST, Event.MORNING, Event.REPORT})


def sample_ticket(event: Event, language: str) -> Ticket:
    """The ticket that the sample letter is about."""
    speech = _SPEECH[language]
    requester, colleague = Address(ANNA.address, speech.requester), Address(BOSS.address, speech.colleague)
    closed = event in (Event.CLOSED, Event.STAYS_CLOSED)
    return Ticket(
        number=123456,
        subject=speech.subject,
        requester=requester,
        desk="support",
        state=State.CLOSED if closed else State.NEW,
        resolution="no-answer" if closed else None,
        lane=Lane.OUTAGE,
        priority=Priority.HIGH,
        situation="site-down",
        language=language,
        participants=(Participant(requester, Part.REQUESTER), Participant(colleague, Part.CC)),
        held=(Held(id=3, sender=colleague, subject="", at=NOW),) if event is Event.HELD else (),
        thread=("<first@shop.example>",),
        fields=((RMA, rma_number("R", 123456)),) if event in (Event.RMA, Event.SHIPPED) else (("ip", "192.0.2.17"),),
        reasons=(f"site-down: text: {speech.seen}",),
        opened_at=NOW,
        active_at=NOW,
    )


def sample_letter(event: Event, language: str, **changes: object) -> Letter:
    """The sample letter; `changes` replace single fields."""
    speech, ticket = _SPEECH[language], sample_ticket(event, language)
    to_requester = event in _TO_REQUESTERS
    asked = event in (Event.OPENED, Event.MISSING, Event.REMINDER, Event.NOTIFY)
    closes = asked or event is Event.SOLVED
    agent = Address(IVAN.address, speech.agent)
    colleague = ticket.participants[-1].address
    fields: dict[str, object] = {
        "event": event,
        "ticket": None if event in _OF_THE_DESK else ticket.number,
        "to": ticket.requester if to_requester else agent,
        "audience": Audience.REQUESTER if to_requester else _AUDIENCES.get(event, Audience.NOBODY),
        "language": language,
        "dedupe_key": f"{event}-{language}",
        "automatic": event is not Event.REPLY,
        "urgent": not to_requester and event not in _OF_THE_DESK,
        "sender_name": speech.agent if event in (Event.REPLY, Event.NOTE) else "",
        "author": {
            Event.NOTIFY: ticket.requester,
            Event.NOTE: agent,
            Event.HELD: colleague,
            Event.INVITED: ticket.requester,
        }.get(event),
        "body": _body(event, speech),
        "reasons": _reasons(event, speech),
        "request": speech.letter if event is Event.FORWARD else "",
        "missing": speech.questions if asked else (),
        "in_reply_to": "<first@shop.example>",
        "limit_mb": 25 if event is Event.TOO_LARGE else 0,
        "parcels": (Parcel(123456, speech.subject, "TT 0001 2345"),) if event is Event.SHIPPED else (),
        "bars": tuple(map(Bar, speech.days, (31, 12))) if event is Event.REPORT else (),
        "due_at": datetime(2026, 3, 17, 15, 0, tzinfo=UTC) if closes and to_requester else None,
    }
    return Letter(**{**fields, **changes})  # type: ignore[arg-type]


def _body(event: Event, speech: _Speech) -> str:
    match event:
        case Event.NOTIFY | Event.HELD:
            return speech.letter
        case Event.REPLY | Event.NOTE | Event.UNPROVEN:
            return speech.answer
        case Event.INCIDENT:
            return speech.news
        case Event.RESULT:
            return speech.transcript
        case Event.PAGE:
            return speech.page
        case Event.BOUNCED:
            return "550 5.1.1 <anna@shop.example>: Recipient address rejected: User unknown"
        case Event.ALERT:
            return "quarantine: RecursionError. helpdesk quarantine show 7"
        case Event.DIGEST:
            return f"[##123456##] {speech.subject} ×3\n[##123457##] {speech.seen}"
        case Event.MORNING:
            return f"{speech.late}\n  [##123456##] {speech.subject} · {speech.requester} · {speech.by}"
        case Event.REPORT:
            return speech.week
        case Event.STATE:
            return speech.state
        case _:
            return ""


def _reasons(event: Event, speech: _Speech) -> tuple[Reason, ...]:
    match event:
        case Event.NOTIFY:
            return (Reason("site-down", f"text: {speech.seen}"),)
        case Event.HELD:
            return (Reason("no-part", BOSS.address), Reason("auth-failed", "dmarc=fail"))
        case Event.BOUNCED:
            return (Reason("bounce", f"{ANNA.address}: 5.1.1"),)
        case Event.UNPROVEN:
            return (Reason("not-proven", f"From: {IVAN.address}"),)
        case _:
            return ()
