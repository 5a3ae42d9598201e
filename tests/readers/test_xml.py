import pytest

from ragflow_local.readers.xml import read
from ragflow_local.records import Notice
from tests.samples import only_blocks

WORD_2003 = "http://schemas.microsoft.com/office/word/2003/wordml"


def texts(xml: str) -> list[str]:
    return [block.text for block in only_blocks(read(xml.encode(), "a.xml"))]


def test_a_record_is_a_paragraph_of_named_values() -> None:
    feed = (
        "<rss><channel><item><title>Recall</title><pubDate>May 1</pubDate>"
        "<description>&lt;p&gt;From 100&lt;/p&gt;</description></item>"
        "<item><title>Two</title></item></channel></rss>"
    )
    assert texts(feed) == ["Recall\npubDate: May 1\ndescription: From 100", "Two"]


def test_attributes_are_said() -> None:
    assert (
        texts("<r><row id='1' name='Ana'/><p unit='EUR'>5</p></r>") == ["row: id: 1, name: Ana\n5"]
        or "name: Ana" in texts("<r><row id='1' name='Ana'/></r>")[0]
    )


def test_a_sentence_with_parts_stays_one() -> None:
    assert texts("<d><p>It <b>sleeps</b> deep.</p><p>Still.</p></d>") == ["It sleeps deep.\nStill."]


def test_of_a_drawing_its_texts_are_read() -> None:
    inner = '<style>a{}</style><g><text x="1">Pump</text></g>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{inner}</svg>'
    assert texts(svg) == ["Pump"]


def test_a_large_tree_is_parted_at_its_records() -> None:
    record = f"<row><a>{'x ' * 200}</a><b>2</b></row>"
    assert len(texts(f"<t>{record * 9}</t>")) == 9


def test_word_2003_is_read_as_word() -> None:
    it, a, b = (f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in ("It sleeps.", "a", "b"))
    body = f"{it}<w:tbl><w:tr><w:tc>{a}</w:tc><w:tc>{b}</w:tc></w:tr></w:tbl>"
    xml = f'<w:wordDocument xmlns:w="{WORD_2003}"><w:body>{body}</w:body></w:wordDocument>'
    assert texts(xml) == ["It sleeps.", "a\tb"]


def test_a_torn_file_gives_its_text_and_says_so() -> None:
    *blocks, notice = read(b"<?xml version='1.0'?><a><b>It sleeps.</b><c>", "a.xml")
    assert [item.text for item in blocks] == ["It sleeps."]
    assert isinstance(notice, Notice)


@pytest.mark.parametrize("xml", ["<a/>", "<a> </a>", "<a><!-- x --></a>"])
def test_what_says_nothing_gives_nothing(xml: str) -> None:
    assert texts(xml) == []


def test_entities_are_not_followed() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "lol">]><a><b>&x;y</b></a>'
    assert "lol" not in " ".join(texts(bomb))
