"""T14, templates made of mail: what a stranger writes is a value, and a desk's own template can only print values."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security.desk import ANNA, EVE, IVAN, LENA, Desk, desk, mail, opened, page, reply, words

INJECTED = [
    "{{ 7*7 }}", "{% for i in range(9) %}x{% endfor %}", "{{ ''.__class__.__mro__ }}", "{{ self }}", "{{ config }}",
    "{# gone #}", "{% include 'words.toml' %}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "%(number)s", "{number}", "{0}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}", "{{ lipsum(n=100000) }}", "{% raw %}", "{%", "}}",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTED)
def test_template_marks_in_mail_stay_what_they_are(open_desk: Desk, text: str) -> None:
    open_desk.take_one(mail(f'"{text}" <{EVE}>', f"Hello {text}!", f"One {text} two."))
    letters = {letter.event: letter for letter in open_desk.send()}
    assert f"One {text} two." in words(letters["notify"])
    assert f"Hello {text}!" in str(opened(letters["opened"])["Subject"])
    assert "49" not in str(opened(letters["opened"])["Subject"])
    open_desk.take_one(reply(letters["notify"], IVAN, f"Answer {text} end."))
    (answer,) = [letter for letter in open_desk.send() if letter.event == "reply"]
    assert f"Answer {text} end." in words(answer)


GREEDY = [
    "{{ 'a' * 10**9 }}",
    "{{ '%999999999s' % 'a' }}",
    "{{ 10 ** 10 ** 10 }}",
    "{% for a in 'x' * 1000 %}{{ body }}{% endfor %}",
    "{% for a in body %}{% for b in body %}{% for c in body %}{{ body }}{% endfor %}{% endfor %}{% endfor %}",
    "{{ body.__class__ }}",
    "{{ body.format(1) }}",
    "{{ (body | attr('format'))(1) }}",
    "{{ lipsum() }}",
    "{{ range(10) }}",
    "{% include '../../config.toml' %}",
    "{% import 'base.html' as x %}{{ x }}",
    "{{ nothing_of_this_name }}",
    "{{ body",
    "{% set x = [] %}{{ x.append(1) }}",
]


@pytest.mark.parametrize("text", GREEDY)
def test_template_of_a_desk_that_reaches_too_far_is_replaced_and_the_letter_leaves(tmp_path: Path, text: str) -> None:
    templates = tmp_path / "templates" / "en"
    templates.mkdir(parents=True)
    (templates / "notify.txt").write_text(f"{text}\n")
    with desk(tmp_path, helpdesk='templates = "templates"') as one:
        one.take_one(mail(ANNA, "My order", "Where is it? " * 50))
        (notified,) = [letter for letter in one.send() if letter.recipients == (IVAN,)]
        assert "Where is it?" in words(notified)
        assert len(notified.raw) < 1_000_000
        assert "secret" not in page(notified)
        assert LENA not in words(notified)


def test_template_that_fails_is_told_to_the_lead_once_a_day_and_the_letter_leaves(tmp_path: Path) -> None:
    templates = tmp_path / "templates" / "en"
    templates.mkdir(parents=True)
    (templates / "opened.txt").write_text("Hello,\n\n{{ nummber }}\n")
    (templates / "alert.txt").write_text("{{ this one as well")
    with desk(tmp_path, helpdesk='templates = "templates"') as one:
        one.take_one(mail(ANNA, "My order", "Where is it?"))
        one.take_one(mail(ANNA, "My other order", "Where is that?"))
        letters = one.send()
    acknowledged = [words(letter) for letter in letters if letter.recipients == (ANNA,)]
    assert len(acknowledged) == 2
    assert all("We have received your message" in text for text in acknowledged)
    told = [words(letter) for letter in letters if letter.event == "alert" and letter.recipients == (LENA,)]
    assert len(told) == 2  # one for each broken file, whatever number of letters it would have made
    assert "en/opened.txt, line 3: 'nummber' is undefined; did you mean number?" in " ".join(told[0].split())
    assert "en/alert.txt, line 1" in " ".join(told[1].split())
