import pytest

from ragflow_local.errors import UnsupportedFileError
from ragflow_local.readers import kind_of
from tests import ole2
from tests.samples import file_of, zipped

MAIL = b"From: a@b\nTo: c@d\nSubject: s\nDate: now\n\ntext"


def test_a_wrong_ending_is_overruled_by_the_content() -> None:
    assert kind_of("report.docx", file_of("pdf")[1]) == "pdf"
    assert kind_of("sheet.xls", b"<html><table><tr><td>a</table>") == "html"
    assert kind_of("sheet.xls", file_of("xlsx")[1]) == "xlsx"
    assert kind_of("notes.txt", MAIL) == "email"
    assert kind_of("notes.txt", b'{"a": 1}') == "json"
    assert kind_of("notes.txt", b'{"a": 1') == "text"


def test_source_code_and_unknown_texts_are_text() -> None:
    assert kind_of("main.rs") == "text"
    assert kind_of("Makefile", b"all:\n\techo\n") == "text"
    assert kind_of("strange.xyz", "größer".encode("utf-16")) == "text"
    assert kind_of("strange.xyz", "plain words".encode("utf-16-le")) == "text"
    assert kind_of("strange.xyz", "plain words".encode("utf-32-be")) == "text"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zipped({"x": "y"})),
        ("a.mp3", bytes(range(256)) * 20),
        ("a.doc", ole2.write({"WordDocument": b"x"})),
        ("a.bin", b"\0" * 100),
        ("a", b""),
    ],
    ids=["archive", "sound", "old Word", "zeros", "nothing at all"],
)
def test_what_no_reader_reads_says_what_could_be(name: str, data: bytes) -> None:
    with pytest.raises(UnsupportedFileError, match=r"\.pdf"):
        kind_of(name, data)


def test_an_encrypted_office_file_goes_to_the_reader_that_says_so() -> None:
    data = ole2.write({"EncryptedPackage": b"x"})
    assert kind_of("a.xlsx", data) == "xlsx"
    assert kind_of("unnamed", data) == "docx"


def test_a_table_in_a_csv_file_is_not_taken_for_a_mail() -> None:
    assert kind_of("a.csv", MAIL) == "csv"
    assert kind_of("a.md", MAIL) == "markdown"
