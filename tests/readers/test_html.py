from ragflow_local.readers.html import blocks_of, read


def seen(markup: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in blocks_of(markup)]


def test_text_outside_any_block_is_kept() -> None:
    assert seen("before<p>in <b>bold</b>er</p>after<div>x<br>y</div>") == [
        ("paragraph", "before"),
        ("paragraph", "in bolder"),
        ("paragraph", "after"),
        ("paragraph", "x\ny"),
    ]


def test_scripts_and_styles_are_never_text() -> None:
    assert seen("<style>p{}</style><p>a</p><script>b()</script><template>c</template>") == [
        ("paragraph", "a")
    ]


def test_the_title_is_a_heading_unless_the_page_says_it_itself() -> None:
    assert seen("<title>Deep</title><p>x")[0] == ("heading", "Deep")
    assert seen("<title>Deep</title><h1>Deep</h1>") == [("heading", "Deep")]


def test_spanning_cells_are_said_where_they_count() -> None:
    (block,) = blocks_of(
        "<table><tr><th colspan=2>size<th>name</tr><tr><td rowspan=2>big<td>9<td>a</tr>"
        "<tr><td>8<td>b</tr></table>"
    )
    assert block.rows == (("size", "size", "name"), ("big", "9", "a"), ("big", "8", "b"))


def test_a_table_that_only_places_things_is_no_table() -> None:
    markup = "<table><tr><td><h2>Head</h2><table><tr><td>a<td>b</tr></table><td></table>"
    assert [kind for kind, _ in seen(markup)] == ["heading", "table"]


def test_list_items_have_marks() -> None:
    assert seen("<ol start=3><li>c<ul><li>inner</ul><li>d</ol>") == [
        ("list_item", "3. c"),
        ("list_item", "  - inner"),
        ("list_item", "4. d"),
    ]


def test_a_definition_goes_with_its_term() -> None:
    assert seen("<dl><dt>Kraken<dd>A squid.<dt>Hydra</dl>") == [
        ("list_item", "Kraken: A squid."),
        ("list_item", "Hydra"),
    ]


def test_preformatted_text_keeps_its_lines() -> None:
    assert seen("<pre>\n  a\n    b\n</pre>") == [("paragraph", "  a\n    b")]


def test_pictures_say_their_alternative_text() -> None:
    assert seen(
        '<p><img alt="A squid"></p><figure><img><figcaption>Fig. 1</figcaption></figure>'
    ) == [
        ("figure", "A squid"),
        ("figure", "Fig. 1"),
    ]


def test_a_page_is_read_in_the_encoding_it_declares() -> None:
    page = '<meta charset="windows-1250"><p>Łódź</p>'
    assert [block.text for block in read(page.encode("cp1250"))] == ["Łódź"]


def test_cells_that_claim_to_span_everything_do_no_harm() -> None:
    row = "<tr><td rowspan=65000 colspan=1000>x</td><td>y</td></tr>"
    (block,) = blocks_of(f"<table>{row * 300}</table>")
    assert block.text.count("y") == 300


def test_text_nested_deeper_than_any_page_is_not_lost() -> None:
    assert "deep" in " ".join(text for _, text in seen("<div>" * 20_000 + "deep"))
