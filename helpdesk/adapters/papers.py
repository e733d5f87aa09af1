"""Papers as PDF files (reportlab): text with Cyrillic, tables, Code 128, QR.

The template of a paper, filled in -> bytes that are the same for the same text. The libraries are an extra and are
imported when the first paper is drawn. PermanentError says what to install, or what cannot be drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

from helpdesk.core.papers import Kind, Line, Paper, PaperView, lines_of
from helpdesk.errors import PermanentError
from helpdesk.ports import PassedOn

TYPE = "application/pdf"
_FONT, _BOLD = "Noto Sans", "Noto Sans Bold"

# Points of a millimetre, and of the smallest lines that are read without glasses.
_MM = 72 / 25.4
_MARGIN_MM = {True: 6, False: 18}  # of a label, of a page
_SMALL_PAGE_MM = 160

# A barcode is read by cheap scanners from half a metre: bars of half a millimetre.
_BAR_MM = 0.5
_BARCODE_HEIGHT_MM = 16


class Papers:
    """Draws papers; `fill` gives the filled template by name, language and view."""

    def __init__(self, fill: Callable[[str, str, PaperView], str]) -> None:
        self._fill = fill

    def draw(self, name: str, language: str, view: PaperView) -> PassedOn:
        """The paper of this name as a file to attach."""
        content = draw(lines_of(self._fill(name, language, view)), title=f"{name} {view.rma or view.number}")
        return PassedOn(name=f"{name}-{view.rma or view.number}.pdf", type=TYPE, content=content)


def can_draw() -> bool:
    """Are the libraries there?"""
    try:
        _fonts()
    except PermanentError:
        return False
    return True


def draw(paper: Paper, *, title: str) -> bytes:
    """The PDF of this paper. PermanentError where it does not fit its pages or cannot be coded."""
    _fonts()
    from reportlab.platypus import SimpleDocTemplate
    from reportlab.platypus.doctemplate import LayoutError

    width, height = (side * _MM for side in paper.size)
    small = min(paper.size) < _SMALL_PAGE_MM
    margin = _MARGIN_MM[small] * _MM
    drawn = BytesIO()
    document = SimpleDocTemplate(
        drawn,
        pagesize=(width, height),
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=margin,
        title=title,
        author="",
        invariant=1,  # the same paper is the same bytes
    )
    try:
        document.build(_flow(paper.lines, width - 2 * margin, small=small))
    except (LayoutError, ValueError) as error:
        raise PermanentError(f"the paper {title} cannot be drawn: {error}") from error
    return drawn.getvalue()


def _flow(lines: tuple[Line, ...], width: float, *, small: bool) -> list[Any]:
    """What stands on the page from top to bottom; rows that follow one another are one table."""
    from reportlab.platypus import Paragraph, Spacer

    size = 9 if small else 10.5
    flow: list[Any] = []
    rows: list[Line] = []
    for line in (*lines, Line(Kind.GAP)):
        if line.kind is Kind.ROW:
            rows.append(line)
            continue
        if rows:
            flow.append(_table(rows, width, size))
            rows = []
        match line.kind:
            case Kind.GAP:
                flow.append(Spacer(1, size / 2))
            case Kind.CODE128:
                flow.append(_code128(line.text, width))
            case Kind.QR:
                flow.append(_qr(line.text, min(width, 42 * _MM)))
            case _:
                scale = {Kind.TITLE: 2.0, Kind.HEADING: 1.25}.get(line.kind, 1)
                flow.append(Paragraph(_escaped(line.text), _style(size * scale, bold=scale > 1)))
    return flow


def _table(rows: list[Line], width: float, size: float) -> Any:
    from reportlab.lib import colors
    from reportlab.platypus import Paragraph, Table

    cells = [
        [Paragraph(_escaped(row.text), _style(size)), Paragraph(_escaped(row.value), _style(size, bold=True))]
        for row in rows
    ]
    grid = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.lightgrey)]
    return Table(cells, colWidths=[width * 0.4, width * 0.6], style=grid, spaceBefore=3, spaceAfter=3)


def _code128(value: str, width: float) -> Any:
    from reportlab.graphics.barcode.code128 import Code128

    if not value.isascii() or not value:
        raise ValueError(f"Code 128 cannot say {value!r}")
    code = Code128(value, barWidth=_BAR_MM * _MM, barHeight=_BARCODE_HEIGHT_MM * _MM, humanReadable=False, quiet=True)
    if code.width > width:
        raise ValueError(f"the barcode of {value!r} is wider than the page")
    code.hAlign = "CENTER"
    code.spaceBefore = code.spaceAfter = 3 * _MM
    return code


def _qr(value: str, side: float) -> Any:
    from reportlab.graphics.barcode.qr import QrCode

    code = QrCode(value, width=side, height=side, qrLevel="M")
    code.hAlign = "CENTER"
    return code


def _style(size: float, *, bold: bool = False) -> Any:
    from reportlab.lib.styles import ParagraphStyle

    return ParagraphStyle("line", fontName=_BOLD if bold else _FONT, fontSize=size, leading=size * 1.35, spaceAfter=1)


def _escaped(text: str) -> str:
    """The text as a paragraph says it: its own markup is none of ours."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache
def _fonts() -> None:
    """The fonts are known to reportlab. Unknown ones, or none at all, are a PermanentError."""
    try:
        import pymupdf_fonts
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont
    except ImportError as error:
        wanted = 'papers are drawn by the extra "documents": pip install "helpdesk[documents]"'
        raise PermanentError(f"{wanted} ({error})") from error
    for name, code in ((_FONT, "notos"), (_BOLD, "notosbo")):
        pdfmetrics.registerFont(TTFont(name, BytesIO(pymupdf_fonts.myfont(code))))
