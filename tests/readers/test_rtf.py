import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.rtf import read


def texts(data: bytes) -> list[str]:
    return [block.text for block in read(data, "a.rtf")]


def test_formatting_is_gone_and_letters_of_the_code_page_are_there() -> None:
    assert texts(rb"{\rtf1\ansi\ansicpg1251 {\b \'cf\'f0}\par \u20320?x}") == ["Пр", "你x"]


def test_pictures_are_left_out() -> None:
    picture = b"{\\pict\\pngblip " + b"89504e47" * 100 + b"}"
    assert texts(rb"{\rtf1\ansi before" + picture + rb"\par after}") == ["before", "after"]


def test_what_is_no_rtf_is_damage() -> None:
    with pytest.raises(DamagedFileError, match="no RTF"):
        texts(b"plain text")
