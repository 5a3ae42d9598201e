import sys

import pytest

from ragflow_local.readers.html import blocks_of, read, read_main
from ragflow_local.records import Block, Notice


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


HIDDEN = [
    '<div style="display: none">ghost</div>',
    '<p style="color:red;visibility:hidden">ghost</p>',
    "<p hidden>ghost</p>",
    '<span aria-hidden="true">ghost</span>',
    "<dialog>ghost</dialog>",
    '<p class="a off">ghost</p>',
    '<p style="font-size:0px">ghost</p>',
    "<nav><a href='/'>ghost</a></nav>",
    "<footer>ghost</footer>",
    '<div role="navigation">ghost</div>',
    '<div id="cookie-banner">ghost</div>',
]


@pytest.mark.parametrize("markup", HIDDEN)
def test_what_nobody_sees_is_not_read(markup: str) -> None:
    page = f"<style>.off{{display:none}}</style><p>It sleeps in the sea.</p>{markup}<p>Still.</p>"
    assert [block.text for block in blocks_of(page)] == ["It sleeps in the sea.", "Still."]
    table = f"<table><tr><td>a<td>It sleeps in the sea {markup}</table>"
    page = f"<style>.off{{display:none}}</style>{table}"
    assert "ghost" not in " ".join(block.text for block in blocks_of(page))


def test_what_many_call_the_foot_of_the_page_is_none() -> None:
    page = (
        "<p>It sleeps in the sea.</p><div role=contentinfo>one</div><div role=contentinfo>two</div>"
    )
    assert [b.text for b in blocks_of(page)][1:] == ["one", "two"]
    page = "<p>It sleeps in the sea.</p><div role=contentinfo>ghost</div>"
    assert [b.text for b in blocks_of(page)] == ["It sleeps in the sea."]


def test_a_page_that_is_all_menu_is_read() -> None:
    assert [b.text for b in blocks_of("<nav><ul><li>One<li>Two</ul></nav>")] == ["- One", "- Two"]


def test_the_foot_of_an_article_and_a_page_about_cookies_are_read() -> None:
    page = "<article><p>It sleeps.</p><footer>By Ned</footer></article>"
    assert "By Ned" in [block.text for block in blocks_of(page)]
    page = f"<div class='about-cookies'><p>{'Cookies are baked. ' * 300}</p></div>"
    assert len(list(blocks_of(page))) == 1


def test_signs_links_and_formulas_read_on_one_line() -> None:
    page = (
        '<p>10<sup>6</sup> l, see <a href="https://a.example/m">the <b>manual</b></a>,'
        " <ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>,"
        " <math><mfrac><mn>1</mn><mn>2</mn></mfrac></math></p>"
    )
    said = "10^6 l, see the manual (https://a.example/m), 漢字, 1/2"
    assert [block.text for block in blocks_of(page)] == [said]
    (table,) = blocks_of(f"<table><tr><td>{page}<td>b</table>")
    assert table.rows[0][0] == said


def test_a_link_around_blocks_is_said_once() -> None:
    page = '<a href="https://a.example/x"><h2>Deep</h2><p>It sleeps.</p></a>'
    assert [b.text for b in blocks_of(page)] == ["Deep (https://a.example/x)", "It sleeps."]


def test_rules_and_comments_are_kept_as_what_the_author_wrote() -> None:
    page = "<p>one</p><hr><p>two</p><!-- split --><p>thr<!-- -->ee</p>"
    found = list(blocks_of(page))
    assert [block.text for block in found] == ["one", "two", "three"]
    assert "<hr>" in found[1].source
    assert "<!-- split -->" in found[2].source


def test_the_main_text_can_be_asked_for() -> None:
    story = "<p>The kraken sleeps in the deepest of seas, and has done so for ages, they say.</p>"
    menu = "<ul class='menu'>" + "<li><a href='/x'>Other news</a>" * 9 + "</ul>"
    page = f"<body>{menu}<article><h1>Deep</h1>{story * 9}</article><div class='ads'>Ads</div>"
    found = [b for b in read_main(page.encode()) if isinstance(b, Block)]
    assert found[0].text == "Deep"
    assert "Other news" not in " ".join(block.text for block in found)


def test_without_its_library_a_page_is_read_whole_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    *blocks, notice = read_main(b"<p>Menu</p><article>The kraken sleeps.</article>")
    assert [block.text for block in blocks if isinstance(block, Block)] == [
        "Menu",
        "The kraken sleeps.",
    ]
    assert isinstance(notice, Notice)
    assert "ragflow-local[web]" in notice.text


def test_a_page_without_a_main_text_is_read_whole_and_says_so() -> None:
    *blocks, notice = read_main(b"<p>x1</p>")
    assert isinstance(notice, Notice) or blocks


@pytest.mark.parametrize(
    ("markup", "is_code"),
    [
        ("<pre><code>gauge up</code></pre>", True),
        ("<pre class='language-sh'>gauge up</pre>", True),
        ("<div class='highlight'><pre>gauge up</pre></div>", True),
        ("<pre>Roses are red</pre>", False),
        ("<p>Type <code>gauge up</code> here</p>", False),
    ],
)
def test_preformatted_text_that_is_marked_as_code_is_code(markup: str, is_code: bool) -> None:
    blocks = list(read(markup.encode()))
    assert [block.is_code for block in blocks] == [is_code]
