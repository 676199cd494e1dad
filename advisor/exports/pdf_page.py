"""The paper of the PDF report: fonts, styles, tables, running foot with page numbers.

Enter at `Paper`. Vera, which reportlab ships, is embedded, so that the euro sign and umlauts print everywhere.
"""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

INK, PALE, LINE, ACCENT, LIGHT = (HexColor(code) for code in ("#1B2A3A", "#EEF2F6", "#B8C4D0", "#1F6F8B", "#9CC5D3"))
MARGIN = 16 * mm
SIZE = landscape(A4)
WIDTH = SIZE[0] - 2 * MARGIN
REGULAR, BOLD = "Vera", "VeraBd"
SUBSTITUTES = {
    "→": "->", "₂": "2", "\N{NARROW NO-BREAK SPACE}": "\N{NO-BREAK SPACE}", "\N{NON-BREAKING HYPHEN}": "-", "−": "-",
}  # fmt: skip


@cache
def _glyphs() -> frozenset[int]:
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    return frozenset(pdfmetrics.getFont(REGULAR).face.charToGlyph)


def printable(text: str) -> str:
    """The text in characters that the font has: a substitute, the letter without its mark, or a question mark."""
    return "".join(_drawn(character) for character in text)


def _drawn(character: str) -> str:
    if ord(character) in _glyphs() or character in "\n\t":
        return character
    if character in SUBSTITUTES:
        return SUBSTITUTES[character]
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if ord(part) in _glyphs())
    return plain or "?"


@dataclass
class Paper:
    """The flowing parts of the report, in order."""

    title: str
    author: str
    foot: str
    page: str
    """Text of the page number, with `{n}` and `{total}`."""
    story: list[Flowable] = field(default_factory=list)

    def __post_init__(self) -> None:
        _glyphs()

    def text(self, words: str, size: float = 9, *, bold: bool = False, after: float = 3, color: Any = INK) -> None:
        """A paragraph."""
        self.story.append(paragraph(words, size, bold=bold, after=after, color=color))

    def heading(self, words: str) -> None:
        """A heading that stays with what follows."""
        self.story.append(paragraph(words, 12, bold=True, before=9, after=4, keep=True, color=ACCENT))

    def bullets(self, lines: Sequence[str]) -> None:
        """A list."""
        for line in lines:
            self.story.append(paragraph(f"• {line}", 9, after=2, indent=9))

    def box(self, words: Sequence[str]) -> None:
        """A tinted box: the first paragraph in bold."""
        cells = [[[paragraph(words[0], 12, bold=True), *(paragraph(text, 9) for text in words[1:])]]]
        style = [("BACKGROUND", (0, 0), (-1, -1), PALE), ("LINEBEFORE", (0, 0), (0, -1), 4, ACCENT)]
        self.story.append(Table(cells, colWidths=[WIDTH], style=TableStyle([*style, *_padding(8)])))

    def table(self, titles: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], **look: Any) -> None:
        """A table over the width of the page that repeats its head on every page.

        Args:
            titles: of the columns.
            rows: texts; wrapped in their cells.
            shares: of the width, per column.
            look: `size` of the type, `strong` row numbers in bold, `dim` row numbers in grey.
        """
        size, strong, dim = look.get("size", 7.5), look.get("strong", ()), look.get("dim", ())
        head = [paragraph(text, size, bold=True, after=0) for text in titles]
        body = [
            [
                paragraph(
                    text, size, after=0, bold=number in strong, color=HexColor("#77838F") if number in dim else INK
                )
                for text in row
            ]
            for number, row in enumerate(rows)
        ]
        total = sum(shares)
        style = [
            ("BACKGROUND", (0, 0), (-1, 0), PALE),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            *_padding(2.5),
        ]
        widths = [WIDTH * share / total for share in shares]
        self.story.append(Table([head, *body], colWidths=widths, repeatRows=1, style=TableStyle(style)))

    def bytes(self) -> bytes:
        """The finished document; no clock and no random id goes into it."""
        stream = io.BytesIO()
        document = SimpleDocTemplate(
            stream,
            pagesize=SIZE,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=14 * mm,
            bottomMargin=18 * mm,
            title=self.title,
            author=self.author,
            invariant=1,
        )
        foot, page = printable(self.foot), self.page

        class Numbered(Canvas):
            """Knows the number of pages only at the end, so it draws the foot then."""

            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                self._pages: list[dict[str, Any]] = []

            def showPage(self) -> None:  # noqa: N802 - reportlab's name
                self._pages.append(dict(self.__dict__))
                self._startPage()

            def save(self) -> None:
                for number, state in enumerate(self._pages, 1):
                    self.__dict__.update(state)
                    self.setStrokeColor(LINE)
                    self.line(MARGIN, 13 * mm, SIZE[0] - MARGIN, 13 * mm)
                    self.setFillColor(INK)
                    self.setFont(REGULAR, 7)
                    self.drawString(MARGIN, 9 * mm, foot)
                    self.drawRightString(SIZE[0] - MARGIN, 9 * mm, page.format(n=number, total=len(self._pages)))
                    super().showPage()
                super().save()

        document.build(self.story, canvasmaker=Numbered)
        return stream.getvalue()


def paragraph(words: str, size: float, **look: Any) -> Paragraph:
    """Wrapped text; what comes from outside is escaped."""
    style = ParagraphStyle(
        "p",
        fontName=BOLD if look.get("bold") else REGULAR,
        fontSize=size,
        leading=size * 1.32,
        textColor=look.get("color", INK),
        spaceBefore=look.get("before", 0),
        spaceAfter=look.get("after", 3),
        leftIndent=look.get("indent", 0),
        firstLineIndent=-look.get("indent", 0),
        keepWithNext=look.get("keep", False),
        splitLongWords=1,
    )
    return Paragraph(escape(printable(words)), style)


def _padding(points: float) -> list[tuple[Any, ...]]:
    sides = ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")
    return [(side, (0, 0), (-1, -1), points) for side in sides]


__all__ = ["ACCENT", "BOLD", "INK", "LIGHT", "LINE", "PALE", "REGULAR", "WIDTH", "Paper", "printable", "white"]
