import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.epub import read
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
