"""Reading: every format gives its text, a broken file or row is named and does not end the work."""

import csv
import json

import pytest

from advisor.contracts.data_plan import FileCorpus
from advisor.contracts.errors import BadInput
from trainer.corpus.formats import plain
from trainer.corpus.formats.pages import html_text
from trainer.corpus.read import Problems, read_source, sources_of


def read(folder, problems=None, start=0):
    """All documents below a path, by id, and what could not be read."""
    problems = problems or Problems()
    sources = sources_of((FileCorpus(kind="files", path=str(folder)),), folder.parent, problems)
    return {row.id: row for source in sources for _, row in read_source(source, problems, start)}, problems


def write_parquet(path, rows):
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=10)


def write_pdf(path, pages):
    from reportlab.pdfgen import canvas

    page = canvas.Canvas(str(path))
    for lines in pages:
        for number, line in enumerate(lines):
            page.drawString(72, 750 - 14 * number, line)
        page.showPage()
    page.save()


def write_docx(path):
    import docx

    document = docx.Document()
    document.add_paragraph("Erste Regel.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Schaden", "100 Euro"
    document.add_paragraph("Zweite Regel.")
    document.save(str(path))


@pytest.fixture
def mixed(tmp_path):
    """A folder with a file of each kind."""
    folder = tmp_path / "mixed"
    (folder / "letters").mkdir(parents=True)
    (folder / "letters" / "a.txt").write_text("Plain text.")
    (folder / "letters" / "b.md").write_text("# Head\n\nMarked down.")
    (folder / "rows.jsonl").write_text('{"text": "one"}\n\n{"text": "two", "label": "L", "lang": "de_DE"}\n')
    (folder / "page.html").write_text("<html><body><p>Web text.</p></body></html>")
    (folder / "table.csv").write_text("id;text\n1;first, with comma\n2;second\n")
    write_parquet(folder / "table.parquet", [{"content": f"row {n}"} for n in range(25)])
    write_pdf(folder / "print.pdf", [["Printed text on", "page one."], ["Page two."]])
    write_docx(folder / "word.docx")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.txt").write_text("not for reading")
    return folder


def test_a_mixed_folder_is_read_in_every_format_and_other_suffixes_are_counted(mixed):
    found, problems = read(mixed)
    assert found["letters/a.txt"].text == "Plain text." and found["letters/a.txt"].label == "letters"
    assert found["letters/b.md"].text.endswith("Marked down.")
    assert (found["rows.jsonl:1"].text, found["rows.jsonl:1"].label) == ("one", "rows")
    assert (found["rows.jsonl:3"].label, found["rows.jsonl:3"].language) == ("L", "de")
    assert found["page.html"].text == "Web text."
    assert [found[f"table.csv:{n}"].text for n in (1, 2)] == ["first, with comma", "second"]
    assert found["table.parquet:25"].text == "row 24"
    assert found["print.pdf"].text == "Printed text on\npage one.\n\nPage two."
    assert found["word.docx"].text == "Erste Regel.\n\nSchaden | 100 Euro\n\nZweite Regel."
    assert problems.other_suffixes == {".png": 1} and problems.files == problems.rows == 0
    assert len(found) == 2 + 2 + 1 + 2 + 25 + 1 + 1


@pytest.mark.parametrize("name", ["broken.pdf", "broken.docx", "broken.parquet", "latin.txt", "latin.csv"])
def test_a_broken_file_is_named_and_the_others_are_read(mixed, name):
    (mixed / name).write_bytes("Schlüssel, %PDF-1.7 \xff\xfe\x00".encode("latin-1"))
    found, problems = read(mixed)
    assert "letters/a.txt" in found and "word.docx" in found
    assert problems.files == 1 and problems.named[0].startswith(f"{name}: ")


def test_a_file_that_breaks_off_gives_what_was_read_before(mixed):
    content = (mixed / "table.parquet").read_bytes()
    (mixed / "cut.parquet").write_bytes(content[: len(content) // 2])
    (mixed / "half.jsonl").write_bytes(b'{"text": "whole"}\n{"text": "ha')
    found, problems = read(mixed)
    assert found["half.jsonl:1"].text == "whole"
    assert (problems.files, problems.rows) == (1, 1)
    assert "half.jsonl: line 2: not JSON" in " ".join(problems.named)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("[1]", "expected an object"),
        ('{"body": "x"}', "expected an object with a text"),
        ('{"text": "x", "label": 3}', "label must be a text"),
        ('{"prompt": "x", "completion": 4}', "completion must be a text"),
        ('{"messages": [{"role": "user", "content": "x"}]}', "must end with a turn of the assistant"),
    ],
)
def test_an_unusable_row_is_counted_with_its_line(tmp_path, row, words):
    (tmp_path / "rows.jsonl").write_text(f'{row}\n{{"text": "good"}}\n')
    found, problems = read(tmp_path / "rows.jsonl")
    assert list(found) == ["rows.jsonl:2"]
    assert problems.rows == 1 and "rows.jsonl: line 1: " in problems.named[0] and words in problems.named[0]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet", "rows.txt"])
def test_reading_goes_on_behind_a_record_as_if_it_had_not_stopped(tmp_path, monkeypatch, name):
    path = tmp_path / name
    texts = [f"text number {n}" for n in range(35)]
    if name.endswith("jsonl"):
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    elif name.endswith("csv"):
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows([["text"], *([text] for text in texts)])
    elif name.endswith("parquet"):
        write_parquet(path, [{"text": text} for text in texts])
    else:
        monkeypatch.setattr(plain, "PART_CHARACTERS", 30)
        path.write_text("\n\n".join(texts))
    whole, _ = read(path)
    for start in (0, 1, 12, 20, len(whole)):
        rest, _ = read(path, start=start)
        assert list(rest.values()) == list(whole.values())[start:]


def test_a_long_text_comes_in_parts_cut_at_empty_lines_and_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(plain, "PART_CHARACTERS", 50)
    paragraphs = [f"paragraph {n} " + "word " * (n % 7) for n in range(40)]
    (tmp_path / "long.txt").write_text("\n\n".join(paragraphs))
    found, _ = read(tmp_path / "long.txt")
    assert [part for row in found.values() for part in row.text.split("\n\n")] == paragraphs
    assert list(found)[:2] == ["long.txt", "long.txt:2"]
    assert max(len(row.text) for row in found.values()) <= 50


def test_a_page_is_read_without_navigation_scripts_and_comments(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        "<html><head><title>T</title><style>p{}</style></head><body><nav>Home</nav><header>Logo</header>"
        "<main><h1>Head</h1><!-- hidden --><p>First  line\n of <b>text</b>,<br>second line.</p><script>x()</script>"
        "<ul><li>one</li><li>two</li></ul><pre>a\n  b</pre></main><footer>Imprint</footer></body></html>"
    )
    assert html_text(path) == "Head\n\nFirst line of text,\nsecond line.\n\none\n\ntwo\n\na\nb"


def test_a_pdf_without_text_and_an_encrypted_one_say_what_to_do(tmp_path):
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    writer.write(tmp_path / "scan.pdf")
    writer.encrypt("secret")
    writer.write(tmp_path / "locked.pdf")
    found, problems = read(tmp_path)
    assert not found and problems.files == 2
    assert "encrypted; save it without a password" in problems.named[0]
    assert "scanned?" in problems.named[1]


def test_words_broken_at_line_ends_are_joined_but_not_compounds(tmp_path):
    write_pdf(tmp_path / "a.pdf", [["Der Versiche-", "rungsfall und die Daten-", "Bank."]])
    found, _ = read(tmp_path / "a.pdf")
    assert found["a.pdf"].text == "Der Versicherungsfall und die Daten-\nBank."


def test_a_folder_without_a_readable_file_is_refused_with_the_known_formats(tmp_path):
    (tmp_path / "x.png").write_text("")
    with pytest.raises(BadInput, match=r"holds no file ending in \.txt, .*\.docx"):
        read(tmp_path)
