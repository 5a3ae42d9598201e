import io
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.docx import read
from ragflow_local.records import Block, Notice
from tests import ole2
from tests.samples import file_of, only_blocks, zipped

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def seen(document: Any) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in only_blocks(read(saved(document)))]


def bare(body: str) -> list[Block]:
    data = zipped({"word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>"})
    return only_blocks(read(data))


def test_headings_have_the_level_of_their_style() -> None:
    document = docx.Document()
    document.add_heading("Title", level=0)
    document.add_heading("Part", level=2)
    document.add_paragraph("Text.")
    found = [(b.kind, b.level, b.text) for b in only_blocks(read(saved(document)))]
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
    (block,) = only_blocks(read(saved(document)))
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
    (block,) = only_blocks(read(saved(document)))
    assert (block.kind, block.text) == ("figure", "A squid")
    assert block.image == picture.read_bytes()


def test_strict_files_are_read_like_others() -> None:
    strict = 'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"'
    body = "<w:body><w:p><w:r><w:t>strict</w:t></w:r></w:p></w:body>"
    data = zipped({"word/document.xml": f"<w:document {strict}>{body}</w:document>"})
    assert [block.text for block in only_blocks(read(data))] == ["strict"]


def test_an_encrypted_file_says_so() -> None:
    with pytest.raises(DamagedFileError, match="encrypted"):
        only_blocks(read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.docx"))


def parts(body: str, relations: str = "", **more: str | bytes) -> bytes:
    """Return a Word file of ``body``, its relations, and other parts by their names."""
    rels = "http://schemas.openxmlformats.org/package/2006/relationships"
    names = f'{WORD} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    return zipped(
        {
            "word/document.xml": f"<w:document {names}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{rels}">{relations}'
            "</Relationships>",
            **{name.replace("__", "/"): content for name, content in more.items()},
        }
    )


def relation(kind: str, target: str, mode: str = "") -> str:
    return f'<Relationship Id="r1" Type="x/{kind}" Target="{target}"{mode}/>'


def text_of(data: bytes) -> str:
    return "\n".join(block.text for block in only_blocks(read(data)))


RAISED = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'


def test_raised_runs_are_one_power() -> None:
    runs = f"<w:r>{RAISED}<w:t>-</w:t></w:r><w:proofErr/><w:r>{RAISED}<w:t>6</w:t></w:r>"
    (block,) = bare(f"<w:p><w:r><w:t>10</w:t></w:r>{runs}<w:r><w:t> m</w:t></w:r></w:p>")
    assert block.text == "10^(-6) m"


def test_a_link_has_its_address_beside_it() -> None:
    outside = relation("hyperlink", "https://a.example/m?id=1", ' TargetMode="External"')
    linked = '<w:hyperlink r:id="r1"><w:r><w:t>the manual</w:t></w:r></w:hyperlink>'
    assert (
        text_of(parts(f"<w:p>{linked}</w:p>", outside)) == "the manual (https://a.example/m?id=1)"
    )
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        '<w:r><w:instrText> HYPERLINK "https://a.example" </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>here</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t>.</w:t></w:r>'
    )
    assert text_of(parts(f"<w:p>{field}</w:p>")) == "here (https://a.example)."


def test_hidden_text_is_not_read() -> None:
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>ghost</w:t></w:r>"
    shown = '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>seen</w:t></w:r>'
    assert text_of(parts(f"<w:p>{hidden}{shown}</w:p>")) == "seen"


def test_what_a_form_holds_is_read() -> None:
    chosen = (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/>'
        '<w:listEntry w:val="Oil"/><w:listEntry w:val="Gas"/></w:ddList></w:ffData></w:fldChar>'
        "</w:r>"
    )
    ticked = (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/></w:checkBox>'
        "</w:ffData></w:fldChar></w:r><w:r><w:t>agreed</w:t></w:r>"
    )
    box = '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r><w:r><w:t> paid</w:t></w:r>'
    for runs, said in ((chosen, "Gas"), (ticked, "☒ agreed"), (box, "☑ paid")):
        assert text_of(parts(f"<w:p>{runs}</w:p>")) == said


def test_an_imported_part_stands_in_its_place() -> None:
    before, after = (f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in ("before", "after"))
    body = f'{before}<w:altChunk r:id="r1"/>{after}'
    chunk = parts(
        body,
        relation("aFChunk", "a.htm"),
        word__a="",
        **{"word__a.htm": "<html><p>36 months</p></html>"},
    )
    assert text_of(chunk) == "before\n36 months\nafter"


def test_an_embedded_sheet_is_read_and_an_unknown_object_named() -> None:
    name, sheet = file_of("xlsx")
    body = "<w:p><w:r><w:t>Text</w:t></w:r></w:p>"
    found = text_of(parts(body, relation("package", name), **{f"word__{name}": sheet}))
    assert "left\t9.5" in found
    odd = parts(body, relation("oleObject", "o.bin"), **{"word__o.bin": b"\x00\x01\x02" * 99})
    (notice,) = [item for item in read(odd) if isinstance(item, Notice)]
    assert "o.bin" in notice.text


def test_a_file_packed_as_an_object_is_read() -> None:
    inner = b"The kraken sleeps here."
    native = b"\x02\0arm.txt\0C:\\arm.txt\0\0\0\3\0" + (4).to_bytes(4, "little") + b"arm\0"
    native += len(inner).to_bytes(4, "little") + inner
    data = ole2.write(
        {"\x01Ole10Native": (len(native).to_bytes(4, "little") + native).ljust(4096, b"\0")}
    )
    found = text_of(parts("", relation("oleObject", "o.bin"), **{"word__o.bin": data}))
    assert found == "arm.txt\nThe kraken sleeps here."


def test_a_bold_paragraph_says_so() -> None:
    bold = "<w:r><w:rPr><w:b/></w:rPr><w:t>Filter</w:t></w:r>"
    found = bare(f"<w:p>{bold}</w:p><w:p>{bold}<w:r><w:t> is here</w:t></w:r></w:p>")
    assert [block.is_bold for block in found] == [True, False]
