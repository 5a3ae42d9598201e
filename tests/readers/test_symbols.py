from ragflow_local.readers.symbols import in_font, sign_of


def test_letters_of_a_symbol_font_are_its_signs() -> None:
    assert in_font("þ o", "Wingdings") == "☑ ☐"
    assert in_font("a", "Symbol") == "α"
    assert in_font("a", "Arial") == "a"


def test_a_private_code_is_the_sign_at_its_place() -> None:
    assert sign_of("Wingdings", 0xF0FE) == "☑"
    assert sign_of("Wingdings 2", 0xF052) == "☑"
    assert sign_of("Wingdings", 0xF001) == ""
