import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.csv import read

Rows = tuple[tuple[str, ...], ...]


def rows(data: bytes) -> Rows:
    blocks = list(read(data))
    assert len(blocks) == 1
    return blocks[0].rows


@pytest.mark.parametrize(
    "delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"]
)
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    text = "arm,length\nleft,9\nright,8\n".replace(",", delimiter)
    assert rows(text.encode()) == (("arm", "length"), ("left", "9"), ("right", "8"))


def test_a_decimal_comma_is_no_delimiter() -> None:
    assert rows(b"arm;length;\nleft;9,5;\nright;8,25;\n")[1] == ("left", "9,5")


def test_a_quoted_cell_may_hold_delimiters_and_line_ends() -> None:
    assert rows(b'arm,says\nleft,"one, two\nthree"\n')[1] == ("left", "one, two three")


def test_one_column_stays_one_column() -> None:
    assert rows(b"Lorem, ipsum\ndolor\nsit\namet\n")[0] == ("Lorem, ipsum",)


def test_excels_own_first_line_names_the_delimiter() -> None:
    assert rows(b"sep=;\na;b\n1;2\n") == (("a", "b"), ("1", "2"))


def test_a_quote_that_never_closes_swallows_nothing() -> None:
    found = rows(b'a,b\n"x,1\n' + b"y,2\n" * 50)
    assert len(found) == 52
    assert found[-1] == ("y", "2")


def test_rows_of_uneven_length_lose_no_cell() -> None:
    assert rows(b"1,2,3\na,b,c,d\na,b,c,d\n") == (
        ("1", "2", "3", ""),
        ("a", "b", "c", "d"),
        ("a", "b", "c", "d"),
    )


def test_names_in_shift_jis_are_read() -> None:
    assert rows("名前,住所\n佐藤太郎,東京\n三木英子,大阪\n".encode("cp932"))[1] == (
        "佐藤太郎",
        "東京",
    )


def test_a_row_of_more_cells_than_any_table_is_refused_at_once() -> None:
    with pytest.raises(DamagedFileError, match="limit is 50,000"):
        list(read(b"a," * 3_000_000, "line.csv"))
    with pytest.raises(DamagedFileError, match="limit is 50,000"):
        list(read(b'"a",' * 100_000, "line.csv"))
    assert list(read(b"x" * 100_000))
    assert list(read(b'a,b\n1,"' + b"," * 60_000 + b'"\n'))
