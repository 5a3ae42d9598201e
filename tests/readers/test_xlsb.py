import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.xlsb import read
from ragflow_local.records import Notice
from tests import old_office


def test_a_binary_workbook_has_sheets_rows_and_a_notice() -> None:
    heading, table, notice = read(old_office.xlsb([["arm", "m"], ["left", 9.5]], "Arms"), "a.xlsb")
    assert (heading.text, table.text) == ("Arms", "arm\tm\nleft\t9.5")
    assert isinstance(notice, Notice)
    assert ".xlsx" in notice.text


def test_a_torn_one_says_what_to_save_it_as() -> None:
    with pytest.raises(DamagedFileError, match=r"\.xlsx"):
        list(read(b"PK\x03\x04 torn", "a.xlsb"))
