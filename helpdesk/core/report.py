"""The weekly report to the leads, and #stats: what the desk has done, in numbers and bars that need no picture.

Figures of a week -> lines, or one letter for each lead, as plain lines and bars (`layout` makes text and HTML of them).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from helpdesk.core.message import Address
from helpdesk.core.notices import leads
from helpdesk.core.outgoing import Audience, Bar, Event, Letter
from helpdesk.core.policy import Policy
from helpdesk.core.texts import Wording
from helpdesk.core.ticket import Satisfaction

WEEK = timedelta(days=7)

_DAYS = (
    Wording.read("Mon | Пн | Пн | Pn"),
    Wording.read("Tue | Вт | Вт | Wt"),
    Wording.read("Wed | Ср | Ср | Śr"),
    Wording.read("Thu | Чт | Чт | Cz"),
    Wording.read("Fri | Пт | Пт | Pt"),
    Wording.read("Sat | Сб | Сб | So"),
    Wording.read("Sun | Вс | Нд | Nd"),
)
_NEW = Wording.read("new | новых | нових | nowe")
_CLOSED = Wording.read("closed | закрыто | закрито | zamknięte")
_OPENED_IN_ALL = Wording.read(
    "New requests: {count} | Новых обращений: {count} | Нових звернень: {count} | Nowe: {count}"
)
_CLOSED_IN_ALL = Wording.read("Closed: {count} | Закрыто: {count} | Закрито: {count} | Zamknięte: {count}")
_LEFT = Wording.read(
    "Open now: {count}, waiting for customers: {waiting} "
    "| Сейчас в работе: {count}, ждут клиента: {waiting} "
    "| Зараз у роботі: {count}, чекають на клієнта: {waiting} "
    "| Teraz otwarte: {count}, czekają na klienta: {waiting}"
)
_ANSWERED = Wording.read(
    "First answer, median of {count}: {hours} of working time "
    "| Первый ответ, медиана по {count}: {hours} рабочего времени "
    "| Перша відповідь, медіана за {count}: {hours} робочого часу "
    "| Pierwsza odpowiedź, mediana z {count}: {hours} czasu pracy"
)
_BROKEN = Wording.read(
    "Promises not kept: first answers {answers}, solutions {solutions} "
    "| Нарушено сроков: первых ответов {answers}, решений {solutions} "
    "| Порушено строків: перших відповідей {answers}, рішень {solutions} "
    "| Niedotrzymane terminy: pierwsze odpowiedzi {answers}, rozwiązania {solutions}"
)
_SATISFIED = Wording.read(
    "Customers say: solved {solved}, not solved {not_solved}, asked for a call {call_me} "
    "| Клиенты ответили: решено {solved}, не решено {not_solved}, просили перезвонить {call_me} "
    "| Клієнти відповіли: вирішено {solved}, не вирішено {not_solved}, просили передзвонити {call_me} "
    "| Odpowiedzi klientów: rozwiązane {solved}, nierozwiązane {not_solved}, prośby o telefon {call_me}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What happened within a week, as the store knows it. `answers` are (desk, opened, answered first)."""

    opened: tuple[datetime, ...] = ()
    closed: tuple[datetime, ...] = ()
    answers: tuple[tuple[str, datetime, datetime], ...] = ()
    late_answers: int = 0
    late_solutions: int = 0
    satisfaction: tuple[tuple[Satisfaction, int], ...] = ()
    open_now: int = 0
    waiting_now: int = 0


def reports(figures: Figures, policy: Policy, now: datetime, day: date) -> tuple[Letter, ...]:
    """A letter to each lead, also of a week in which nothing happened: silence could mean that all is broken."""
    language = policy.desks[0].language
    return tuple(
        Letter(
            event=Event.REPORT,
            ticket=None,
            to=Address(agent.addresses[0], agent.name),
            audience=Audience.NOBODY,
            language=language,
            dedupe_key=f"{Event.REPORT}:{day}:{agent.addresses[0]}",
            body="\n".join(_lines(figures, policy, language)),
            bars=_bars(figures, policy, now, language),
        )
        for agent in leads(policy)
    )


def _lines(figures: Figures, policy: Policy, language: str) -> list[str]:
    given = Counter(dict(figures.satisfaction))
    worked = [policy.desk(desk).calendar.between(opened, at).total_seconds() for desk, opened, at in figures.answers]
    lines = [
        _OPENED_IN_ALL.of(language).format(count=len(figures.opened)),
        _CLOSED_IN_ALL.of(language).format(count=len(figures.closed)),
        _LEFT.of(language).format(count=figures.open_now, waiting=figures.waiting_now),
    ]
    if worked:
        lines.append(_ANSWERED.of(language).format(count=len(worked), hours=_hours(median(worked))))
    if any(desk.service_levels for desk in policy.desks):
        lines.append(_BROKEN.of(language).format(answers=figures.late_answers, solutions=figures.late_solutions))
    if given:
        lines.append(
            _SATISFIED.of(language).format(
                solved=given[Satisfaction.SOLVED],
                not_solved=given[Satisfaction.NOT_SOLVED],
                call_me=given[Satisfaction.CALL_ME],
            )
        )
    return [line.strip() for line in lines]


def stats(figures: Figures, policy: Policy, now: datetime, language: str) -> list[str]:
    """The same figures as lines for whoever asks in between: the seven days before today, and today so far."""
    days = [
        f"{_title(day, language)}: {_NEW.of(language).strip()} {opened}, {_CLOSED.of(language).strip()} {closed}"
        for day, opened, closed in _by_day(figures, policy, now, last=0)
    ]
    return [*_lines(figures, policy, language), "", *days]


def _bars(figures: Figures, policy: Policy, now: datetime, language: str) -> tuple[Bar, ...]:
    """Two bars for each of the seven days before today."""
    return tuple(
        Bar(f"{_title(day, language)}, {what.of(language).strip()}", count)
        for day, opened, closed in _by_day(figures, policy, now, last=1)
        for what, count in ((_NEW, opened), (_CLOSED, closed))
    )


def _by_day(figures: Figures, policy: Policy, now: datetime, *, last: int) -> Iterator[tuple[date, int, int]]:
    """(day, opened, closed) of each day from a week ago until `last` days ago."""
    zone = ZoneInfo(policy.desks[0].calendar.timezone)
    opened, closed = (
        Counter(at.astimezone(zone).date() for at in moments) for moments in (figures.opened, figures.closed)
    )
    today = now.astimezone(zone).date()
    days = (today - timedelta(days=ago) for ago in range(WEEK.days, last - 1, -1))
    return ((day, opened[day], closed[day]) for day in days)


def _title(day: date, language: str) -> str:
    return f"{_DAYS[day.weekday()].of(language).strip()} {day:%d.%m}"


def since(policy: Policy, now: datetime) -> datetime:
    """The beginning of the first day that a report of today shows."""
    zone = ZoneInfo(policy.desks[0].calendar.timezone)
    first = now.astimezone(zone).date() - WEEK
    return datetime(first.year, first.month, first.day, tzinfo=zone)


def until(policy: Policy, now: datetime) -> datetime:
    """The end of the last day that a report of today shows."""
    zone = ZoneInfo(policy.desks[0].calendar.timezone)
    today = now.astimezone(zone).date()
    return datetime(today.year, today.month, today.day, tzinfo=zone)


def _hours(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02}"
