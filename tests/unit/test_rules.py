"""Verdicts of the rule table."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from helpdesk.core.message import Address, Attachment, Inbound, Kind, Reason
from helpdesk.core.phrases import Pattern, compile_pattern
from helpdesk.core.rules import Rule, Verdict, Words, judge
from helpdesk.core.ticket import Lane, Priority


def letter(text: str = "", subject: str = "", **more: Any) -> Inbound:
    return Inbound(sha256="a", fingerprint="b", size=1, text=text, subject=subject, **more)


def says(*patterns: str) -> tuple[Pattern, ...]:
    return tuple(compile_pattern(pattern) for pattern in patterns)


def verdict(
    *rules: Rule,
    mail: Inbound,
    desk: str = "support",
    language: str = "ru",
    kind: Kind = Kind.HUMAN,
    organisation: str = "",
) -> Verdict:
    return judge(rules, mail, desk=desk, language=language, kind=kind, organisation=organisation)


SITE = Rule(
    name="site",
    words=Words(any_of=says("сайт ..3 (лежит|не работа*)", "не работа* ..2 сайт")),
    lane=Lane.OUTAGE,
    situation="site-down",
    priority=Priority.HIGH,
)
PAYMENT = Rule(
    name="payment",
    words=Words(any_of=says("оплат* .. не проходит")),
    lane=Lane.OUTAGE,
    situation="payments-all",
    priority=Priority.HIGH,
)
WISH = Rule(name="wish", words=Words(any_of=says("просьба", "прошу")), priority=Priority.LOW, tags=("wish",))
INVOICE = Rule(
    name="invoice", words=Words(any_of=says("счет*")), priority=Priority.HIGH, desk="billing", tags=("money",)
)


def test_a_letter_that_no_rule_knows_is_normal() -> None:
    assert verdict(SITE, mail=letter("Где мой заказ?")) == Verdict()


def test_an_outage_goes_first_and_says_why() -> None:
    assert verdict(SITE, mail=letter("Наш сайт не работает", "Помогите")) == Verdict(
        lane=Lane.OUTAGE,
        situation="site-down",
        priority=Priority.HIGH,
        reasons=(Reason("site", "text: сайт не работает"),),
    )


def test_the_evidence_tells_that_the_subject_said_it() -> None:
    assert verdict(SITE, mail=letter(subject="Сайт лежит")).reasons == (Reason("site", "subject: Сайт лежит"),)


def test_every_rule_is_recorded_and_the_highest_wins_in_any_order() -> None:
    mail = letter("Прошу прислать счет. Сайт лежит.")
    expected = Verdict(
        lane=Lane.OUTAGE,
        situation="site-down",
        priority=Priority.HIGH,
        desk="billing",
        tags=("money", "wish"),
        reasons=(
            Reason("site", "text: Сайт лежит"),
            Reason("invoice", "text: счет"),
            Reason("wish", "text: Прошу"),
        ),
    )
    assert {verdict(*rules, mail=mail) for rules in permutations((SITE, WISH, INVOICE))} == {expected}


def test_of_two_outages_the_one_named_first_counts() -> None:
    assert verdict(SITE, PAYMENT, mail=letter("Оплата не проходит. Сайт лежит.")).situation == "payments-all"
    assert verdict(SITE, PAYMENT, mail=letter("Наш сайт лежит. Оплата не проходит.")).situation == "site-down"


def test_a_low_priority_stands_when_nothing_is_higher() -> None:
    assert verdict(WISH, mail=letter("Прошу сменить баннер")).priority is Priority.LOW


def test_a_rule_can_ask_whose_customer_writes() -> None:
    rule = Rule(name="big", organisations=("auto *", "Шины*"), priority=Priority.HIGH)
    mail = letter("Добрый день")
    assert verdict(rule, mail=mail, organisation="Auto North").reasons == (Reason("big", "of auto * or Шины*"),)
    assert verdict(rule, mail=mail, organisation="ШИНЫ и диски").priority is Priority.HIGH
    assert verdict(rule, mail=mail, organisation="Autonomous") == verdict(rule, mail=mail) == Verdict()


def test_quoted_history_raises_nothing() -> None:
    assert verdict(SITE, mail=letter("Спасибо", quoted="> сайт не работает")) == Verdict()


@pytest.mark.parametrize("header", [("x-priority", "1 (Highest)"), ("importance", "high"), ("priority", "urgent")])
def test_a_sender_cannot_call_himself_urgent(header: tuple[str, str]) -> None:
    assert verdict(SITE, WISH, mail=letter("Добрый день", headers=(header,))) == Verdict()


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.HUMAN])
def test_mail_of_machines_is_no_outage_unless_a_rule_asks_for_it(kind: Kind) -> None:
    monitor = Rule(name="monitor", words=SITE.words, kinds=(kind,), lane=Lane.OUTAGE, situation="site-down")
    assert verdict(SITE, mail=letter("Сайт лежит"), kind=kind) == Verdict()
    assert verdict(monitor, mail=letter("Сайт лежит"), kind=kind).lane is Lane.OUTAGE


WORDS = Words(
    any_of=says("не работает"),
    unless=says("как"),
    none_of=says("планов*"),
    until=says("уже работает"),
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Не работает поиск", True),
        ("Как быть, не работает поиск", False),  # excused by its own sentence
        ("Скажите, пожалуйста, как дела. Не работает поиск", True),  # not by another one
        ("Не работает поиск. У нас планово меняют сервер", False),  # anywhere in the letter
        ("Не работает поиск. Все, уже работает", False),  # taken back
        ("Вчера уже работает было. Сегодня не работает поиск", True),  # said again afterwards
    ],
)
def test_what_else_a_letter_says_decides(text: str, holds: bool) -> None:
    assert bool(verdict(Rule(name="r", words=WORDS, tags=("t",)), mail=letter(text)).tags) is holds


NARROW = Words(any_of=says("не работает"), narrow=says("у одного"), wide=says("у всех"))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Сайт не работает", True),
        ("У одного клиента не работает сайт", False),
        ("Сначала у одного клиента, теперь у всех не работает сайт", True),
    ],
)
def test_one_of_many_is_no_reason_unless_everybody_is_named(text: str, holds: bool) -> None:
    assert bool(verdict(Rule(name="r", words=NARROW, tags=("t",)), mail=letter(text)).tags) is holds


def test_all_of_wants_every_pattern() -> None:
    both = Rule(name="both", words=Words(all_of=says("сайт", "оплат*")), tags=("t",))
    assert verdict(both, mail=letter("сайт")) == Verdict()
    assert verdict(both, mail=letter("На сайте нужна оплата. Сам сайт хорош")).reasons == (
        Reason("both", "text: оплата; text: сайт"),
    )


FILE = Attachment(part=2, name="Акт.PDF", type="application/pdf", size=1, sha256="c")


@pytest.mark.parametrize(
    ("rule", "evidence"),
    [
        (Rule(name="r", senders=("*@example.com",), tags=("t",)), "from ivan@example.com"),
        (Rule(name="r", senders=("anna@example.com",), tags=("t",)), None),
        (Rule(name="r", headers=(("x-mailer", "*shop*"),), tags=("t",)), "x-mailer: *shop*"),
        (Rule(name="r", headers=(("x-mailer", "*crm*"),), tags=("t",)), None),
        (Rule(name="r", attachments=("*.pdf",), tags=("t",)), "attachment Акт.PDF"),
        (Rule(name="r", attachments=("image/*",), tags=("t",)), None),
        (Rule(name="r", desks=("support",), tags=("t",)), "to the desk support"),
        (Rule(name="r", desks=("billing",), tags=("t",)), None),
        (Rule(name="r", tags=("t",)), "every letter"),
        (Rule(name="r", languages=("ru", "uk"), tags=("t",)), "written in ru or uk"),
        (Rule(name="r", languages=("pl",), tags=("t",)), None),
        (Rule(name="r", fields=(("город", "киев*"),), tags=("t",)), "город: Киев"),
        (Rule(name="r", fields=(("город", "львов*"),), tags=("t",)), None),
        (Rule(name="r", fields=(("город", "*"), ("улица", "*")), tags=("t",)), None),
        (Rule(name="r", working=True, tags=("t",)), None),
        (Rule(name="r", working=False, tags=("t",)), "outside working hours"),
        (Rule(name="r", requests_1h=3, tags=("t",)), "3 requests or more in an hour"),
        (Rule(name="r", requests_1h=4, tags=("t",)), None),
    ],
)
def test_conditions_beside_the_words(rule: Rule, evidence: str | None) -> None:
    mail = letter(
        "Город: Киев", sender=Address("ivan@example.com"), headers=(("x-mailer", "MyShop 2"),), attachments=(FILE,)
    )
    judged = judge((rule,), mail, desk="support", language="ru", kind=Kind.HUMAN, working=False, requests_1h=3)
    assert judged.reasons == ((Reason("r", evidence),) if evidence else ())


def test_what_shall_follow_is_taken_from_the_strongest_rule_that_says_it() -> None:
    mine = Rule(
        name="mine", words=Words(any_of=says("возврат")), assignee="Иван", checklist="returns", notify=("Анна",)
    )
    urgent = Rule(
        name="urgent", words=Words(any_of=says("срочно")), priority=Priority.HIGH, assignee="Ольга", notify=("Пётр",)
    )
    judged = verdict(mine, urgent, mail=letter("Срочно нужен возврат"))
    assert (judged.assignee, judged.checklist, judged.notify) == ("Ольга", "returns", ("Анна", "Пётр"))


def test_a_field_is_the_last_word_that_its_pattern_covers() -> None:
    rule = Rule(name="r", take=(("заказ", compile_pattern("заказ* ..1 <number>")), ("нет", compile_pattern("счет"))))
    assert verdict(rule, mail=letter("Где мой заказ № 5512?")).fields == (("заказ", "5512"),)


def test_a_letter_without_a_sender_fits_no_rule_about_senders() -> None:
    assert verdict(Rule(name="r", senders=("*",), tags=("t",)), mail=letter()) == Verdict()


@pytest.mark.parametrize(("known", "tags"), [(True, ("old",)), (False, ("first",))])
def test_a_rule_may_tell_who_has_written_before(known: bool, tags: tuple[str, ...]) -> None:
    rules = (Rule(name="first", known=False, tags=("first",)), Rule(name="old", known=True, tags=("old",)))
    found = judge(rules, letter("?"), desk="support", language="ru", kind=Kind.HUMAN, known=known)
    assert found.tags == tags


def test_each_condition_that_holds_is_told_with_what_was_seen() -> None:
    rule = Rule(
        name="all",
        words=Words(any_of=says("возврат*")),
        senders=("*@shop.test",),
        headers=(("x-mailer", "*shop*"),),
        attachments=("*.pdf",),
        fields=(("город", "киев*"),),
        desks=("support",),
        languages=("ru", "uk"),
        kinds=(Kind.BULK,),
        known=True,
        working=False,
        requests_1h=2,
        tags=("x",),
    )
    mail = letter(
        "Возвраты\nГород: Киев",
        sender=Address("anna@shop.test"),
        headers=(("x-mailer", "The shop"),),
        attachments=(Attachment(part=2, name="act.pdf", type="application/pdf", size=1, sha256="c"),),
    )
    found = judge(
        (rule,), mail, desk="support", language="ru", kind=Kind.BULK, known=True, working=False, requests_1h=3
    )
    assert found.reasons[0].evidence.split("; ") == [
        "text: Возвраты",
        "from anna@shop.test",
        "x-mailer: *shop*",
        "attachment act.pdf",
        "город: Киев",
        "to the desk support",
        "written in ru or uk",
        "mail of the kind bulk",
        "the sender has written before",
        "outside working hours",
        "2 requests or more in an hour",
    ]


def test_the_strongest_rule_chooses_the_words_of_the_acknowledgement() -> None:
    usual, strong = Rule(name="a", template="usual"), Rule(name="b", template="strong", priority=Priority.HIGH)
    assert verdict(usual, strong, mail=letter()).template == "strong"


def test_the_subject_of_an_answer_raises_nothing_by_itself() -> None:
    thanks = letter("Спасибо, счёт получили.", "Re: [##100871##] Сайт лежит")
    assert verdict(SITE, mail=thanks).situation is None
    assert verdict(SITE, mail=letter("Спасибо, счёт получили.", "Fwd: Сайт лежит")).situation == "site-down"


def test_the_subject_of_an_answer_names_what_its_text_is_about() -> None:
    assert verdict(SITE, mail=letter("Опять лежит.", "Re: Сайт")).situation == "site-down"


def test_the_subject_of_an_answer_without_a_text_is_what_it_says() -> None:
    assert verdict(SITE, mail=letter("", "Re: Сайт лежит")).situation == "site-down"
