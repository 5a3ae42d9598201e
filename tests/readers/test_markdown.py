import pytest

from ragflow_local.readers.markdown import read


def seen(text: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in read(text.encode())]


def test_headings_have_their_level() -> None:
    levels = [block.level for block in read(b"# One\n\nTwo\n---\n\n### *Three* `x`\n")]
    assert levels == [1, 2, 3]


def test_source_lines_of_a_paragraph_are_joined() -> None:
    full = "The kraken sleeps in the deepest of all the seas there"
    assert seen(f"{full}\nare still.\n\n{'它在海底睡觉' * 5}\n还在睡。") == [
        ("paragraph", f"{full} are still."),
        ("paragraph", f"{'它在海底睡觉' * 5}还在睡。"),
    ]


def test_lines_that_end_or_begin_something_stay_lines() -> None:
    full = "Q: What does the kraken do in the deepest of all seas"
    for text in (
        "It sleeps\nstill.",
        f"{full}\nA: It sleeps.",
        f"{full}?\nIt sleeps.",
        "第一条 为了规范。\n第二条 本规定",
    ):
        assert seen(text) == [("paragraph", text)]


def test_list_items_keep_numbers_and_depth() -> None:
    assert seen("1. one\n   - inner\n1. two\n\n   more\n7. seven\n") == [
        ("list_item", "1. one"),
        ("list_item", "  - inner"),
        ("list_item", "2. two"),
        ("list_item", "more"),
        ("list_item", "7. seven"),
    ]


def test_a_table_has_rows() -> None:
    (block,) = read(b"| a | b |\n|---|---|\n| 1 | `x` **y** |\n")
    assert block.rows == (("a", "b"), ("1", "x y"))


def test_code_is_kept_as_it_stands() -> None:
    assert seen("```python\ndef f():\n    return 1\n```\n") == [
        ("paragraph", "def f():\n    return 1")
    ]


def test_front_matter_gives_fields() -> None:
    assert seen("---\ntitle: Deep\ntags:\n  - sea\n---\n\nText") == [
        ("field", "title: Deep"),
        ("field", "tags:\n  - sea"),
        ("paragraph", "Text"),
    ]


def test_links_and_pictures_are_their_texts() -> None:
    assert seen("See [the *sea*](http://x.example) <b>now</b>.\n\n![A squid](s.png)\n") == [
        ("paragraph", "See the sea (http://x.example) now."),
        ("figure", "A squid"),
    ]


def test_html_within_is_read_as_html() -> None:
    assert seen("<p>It <b>sleeps</b></p>\n<script>no()</script>\n\nText") == [
        ("paragraph", "It sleeps"),
        ("paragraph", "Text"),
    ]


def test_footnotes_are_not_lost() -> None:
    text = " ".join(text for _, text in seen("Deep[^1] sea[^2].\n\n[^1]: Very.\n[^2]: word\n"))
    assert "Very." in text
    assert "word" in text


@pytest.mark.parametrize(
    "text",
    [
        "> " * 5000 + "deep",
        ">" * 5000 + "deep",
        "- " * 5000 + "deep",
        "\n".join(f"{'  ' * level}- deep" for level in range(300)),
    ],
    ids=["quotes", "narrow quotes", "lists in a line", "lists"],
)
def test_text_nested_deeper_than_anything_sensible_is_not_lost(text: str) -> None:
    found = [block.text for block in read(text.encode())]
    assert " ".join(found).count("deep") == text.count("deep")


def test_a_number_without_text_is_kept() -> None:
    found = [block.text for block in read(b"1. one\n2.\n3. 1. three, one\n   2. three, two\n")]
    assert found == ["1. one", "2.", "3. 1. three, one", "  2. three, two"]


@pytest.mark.parametrize(
    "text",
    [
        r"The set is $\{1,2\}$ and $\|x\|_2$.",
        "$$\nA = a & b \\\\ c, f*g*h\n$$",
        r"So \(a*b*c\) is it.",
        "\\begin{align}\na &= b*c*d \\\\\n\\end{align}",
        "It costs $5 and $10.",
    ],
)
def test_a_formula_stays_as_it_is_written(text: str) -> None:
    assert seen(text) == [("paragraph", text)]


@pytest.mark.parametrize(
    "text",
    [
        "Set <name> to List<String>.",
        "The key <HOST>:<PORT>.",
        "<TOKEN>",
        "Give <title> and <time>.",
    ],
)
def test_a_word_in_angle_brackets_is_a_word(text: str) -> None:
    assert seen(text) == [("paragraph", text)]


def test_a_dollar_before_code_begins_no_formula() -> None:
    said = seen("In *$HOME/bin*, or your `$PATH` it is.")
    assert said == [("paragraph", "In $HOME/bin, or your $PATH it is.")]


def test_marks_are_kept_as_what_the_author_wrote() -> None:
    found = list(read(b"# One\n\n---\n\ntwo\n\nThree\n=====\n\nfour\n<!-- x -->\n\n**five**\n"))
    sources = [block.source for block in found]
    assert ["---" in s for s in sources] == [False, True, False, False, False]
    assert ["=====" in s for s in sources] == [False, False, True, False, False]
    assert ["**" in s for s in sources] == [False, False, False, False, True]


def test_two_rules_with_prose_between_them_are_no_front_matter() -> None:
    assert seen("---\nIt sleeps.\n\n---\nMore") == [
        ("heading", "It sleeps."),
        ("paragraph", "More"),
    ] or (
        "paragraph",
        "It sleeps.",
    ) in seen("---\nIt sleeps.\n\n---\nMore")


def test_raised_digits_are_no_part_of_a_number() -> None:
    assert seen("10<sup>6</sup> and H<sub>2</sub>O") == [("paragraph", "10^6 and H₂O")]


def test_an_indented_paragraph_with_sentences_is_no_code() -> None:
    text = "Intro.\n\n    The tenant shall pay. He shall pay on time.\n\nSo:\n\n    gauge up\n"
    blocks = list(read(text.encode()))
    assert [block.is_code for block in blocks] == [False, False, False, True]
