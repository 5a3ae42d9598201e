import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.epub import read
from ragflow_local.records import Block
from tests.samples import zipped


def book(spine: str, extra: dict[str, str | bytes] | None = None) -> bytes:
    items = "".join(
        f'<item id="{n}" href="t%20x/{n}.xhtml" media-type="application/xhtml+xml"/>' for n in "ab"
    )
    names = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="o/b.opf"/></container>',
            "o/b.opf": f"<package {names}><dc:title>Deep</dc:title><manifest>{items}</manifest>"
            + "".join(f'<itemref idref="{n}"/>' for n in spine)
            + "</package>",
            "o/t x/a.xhtml": "<html><body><h1>A</h1><p>first&nbsp;page</p></body></html>",
            "o/t x/b.xhtml": "<html><body><h1>B</h1></body></html>",
            **(extra or {}),
        }
    )


def test_chapters_come_in_the_order_of_the_spine() -> None:
    assert [block.text for block in read(book("ba"))] == [
        "Title: Deep",
        "B",
        "A",
        "first\xa0page",
    ]


def test_a_protected_book_says_so() -> None:
    locked = '<encryption><CipherReference URI="o/t x/a.xhtml"/></encryption>'
    with pytest.raises(DamagedFileError, match="protection"):
        list(read(book("a", {"META-INF/encryption.xml": locked}), "a.epub"))


def read_book(contents: str, *pages: str) -> list[Block]:
    items = "".join(
        f'<item id="p{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(pages))
    )
    spine = "".join(f'<itemref idref="p{n}"/>' for n in range(len(pages)))
    ncx = '<item id="toc" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<c><rootfiles><rootfile full-path="b/x.opf"/></rootfiles></c>',
        "b/x.opf": f"<package><manifest>{items}{ncx}</manifest><spine>{spine}</spine></package>",
        "b/toc.ncx": contents,
        **{f"b/{n}.xhtml": f"<html><body>{page}</body></html>" for n, page in enumerate(pages)},
    }
    return list(read(zipped(parts), "a.epub"))


def point(title: str, target: str, inner: str = "") -> str:
    label = f"<navLabel><text>{title}</text></navLabel>"
    return f'<navPoint>{label}<content src="{target}"/>{inner}</navPoint>'


def test_titles_of_the_contents_stand_above_chapters_that_have_none() -> None:
    points = point("One: Cellar", "0.xhtml", point("Steps", "0.xhtml#s")) + point("Two", "1.xhtml")
    found = read_book(
        f"<ncx><navMap>{points}</navMap></ncx>",
        "<p>Dark.</p><p id='s'>Down.</p>",
        "<h1>Two</h1><p>Bright.</p>",
    )
    assert [(b.level, b.text) for b in found] == [
        (1, "One: Cellar"),
        (0, "Dark."),
        (2, "Steps"),
        (0, "Down."),
        (1, "Two"),
        (0, "Bright."),
    ]
    assert not any(block.source for block in found)


def test_a_torn_table_of_contents_loses_no_chapter() -> None:
    assert [b.text for b in read_book("<ncx><navMap>", "<p>Dark.</p>")] == ["Dark."]
