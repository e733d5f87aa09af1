"""The packs that ship with the program, and what is said about a pack that is wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from helpdesk.core.checklist import examine, questions
from helpdesk.core.message import Inbound, Kind
from helpdesk.core.rules import Words, judge
from helpdesk.core.ticket import Lane
from helpdesk.core.trial import ALL, Bar, Example, Tried, table
from helpdesk.errors import ConfigError
from helpdesk.packs import Pack, all_examples, load_pack, shipped_packs
from helpdesk.packs.letters import read_letters
from helpdesk.packs.weights import checksum

SITUATIONS = {"site-down", "pricing-all", "order", "payments-all", "login", "web-services", "price-export", "sync"}
LANGUAGES = ("ru", "uk", "en", "pl")
OUTAGES = load_pack("outages", None)
LETTERS = all_examples(OUTAGES)
CLARIFY = load_pack("clarify", None)


def letter(text: str, subject: str = "") -> Inbound:
    return Inbound(sha256="a", fingerprint="b", size=1, text=text, subject=subject)


def seen_by(pack: Pack, example: Example) -> str | None:
    """The situation that the rules of the pack see in the example."""
    mail = letter(example.text, example.subject)
    return judge(pack.recognised, mail, desk="support", language=example.language, kind=Kind.HUMAN).situation


def test_outages_was_taught_by_the_letters_that_it_has() -> None:
    (learned,) = {rule.learned for rule in OUTAGES.rules}
    assert learned is not None
    assert learned.letters == checksum(LETTERS), "letters have changed: run `helpdesk rules learn outages`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_outages_sees_in_its_letters_what_their_labels_say(language: str) -> None:
    tried = [Tried(one, seen_by(OUTAGES, one)) for one in LETTERS if one.language == language]
    assert all(row.reaches(OUTAGES.bar) for row in table(tried) if row.situation == ALL)


def test_every_rule_of_outages_leads_out_of_turn() -> None:
    assert {rule.lane for rule in OUTAGES.rules} == {Lane.OUTAGE}


@pytest.mark.parametrize("language", LANGUAGES)
def test_several_matters_in_one_letter_do_not_add_up_to_an_outage(language: str) -> None:
    others = [one.text.rstrip(".!?") for one in LETTERS if one.language == language and one.situation is None]
    letters = [". ".join(others[start::40]) + "." for start in range(40)]
    seen = [seen_by(OUTAGES, Example(language, None, "", letter)) for letter in letters]
    assert sum(one is not None for one in seen) <= 2
    assert {rule.situation for rule in OUTAGES.rules} == SITUATIONS


@pytest.mark.parametrize("language", LANGUAGES)
def test_outages_has_examples_of_everything_in_every_language(language: str) -> None:
    labels = Counter(example.situation for example in LETTERS if example.language == language)
    assert set(labels) == SITUATIONS | {None}
    assert labels[None] >= 10


@pytest.mark.parametrize("reply", ["Re: ", ""])
def test_the_words_of_an_answer_to_us_are_no_outage(reply: str) -> None:
    mail = Inbound(sha256="a", fingerprint="b", size=1, subject=f"{reply}Вопрос", text="Спасибо", quoted="> Сайт лежит")
    assert judge(OUTAGES.rules, mail, desk="support", language="ru", kind=Kind.HUMAN).situation is None


SITE_ITEMS = ("ip", "time", "browser", "message")


@pytest.mark.parametrize(
    ("text", "checklist", "missing"),
    [
        ("У меня не работает сайт", "site", SITE_ITEMS),
        ("Не працює сайт", "site", SITE_ITEMS),
        ("Our website is down", "site", SITE_ITEMS),
        ("Strona nie działa", "site", SITE_ITEMS),
        ("У меня не работает почта", "letters", ("time", "from_box", "to_box")),
        ("Листи не доходять до клієнтів", "letters", ("time", "from_box", "to_box")),
        ("Emails do not arrive", "letters", ("time", "from_box", "to_box")),
        ("Maile nie dochodzą", "letters", ("time", "from_box", "to_box")),
        ("Письма возвращаются с темой Mail delivery failed", "returned-letters", ("returned",)),
        ("Не работает проценка", "pricing", ("article", "maker", "suppliers", "where", "user")),
        ("Не показывает цены на OC90 Knecht от всех поставщиков в проценке на главной", "pricing", ("user",)),
        ("Программа выдает ошибку 1045", "program-message", ("message",)),  # a number is not a text
        ("Программа выдает ошибку: «Нет связи с базой»", "program-message", ()),
        ("Не удается оформить заказ", "failure", ("time", "message")),
        ("Не работает", "vague", ("what", "time", "message")),
        ("Сайт не открывается с 10:15, мой IP 203.0.113.7, Chrome, пишет «Сервер не найден»", "site", ()),
        ("Сайт не открывается с утра, мой IP 192.168.0.7, Chrome, белый экран", "site", ("ip",)),  # an inner address
        (
            "The site does not open since 9:30. IP: 203.0.113.7, Firefox says “Server not found”",
            "site",
            (),
        ),
        ("IP: 203.0.113.7\nВремя: 10:00\nБраузер: Opera\nОшибка: нет связи\nСайт недоступен", "site", ()),
        ("Подскажите, как настроить скидки для оптовых клиентов", None, ()),
        ("Спасибо, сайт снова работает", None, ()),
        ("Подскажите, как настроить скидки, скриншот во вложении", "request", ("attachment",)),
        ("The site is down, screenshot attached", "site", (*SITE_ITEMS, "attachment")),
        ("Не работает сайт, не могу прикрепить снимок", "site", SITE_ITEMS),
        ("Прошу сменить телефон в шапке", None, ()),
    ],
)
def test_clarify_asks_only_for_what_is_missing(text: str, checklist: str | None, missing: tuple[str, ...]) -> None:
    findings = examine(CLARIFY.checklists, letter(text), known=frozenset())
    assert (findings.checklist, findings.missing) == (checklist, missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_item_is_asked_for_in_every_language(language: str) -> None:
    for checklist in CLARIFY.checklists:
        keys = tuple(item.key for item in checklist.items)
        asked = questions((checklist,), checklist.key, keys, language)
        assert all(question not in asked_elsewhere(checklist.key, keys, language) for question in asked)


def asked_elsewhere(checklist: str, keys: tuple[str, ...], language: str) -> set[str]:
    """The same questions in the other languages."""
    others = [other for other in LANGUAGES if other != language]
    return {question for other in others for question in questions(CLARIFY.checklists, checklist, keys, other)}


def test_nobody_is_asked_who_he_is_by_default() -> None:
    assert all(item.key != "customer" for checklist in CLARIFY.checklists for item in checklist.items)


def test_a_desk_can_have_every_new_request_ask_for_the_customer(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text('extends = "clarify"\nask_customer = true\n', "utf-8")
    checklists = load_pack("ours.toml", tmp_path).checklists
    assert examine(checklists, letter("Как настроить скидки?"), known=frozenset()).missing == ("customer",)
    assert examine(checklists, letter("Как настроить скидки?"), known=frozenset({"customer"})).missing == ()
    assert examine(checklists, letter("Не работает сайт"), known=frozenset()).missing == ("customer", *SITE_ITEMS)


def test_a_pack_can_replace_a_rule_of_the_one_it_extends(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(
        'extends = "outages"\n[[rule]]\nname = "sync"\nany = ["обмен стоит"]\nsituation = "sync"\nlane = "outage"\n',
        "utf-8",
    )
    rules = load_pack("ours.toml", tmp_path).rules
    assert len(rules) == len(OUTAGES.rules)
    mail = letter("Не работает синхронизация")
    assert judge(rules, mail, desk="support", language="ru", kind=Kind.HUMAN).situation is None


def test_a_rule_may_name_lists_of_senders_of_its_own_pack_and_of_the_one_it_extends(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('[senders]\ndealers = ["dealer.example", "*@shop.example"]\n', "utf-8")
    (tmp_path / "ours.toml").write_text(
        'extends = "base.toml"\n[senders]\nall = ["{dealers}", "anna@home.example"]\n'
        '[[rule]]\nname = "r"\nfrom = ["{all}", "*.test"]\ncontact = "new"\ntemplate = "welcome"\n',
        "utf-8",
    )
    (rule,) = load_pack("ours.toml", tmp_path).rules
    assert rule.senders == ("*@dealer.example", "*@shop.example", "anna@home.example", "*.test")
    assert (rule.known, rule.template) == (False, "welcome")


def problems(tmp_path: Path, toml: str) -> list[str]:
    (tmp_path / "ours.toml").write_text(toml, "utf-8")
    with pytest.raises(ConfigError) as refusal:
        load_pack("ours.toml", tmp_path)
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("rulez = 1", 'ours.toml: rulez: is unknown; did you mean "rule"?'),
        (
            "[[rule]]\nname = 'a'\nprioritty = 'high'\ntags = ['t']",
            'rule[0].prioritty: is unknown; did you mean "priority"?',
        ),
        ("[[rule]]\nname = 'a'\npriority = 'urgent'", 'rule[0].priority: is "urgent"; want one of high, normal, low'),
        (
            "[[rule]]\nname = 'a'",
            "rule[0]: does nothing; want one of lane, situation, priority, desk, tags, assignee, notify, checklist",
        ),
        ("[[rule]]\ntags = ['t']", 'rule[0]: has no "name"'),
        ("[[rule]]\nname = 'a'\ntags = 't'", 'rule[0].tags: is "t"; want a list of texts, for example ["one", "two"]'),
        ("[[rule]]\nname = 'a'\ntags = ['t']\nany = ['(сайт']", 'rule[0].any: has "(сайт": "(" is not closed'),
        ("[words]\nsite = ['{shop}']", 'words.site: has "{shop}": there is no list {shop} (lists of this pack: none)'),
        ("[[checklist]]\nkey = 'a'\nitems = ['ip']", 'checklist[0].items: has "ip", but there is no [item.ip]'),
        ("[item.ip]\nfields = ['ip']", "item.ip.ask: is missing; want the request in ru, uk, en or pl"),
        ("[item.ip.ask]\nde = 'IP?'", "item.ip.ask.de: is unknown; want one of ru, uk, en, pl"),
        ("[examples.ru]\nsite = ['x']", "examples.ru.site: is unknown; want one of none"),
        ("bar = { recall = 101 }", "bar.recall: is 101; want a whole number of percent"),
        ("[[rule]]\nname = 'a'\ntags = ['t']\nhours = 'night'", 'rule[0].hours: is "night"; want one of open, closed'),
        (
            "[[rule]]\nname = 'a'\ntags = ['t']\nrequests_1h = -1",
            "rule[0].requests_1h: is -1; want a whole number from 0 on",
        ),
        ("[[rule]]\nname = 'a'\ntake = { n = '(' }", 'rule[0].take.n: has "(": a word is missing'),
        ("[[rule]]\nname = 'a'\nlikely = 101\ntags = ['t']", "rule[0].likely: is 101; want percent, 1 to 100"),
        (
            "[[rule]]\nname = 'a'\nlikely = 50\nsituation = 's'",
            "rule[0].likely: has nothing to go by; `helpdesk rules learn ours.toml` teaches it",
        ),
        ("ask_customer = 'yes'", 'ask_customer: is "yes"; want true or false'),
        ("rule = 1", "rule: is 1; want tables, each begun by [[rule]]"),
        ("extends = 'outagez'", "outagez: no such pack; shipped are clarify, outages, "),
        ("extends = 'ours.toml'", "ours.toml: extends: the packs extend each other in a circle"),
        ("name = ", "ours.toml: is not TOML in UTF-8: "),
    ],
)
def test_a_wrong_pack_is_told_where_and_what_is_wanted(tmp_path: Path, toml: str, problem: str) -> None:
    assert any(problem in each for each in problems(tmp_path, toml)), problems(tmp_path, toml)


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    toml = "ask_custmer = 1\n[[rule]]\nname = 'a'\nlane = 'fast'\n[[rule]]\nname = 'a'\ntags = [1]\n"
    assert problems(tmp_path, toml) == [
        'ours.toml: ask_custmer: is unknown; did you mean "ask_customer"?',
        'ours.toml: rule[0].lane: is "fast"; want one of outage, normal',
        'ours.toml: rule[1].tags: is [1]; want a list of texts, for example ["one", "two"]',
        'ours.toml: rule: "a" stands there twice; want names of their own',
    ]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_pack("packs/none.toml", tmp_path)


def test_the_examples_of_the_manual_are_a_pack(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
    blocks = [block.split("```")[0] for block in manual.split("```toml\n")[1:] if "likely =" not in block]
    (tmp_path / "ours.toml").write_text('extends = "clarify"\n' + "\n".join(blocks[:-1]), "utf-8")
    pack = load_pack("ours.toml", tmp_path)
    assert pack.examples
    assert [seen_by(pack, example) for example in pack.examples] == [example.situation for example in pack.examples]


def test_letters_in_the_folder_of_a_pack_count_as_its_own(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(
        'bar = { recall = 90 }\n[[rule]]\nname = "back"\nany = ["возврат"]\nsituation = "returns"\n', "utf-8"
    )
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "ru-short.toml").write_text('returns = ["Тема // возврат"]\nnone = ["привет"]\n', "utf-8")
    pack = load_pack("ours.toml", tmp_path)
    assert (pack.examples, pack.bar) == ((), Bar(recall=90))
    assert all_examples(pack) == (
        Example("ru", "returns", "Тема", "возврат"),
        Example("ru", None, "", "привет"),
    )


def test_whole_letters_stand_as_tables(tmp_path: Path) -> None:
    (tmp_path / "ru.toml").write_text(
        '[[letter]]\nsituation = "sale"\nsubject = "Тема"\ntext = "Текст"\n'
        '[[letter]]\nsituation = ""\ntext = "Привет"\n'
        '[[letter]]\nsituation = "x"\n',
        "utf-8",
    )
    with pytest.raises(ConfigError, match='"x" is no situation; want one of none, sale'):
        read_letters(tmp_path, ["sale"])
    assert read_letters(tmp_path, ["sale", "x"]) == (
        Example("ru", "sale", "Тема", "Текст"),
        Example("ru", None, "", "Привет"),
        Example("ru", "x", "", ""),
    )


def test_wrong_letters_are_told_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "de.toml").write_text("none = []", "utf-8")
    (tmp_path / "ru.toml").write_text("returns = ['x']\nnone = 'x'", "utf-8")
    (tmp_path / "uk.toml").write_text("none = ", "utf-8")
    with pytest.raises(ConfigError) as refusal:
        read_letters(tmp_path, ["sale"])
    folder = tmp_path.name
    assert [str(problem).partition(": Invalid")[0] for problem in refusal.value.problems] == [
        f"{folder}/de.toml: its name must begin with the language: ru, uk, en, pl",
        f'{folder}/ru.toml: "returns" is no situation; want one of none, sale',
        f'{folder}/ru.toml: none: want a list of letters: ["subject // text", …]',
        f"{folder}/uk.toml: is not TOML in UTF-8",
    ]


def test_packs_ship_with_the_program() -> None:
    assert shipped_packs() == (
        "clarify",
        "outages",
        "rma-dealers",
        "rma-returns",
        "store-routing",
        "support-webshop",
        "vocabulary",
        "warranty-acts",
    )


def test_stores_and_their_shop_tell_each_others_letters_apart() -> None:
    pack = load_pack("store-routing", None)
    letters = all_examples(pack)
    assert {example.situation for example in letters} >= {route.key for route in pack.routes if route.topic != Words()}
    wrong = [(one.text, found) for one in letters if (found := seen_by(pack, one)) != one.situation]
    assert wrong == []


def test_a_routing_case_that_does_nothing_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text('[[route]]\nkey = "a"\nwatch = "soon"\nfoward.en = "x"\n', "utf-8")
    with pytest.raises(ConfigError) as problems:
        load_pack("ours.toml", tmp_path)
    told = str(problems.value)
    assert 'route[0].foward: is unknown; did you mean "forward"?' in told
    assert "route[0]: does nothing; want reply, forward or both" in told
    assert 'route[0].watch: is "soon"; want a duration' in told


def test_a_desk_of_another_kind_needs_fewer_than_a_hundred_lines() -> None:
    folder = Path(__file__).parent.parent / "scenarios" / "80-a-sixth-desk-from-nothing"
    written = (*folder.glob("*.toml"), *(folder / "letters").rglob("*.txt"))
    lines = [line for file in written for line in file.read_text("utf-8").splitlines() if line.strip()]
    assert len(written) == 3
    assert len(lines) < 100
