import pytest

from ragflow_local.text.plurals import count_of


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1200, "1,200 files")],
)
def test_one_is_written_as_one_and_all_others_as_several(number: int, expected: str) -> None:
    assert count_of(number, "file") == expected


def test_a_plural_of_its_own_is_taken_for_several_alone() -> None:
    assert [count_of(number, "entity", "entities") for number in (1, 3)] == [
        "1 entity",
        "3 entities",
    ]
