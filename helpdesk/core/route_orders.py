"""The command that carries out a routing case: the requester is told, a partner asked, his answer watched for.

The words to the requester are an answer like any other (`told`); what else happens is a step like that of any command
(`carry_out_case`). Both look at the ticket as it was before the mail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from helpdesk.core.bench import Bench, Carried
from helpdesk.core.command_values import CarryOutCase, ForwardTo
from helpdesk.core.decision import Change, Record, Schedule, SetFacts, SetState
from helpdesk.core.look_ups import NONE, Entries, centres
from helpdesk.core.partners import forward
from helpdesk.core.policy import Desk
from helpdesk.core.routes import CASE, Route, routes_called
from helpdesk.core.stages import filled_in
from helpdesk.core.texts import text_in
from helpdesk.core.ticket import WATCH, State, Ticket


def told(ticket: Ticket, command: CarryOutCase, desk: Desk, entries: Entries, request: str) -> str:
    """What the case tells the requester now; empty where it tells nothing, or where no case is called so.

    {centres} in it are the service centres where the ticket or the `request` says that its requester is.
    """
    route = _meant(command.name, desk)
    if not isinstance(route, Route):
        return ""
    text = text_in(route.answer(ticket, command.partner), ticket.language)
    near = centres(entries, " ".join((request, *(value for _, value in ticket.fields))))
    ours = {"centres": _WORDS.get(ticket.language, _WORDS["en"]).no_centres if near == NONE else near}
    return filled_in(text, ticket, fields=dict(ticket.fields), ours=ours)


def carry_out_case(ticket: Ticket, command: CarryOutCase, bench: Bench) -> Carried | str:
    """The case is noted on the ticket; where it asks a partner, he is asked and his answer watched for."""
    desk = bench.policy.desk(ticket.desk)
    words = _WORDS.get(desk.language, _WORDS["en"])
    route = _meant(command.name, desk)
    if isinstance(route, str):
        return route
    if bench.has_answer and ticket.requester is None:
        return words.nobody
    noted = (
        SetFacts(ticket.number, ((CASE, route.key),), ticket.missing, ticket.checklist),
        Record(ticket.number, bench.agent.name, "case", route.key),
    )
    line = words.case.format(name=route.called(desk.language))
    after = replace(ticket, fields=tuple((dict(ticket.fields) | {CASE: route.key}).items()))
    if not route.asks(ticket, command.partner):
        hint = (words.insists,) if route.insists else ()
        return Carried(ticket=after, changes=noted, lines=(line, *hint))
    asked = _ask(after, route, command, desk, bench)
    if isinstance(asked, str):
        return asked
    watch, until = _watch(after, route, desk, bench)
    expects = text_in(route.expects, desk.language)
    return Carried(
        ticket=asked.ticket,
        changes=(*noted, *asked.changes, *watch),
        letters=asked.letters,
        lines=(
            line,
            words.asked.format(partner=asked.ticket.partners[-1]),
            *((words.expects.format(text=expects),) if expects else ()),
            *((words.watched.format(until=until),) if until else ()),
        ),
        settles_state=True,
    )


def _meant(name: str, desk: Desk) -> Route | str:
    found = routes_called(desk.routes, name)
    if len(found) == 1:
        return found[0]
    words = _WORDS.get(desk.language, _WORDS["en"])
    names = ", ".join(f"{route.key} ({route.called(desk.language)})" for route in (found or desk.routes))
    return (words.several if found else words.unknown).format(name=name, names=names or "–")


def _ask(ticket: Ticket, route: Route, command: CarryOutCase, desk: Desk, bench: Bench) -> Carried | str:
    """The partner gets what the case says above the request. The ticket then waits for him, not for the requester."""
    words = _WORDS.get(desk.language, _WORDS["en"])
    partner = command.partner or route.partner
    if not partner:
        names = ", ".join(one.name for one in bench.policy.partners)
        return words.whom.format(name=route.key, names=names or "–")
    text = filled_in(text_in(route.forward, desk.language), ticket, fields=dict(ticket.fields))
    # What stands below the command is for the requester.
    rest = replace(bench.rest, text=text, parts=()) if bench.rest is not None else None
    asked = forward(ticket, ForwardTo(partner), replace(bench, rest=rest))
    if isinstance(asked, str) or asked.ticket.state is not State.WAITING:
        return asked
    changes = (*asked.changes, SetState(ticket.number, State.OPEN))
    return replace(asked, ticket=replace(asked.ticket, state=State.OPEN), changes=changes)


def _watch(ticket: Ticket, route: Route, desk: Desk, bench: Bench) -> tuple[tuple[Change, ...], str]:
    """What watches for the partner's answer, and until when it is waited for, as the desk's clock shows it."""
    if route.watch is None:
        return (), ""
    due = desk.calendar.add(bench.now, route.watch)
    return (Schedule(ticket.number, WATCH, due),), f"{due.astimezone(ZoneInfo(desk.calendar.timezone)):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class _Words:
    case: str
    insists: str
    asked: str
    expects: str
    watched: str
    unknown: str
    several: str
    whom: str
    nobody: str
    no_centres: str


_WORDS = {
    "en": _Words(
        "Case: {name}.",
        "Nobody else is asked yet. If the customer insists, the same command once more asks the partner.",
        "The partner {partner} gets the request; answers come to agents alone.",
        "The partner is expected to: {text}",
        "You are told if no answer has come by {until}.",
        'there is no case "{name}". There are: {names}',
        '"{name}" fits several cases: {names}',
        'the case "{name}" needs a partner: #case {name}, PARTNER. Partners: {names}',
        "there is no customer to be told",
        "We shall send you the addresses of service centres in a moment.",
    ),
    "ru": _Words(
        "Случай: {name}.",
        "Больше никому ничего не отправлено. Если клиент настаивает, та же команда ещё раз спросит партнёра.",
        "Запрос получит партнёр {partner}; его ответы увидят только специалисты.",
        "Ожидается от партнёра: {text}",
        "Если до {until} ответа не будет, вы об этом узнаете.",
        "нет случая «{name}». Есть: {names}",
        "«{name}» подходит нескольким случаям: {names}",
        "для случая «{name}» нужен партнёр: #случай {name}, ПАРТНЁР. Партнёры: {names}",
        "нет клиента, которому можно ответить",
        "Адреса сервисных центров пришлём следующим письмом.",
    ),
    "uk": _Words(
        "Випадок: {name}.",
        "Більше нікому нічого не надіслано. Якщо клієнт наполягає, та сама команда ще раз запитає партнера.",
        "Запит отримає партнер {partner}; його відповіді побачать лише фахівці.",
        "Очікується від партнера: {text}",
        "Якщо до {until} відповіді не буде, ви про це дізнаєтеся.",
        "немає випадку «{name}». Є: {names}",
        "«{name}» підходить кільком випадкам: {names}",
        "для випадку «{name}» потрібен партнер: #випадок {name}, ПАРТНЕР. Партнери: {names}",
        "немає клієнта, якому можна відповісти",
        "Адреси сервісних центрів надішлемо наступним листом.",
    ),
    "pl": _Words(
        "Przypadek: {name}.",
        "Nikogo więcej jeszcze nie pytamy. Jeśli klient nalega, to samo polecenie ponownie zapyta partnera.",
        "Zapytanie dostanie partner {partner}; jego odpowiedzi widzą tylko agenci.",
        "Partner powinien: {text}",
        "Jeśli do {until} nie będzie odpowiedzi, dostaniesz o tym wiadomość.",
        "nie ma przypadku „{name}”. Są: {names}",
        "„{name}” pasuje do kilku przypadków: {names}",
        "przypadek „{name}” wymaga partnera: #przypadek {name}, PARTNER. Partnerzy: {names}",
        "nie ma klienta, któremu można odpowiedzieć",
        "Adresy serwisów prześlemy w następnej wiadomości.",
    ),
}
