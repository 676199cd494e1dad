"""Running text of HTML, PDF and DOCX files: what a reader of the page reads, in paragraphs.

Enter at `html_text`, `pdf_text` and `docx_text`. Paragraphs are parted by an empty line.
"""

import logging
import re
from pathlib import Path

NO_TEXT = (
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "iframe",
    "head",
)
"""Elements that hold no running text of the page."""
BLOCKS = (
    *("p", "div", "section", "article", "main", "blockquote", "pre", "ul", "ol", "dl", "li", "dt", "dd", "table", "tr"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "figure", "figcaption", "address", "hr", "details", "summary"),
)
TIGHT = ("li", "dt", "dd", "tr")
"""Blocks that follow one another line by line."""
BROKEN_WORD = re.compile(r"(?<=[^\W\d_])[-\u00ad]\n(?=[a-zà-öø-ÿ])")
"""A word that a line end breaks; before a capital the hyphen belongs to the word (Daten-\\nBank)."""


def html_text(path: Path) -> str:
    """Main text of a page: that of `main` or `article` where there is one, else of the body without navigation."""
    from bs4 import BeautifulSoup, NavigableString
    from bs4.element import PreformattedString

    soup = BeautifulSoup(path.read_bytes(), "lxml")
    for element in soup(NO_TEXT):
        element.decompose()
    root = soup.find("main") or soup.find("article") or soup.body or soup
    if not root.get_text(strip=True):
        root = soup.body or soup
    for piece in list(root.find_all(string=True)):
        if isinstance(piece, PreformattedString):  # comments, declarations
            piece.extract()
        elif piece.find_parent("pre") is None:
            piece.replace_with(NavigableString(re.sub(r"\s+", " ", piece)))
    for element in root.find_all("br"):
        element.replace_with("\n")
    for element in root.find_all(["td", "th"]):
        element.append(" ")
    for element in root.find_all(BLOCKS):
        space = "\n" if element.name in TIGHT else "\n\n"
        element.insert_before(space)
        element.insert_after(space)
    lines = [line.strip() if line.strip() else "" for line in root.get_text().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def pdf_text(path: Path) -> str:
    """Text of a PDF, page by page; scanned pages hold none.

    Raises:
        ValueError: the file is encrypted, or no page holds text.
    """
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it logs each oddity of a file; ours are counted
    with path.open("rb") as stream:
        reader = PdfReader(stream)
        if reader.is_encrypted and not reader.decrypt(""):
            raise ValueError("encrypted; save it without a password")
        pages = [page.extract_text() for page in reader.pages]
    text = "\n\n".join(page.strip() for page in pages if page.strip())
    if not text:
        raise ValueError(f"no text on its {len(pages)} pages (scanned?); recognise the text first")
    return BROKEN_WORD.sub("", text)


def docx_text(path: Path) -> str:
    """Paragraphs and tables of a Word document in their order; a table row is a line."""
    import docx
    from docx.table import Table

    parts = []
    for block in docx.Document(str(path)).iter_inner_content():
        if isinstance(block, Table):
            parts.append("\n".join(" | ".join(cell.text.strip() for cell in row.cells) for row in block.rows))
        else:
            parts.append(block.text.strip())
    return "\n\n".join(part for part in parts if part)
