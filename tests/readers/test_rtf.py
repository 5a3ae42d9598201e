import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.rtf import read


def texts(data: bytes) -> list[str]:
    return [block.text for block in read(data, "a.rtf")]


def test_formatting_is_gone_and_letters_of_the_code_page_are_there() -> None:
    assert texts(rb"{\rtf1\ansi\ansicpg1251 {\b \'cf\'f0}\par \u20320?x}") == ["Пр", "你x"]


def test_pictures_are_left_out() -> None:
    picture = b"{\\pict\\pngblip " + b"89504e47" * 100 + b"}"
    assert texts(rb"{\rtf1\ansi before" + picture + rb"\par after}") == ["before", "after"]


def test_what_is_no_rtf_is_damage() -> None:
    with pytest.raises(DamagedFileError, match="no RTF"):
        texts(b"plain text")


def test_page_heads_notes_and_comments_are_read_where_they_belong() -> None:
    data = (
        rb"{\rtf1\ansi{\header Lab 7\par}{\footer Page foot\par}Text{\footnote A note.}.\par"
        rb"{\*\atnauthor Ann}{\*\annotation Check this.}More\par}"
    )
    assert texts(data) == [
        "Lab 7",
        "Text.",
        "A note.",
        "More",
        "Comment by Ann: Check this.",
        "Page foot",
    ]


def test_deleted_and_hidden_text_is_left_out() -> None:
    assert texts(rb"{\rtf1\ansi a{\deleted 100}{\revised 120}{\v ghost}\v ghost\v0  b\par}") == [
        "a120 b"
    ]


def test_a_sign_beyond_the_first_plane_is_one() -> None:
    assert texts(rb"{\rtf1\ansi\uc1 \u-10179?\u-8704? x\par}") == ["\U0001f600 x"]


def test_tables_have_rows_and_cells_that_go_on_say_the_same() -> None:
    data = (
        rb"{\rtf1\ansi\trowd\clvmgf\cellx100\cellx200\intbl Nut\cell 3\cell\row"
        rb"\trowd\clvmrg\cellx100\cellx200\intbl \cell 4\cell\row\pard End\par}"
    )
    (table, end) = read(data)
    assert table.rows == (("Nut", "3"), ("Nut", "4"))
    assert end.text == "End"


def test_links_have_their_address_and_powers_their_sign() -> None:
    field = rb'{\field{\*\fldinst HYPERLINK "https://a.example/x"}{\fldrslt it}}'
    data = rb"{\rtf1\ansi " + field + rb" 10{\super 6}\par}"
    assert texts(data) == ["it (https://a.example/x) 10^6"]


def test_headings_have_the_level_of_their_style_and_bold_lines_say_so() -> None:
    styles = rb"{\stylesheet{\s2 heading 2;}}"
    data = rb"{\rtf1" + styles + rb"\pard\s2 Part\par\pard\b Bold\b0\par\pard Text\par}"
    found = [(b.kind, b.level, b.is_bold, b.text) for b in read(data)]
    assert found == [
        ("heading", 2, False, "Part"),
        ("paragraph", 0, True, "Bold"),
        ("paragraph", 0, False, "Text"),
    ]


def test_letters_are_read_in_the_code_page_of_their_font() -> None:
    fonts = (
        rb"{\fonttbl{\f0\fcharset204 Arial;}{\f1\fcharset2 Wingdings;}{\f2\fcharset128 Mincho;}}"
    )
    data = rb"{\rtf1\ansi" + fonts + rb"\f0 \'cf\'f0 {\f1 \'fe} {\f2 \'93\'fa}\par}"
    assert texts(data) == ["Пр ☑ 日"]


def test_what_a_form_holds_is_read() -> None:
    box = rb"{\*\fldinst FORMCHECKBOX{\*\formfield{\fftype1\ffres1}}}"
    assert texts(rb"{\rtf1{\field" + box + rb"{\fldrslt}} paid\par}") == ["☒  paid"]


def test_groups_without_end_are_bounded() -> None:
    assert texts(b"{\\rtf1 " + b"{" * 50_000 + b"deep") == ["deep"]
