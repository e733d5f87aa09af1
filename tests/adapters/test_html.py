"""HTML mail as text, and made harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.adapters.mime.html import to_text
from helpdesk.core.quote import split


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Привет,&nbsp;мир</p>", "Привет, мир"),
        ("<div>one</div><div>two <b>bo</b>ld</div>", "one\ntwo bold"),  # inline tags do not part words
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("  a \n  b  <i> c</i> ", "a b c"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<table><tr><td>Артикул<td>123</tr><tr><td>Цена<td>0</tr></table>", "Артикул | 123\nЦена | 0"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ('<a href="https://shop.example/cart">корзина</a>', "корзина <https://shop.example/cart>"),
        ('<a href="https://shop.example/">shop.example</a>', "shop.example"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ('<img src="cid:1" alt="экран">', "[экран]"),
        ('<img src="https://t.example/1.gif" width="1" height="1" alt="x">', ""),
        ("<head><title>t</title><style>p{}</style></head><script>x</script><body>a</body>", "a"),
        ('<span style="display: none">hidden</span>seen', "seen"),
        ("<!-- x -->a<!--[if mso]>b<![endif]-->", "a"),
        ("2 &lt; 3 &amp; x", "2 < 3 & x"),
        ("", ""),
        ("<", "<"),
    ],
)
def test_html_reads_as_it_looks(html: str, text: str) -> None:
    assert to_text(html).strip("\n") == text


QUOTED = "Какой браузер?"
REPLIES = {
    "gmail": '<div>Firefox</div><div class="gmail_quote"><div class="gmail_attr">пн, 5 февр. 2024 г. в 10:00, '
    "Desk &lt;d@example.com&gt;:<br></div><blockquote class=gmail_quote>Какой браузер?</blockquote></div>",
    "thunderbird": '<p>Firefox</p><div class="moz-cite-prefix">05.02.2024 10:00, Desk пишет:<br></div>'
    '<blockquote type="cite" cite="mid:x">Какой браузер?</blockquote>',
    "outlook web": '<div>Firefox</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Von:</b> D</div>'
    "<div>Какой браузер?</div>",
    "outlook desktop": "<p class=MsoNormal>Firefox<o:p></o:p></p><div style='border:none;border-top:solid #E1E1E1'>"
    "<p class=MsoNormal><b>From:</b> Desk &lt;d@example.com&gt;<br><b>Sent:</b> Monday, February 5, 2024 10:00 AM<br>"
    "<b>To:</b> Anna<br><b>Subject:</b> x</p></div><p class=MsoNormal>Какой браузер?</p>",
    "outlook mobile": '<div>Firefox</div><div id="mail-editor-reference-message-container"><div>'
    'Какой браузер?</div></div>',
    "yandex": "<div>Firefox</div><div>05.02.2024, 10:00, \"Desk\" &lt;d@example.com&gt;:</div>"
    "<blockquote><p>Какой браузер?</p></blockquote>",
    "mail.ru": "<div>Firefox<br>--<br>Анна</div><blockquote style='border-left:1px solid #08C'>Понедельник, 5 февраля "
    "2024, 10:00 +03:00 от Desk &lt;d@example.com&gt;:<br><div>Какой браузер?</div></blockquote>",
    "apple mail": '<div>Firefox</div><div><blockquote type="cite"><div>5 февр. 2024 г., в 10:00, Desk '
    "&lt;d@example.com&gt; написал(а):</div><br><div>Какой браузер?</div></blockquote></div>",
    "yahoo": '<div>Firefox</div><div class="yahoo_quoted">W dniu poniedziałek Desk napisał:<br>Какой браузер?</div>',
    "samsung": "<div>Firefox</div><div>-------- Исходное сообщение --------</div><div>"
    "От: Desk &lt;d@example.com&gt;</div>"
    "<div>Дата: 05.02.2024 10:00</div><div>Кому: Анна</div><div>Тема: x</div><div>Какой браузер?</div>",
    "proton": '<div>Firefox</div><div class="protonmail_quote">x<blockquote>Какой браузер?</blockquote></div>',
}  # fmt: skip


@pytest.mark.parametrize("program", REPLIES)
def test_quotation_of_a_program_is_history(program: str) -> None:
    new, quoted = split(to_text(REPLIES[program]))
    assert new == "Firefox"
    assert QUOTED in quoted


def test_answers_between_quotations_stay_with_the_writer() -> None:
    html = "<blockquote type=cite>one?</blockquote>first<blockquote type=cite>two?</blockquote>second"
    assert split(to_text(html)) == ("first\nsecond", "> one?\n> two?")


def test_indented_paragraph_is_no_quotation() -> None:
    html = '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">mine</blockquote>'
    assert split(to_text(html)) == ("mine", "")


@given(st.text(alphabet="<>/abdiv \"'=&;!-qblockute\n", max_size=200))
def test_any_markup_is_read(html: str) -> None:
    to_text(html)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "the end",
        "<blockquote>" * 900 + "x<br>" * 20_000 + "the end",
        "<a href='http://shop.example'>" * 20_000 + "the end",
        "<p>x</p>" * 29_000 + "the end",
        "<a href='http://shop.example/a'>q</a>" * 15_000 + "the end",
        "<" * 1_000_000 + ">the end",
    ],
)
def test_hostile_markup_is_read_to_the_end(html: str) -> None:
    assert "the end" in to_text(html)


def test_lists_and_tables_keep_their_shape() -> None:
    html = """<p>Steps:</p><ol start="2"><li>first<li><p>second <b>one</b></p><ul><li>inside</li></ul></li></ol>
    <table><tr><th>Name<th>Value</tr><tr><td><p>IP</p></td> <td><div>192.0.2.1</div></td></tr></table>
    <ul><li><p>a</p><p>more of a</p></li></ul>"""
    assert to_text(html) == (
        "Steps:\n\n2. first\n3. second one\n  - inside\n\nName | Value\nIP | 192.0.2.1\n\n- a\n\nmore of a"
    )


def test_equal_paragraphs_of_one_cell_are_two() -> None:
    assert to_text("<table><tr><td><p>a</p><p>a</p></td></tr></table>") == "a\n\na"
