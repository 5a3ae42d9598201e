from ragflow_local.readers.odt import read
from ragflow_local.records import Block
from tests.samples import zipped

NAMES = "".join(
    f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for short, long in {
        "office": "office",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "svg": "svg-compatible",
    }.items()
)


def blocks_of(body: str) -> list[Block]:
    content = f"<office:document{NAMES}><office:body>{body}</office:body></office:document>"
    return list(read(zipped({"content.xml": content})))


def test_lists_have_depth_and_spaces_are_counted() -> None:
    found = blocks_of(
        "<office:text><text:list><text:list-item><text:p>one<text:s text:c='2'/>b</text:p>"
        "<text:list><text:list-item><text:p>inner</text:p></text:list-item></text:list></text:list-item>"
        "</text:list></office:text>"
    )
    assert [block.text for block in found] == ["- one  b", "  - inner"]


def test_notes_stand_after_their_paragraph() -> None:
    found = blocks_of(
        "<office:text><text:p>sea<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>deep</text:p></text:note-body></text:note> air</text:p>"
        "</office:text>"
    )
    assert [block.text for block in found] == ["sea air", "deep"]


def test_a_sheets_endless_empty_rest_is_left_out() -> None:
    heading, table = blocks_of(
        "<office:spreadsheet><table:table table:name='Arms'><table:table-row><table:table-cell>"
        "<text:p>a</text:p></table:table-cell><table:table-cell"
        " table:number-columns-repeated='2'><text:p>b</text:p></table:table-cell>"
        "<table:table-cell table:number-columns-repeated='16000'/></table:table-row>"
        "<table:table-row table:number-rows-repeated='1048000'><table:table-cell/>"
        "</table:table-row></table:table></office:spreadsheet>"
    )
    assert heading.text == "Arms"
    assert table.rows == (("a", "b", "b"),)


def test_pictures_say_their_description() -> None:
    found = blocks_of(
        "<office:text><text:p><draw:frame><svg:title>A squid</svg:title></draw:frame></text:p>"
        "</office:text>"
    )
    assert [(block.kind, block.text) for block in found] == [("figure", "A squid")]
