"""Letters in words: every event in every language, hostile words, and templates of a desk's own."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tinyhtml5.parser import HTMLParser as HTMLParser5

from helpdesk.adapters.templates import MAX_OUTPUT, Templates
from helpdesk.compose import view
from helpdesk.core.commands import parse
from helpdesk.core.language import LANGUAGES
from helpdesk.core.outgoing import SEND_WORD, Ahead, Audience, Event, LetterView, NamedFile, Picture
from helpdesk.core.ticket import State
from helpdesk.core.trial_views import FULL, VIEWS
from helpdesk.errors import PermanentError
from helpdesk.packs import load_pack
from tests.letters import BRANDED, FACE, letter_of, ticket_of

SHIPPED = Templates()

EVERY_LETTER = [(event, language) for event in Event for language in LANGUAGES]

# Letters that a language's people would not find in another one.
_CYRILLIC = re.compile("[а-яёіїєґ]", re.IGNORECASE)
_RUSSIAN_ONLY = re.compile("[ыэъё]", re.IGNORECASE)
_UKRAINIAN_ONLY = re.compile("[іїєґ]", re.IGNORECASE)
_POLISH_ONLY = re.compile("[ąćęłńóśźż]", re.IGNORECASE)

HOSTILE = "<script>alert(1)</script>{{ 7*7 }}{% for x in y %}<img src=http://x.example/t.gif> \" onload='x' & #close"


class Tags(HTMLParser):
    """The tags and attributes of a page, in order; `open` must be empty at its end."""

    VOID = frozenset({"meta", "br", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.hidden = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.text += " " * (tag in ("td", "p"))
        self.hidden = ("style", "display:none;max-height:0;overflow:hidden;mso-hide:all") in attrs
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.hidden and self.open[-1:] != ["style"]:
            self.text += data


def view_of(event: Event, language: str, **changes: object) -> LetterView:
    """The view of the sample letter."""
    seen = view(letter_of(event, language), ticket_of(event, language), FACE)
    return replace(seen, **changes)  # type: ignore[arg-type]


# --- every letter ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("event", "language"), EVERY_LETTER)
def test_every_letter_says_the_same_as_text_and_as_html(event: Event, language: str) -> None:
    rendered = SHIPPED.render(event.value, language, view_of(event, language))
    page = Tags(rendered.html)
    # Where a link leads is read in the text alone; the page has it behind its words.
    text_words = re.findall(r"\w{2,}", re.sub(r"<mailto:\S+>", "", rendered.text))
    html_words = re.findall(r"\w{2,}", page.text)
    title_words = re.findall(r"\w{2,}", rendered.subject)
    assert html_words[len(title_words) :] == text_words
    assert page.open == []
    assert rendered.problem == ""


@pytest.mark.parametrize(("event", "language"), EVERY_LETTER)
def test_every_letter_can_be_written_with_everything_and_with_nothing(event: Event, language: str) -> None:
    for name, seen in VIEWS.items():
        rendered = SHIPPED.render(event.value, language, seen)
        assert rendered.subject
        assert rendered.problem == ""
        if name not in ("hostile words", "words from right to left"):
            assert "{" not in rendered.text, name
            assert "\x02" not in rendered.text + rendered.html, name
            assert "\n\n\n" not in rendered.text, name


@pytest.mark.parametrize("event", list(Event))
def test_each_language_is_written_in_its_own_letters(event: Event) -> None:
    # Nothing but the template's own words: what correspondents write has its own language.
    seen = replace(FULL, body="", author="", fields=(), subject="")
    texts = {}
    for language in LANGUAGES:
        rendered = SHIPPED.render(event.value, language, seen)
        texts[language] = f"{rendered.subject} {rendered.text}"
    assert not _UKRAINIAN_ONLY.search(texts["ru"])
    assert not _RUSSIAN_ONLY.search(texts["uk"])
    assert not _CYRILLIC.search(texts["en"] + texts["pl"])
    assert not _POLISH_ONLY.search(texts["en"])
    assert _UKRAINIAN_ONLY.search(texts["uk"])
    assert _POLISH_ONLY.search(texts["pl"])
    assert _CYRILLIC.search(texts["ru"])


@pytest.mark.parametrize(("event", "language"), EVERY_LETTER)
def test_hostile_words_stay_words(event: Event, language: str) -> None:
    seen = view_of(
        event, language,
        subject=HOSTILE, desk=HOSTILE, author=HOSTILE, agent=HOSTILE, body=HOSTILE + "\n\x02facts\n--\n" + HOSTILE,
        questions=(HOSTILE,), reasons=(HOSTILE,), requester=HOSTILE, reaches=(HOSTILE,), fields=((HOSTILE, HOSTILE),),
        files=(NamedFile(name=HOSTILE, size=1, attached=True),), resolution=HOSTILE, situation=HOSTILE,
    )  # fmt: skip
    rendered = SHIPPED.render(event.value, language, seen)
    page = Tags(rendered.html)
    assert rendered.problem == ""
    assert set(page.tags) <= {
        "html", "head", "meta", "title", "body", "div", "p", "ul", "ol", "li", "code", "br", "blockquote",
        "table", "tr", "th", "td", "a", "style",
    }  # fmt: skip
    assert {name for name, _ in page.attributes} <= {
        "lang", "charset", "name", "content", "style", "dir", "role", "aria-label", "scope", "href", "class",
    }  # fmt: skip
    assert all(value.startswith("mailto:support+") for name, value in page.attributes if name == "href")
    assert "{{ 7*7 }}" in rendered.text
    assert "49" not in rendered.text.replace("{{ 7*7 }}", "")


@pytest.mark.parametrize(("event", "language"), EVERY_LETTER)
def test_nothing_is_loaded_from_anywhere(event: Event, language: str) -> None:
    pictures = (NamedFile(name="a.png", size=1, attached=True, cid="picture-1@example.com"),)
    rendered = SHIPPED.render(event.value, language, view_of(event, language, files=pictures))
    assert not re.search(r"https?:|//|url\(|@import|<link|<script", rendered.html)
    sources = [value for name, value in Tags(rendered.html).attributes if name == "src"]
    assert all(source == "cid:picture-1@example.com" for source in sources)


@pytest.mark.parametrize(("event", "language"), EVERY_LETTER)
def test_every_page_is_html_to_the_letter_of_the_standard(event: Event, language: str) -> None:
    branded = view(letter_of(event, language), ticket_of(event, language), BRANDED)
    pages = [SHIPPED.render(event.value, language, seen).html for seen in (branded, *VIEWS.values())]
    for page in dict.fromkeys(page for page in pages if len(page) < MAX_OUTPUT):
        parser = HTMLParser5()
        # Composing takes control characters out of what correspondents wrote, and puts the secret where one stands.
        parser.parse(re.sub("[\x02-\x04]", "", page))
        assert parser.errors == []


def test_templates_are_tried_with_everything_that_a_letter_can_have() -> None:
    lacking = [
        field.name
        for field in fields(LetterView)
        if all(getattr(view, field.name) == field.default for view in VIEWS.values())
    ]
    assert lacking == []


# --- what letters must say ------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_acknowledgement_names_the_number_and_asks_everything_at_once(language: str) -> None:
    seen = view_of(Event.OPENED, language)
    text = SHIPPED.render("opened", language, seen).text
    assert " 123456." in text
    assert re.findall(r"(?m)^\d\. (.*)$", text) == list(seen.questions)
    assert text.rstrip().endswith("[##123456##] · Служба поддержки")


@pytest.mark.parametrize(
    ("language", "moment"),
    [
        ("ru", "в понедельник, 9 марта, в 10:00."),
        ("uk", "у понеділок, 9 березня, о 10:00."),
        ("en", "on Monday, 9 March, at 10:00."),
        ("pl", "w poniedziałek, 9 marca, o godz. 10:00."),
    ],
)
def test_an_acknowledgement_says_when_work_begins_and_by_when_an_answer_is_promised(language: str, moment: str) -> None:
    nothing_asked = replace(view_of(Event.OPENED, language), questions=(), due_at=None)
    monday = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
    for ahead in (Ahead(begins_at=monday), Ahead(working=True, answer_by=monday)):
        for seen in (nothing_asked, view_of(Event.OPENED, language))[: 2 if ahead.begins_at else 1]:
            told = SHIPPED.render("opened", language, replace(seen, ahead=ahead))
            assert moment.rstrip(".") in " ".join(told.text.split())
    assert moment not in " ".join(SHIPPED.render("opened", language, nothing_asked).text.split())


@pytest.mark.parametrize(
    ("language", "day"), [("ru", "17 марта"), ("uk", "17 березня"), ("en", "17 March"), ("pl", "17 marca")]
)
def test_a_request_for_facts_tells_until_when(language: str, day: str) -> None:
    for event in (Event.OPENED, Event.MISSING, Event.REMINDER):
        text = SHIPPED.render(event.value, language, view_of(event, language)).text
        assert day in " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_asks_about_a_request_that_is_closed_for_good_is_told_whom_to_turn_to(language: str) -> None:
    face = replace(FACE, final=("refused",), turn_to="Lena, +48 22 000 00 00")
    told = {}
    for resolution in ("refused", "solved"):
        closed = replace(ticket_of(Event.STATUS, language), state=State.CLOSED, resolution=resolution)
        seen = view(letter_of(Event.STATUS, language), closed, face)
        told[resolution] = " ".join(SHIPPED.render("status", language, seen).text.split())
    again = {"ru": "снова", "uk": "знову", "en": "again;", "pl": "ponownie"}
    assert face.turn_to in told["refused"]
    assert again[language] not in told["refused"]
    assert face.turn_to not in told["solved"]


def test_so_is_whoever_asks_about_one_in_a_state_of_the_desks_own() -> None:
    face = replace(FACE, stages=load_pack("warranty-acts", None).stages, final=("*",), turn_to="Lena")
    refused = replace(ticket_of(Event.STATUS, "en"), state=State.CLOSED, stage="refused", resolution="refused")
    told = SHIPPED.render("status", "en", view(letter_of(Event.STATUS, "en"), refused, face)).text
    assert "please turn to Lena." in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_agents_answer_stands_alone_above_a_footer(language: str) -> None:
    seen = view_of(Event.REPLY, language)
    assert SHIPPED.render("reply", language, seen).text == (f"{seen.body}\n\n-- \n[##123456##] · Служба поддержки\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", [Event.NOTIFY, Event.NOTE, Event.HELD, Event.BOUNCED, Event.RESULT, Event.ALERT])
def test_the_first_line_to_an_agent_says_whom_a_reply_reaches(event: Event, language: str) -> None:
    first = {
        audience: SHIPPED.render(event.value, language, view_of(event, language, audience=audience)).text.split("\n")[0]
        for audience in (Audience.AGENT, Audience.COLLEAGUES, Audience.NOBODY)
    }
    seen = view_of(event, language, audience=Audience.AGENT, reaches=("Anna <a@b.example>",))
    assert SHIPPED.render(event.value, language, seen).text.split("\n")[0].endswith("Anna <a@b.example>")
    assert first[Audience.COLLEAGUES] != first[Audience.NOBODY]


def test_a_ticket_without_a_requester_has_nobody_to_answer() -> None:
    seen = view_of(Event.NOTIFY, "en", reaches=())
    assert SHIPPED.render("notify", "en", seen).text.startswith("Your reply to this mail reaches nobody")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_that_a_letter_offers_is_understood(language: str) -> None:
    offered = []
    for event in Event:
        for gathers in (37, None):
            view = replace(FULL, body="", gathers=gathers)
            offered += re.findall(r"(?m)^- (#.*?) —", SHIPPED.render(event.value, language, view).text)
    assert len(offered) >= 7
    for command in offered:
        assert parse(command).errors == (), command


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unproven_text_is_offered_to_be_sent_with_one_word(language: str) -> None:
    text = SHIPPED.render("unproven", language, view_of(Event.UNPROVEN, language)).text
    assert re.search(rf"[«“„]{SEND_WORD[language]}[»”]", text)
    assert "> " + letter_of(Event.UNPROVEN, language).body.splitlines()[0] in text


def test_a_file_that_stayed_behind_is_named_as_such() -> None:
    files = (
        NamedFile(name="log.txt", size=5_000, attached=True),
        NamedFile(name="video.mp4", size=40_000_000, attached=False),
    )
    text = SHIPPED.render("notify", "ru", view_of(Event.NOTIFY, "ru", files=files)).text
    assert "- log.txt, 5 КБ\n- video.mp4, 38,1 МБ (не приложен: слишком велик для письма)\n" in text


def test_an_alert_says_what_why_and_how_to_cure() -> None:
    seen = view_of(Event.ALERT, "en", reasons=(), body="quarantine: RecursionError")
    text = SHIPPED.render("alert", "en", seen).text
    assert text.index("could not be processed") < text.index("RecursionError") < text.index("waiting for an answer")
    assert "helpdesk quarantine retry" in " ".join(text.split())


def test_columns_that_somebody_lined_up_keep_their_spaces_in_html() -> None:
    html = SHIPPED.render("result", "en", view_of(Event.RESULT, "en", body="a    b")).html
    assert "a\u00a0\u00a0\u00a0\u00a0b<br>" in html


def test_an_unknown_language_is_answered_in_english() -> None:
    assert SHIPPED.render("reopened", "de", view_of(Event.REOPENED, "en")).text.startswith("Hello,")


# --- how letters look -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_of_mail_show_the_news_and_no_greeting(language: str) -> None:
    opened = SHIPPED.render("opened", language, view_of(Event.OPENED, language))
    greeting, news = opened.text.split("\n\n")[:2]
    shown = re.search(r'<div style="display:none[^>]*>(.*?)</div>', opened.html)
    assert shown is not None
    assert shown[1].startswith(" ".join(news.split())[:60])
    assert greeting not in shown[1]
    assert len(shown[1]) <= 140


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("word " * 20_000, " ".join(["word"] * 27) + "…"),
        ("x" * 100_000, "x" * 139 + "…"),
        ("Hi!\n\n\nIt works  now.", "It works now."),
        ("Thanks!", "Thanks!"),  # nothing but a greeting is better than nothing
    ],
)
def test_lists_of_mail_show_how_an_answer_begins(body: str, shown: str) -> None:
    html = SHIPPED.render("reply", "en", view_of(Event.REPLY, "en", body=body)).html
    assert f'mso-hide:all">{shown}</div>' in html


def test_lists_of_mail_show_an_agent_what_is_urgent_and_who_writes() -> None:
    notified = SHIPPED.render("notify", "en", view_of(Event.NOTIFY, "en")).html
    assert 'mso-hide:all">Out of turn: the site is down Anna Kowalchuk &lt;anna@shop.example&gt; writes:' in notified


@pytest.mark.parametrize(("event", "language"), EVERY_LETTER)
def test_every_letter_has_what_screen_readers_need(event: Event, language: str) -> None:
    page = Tags(SHIPPED.render(event.value, language, replace(FULL, subject="x")).html)
    assert page.attributes.count(("lang", language)) == 2  # some programs drop the first, with <html>
    assert page.tags.count("img") == page.open.count("img") + sum(name == "alt" for name, _ in page.attributes)
    assert ("role", "article") in page.attributes


def test_no_colour_of_text_or_ground_is_set_but_on_the_brand() -> None:
    plain = SHIPPED.render("opened", "en", view_of(Event.OPENED, "en")).html
    # The block for dark pages alone says more, and whoever drops it is left with what is tested here.
    plain, blocks = re.subn(r"<style>\n@media \(prefers-color-scheme: dark\) .*?</style>", "", plain, flags=re.DOTALL)
    assert blocks == 1
    assert not re.search(r"[^-]color:(?!light)|background", plain.replace("border-color", ""))
    branded = SHIPPED.render("opened", "en", view_of(Event.OPENED, "en", colour="#ffcc00")).html
    assert 'bgcolor="#ffcc00"' in branded
    assert "background-color:#ffcc00;color:#000000" in branded


def test_a_logo_without_a_colour_stands_on_white() -> None:
    html = SHIPPED.render("opened", "en", view_of(Event.OPENED, "en", logo=Picture("logo@example.com", 120, 40))).html
    assert 'src="cid:logo@example.com" width="120" height="40" alt="Служба поддержки"' in html
    assert "background-color:#ffffff" in html


# --- templates of a desk's own --------------------------------------------------------------------


def own(folder: Path, name: str, text: str) -> Templates:
    """Templates with one file of the desk's own."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return Templates(folder)


def test_a_rule_may_choose_an_acknowledgement_of_the_desks_own(tmp_path: Path) -> None:
    templates = own(tmp_path, "en/opened-returns.txt", "Your return has the number {{ number }}.\n")
    chosen = replace(FULL, template="returns")
    assert "Your return has the number 100001." in templates.render("opened", "en", chosen).text
    # Where there is none in the reader's language, the usual one goes.
    usual = templates.render("opened", "pl", replace(FULL, template=""))
    assert templates.render("opened", "pl", chosen).text == usual.text
    assert templates.problems() == ()


def test_a_chosen_acknowledgement_that_fails_is_told_and_the_usual_one_goes(tmp_path: Path) -> None:
    templates = own(tmp_path, "en/opened-returns.txt", "{{ nubmer }}\n")
    rendered = templates.render("opened", "en", replace(FULL, template="returns"))
    assert "opened-returns.txt" in rendered.problem
    assert rendered.text == SHIPPED.render("opened", "en", FULL).text
    assert "opened-returns.txt" in templates.problems()[0].place


def test_a_desk_replaces_one_letter_and_keeps_the_others(tmp_path: Path) -> None:
    templates = own(tmp_path, "en/opened.txt", "Hi, it is {{ number }}.\n\n{{ questions }}\n")
    seen = view_of(Event.OPENED, "en", questions=("Since when?",))
    rendered = templates.render("opened", "en", seen)
    assert rendered.text == "Hi, it is 123456.\n\n1. Since when?\n"
    assert '<li style="margin:0 0 6px">Since when?</li>' in rendered.html
    assert templates.render("closed", "en", seen) == SHIPPED.render("closed", "en", seen)
    assert templates.problems() == ()


def test_a_desk_changes_single_words(tmp_path: Path) -> None:
    templates = own(tmp_path, "en/words.toml", '[facts]\nrequester = "Dealer"\n[resolution]\nvoid = "not covered"\n')
    text = templates.render("notify", "en", view_of(Event.NOTIFY, "en", resolution="void")).text
    assert re.search(r"(?m)^Dealer: .*anna@shop.example", text)
    assert re.search(r"(?m)^Outcome: +not covered$", text)
    assert templates.problems() == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{% if %}", "en/opened.txt, line 1"),  # not a template
        ("{{ customer }}", "'customer' is undefined"),  # no such value
        ("{{ tag.upper() }}", "unsafe"),  # looks into a value
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ range(9) }}", "'range' is undefined"),
        ("{{ lipsum() }}", "'lipsum' is undefined"),
        ("{{ 'a' * 1000000000 }}", "cannot use *"),
        ("{{ '%999999999s' % 1 }}", "cannot use %"),
        ("{{ tag | format }}", "No filter named 'format'"),
        ("{% include '../../etc/passwd' %}", "etc/passwd"),
        ("{{ self }}{% for a in 'x' %}{% include 'en/opened.txt' %}{% endfor %}", "recursion"),
        ("{% set a = 'x' %}" + "{% set a = a ~ a %}" * 20 + "{{ a }}", f"more than {MAX_OUTPUT}"),
    ],
)
def test_a_template_that_fails_is_replaced_and_named(tmp_path: Path, text: str, told: str) -> None:
    templates = own(tmp_path, "en/opened.txt", text)
    seen = view_of(Event.OPENED, "en")
    rendered = templates.render("opened", "en", seen)
    shipped = SHIPPED.render("opened", "en", seen)
    assert (rendered.subject, rendered.text, rendered.html) == (shipped.subject, shipped.text, shipped.html)
    assert told in rendered.problem
    assert templates.problems()[0].place.startswith(str(tmp_path / "en" / "opened.txt"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[facts", "cannot be read"),
        ('facts = "x"', "want a section"),
        ("[facts]\nrequester = 3", "want a text"),
        ('[facts]\ncustomer = "x"', "facts.customer is not used"),
    ],
)
def test_words_that_cannot_be_used_are_named(tmp_path: Path, text: str, told: str) -> None:
    templates = own(tmp_path, "en/words.toml", text)
    assert [problem.place for problem in templates.problems()] == [str(tmp_path / "en" / "words.toml")]
    assert told in templates.problems()[0].text
    assert templates.render("opened", "en", view_of(Event.OPENED, "en")).problem == ""


def test_the_shipped_templates_have_no_problems() -> None:
    assert SHIPPED.problems() == ()


def test_every_language_has_the_same_words() -> None:
    keys = {language: set(SHIPPED._shipped_words[language]) for language in LANGUAGES}
    assert keys["ru"] == keys["uk"] == keys["en"] == keys["pl"]


def test_an_event_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(PermanentError, match="birthday"):
        SHIPPED.render("birthday", "en", FULL)
