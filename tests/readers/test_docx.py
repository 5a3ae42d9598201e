import io
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.docx import read
from ragflow_local.records import Block
from tests.samples import file_of, zipped

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def seen(document: Any) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in read(saved(document))]


def bare(body: str) -> list[Block]:
    data = zipped({"word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>"})
    return list(read(data))


def test_headings_have_the_level_of_their_style() -> None:
    document = docx.Document()
    document.add_heading("Title", level=0)
    document.add_heading("Part", level=2)
    document.add_paragraph("Text.")
    found = [(b.kind, b.level, b.text) for b in read(saved(document))]
    assert found == [("heading", 1, "Title"), ("heading", 2, "Part"), ("paragraph", 0, "Text.")]


def test_numbered_and_bulleted_items_have_their_marks() -> None:
    document = docx.Document()
    for text, style in (("one", "List Number"), ("two", "List Number"), ("dot", "List Bullet")):
        document.add_paragraph(text, style=style)
    assert [text for _, text in seen(document)] == ["1. one", "2. two", "- dot"]


def test_merged_cells_are_said_in_each_row_they_cover() -> None:
    document = docx.Document()
    table = document.add_table(rows=3, cols=2)
    for row, texts in zip(table.rows, (("a", "b"), ("x", "1"), ("", "2")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    (block,) = read(saved(document))
    assert block.rows == (("a", "b"), ("x", "1"), ("x", "2"))


def test_text_boxes_stand_after_their_paragraph() -> None:
    box = (
        f"<w:r {WORD}><w:pict><w:txbxContent><w:p><w:r><w:t>in the box</w:t></w:r></w:p>"
        "</w:txbxContent></w:pict></w:r>"
    )
    document = docx.Document()
    document.add_paragraph("before")._p.append(parse_xml(box))
    assert seen(document) == [("paragraph", "before"), ("paragraph", "in the box")]


def test_deleted_text_is_gone_and_inserted_text_there() -> None:
    change = (
        f"<w:p {WORD}><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>"
    )
    assert [block.text for block in bare(change)] == ["new"]


def test_comments_stand_after_what_they_are_on() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("It sleeps.")
    document.add_comment(paragraph.runs, text="Does it?", author="Ned")
    assert [text for _, text in seen(document)] == ["It sleeps.", "Comment by Ned: Does it?"]


def test_page_heads_are_said_once() -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Harbour Board"
    document.add_paragraph("Text.")
    document.add_section()
    assert [text for _, text in seen(document)].count("Harbour Board") == 1


def test_formulas_are_written_on_one_line() -> None:
    formula = (
        f"<m:oMath {nsdecls('m')} {WORD}><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num>"
        "<m:den><m:r><m:t>b+1</m:t></m:r></m:den></m:f></m:oMath>"
    )
    document = docx.Document()
    document.add_paragraph("is ")._p.append(parse_xml(formula))
    assert seen(document) == [("paragraph", "is a/(b+1)")]


def test_pictures_say_their_alternative_text(tmp_path: Path) -> None:
    picture = tmp_path / "squid.png"
    picture.write_bytes(file_of("image")[1])
    document = docx.Document()
    document.add_picture(str(picture))._inline.docPr.set("descr", "A squid")
    (block,) = read(saved(document))
    assert (block.kind, block.text) == ("figure", "A squid")
    assert block.image == picture.read_bytes()


def test_strict_files_are_read_like_others() -> None:
    strict = 'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"'
    body = "<w:body><w:p><w:r><w:t>strict</w:t></w:r></w:p></w:body>"
    data = zipped({"word/document.xml": f"<w:document {strict}>{body}</w:document>"})
    assert [block.text for block in read(data)] == ["strict"]


def test_an_encrypted_file_says_so() -> None:
    with pytest.raises(DamagedFileError, match="encrypted"):
        list(read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.docx"))
