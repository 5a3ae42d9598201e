import contextlib
import io
import zipfile

import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.package import Package, parse_xml
from tests.samples import zipped


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipped({"first": "", "word/document.xml": b"\0" * 60_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(DamagedFileError, match="60,000,000 bytes"):
        Package(bomb, "bomb.docx")


def test_a_part_whose_size_lies_is_not_read_beyond_it() -> None:
    data = bytearray(zipped({"first": "", "part": b"x" * 5000}))
    at = data.rindex(b"PK\x01\x02") + 24  # the size in the directory
    data[at : at + 4] = (10).to_bytes(4, "little")
    with contextlib.suppress(DamagedFileError):  # which newer libraries raise: they notice
        assert len(Package(bytes(data), "a.docx").read("part")) <= 10


def test_a_missing_part_is_named() -> None:
    with pytest.raises(DamagedFileError, match=r"word/document\.xml"):
        Package(zipped({"x": "y"}), "a.docx").read("word/document.xml")


def test_an_encrypted_part_says_so() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("part", "text")
    data = bytearray(out.getvalue())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DamagedFileError, match="password"):
        Package(bytes(data), "a.docx").read("part")


def test_entities_are_never_expanded() -> None:
    lol = b'<!DOCTYPE a [<!ENTITY b "%s"><!ENTITY c "%s">]><a>&c;</a>' % (b"x" * 50, b"&b;" * 50)
    assert len("".join(parse_xml(lol, "a", "part").itertext())) < 50


def test_files_outside_are_never_read() -> None:
    outside = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    assert "root" not in "".join(parse_xml(outside, "a", "part").itertext())
