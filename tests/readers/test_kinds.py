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
        ("a.mp3", bytes(range(256)) * 20),
        ("a.bin", b"\0" * 100),
        ("a", b""),
    ],
    ids=["sound", "zeros", "nothing at all"],
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


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.xls", b"Name\tFee\nAna\t5\n", "csv"),
        ("a.xls", b"<?xml version='1.0'?><Workbook/>", "xml"),
        ("a.doc", b"Just a line.", "text"),
        ("a.zip", zipped({"word/notes.txt": "y"}), "archive"),
        ("a", zipped({"word/document.xml": "<x/>"}), "docx"),
        ("a.gif", b"GIF89a....", "image"),
        ("a.txt", b"From x Mon\n" + MAIL, "mbox"),
        ("winmail.dat", b"\x78\x9f\x3e\x22", "tnef"),
        ("a.bin", ole2.write({"WordDocument": b"x"}), "doc"),
    ],
)
def test_files_of_older_programs_are_known_by_what_they_hold(
    name: str, data: bytes, kind: str
) -> None:
    assert kind_of(name, data) == kind


def test_a_package_of_another_program_says_what_to_save_it_as() -> None:
    with pytest.raises(UnsupportedFileError, match=r"one of: \.docx\."):
        kind_of("a.pages", zipped({"Index/Document.iwa": "x"}))
