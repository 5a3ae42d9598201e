import zlib

from ragflow_local.readers.pdf import read
from ragflow_local.records import Block


def pdf_with_an_unnamed_sign() -> bytes:
    """Return a page on which code 3 of a publisher's symbol font is the minus."""
    stream = b"BT /F1 12 Tf 72 700 Td (Loss of ) Tj /F2 12 Tf (\x03) Tj /F1 12 Tf (0.94 V) Tj ET"
    packed = zlib.compress(stream)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R/F2 6 0 R>>>>>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/AdvMacMthSyN/FirstChar 3/LastChar 3/Widths[600]"
        b"/Encoding<</Type/Encoding/Differences[3/C0]>>>>",
    ]
    body = b"%PDF-1.4\n"
    offsets = []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(parts) + 1, entries)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return body + table + end % (len(parts) + 1, len(body))


def test_a_minus_without_unicode_stays_with_its_number() -> None:
    blocks = [item for item in read(pdf_with_an_unnamed_sign()) if isinstance(item, Block)]
    assert [block.text for block in blocks] == ["Loss of −0.94 V"]
