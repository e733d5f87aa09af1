"""What a letter tells and what it is still asked for."""

from __future__ import annotations

from typing import Any

from helpdesk.core.checklist import SMALLEST_PICTURE, Checklist, Findings, Item, examine, questions, settle
from helpdesk.core.message import Attachment, Inbound, Reason
from helpdesk.core.phrases import compile_pattern
from helpdesk.core.rules import Words


def letter(text: str = "", subject: str = "", **more: Any) -> Inbound:
    return Inbound(sha256="a", fingerprint="b", size=1, text=text, subject=subject, **more)


def picture(size: int, *, inline: bool) -> Attachment:
    return Attachment(part=2, name="screen.png", type="image/png", size=size, sha256="c", inline=inline)


IP = Item(key="ip", ask=(("ru", "Ваш IP-адрес."), ("en", "Your IP address.")), found=(compile_pattern("<ip>"),))
BROWSER = Item(key="browser", ask=(("en", "Your browser."),), fields=("браузер",))
SCREEN = Item(key="screen", ask=(("ru", "Снимок экрана."),), files=("image/*",))
SITE = Checklist(key="site", items=(IP, BROWSER, SCREEN), topic=Words(any_of=(compile_pattern("сайт ..2 лежит"),)))
VAGUE = Checklist(key="vague", items=(BROWSER,), topic=Words(any_of=(compile_pattern("не работает"),)), longest=3)
REST = Checklist(key="rest", items=(Item(key="customer", ask=(("en", "Who asks."),)),))


def test_a_vague_report_misses_everything() -> None:
    assert examine((SITE,), letter("Сайт лежит"), known=frozenset()) == Findings(
        checklist="site",
        missing=("ip", "browser", "screen"),
        reasons=(Reason("topic-site", "text: Сайт лежит"),),
    )


def test_a_complete_report_misses_nothing() -> None:
    mail = letter("Сайт лежит. IP 203.0.113.7\nБраузер: Opera", attachments=(picture(50_000, inline=False),))
    assert examine((SITE,), mail, known=frozenset()) == Findings(
        checklist="site",
        fields=(("browser", "Opera"),),
        missing=(),
        reasons=(
            Reason("topic-site", "text: Сайт лежит"),
            Reason("has-ip", "text: 203.0.113.7"),
            Reason("has-browser", "field: Opera"),
            Reason("has-screen", "file: screen.png"),
        ),
    )


PROMISED = Item(key="file", ask=(("en", "The file."),), files=("*",), promised=(compile_pattern("прилагаю"),))


def test_what_is_said_to_be_attached_and_is_not_is_asked_for() -> None:
    site = Checklist(key="site", items=(IP, PROMISED), topic=SITE.topic)
    rest = Checklist(key="rest", items=(PROMISED,))
    assert examine((site, rest), letter("Сайт лежит"), known=frozenset()).missing == ("ip",)
    assert examine((site, rest), letter("Сайт лежит, прилагаю снимок"), known=frozenset()).missing == ("ip", "file")
    assert examine((site, rest), letter("Прилагаю акт"), known=frozenset()).missing == ("file",)
    sent = letter("Прилагаю акт", attachments=(picture(50_000, inline=False),))
    assert examine((site, rest), sent, known=frozenset()).missing == ()
    assert examine((site, rest), letter("Как дела?"), known=frozenset()) == Findings()


def test_a_rule_may_name_the_checklist() -> None:
    assert examine((SITE, VAGUE), letter("Добрый день"), known=frozenset(), named="site").missing == (
        "ip",
        "browser",
        "screen",
    )
    assert examine((SITE, VAGUE), letter("Добрый день"), known=frozenset(), named="nothing") == Findings()


def test_what_is_known_is_not_asked_for() -> None:
    assert examine((SITE,), letter("Сайт лежит"), known=frozenset({"ip", "screen"})).missing == ("browser",)


def test_the_logo_of_a_signature_is_no_screenshot() -> None:
    logo, shot = picture(SMALLEST_PICTURE - 1, inline=True), picture(SMALLEST_PICTURE, inline=True)
    assert "screen" in examine((SITE,), letter("Сайт лежит", attachments=(logo,)), known=frozenset()).missing
    assert "screen" not in examine((SITE,), letter("Сайт лежит", attachments=(shot,)), known=frozenset()).missing


def test_a_letter_on_no_topic_misses_nothing() -> None:
    assert examine((SITE, VAGUE), letter("Где мой заказ?"), known=frozenset()) == Findings()


def test_the_first_checklist_that_fits_counts() -> None:
    mail = letter("Сайт лежит, не работает")
    assert examine((SITE, VAGUE, REST), mail, known=frozenset()).checklist == "site"


def test_a_long_letter_is_not_vague() -> None:
    assert examine((VAGUE,), letter("поиск не работает"), known=frozenset()).checklist == "vague"
    assert examine((VAGUE,), letter("поиск по артикулу не работает"), known=frozenset()).checklist is None


def test_a_checklist_without_topic_fits_what_no_other_fits() -> None:
    assert examine((SITE, REST), letter("Где мой заказ?"), known=frozenset()).missing == ("customer",)


def test_an_answer_settles_what_it_brings() -> None:
    assert settle(SITE, ("ip", "browser", "screen"), letter("203.0.113.7")) == Findings(
        checklist="site", missing=("browser", "screen"), reasons=(Reason("has-ip", "text: 203.0.113.7"),)
    )


def test_any_words_answer_what_only_a_person_can_judge() -> None:
    what = Checklist(key="failure", items=(Item(key="what", ask=(("en", "What fails."),), any_words=True), SCREEN))
    assert settle(what, ("what", "screen"), letter("Корзина")) == Findings(
        checklist="failure", missing=("screen",), reasons=(Reason("has-what", "in the writer's own words"),)
    )
    assert settle(what, ("what",), letter("")).missing == ("what",)


def test_a_later_field_replaces_a_value_that_is_not_missing() -> None:
    assert settle(SITE, ("ip",), letter("Браузер: Firefox")).fields == (("browser", "Firefox"),)


def test_what_an_agent_asked_for_stays_missing() -> None:
    assert settle(SITE, ("ip", "contract"), letter("203.0.113.7")).missing == ("contract",)


def test_without_a_checklist_nothing_is_settled() -> None:
    assert settle(None, ("contract",), letter("203.0.113.7")) == Findings(missing=("contract",))


def test_questions_come_in_the_language_of_the_requester() -> None:
    assert questions((SITE,), "site", ("ip",), "ru") == ("Ваш IP-адрес.",)


def test_a_question_without_translation_falls_back() -> None:
    assert questions((SITE,), "site", ("ip", "screen"), "pl") == ("Your IP address.", "Снимок экрана.")


def test_the_named_checklist_words_the_question() -> None:
    other = Checklist(key="other", items=(Item(key="ip", ask=(("ru", "Адрес."),)),))
    assert questions((other, SITE), "site", ("ip",), "ru") == ("Ваш IP-адрес.",)
    assert questions((other, SITE), None, ("ip",), "ru") == ("Адрес.",)


def test_a_key_that_no_list_knows_stands_for_itself() -> None:
    assert questions((SITE,), "site", ("номер договора",), "ru") == ("номер договора",)
