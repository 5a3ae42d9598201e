from ragflow_local.generators.stream_text import StreamText


def test_a_character_comes_whole() -> None:
    text = StreamText()
    pieces = [text.feed(bytes([byte])) for byte in "a中é".encode()]
    assert [piece for piece in pieces if piece] == ["a", "中", "é"]


def test_a_torn_character_at_the_end_is_marked() -> None:
    text = StreamText()
    assert text.feed("中".encode()[:2]) == ""
    assert text.feed(b"", is_last=True) == "�"


def test_nothing_comes_after_a_stop_word() -> None:
    text = StreamText(["\nUser:"])
    said = [text.feed(piece.encode()) for piece in ("Yes\n", "no\nUs", "er", ": more")]
    assert "".join(said) == "Yes\nno"
    assert text.is_stopped


def test_what_only_began_as_a_stop_word_comes_later() -> None:
    text = StreamText(["\nUser:"])
    assert text.feed(b"Yes\nUse") == "Yes"
    assert text.feed(b"ful") == "\nUseful"
