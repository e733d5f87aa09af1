"""`helpdesk templates`: which letters there are, what is wrong with a desk's own, and how one looks."""

from __future__ import annotations

import json
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from helpdesk import cli
from helpdesk.adapters.templates import Templates
from helpdesk.adapters.templates.page import complaints
from helpdesk.cli.browser import page_of
from helpdesk.compose import compose
from helpdesk.core.outgoing import Event
from helpdesk.core.samples import sample_letter, sample_ticket
from tests.letters import FACE, KEY, NONCE, NOW, PICTURE

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
database = "sqlite:///desk.db"
templates = "letters"

[[mailbox]]
name = "support"
kind = "maildir"
path = "in"

[smtp]
kind = "maildir"
path = "out"
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a desk that has its own letters, none so far."""
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "letters").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(desk: Path, name: str, text: str) -> None:
    path = desk / "letters" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of the program with these arguments."""
    monkeypatch.setattr(sys, "argv", ["helpdesk", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_list_names_every_letter_and_whose_words_it_has(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(desk, "uk/closed.txt", "Закрито: {{ number }}\n")
    assert run(monkeypatch, "templates", "list", "--json") == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(listed) == [event.value for event in Event]
    assert all(row["about"] for row in listed.values())
    assert {name: row["own"] for name, row in listed.items() if row["own"]} == {"closed": ["uk"]}


def test_letters_that_can_be_written_are_no_problem(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(desk, "en/closed.txt", "Closed: {{ number }}\n")
    assert run(monkeypatch, "templates", "check") == 0


def test_a_letter_that_fails_is_named_with_line_cause_and_cure(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(desk, "en/closed.txt", "Hello,\n\nclosed: {{ nummber }}\n")
    assert run(monkeypatch, "templates", "check") == 78
    said = capsys.readouterr().err
    assert f"{desk}/letters/en/closed.txt, line 3: 'nummber' is undefined; did you mean number?" in said


def test_a_letter_that_fails_with_hostile_or_nearly_without_words_alone_is_named(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(desk, "en/closed.txt", "{% if '<script>' in subject %}{{ nonsense }}{% endif %}Closed.\n")
    write(desk, "en/opened.txt", "{% if not subject %}{{ nonsense }}{% endif %}Opened.\n")
    assert run(monkeypatch, "templates", "check", "--json") == 78
    told = {Path(row["place"]).name: row["problem"] for row in json.loads(capsys.readouterr().out)}
    assert "(tried: hostile words)" in told["closed.txt, line 1"]
    assert "(tried: nearly empty)" in told["opened.txt, line 1"]


def test_a_file_that_no_letter_has_the_name_of_is_a_problem(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(desk, "pl/open.txt", "x")
    assert run(monkeypatch, "templates", "check", "--json") == 78
    (problem,) = json.loads(capsys.readouterr().out)
    assert problem["place"].endswith("letters/pl/open.txt")
    assert "did you mean pl/opened.txt?" in problem["problem"]


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        ('<img src="https://example.com/logo.png">', "<img src=…> is fetched from elsewhere"),
        ('<div style="background:URL(x.png)"></div>', "<div style=…url(…> is fetched from elsewhere"),
        ("<style>p { color: red }</style>", "<style> has no place in a letter"),
        ("<p onclick=x></p>", "<p onclick=…> would be run"),
        ("<script>x</script>", "<script> has no place in a letter"),
        ("<b><i></b>", "<i> is never closed"),
        ("</i>", "</i> closes nothing"),
    ],
)
def test_a_page_that_is_not_fit_to_be_mailed_is_named(markup: str, complaint: str) -> None:
    assert complaints(f"<html><body>{markup}</body></html>") == (complaint,)


def test_a_block_of_styles_in_the_head_may_colour_and_not_fetch() -> None:
    found = {
        styles: complaints(f"<html><head><style>{styles}</style></head><body>x</body></html>")
        for styles in ("p { color: red }", "p { background: URL(x.png) }", "@import 'x.css'", "p { b: u\\72l(x) }")
    }
    assert list(found.values()) == [
        (),
        ("<style>…url(… is fetched from elsewhere",),
        ("<style>…@import… is fetched from elsewhere",),
        ("<style>…\\… is fetched from elsewhere",),
    ]


def test_a_layout_that_lets_words_out_is_named(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Without quotes around it, what somebody writes ends the value and goes on as attributes.
    write(desk, "base.html", "<html><body><p title={{ title }}>{{ blocks }}</p></body></html>")
    assert run(monkeypatch, "templates", "check") == 78
    assert f"{desk}/letters/base.html: <p onload=…> would be run" in capsys.readouterr().err


def test_a_preview_shows_the_desks_words_and_sends_nothing(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(desk, "pl/reopened.txt", "Dzień dobry, sprawa {{ number }} znów otwarta.\n")
    assert run(monkeypatch, "templates", "preview", "reopened", "--lang", "pl") == 0
    assert "\n\nDzień dobry, sprawa 123456 znów otwarta.\n" in capsys.readouterr().out
    assert not (desk / "desk.db").exists()


def test_a_preview_of_a_letter_that_fails_shows_what_leaves_instead(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(desk, "en/reopened.txt", "{{ x }}")
    assert run(monkeypatch, "templates", "preview", "reopened") == 78
    said = capsys.readouterr()
    assert "opened your request 123456 again" in said.out
    assert "'x' is undefined" in said.err


def test_a_letter_to_a_partner_is_shown_with_the_request_and_without_a_line_for_agents(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "templates", "preview", "forward", "--lang", "en") == 0
    said = capsys.readouterr().out
    assert "What the customer wrote:\n\n> Good morning," in said
    assert "Your reply to this mail" not in said


def test_a_preview_can_tell_of_a_real_ticket(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Anna <anna@shop.test>", "support@help.test", "Dead battery"
    message["Message-ID"] = "<one@shop.test>"
    message.set_content("My battery is dead.\n")
    (desk / "one.eml").write_bytes(bytes(message))
    assert run(monkeypatch, "ingest", "--silent", "one.eml") == 0
    assert run(monkeypatch, "templates", "preview", "notify", "--ticket", "100001") == 0
    said = capsys.readouterr().out
    assert "[##100001##] Dead battery" in said
    assert "> My battery is dead." in said
    assert "Anna <anna@shop.test>" in said
    assert "123456" not in said


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("opend",), 64, "did you mean opened?"),
        (("opened", "--lang", "de"), 64, "want one of ru, uk, en, pl"),
        (("opened", "--ticket", "7"), 65, "there is no ticket 7"),
    ],
)
def test_what_cannot_be_shown_is_said(
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    told: str,
) -> None:
    assert run(monkeypatch, "templates", "preview", *arguments) == status
    assert told in capsys.readouterr().err


def test_a_picture_without_a_browser_says_what_to_install(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(desk))
    assert run(monkeypatch, "templates", "preview", "opened", "--png", "opened.png") == 69
    assert "apt-get install chromium" in capsys.readouterr().err


def test_a_page_carries_its_pictures() -> None:
    letter, ticket = sample_letter(Event.NOTIFY, "en"), sample_ticket(Event.NOTIFY, "en")
    composed = compose(letter, ticket, FACE, (PICTURE,), key=KEY, nonce=NONCE, now=NOW, renderer=Templates())
    page = page_of(bytes(composed.raw))
    assert "cid:" not in page
    assert 'src="data:image/png;base64,' in page
