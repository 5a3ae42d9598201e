"""Numbers that no document has are passed over: the text around them is read."""

import pytest

from ragflow_local.readers import read
from ragflow_local.records import Block
from tests.mutations import unzipped
from tests.samples import file_of, zipped

LONG = "9" * 5000  # longer than what Python itself takes for a number


@pytest.mark.parametrize(
    ("kind", "part", "old", "new"),
    [
        ("odt", "content.xml", 'outline-level="1"', f'outline-level="{LONG}"'),
        ("odt", "content.xml", 'outline-level="1"', 'outline-level="99999999999999999999"'),
        ("odt", "content.xml", "sleeps.", f'sleeps.<text:s text:c="{LONG}"/>'),
        (
            "odt",
            "content.xml",
            "<table:table-cell>",
            f'<table:table-cell table:number-rows-spanned="{LONG}">',
        ),
        ("docx", "word/document.xml", "<w:tc>", f'<w:tc><w:gridSpan w:val="{LONG}"/>'),
        ("docx", "word/document.xml", "sleeps.", 'sleeps.</w:t><w:sym w:char="D800"/><w:t>'),
        ("pptx", "ppt/slides/slide1.xml", "<a:p>", f'<a:p><a:pPr lvl="{LONG}"/>'),
        ("xlsx", "xl/worksheets/sheet1.xml", "<v>9.5</v>", f"<v>{LONG}</v>"),
        ("xlsx", "xl/worksheets/sheet1.xml", 'r="A1"', f'r="A1" s="{LONG}"'),
        ("html", "", "<h1>", f"<ol start={LONG}><li>one</ol><h1>"),
        ("rtf", "", "sleeps.", "sleeps.\\u55296?"),
        ("json", "", "sleeps", "sleeps \\ud800"),
    ],
)
def test_the_text_is_read(kind: str, part: str, old: str, new: str) -> None:
    name, data = file_of(kind)
    parts = unzipped(data) if part else {"": data}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode(), 1)
    changed = zipped(dict(parts)) if part else parts[""]
    blocks = [block for block in read(name, changed) if isinstance(block, Block)]
    text = "\n".join(block.text for block in blocks)
    assert "sleeps" in text
    text.encode()
    assert all(0 <= block.level <= 10 for block in blocks)
