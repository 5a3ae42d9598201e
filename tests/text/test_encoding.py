import pytest

from ragflow_local.text.encoding import decode, find_encoding, tidy, without_unseen

SAID = [
    ("gb18030", "你好，世界"),
    ("gb18030", "中华人民共和国信托法"),
    ("gb18030", "产品,数量\n苹果,3\n香蕉,5"),
    ("big5", "中華民國"),
    ("big5", "資訊檢索系統"),
    ("cp932", "日本語のテスト"),
    ("cp932", "名前,年齢\n佐藤太郎,30"),
    ("euc_jp", "東京タワーは高い"),
    ("iso2022_jp", "日本語のテスト"),
    ("cp949", "안녕하세요"),
    ("cp1252", "Überraschung größer"),
    ("cp1252", "“smart quotes” – 50 €"),
    ("cp1252", "El niño comió"),
    ("cp1251", "Все люди рождаются свободными и равными в своем достоинстве"),
    ("cp1250", "Kotłownia znajduje się w piwnicy."),
    ("cp1250", "Fűtési idő: október."),
    ("cp1254", "Isıtma şubat ayında başlıyor"),
    ("cp1255", "חדר הדוודים נמצא במרתף."),
    ("cp1255", "שלום"),
    ("cp1257", "Katlinė yra rūsyje, raktas pas sargą."),
    ("cp1251", "Привет"),
    ("cp1252", "naïve café"),
    ("cp1252", "Größe 10³ m"),
    ("iso8859_2", "Zażółć gęślą jaźń, wszyscy ludzie rodzą się wolni"),
    ("utf-8", "naïve 你好"),
    ("utf-8-sig", "naïve 你好"),
    ("utf-16", "plain words"),
    ("utf-16-le", "plain words"),
    ("utf-16-be", "plain words"),
    ("utf-32", "plain words"),
    ("utf-32-le", "plain words"),
    ("utf-32-be", "plain words"),
]


@pytest.mark.parametrize(("encoding", "text"), SAID, ids=[f"{e}: {t[:12]}" for e, t in SAID])
def test_a_short_text_is_read_in_the_encoding_it_was_written_in(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_what_a_file_declares_is_taken_when_its_bytes_agree() -> None:
    assert decode("Łódź".encode("cp1250"), "windows-1250") == "Łódź"
    assert decode("Łódź".encode(), "windows-1250") == "Łódź"
    assert decode("für".encode("cp1252"), "no-such-charset") == "für"


def test_a_long_file_is_judged_by_all_of_it() -> None:
    assert decode(b"plain\n" * 100_000 + "größer".encode("cp1252")).endswith("größer")


def test_a_stray_byte_does_not_turn_utf8_into_something_else() -> None:
    assert find_encoding("äöü".encode() * 20 + b"\xff" + "ß".encode()) == "utf-8"


def test_a_character_cut_at_the_end_does_not_matter() -> None:
    assert decode("你好".encode()[:-1]).startswith("你")


def test_line_ends_of_all_kinds_become_one() -> None:
    assert tidy("a\r\nb\rc\nd\u2028e\x0bf") == "a\nb\nc\nd\ne\nf"


def test_what_no_text_holds_is_dropped() -> None:
    assert tidy("a\0b\ufeffc\x07d\te\ud800") == "abcd\te\ufffd"


def test_a_long_line_without_foreign_letters_is_passed_over_at_once() -> None:
    # Looked through again from each of its characters, this one would take an hour.
    text = b"a" * 1_000_000 + b"\ncaf\xe9\n"
    assert decode(text).endswith("\ncafé\n")


@pytest.mark.parametrize("odd", ["Größe".encode("cp1252"), "Kotłownia źle się".encode("cp1250")])
def test_one_odd_line_does_not_turn_the_others(odd: bytes) -> None:
    text = decode("Wärme\n".encode() + odd + "\nläuft gut\n".encode())
    assert text.startswith("Wärme\n")
    assert text.endswith("\nläuft gut\n")
    assert "\ufffd" not in text


def test_colours_of_a_terminal_are_dropped() -> None:
    assert tidy("\x1b[1;31mERROR\x1b[0m a\x1b]0;title\x07b\x1b(Bc\x1b[2K") == "ERROR abc"


def test_what_parts_a_word_unseen_is_dropped() -> None:
    assert tidy("Wärme\xadpumpe a\u200bb c\u2060d") == "Wärmepumpe ab cd"
    assert tidy("สวัสดี\u200bชาวโลก") == "สวัสดี\u200bชาวโลก"
    assert without_unseen("Wärme\xadpumpe") == "Wärmepumpe"
