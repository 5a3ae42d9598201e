from ragflow_local.readers.slide_order import in_reading_order
from ragflow_local.records import Region


def order(*boxes: tuple[str, float, float, float, float]) -> str:
    places = {name: Region(1, *box) for name, *box in boxes}
    return "".join(in_reading_order([name for name, *_ in boxes], lambda name: places[name]))


def test_boxes_made_from_the_bottom_up_are_read_from_the_top() -> None:
    assert order(("c", 0, 80, 90, 99), ("b", 0, 40, 90, 60), ("a", 0, 0, 90, 20)) == "abc"


def test_a_row_is_read_from_the_left() -> None:
    assert order(("b", 50, 2, 90, 22), ("a", 0, 0, 40, 20), ("c", 0, 50, 90, 70)) == "abc"


def test_columns_of_which_one_is_long_are_read_one_after_another() -> None:
    left = (("a", 0, 0, 40, 30), ("b", 0, 50, 40, 90))
    assert order(("c", 50, 0, 90, 90), *left) == "abc"


def test_boxes_that_cover_one_another_are_read_from_the_top() -> None:
    assert order(("b", 5, 20, 60, 60), ("a", 0, 0, 50, 50)) == "ab"
