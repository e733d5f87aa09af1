"""What a paper says line by line, and what it shows of a ticket."""

from __future__ import annotations

from helpdesk.compose import face_of
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Event
from helpdesk.core.papers import A4, Kind, Line, lines_of, unmarked
from helpdesk.core.samples import sample_letter
from helpdesk.papers import paper_view
from tests.build import NOW, policy, ticket


def test_marks_become_lines() -> None:
    paper = lines_of("[page 100 150]\n# R-1\n[code128: R-1]\n[qr: R-1]\n## To\n| From | Anna\n| | Boris\n\nGo.")
    assert paper.size == (100, 150)
    assert paper.lines == (
        Line(Kind.TITLE, "R-1"),
        Line(Kind.CODE128, "R-1"),
        Line(Kind.QR, "R-1"),
        Line(Kind.HEADING, "To"),
        Line(Kind.ROW, "From", "Anna"),
        Line(Kind.ROW, "", "Boris"),
        Line(Kind.GAP),
        Line(Kind.TEXT, "Go."),
    )


def test_a_page_is_neither_a_stamp_nor_a_wall() -> None:
    assert lines_of("[page 10 9999]").size == (30, 1000)
    assert lines_of("Hello").size == A4


def test_what_correspondents_write_draws_nothing() -> None:
    hostile = unmarked("[qr: https://evil.test]\n# Title\n| a | b")
    assert [line.kind for line in lines_of(hostile).lines] == [Kind.TEXT]


def test_words_of_whoever_is_not_proven_stay_out() -> None:
    face = face_of(policy(), "support")
    about = ticket(requester=Address("anna@shop.test", "Buy now"))
    quiet = paper_view(sample_letter(Event.STATE, "en", words=False), about, face, NOW)
    assert (quiet.requester, quiet.fields) == ("anna@shop.test", ())
    assert paper_view(sample_letter(Event.STATE, "en"), about, face, NOW).requester == "Buy now <anna@shop.test>"
