from ragflow_local import readers
from ragflow_local.readers.odt import read
from ragflow_local.records import Block
from tests.samples import only_blocks, zipped

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


def flat(body: str, styles: str = "") -> list[Block]:
    names = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (
            ("office", "office"), ("text", "text"), ("style", "style"), ("draw", "drawing"),
            ("fo", "xsl-fo-compatible"), ("svg", "svg-compatible"), ("table", "table"),
        )
    )  # fmt: skip
    xml = (
        f'<?xml version="1.0"?><office:document{names} xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"{styles}<office:body><office:text>{body}</office:text></office:body></office:document>"
    )
    return only_blocks(readers.read("a.fodt", xml.encode()))


def test_page_heads_and_feet_are_read_once() -> None:
    page = (
        "<office:master-styles><style:master-page><style:header><text:p>ACME 4711</text:p>"
        "</style:header>"
        "<style:header-first><text:p>ACME 4711</text:p></style:header-first>"
        "<style:footer><text:p>VAT DE1</text:p></style:footer></style:master-page>"
        "</office:master-styles>"
    )
    assert [b.text for b in flat("<text:p>Order</text:p>", page)] == [
        "ACME 4711",
        "Order",
        "VAT DE1",
    ]


def test_styles_say_what_is_raised_hidden_and_bold() -> None:
    styles = (
        "<office:automatic-styles>"
        + "".join(
            f'<style:style style:name="{name}"><style:text-properties {said}/></style:style>'
            for name, said in (
                ("up", 'style:text-position="super 58%"'),
                ("off", 'text:display="none"'),
                ("fat", 'fo:font-weight="bold"'),
            )
        )
        + "</office:automatic-styles>"
    )
    body = (
        '<text:p>10<text:span text:style-name="up">6</text:span> l'
        '<text:span text:style-name="off">ghost</text:span></text:p>'
        '<text:p text:style-name="fat">Filter</text:p>'
        '<text:p><text:a xlink:href="https://a.example/x">here</text:a></text:p>'
    )
    found = flat(body, styles)
    assert [b.text for b in found] == ["10^6 l", "Filter", "here (https://a.example/x)"]
    assert [b.is_bold for b in found] == [False, True, False]


def test_a_slide_is_read_from_the_top() -> None:
    def frame(text: str, top: int) -> str:
        place = f'svg:x="1cm" svg:y="{top}cm" svg:width="9cm" svg:height="2cm"'
        box = f"<draw:text-box><text:p>{text}</text:p></draw:text-box>"
        return f"<draw:frame {place}>{box}</draw:frame>"

    page = f"<draw:page>{frame('two', 5)}{frame('one', 1)}</draw:page>"
    assert [b.text for b in flat(page)] == ["one", "two"]
