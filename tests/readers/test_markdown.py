import pytest

from ragflow_local.readers.markdown import read


def seen(text: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in read(text.encode())]


def test_headings_have_their_level() -> None:
    levels = [block.level for block in read(b"# One\n\nTwo\n---\n\n### *Three* `x`\n")]
    assert levels == [1, 2, 3]


def test_source_lines_of_a_paragraph_are_joined() -> None:
    assert seen("It sleeps\nstill.\n\n它在\n睡觉。") == [
        ("paragraph", "It sleeps still."),
        ("paragraph", "它在睡觉。"),
    ]


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
        ("paragraph", "See the sea now."),
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
