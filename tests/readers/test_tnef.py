import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.tnef import read
from ragflow_local.records import Notice
from tests import old_office


def test_the_text_and_the_files_are_read() -> None:
    data = old_office.tnef("The kraken sleeps.", "arms.csv", b"arm,length\nleft,9 m\n")
    texts = [item.text for item in read(data, "winmail.dat")]
    assert texts == ["The kraken sleeps.", "arms.csv", "arm\tlength\nleft\t9 m"]


def test_a_name_in_another_code_page_is_read() -> None:
    data = old_office.tnef("x", "Kälte.csv", b"arm,length\nleft,9 m\n")
    assert "Kälte.csv" in [item.text for item in read(data, "winmail.dat")]


def test_one_that_holds_nothing_says_what_it_is() -> None:
    items = list(read(b"\x78\x9f\x3e\x22" + b"\0" * 60, "winmail.dat"))
    assert isinstance(items[-1], Notice)
    assert "TNEF" in items[-1].text


def test_one_that_is_none_is_damage() -> None:
    with pytest.raises(DamagedFileError, match="TNEF"):
        list(read(b"plain", "winmail.dat"))
