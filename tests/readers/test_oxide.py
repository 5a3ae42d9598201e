import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import doc, ppt
from tests import old_office


def test_the_text_of_an_old_word_file_is_read() -> None:
    text = "The kraken\rIt sleeps für immer.\rarm\x07length\x07\x07"
    said = " ".join(block.text for block in doc.read(old_office.doc(text), "a.doc"))
    assert all(word in said for word in ("kraken", "für immer.", "arm", "length"))


def test_the_slides_of_an_old_deck_are_read() -> None:
    texts = [b.text for b in ppt.read(old_office.ppt(["One", "Two sleeps."]), "a.ppt")]
    assert texts == ["One", "Two sleeps."]


@pytest.mark.parametrize("read", [doc.read, ppt.read], ids=["doc", "ppt"])
def test_a_torn_file_is_damage(read: object) -> None:
    assert callable(read)
    with pytest.raises(DamagedFileError, match="damaged"):
        list(read(old_office.doc("x")[:900], "a.doc"))
