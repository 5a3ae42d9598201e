import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragflow_local.chunkers.delimiter import Delimiter
from ragflow_local.chunkers.merge import Cutter, text_of
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, BlockKind
from ragflow_local.text.tokens import count_tokens

DEFAULT = "\n!?。；！？"


def packed(texts: Sequence[str], budget: int, delimiter: str = DEFAULT) -> list[str]:
    cutter = Cutter(delimiter, budget, Tools(count_tokens))
    return [text_of(run) for run in cutter.pack(Block("paragraph", text) for text in texts)]


def squeeze(texts: Sequence[str]) -> str:
    return "".join("".join(texts).split())


def test_text_is_cut_after_delimiters_only() -> None:
    assert packed(["a b! c d? e f; g h"], 3) == ["a b!", "c d?", "e f;", "g h"]
    assert packed(["One. two. three!"], 100) == ["One. two. three!"]


def test_backquoted_text_is_one_delimiter_and_its_pieces_stand_alone() -> None:
    assert packed(["a b ## c ## d! e"], 50, "`##`!") == ["a b ##", "c ##", "d! e"]


def test_a_piece_of_a_longer_delimiter_goes_on_over_blocks() -> None:
    assert packed(["a ## b", "c ## d"], 50, "`##`") == ["a ##", "b\nc ##", "d"]


def test_backquoted_empty_lines_part_the_blocks() -> None:
    assert packed(["a", "b"], 50, "`\n\n`") == ["a", "b"]


def test_a_lone_backquote_is_a_character() -> None:
    assert Delimiter.parse("`!") == Delimiter("`!", ())
    assert packed(["a` b"], 2, "`") == ["a`", "b"]


def test_without_a_delimiter_text_is_cut_at_sentence_ends() -> None:
    assert packed(["One two. Three four. Five."], 6, "") == ["One two. Three four.", "Five."]


def test_signs_of_a_character_class_are_signs() -> None:
    assert packed(["a]b^c-d\\e"], 2, "]^-\\") == ["a]", "b^", "c-", "d\\", "e"]


def test_a_long_line_is_cut_at_sentences_then_clauses_then_words() -> None:
    text = "One two three. Four five, six seven eight nine."
    assert packed([text], 5) == ["One two three.", "Four five,", "six seven eight nine."]
    assert packed(["one two three four five six"], 4) == ["one two three four", "five six"]


def test_chinese_without_a_stop_is_cut_anywhere() -> None:
    assert packed(["克拉肯在深海里睡觉"], 4) == ["克拉肯在", "深海里睡", "觉"]


def test_an_accent_stays_with_its_letter() -> None:
    count = Tools(count_tokens=len)
    runs = Cutter("", 3, count).pack([Block("paragraph", "abe\u0301c")])
    assert [text_of(run) for run in runs] == ["ab", "e\u0301c"]


def test_closing_quotes_stay_with_what_they_quote() -> None:
    assert packed(["“走！”她走了。"], 4) == ["“走！”", "她走了。"]


def test_the_text_of_a_chunk_is_as_it_stood() -> None:
    assert packed(["def f():\n    return 1\n\n\nx"], 100) == ["def f():\n    return 1\n\n\nx"]


def test_a_heading_longer_than_the_budget_is_cut() -> None:
    cutter = Cutter(DEFAULT, 3, Tools(count_tokens))
    blocks = [Block("heading", "a b c d e", level=1), Block("paragraph", "f g")]
    assert [text_of(run) for run in cutter.pack(blocks)] == ["a b c", "d e\nf", "g"]


def test_the_window_is_the_last_word() -> None:
    cutter = Cutter(DEFAULT, 100, Tools(count_tokens, max_tokens=2))
    assert [text_of(r) for r in cutter.pack([Block("paragraph", "a b c")])] == ["a b", "c"]


def test_a_tokenizer_that_counts_line_ends_is_obeyed() -> None:
    def count(text: str) -> int:
        return len(text.replace("\n", "nn"))

    cutter = Cutter(DEFAULT, 10, Tools(count))
    runs = [text_of(run) for run in cutter.pack(Block("paragraph", c * 3) for c in "abcdef")]
    assert all(count(run) <= 10 for run in runs)
    assert squeeze(runs) == squeeze([c * 3 for c in "abcdef"])


def test_an_endless_word_is_cut_though_the_model_takes_it_for_one_token() -> None:
    cutter = Cutter(DEFAULT, 8, Tools(lambda text: len(text.split())))
    runs = [text_of(run) for run in cutter.pack([Block("paragraph", "x" * 10_000)])]
    assert max(map(len, runs)) < 8 * 32
    assert squeeze(runs) == "x" * 10_000


BLOCKS = st.lists(
    st.builds(
        Block,
        st.sampled_from(list[BlockKind](["heading", "paragraph", "list_item"])),
        st.text(alphabet="ab  .!?,\n。，克拉“”#e\u0301", max_size=60),
    ),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(BLOCKS, st.integers(1, 20), st.sampled_from([DEFAULT, "", "`##`", "`##`!", ".", "`\n\n`"]))
def test_nothing_is_lost_and_no_chunk_is_too_large(
    blocks: list[Block], budget: int, delimiter: str
) -> None:
    cutter = Cutter(delimiter, budget, Tools(count_tokens))
    runs = list(cutter.pack(blocks))
    texts = [text_of(run) for run in runs]
    assert squeeze(texts) == squeeze([block.text for block in blocks])
    assert all(0 < count_tokens(text) <= budget or len(text) == 1 for text in texts if text)
    assert all(text.strip() == text and text for text in texts)


@settings(max_examples=60, deadline=None)
@given(BLOCKS)
def test_a_short_heading_is_never_last(blocks: list[Block]) -> None:
    runs = list(Cutter(DEFAULT, 100, Tools(count_tokens)).pack(blocks))
    for run in runs[:-1]:
        assert run[-1].block.kind != "heading"


def test_a_question_goes_with_what_answers_it() -> None:
    texts = ["We are a shop in Cardiff.", "Do you deliver?", "We do, by bike.", "Tea is sold."]
    assert packed(texts, 12) == [
        "We are a shop in Cardiff.",
        "Do you deliver?\nWe do, by bike.",
        "Tea is sold.",
    ]


def test_a_list_of_questions_is_packed_like_any_text() -> None:
    texts = [f"Who brings the cake on day {number}?" for number in range(40)]
    assert squeeze(packed(texts, 20)) == squeeze(texts)
    assert all(count_tokens(text) > 10 for text in packed(texts, 20)[:-1])


def test_a_large_text_takes_seconds() -> None:
    line = "The kraken sleeps in the deep sea, and nobody knows when it wakes. "
    begin = time.perf_counter()
    assert len(packed([line * 8 + "\n" + line] * 800, 128)) > 100
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000"])
def test_white_space_gives_nothing(text: str) -> None:
    assert packed([text], 5) == []


def test_a_block_that_comes_again_is_said_again() -> None:
    block = Block("paragraph", "It sleeps.")
    runs = Cutter(DEFAULT, 50, Tools(count_tokens)).pack([block, block])
    assert [text_of(run) for run in runs] == ["It sleeps.\nIt sleeps."]


def overlapped(texts: Sequence[str], budget: int, overlap: float) -> list[str]:
    cutter = Cutter(DEFAULT, budget, Tools(count_tokens), overlap)
    return [text_of(run) for run in cutter.pack(Block("paragraph", text) for text in texts)]


def test_with_an_overlap_a_chunk_begins_with_the_end_of_the_one_before() -> None:
    assert overlapped(["a b!\nc d!\ne f!\ng h!"], 9, 0.34) == ["a b!\nc d!", "c d!\ne f!\ng h!"]
    words = " ".join(f"w{number}" for number in range(20))
    found = overlapped([words], 10, 0.2)
    assert all(two.split()[0] in one.split() for one, two in pairwise(found))
    assert all(count_tokens(text) <= 10 for text in found)


def test_nothing_is_said_again_over_a_heading_or_a_longer_delimiter() -> None:
    assert packed(["a ##", "b"], 4, "`##`") == ["a ##", "b"]
    cutter = Cutter("`##`", 40, Tools(count_tokens), 0.5)
    assert [text_of(r) for r in cutter.pack([Block("paragraph", "a ## b")])] == ["a ##", "b"]


def test_a_mark_that_rendering_took_away_parts_the_blocks() -> None:
    blocks = [
        Block("heading", "Pump", level=2, source="## Pump"),
        Block("paragraph", "It stands."),
        Block("heading", "Boiler", level=2, source="## Boiler"),
        Block("paragraph", "It hangs."),
    ]
    runs = Cutter("`##`", 50, Tools(count_tokens)).pack(blocks)
    assert [text_of(run) for run in runs] == ["Pump\nIt stands.", "Boiler\nIt hangs."]
