import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.xls import read
from tests import ole2


def test_a_sheet_of_an_old_file_is_a_heading_and_a_table() -> None:
    data = ole2.write({"Workbook": ole2.biff([["arm", "length"], ["left", 9.5]], "Arms")})
    heading, table = read(data)
    assert heading.text == "Arms"
    assert table.rows == (("arm", "length"), ("left", "9.5"))


def test_what_is_no_workbook_is_damage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DamagedFileError):
        list(read(ole2.write({"Workbook": b"\x09\x08junk" * 99}), "a.xls"))
    assert capsys.readouterr() == ("", "")
