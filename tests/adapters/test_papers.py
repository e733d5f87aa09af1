"""Papers as PDF: what is printed on them is read back, barcodes by a real decoder (zbar)."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from helpdesk.adapters.papers import Papers
from helpdesk.adapters.templates import Templates
from helpdesk.core.papers import PaperView
from helpdesk.errors import PermanentError

VIEW = PaperView(
    number=100123,
    rma="R-1001238",
    desk="Сервис возврата",
    address="rma@example.com",
    warehouse=("Складская ул., 12", "01001 Київ, їжачок Ґанок", "ul. Łączna 7, Żółw"),
    requester="Анна Ковальчук <anna@shop.example>",
    day=date(2026, 3, 2),
    fields=(("Товар", "Кабель <HDMI> & 2 м"),),
)
PAPERS = Papers(Templates().paper)
LANGUAGES = ("ru", "uk", "en", "pl")


def drawn(name: str, language: str = "ru", view: PaperView = VIEW) -> bytes:
    return bytes(PAPERS.draw(name, language, view).content)


def text_on(pdf: bytes) -> str:
    return str(pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_bounded())


def codes_on(pdf: bytes, folder: Path) -> set[str]:
    """What a scanner reads on the printed page: kind and text of each code."""
    picture = folder / "page.png"
    pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil().save(picture)
    read = subprocess.run(["zbarimg", "--quiet", str(picture)], capture_output=True, check=True, timeout=60)
    return set(read.stdout.decode().split())


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbar-tools is not installed")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_scanner_reads_the_number_on_the_label(language: str, tmp_path: Path) -> None:
    assert codes_on(drawn("label", language), tmp_path) == {"CODE-128:R-1001238", "QR-Code:R-1001238"}


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbar-tools is not installed")
def test_a_scanner_reads_the_number_on_the_act(tmp_path: Path) -> None:
    assert codes_on(drawn("act"), tmp_path) == {"CODE-128:R-1001238"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["label", "letter"])
def test_a_paper_says_where_the_goods_go_in_every_alphabet(name: str, language: str) -> None:
    said = text_on(drawn(name, language))
    assert all(line in said for line in VIEW.warehouse)
    assert "R-1001238" in said


def test_the_act_names_the_goods_as_they_were_written() -> None:
    said = " ".join(text_on(drawn("act")).split())
    assert "Кабель <HDMI> & 2 м" in said
    assert "Анна Ковальчук <anna@shop.example>" in said


def test_a_label_is_one_page_of_its_size_and_the_same_every_time() -> None:
    pages = pypdfium2.PdfDocument(drawn("label"))
    assert (len(pages), [round(side * 25.4 / 72) for side in pages[0].get_size()]) == (1, [100, 150])
    assert drawn("label") == drawn("label")


def test_a_desk_draws_papers_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "ru" / "papers").mkdir(parents=True)
    (tmp_path / "ru" / "papers" / "label.txt").write_text("[page 60 40]\n# Ящик {{ rma }}\n", "utf-8")
    (tmp_path / "ru" / "papers" / "gift.txt").write_text("Подарок {{ number }}", "utf-8")
    templates = Templates(tmp_path)
    assert templates.problems() == ()
    assert "Ящик" in text_on(bytes(Papers(templates.paper).draw("label", "ru", VIEW).content))
    assert "Подарок 100123" in text_on(bytes(Papers(templates.paper).draw("gift", "ru", VIEW).content))


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ secrets }}", "letter.txt"),  # what a view does not have
        ("[code128: {{ desk }}]", "Code 128 cannot say"),  # Cyrillic is nothing for Code 128
        ("[code128: {{ rma }}{{ rma }}{{ rma }}{{ rma }}]\n[page 40 40]", "wider than the page"),
    ],
)
def test_a_paper_that_cannot_be_drawn_says_why(template: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "en" / "papers").mkdir(parents=True)
    (tmp_path / "en" / "papers" / "letter.txt").write_text(template, "utf-8")
    with pytest.raises(PermanentError, match=why):
        Papers(Templates(tmp_path).paper).draw("letter", "en", VIEW)


def test_an_unknown_paper_is_a_named_fault() -> None:
    with pytest.raises(PermanentError, match="poster"):
        PAPERS.draw("poster", "en", replace(VIEW, desk="Desk"))
