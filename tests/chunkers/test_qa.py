import pytest

from ragflow_local.chunkers.qa import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft, Notice
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def pairs(blocks: list[Block], window: int = 1 << 20) -> list[tuple[str, str]]:
    found = chunk(blocks, ParserSettings(), Tools(count_tokens, window))
    return [(d.match_text, d.content) for d in found if isinstance(d, Draft)]


def table(*rows: tuple[str, ...]) -> Block:
    return Block("table", "\n".join("\t".join(row) for row in rows), rows=rows)


def test_a_row_of_two_columns_is_a_pair_and_only_the_question_is_matched() -> None:
    assert pairs([table(("Who sleeps?", "The kraken."), ("Who sings?", "Nobody."))]) == [
        ("Who sleeps?", "Who sleeps?\nThe kraken."),
        ("Who sings?", "Who sings?\nNobody."),
    ]


def test_a_header_says_which_column_is_which() -> None:
    assert pairs([table(("Answer", "Question"), ("The kraken.", "Who sleeps?"))]) == [
        ("Who sleeps?", "Who sleeps?\nThe kraken.")
    ]


def test_marked_lines_are_pairs() -> None:
    text = "Before.\nQ: Who sleeps?\nA: The kraken.\nDeep down.\n\nQ2: Who sings?\nA2: Nobody."
    assert pairs([Block("paragraph", text)]) == [
        ("", "Before."),
        ("Who sleeps?", "Who sleeps?\nThe kraken.\nDeep down."),
        ("Who sings?", "Who sings?\nNobody."),
    ]


def test_chinese_marks_are_known() -> None:
    assert pairs([Block("paragraph", "问：谁在睡觉？\n答：克拉肯。")]) == [
        ("谁在睡觉？", "谁在睡觉？\n克拉肯。")
    ]


def test_headings_are_questions() -> None:
    blocks = [
        Block("heading", "FAQ", level=1),
        Block("heading", "Who sleeps?", level=2),
        Block("paragraph", "The kraken."),
        Block("heading", "Who sings?", level=2),
        Block("paragraph", "Nobody."),
    ]
    assert pairs(blocks)[1] == ("Who sings?", "Who sings?\nNobody.")


def test_each_part_of_a_long_answer_begins_with_the_question() -> None:
    found = pairs([table(("Who?", "One two. " * 20))], window=16)
    assert len(found) > 2
    assert all(content.startswith("Who?\n") and match == "Who?" for match, content in found)


def test_a_text_without_questions_is_packed_and_says_so() -> None:
    found = list(chunk([Block("paragraph", "The kraken sleeps.")], ParserSettings(), TOOLS))
    assert [type(item) for item in found] == [Draft, Notice]


def test_japanese_marks_are_known() -> None:
    text = "質問：誰が眠りますか？\n回答：クラーケンです。\nQ. 誰が歌いますか？\nA. 誰も。"
    assert [question for question, _ in pairs([Block("paragraph", text)])] == [
        "誰が眠りますか？",
        "誰が歌いますか？",
    ]


def test_lines_of_two_columns_with_a_tab_are_pairs() -> None:
    text = "Who sleeps?\tThe kraken.\nWho sings?\tNobody.\nWho swims?\tAll."
    assert pairs([Block("paragraph", text)]) == [
        ("Who sleeps?", "Who sleeps?\nThe kraken."),
        ("Who sings?", "Who sings?\nNobody."),
        ("Who swims?", "Who swims?\nAll."),
    ]


def test_a_line_without_a_tab_goes_on_with_the_answer() -> None:
    lines = ["Who sleeps?\tThe kraken.", "Deep down.", *("Who?\tNobody.",) * 5]
    assert pairs([Block("paragraph", "\n".join(lines))])[0] == (
        "Who sleeps?",
        "Who sleeps?\nThe kraken.\nDeep down.",
    )


def test_paragraphs_that_begin_with_a_question_are_pairs() -> None:
    blocks = [
        Block("heading", "Krakens", level=1),
        Block("paragraph", "1. Who sleeps?\nThe kraken."),
        Block("paragraph", "2. Who sings?"),
        Block("paragraph", "Nobody. Why would they? They are asleep."),
    ]
    assert pairs(blocks) == [
        ("1. Who sleeps?", "1. Who sleeps?\nThe kraken."),
        ("2. Who sings?", "2. Who sings?\nNobody. Why would they? They are asleep."),
    ]


def test_a_heading_ends_an_answer_and_stands_above_the_next_question() -> None:
    blocks = [
        Block("heading", "Sleep", level=1),
        Block("paragraph", "Q: Who sleeps?\nA: The kraken."),
        Block("heading", "Song", level=1),
        Block("paragraph", "Q: Who sings?\nA: Nobody."),
    ]
    assert pairs(blocks) == [
        ("Who sleeps?", "Who sleeps?\nThe kraken."),
        ("Who sings?", "Who sings?\nNobody."),
    ]
    found = [d for d in chunk(blocks, ParserSettings(), TOOLS) if isinstance(d, Draft)]
    assert [draft.headings for draft in found] == [("Sleep",), ("Song",)]


def test_headings_that_are_questions_count_beside_marked_lines() -> None:
    blocks = [
        Block("heading", "Who sleeps?", level=1),
        Block("paragraph", "The kraken."),
        Block("heading", "More", level=1),
        Block("paragraph", "Q: Who sings?\nA: Nobody."),
    ]
    assert [question for question, _ in pairs(blocks)] == ["Who sleeps?", "Who sings?"]


def test_the_heading_above_a_question_is_no_part_of_it() -> None:
    blocks = [
        Block("heading", "FAQ", level=1),
        Block("heading", "Who sleeps?", level=2),
        Block("paragraph", "The kraken."),
    ]
    assert pairs(blocks) == [("Who sleeps?", "Who sleeps?\nThe kraken.")]


def table_of(*rows: tuple[str, ...]) -> Block:
    return Block("table", "\n".join("\t".join(row) for row in rows), rows=rows)


@pytest.mark.parametrize(
    "names",
    [
        ("标准问题", "标准回答", "分类"),
        ("Frage", "Antwort", "Thema"),
        ("Customer question", "Our answer", "Topic"),
        ("Pregunta", "Respuesta", "Tema"),
        ("Вопрос", "Ответ", "Тема"),
        ("質問内容", "回答", "分類"),
        ("질문", "답변", "분류"),
    ],
)
def test_a_header_in_any_language_is_no_pair(names: tuple[str, ...]) -> None:
    header = tuple("質問" if name == "質問内容" else name for name in names)
    assert [
        q for q, _ in pairs([table_of(header, ("Who?", "It.", "x"), ("Where?", "There.", "y"))])
    ] == [
        "Who?",
        "Where?",
    ]


def test_a_column_of_running_numbers_is_no_question() -> None:
    bare = table_of(("1", "Who?", "It."), ("2", "Where?", "There."))
    assert pairs([bare]) == [("Who?", "Who?\nIt."), ("Where?", "Where?\nThere.")]
    named = table_of(("No.", "Question", "Answer"), ("1", "Who?", "It."))
    assert pairs([named]) == [("Who?", "Who?\nIt.")]


@pytest.mark.parametrize(
    "text",
    [
        "1、谁在睡？\n答：海怪。\n2、谁在唱？\n答：没人。",
        "1. 谁在睡？\n海怪。\n2. 谁在唱？\n没人。",
        "谁在睡？\n海怪。\n谁在唱？\n没人。",
        "（1）谁在睡\n答案：海怪。\n（2）谁在唱\n答案：没人。",
    ],
    ids=["answers marked", "numbers", "lines", "no question marks"],
)
def test_a_pair_a_number_or_a_line(text: str) -> None:
    found = pairs([Block("paragraph", text)])
    assert len(found) == 2
    assert all(said in content for said, (_, content) in zip(("海怪", "没人"), found, strict=True))
