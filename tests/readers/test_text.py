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
