from collections.abc import Sequence

import pytest

from ragflow_local.answer.citation_stream import CitationStream

QUOTE = ("The pump stands in the cellar.", 0)


def knows(sentence: str, numbers: Sequence[int]) -> list[int]:
    """Support what speaks of a pump, by the second hit."""
    return [1] if "pump" in sentence else []


def guarded(
    text: str, size: int, *, quote: tuple[str, int] | None = QUOTE, refusals: Sequence[str] = ()
) -> CitationStream:
    stream = CitationStream(3, knows, replace=lambda: quote, refusals=refusals)
    for start in range(0, len(text), size):
        stream.feed(text[start : start + size])
    stream.finish()
    return stream


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_sentence_without_support_gives_way_to_a_quote(size: int) -> None:
    made = guarded("The pump hums. The roof is blue. A pump is old.", size)
    assert made.text == (
        "The pump hums. [ID:1] The pump stands in the cellar. [ID:0] A pump is old. [ID:1]"
    )
    assert made.unsupported == []


@pytest.mark.parametrize("size", [1, 100])
def test_without_a_quote_it_is_left_out(size: int) -> None:
    assert guarded("The roof is blue. The pump hums.", size, quote=None).text.strip() == (
        "The pump hums. [ID:1]"
    )


def test_an_item_of_a_list_stays_one() -> None:
    made = guarded("1. The pump hums.\n2. The roof is blue.", 4)
    assert made.text.splitlines()[1] == "2. The pump stands in the cellar. [ID:0]"


def test_a_refusal_is_no_claim() -> None:
    made = guarded("I did not find that in the documents.", 5, refusals=["I did not find that"])
    assert made.text == "I did not find that in the documents."


def test_what_was_given_out_is_never_taken_back() -> None:
    text = "The pump hums [ID:0]. The roof (see above) is blue [12]! “A pump.” And so on"
    for guard in (None, lambda: QUOTE):
        stream = CitationStream(3, knows, replace=guard)
        before = ""
        for letter in text:
            stream.feed(letter)
            assert stream.text.startswith(before)
            before = stream.text
        stream.finish()
        assert stream.text.startswith(before)


def test_a_lead_in_needs_no_support_and_other_claims_are_listed() -> None:
    stream = CitationStream(3, knows)
    stream.feed("These are the facts:\nThe roof is blue.\nThe pump hums.")
    stream.finish()
    assert stream.unsupported == ["The roof is blue."]


def test_without_marks_there_are_none() -> None:
    stream = CitationStream(3, knows, has_marks=False)
    stream.feed("The pump hums [ID:1].")
    stream.finish()
    assert stream.text == "The pump hums."
