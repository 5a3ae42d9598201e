from ragflow_local.readers.text import read


def texts(data: bytes) -> list[str]:
    return [block.text for block in read(data)]


def test_an_empty_line_ends_a_paragraph() -> None:
    assert texts(b"It sleeps\nstill.\n\n \nIt wakes.\r\n\r\nIt sings.") == [
        "It sleeps\nstill.",
        "It wakes.",
        "It sings.",
    ]


def test_indentation_of_source_code_is_kept() -> None:
    assert texts(b"def f():\n    return 1\n\n    # more\n") == [
        "def f():\n    return 1",
        "    # more",
    ]


def test_white_space_alone_is_nothing() -> None:
    assert texts(b" \n\t\n\r\n ") == []


def kinds(text: str, name: str = "a.txt") -> list[tuple[str, int, bool, str]]:
    return [
        (block.kind, block.level, block.is_code, block.text) for block in read(text.encode(), name)
    ]


def test_a_title_with_a_line_of_signs_below_it_is_a_heading() -> None:
    assert kinds("Gauge\n=====\n\nInstalling\n----------\nRun it.\n\nMore\n====\n") == [
        ("heading", 1, False, "Gauge"),
        ("heading", 2, False, "Installing"),
        ("paragraph", 0, False, "Run it."),
        ("heading", 1, False, "More"),
    ]


def test_a_rule_or_a_table_is_no_title() -> None:
    text = "A long line of text that goes on\n---\nand on.\n\nName  Age\n----  ---\nAnn   3"
    assert {kind for kind, *_ in kinds(text)} == {"paragraph"}


def test_a_source_file_is_code_and_an_indented_block_below_a_colon_too() -> None:
    assert [is_code for *_, is_code, _ in kinds("import os\n\nprint(1)", "a.py")] == [True, True]
    assert [is_code for *_, is_code, _ in kinds("Run it:\n\n    gauge up\n\nIt is up.")] == [
        False,
        True,
        False,
    ]


def test_a_markup_file_is_no_source_file() -> None:
    assert kinds("It is text.", "a.rst") == [("paragraph", 0, False, "It is text.")]


def test_a_table_with_tabs_is_no_code() -> None:
    assert kinds("Name\tAge\nAnn\t31\nBob\t40") == [
        ("paragraph", 0, False, "Name\tAge\nAnn\t31\nBob\t40")
    ]
