import json

import pytest

from ragflow_local.text.controls import escaped, without_controls

STEERING = [
    *("\x00", "\x07", "\x08", "\x0b", "\r", "\x1b", "\x7f", "\x85", "\x9b", "\x9d"),
    *("\u202a", "\u202d", "\u202e", "\u2066", "\u2067", "\u2069", "\u061c", "\ufeff", "\ufff9"),
]


@pytest.mark.parametrize("letter", STEERING, ids=ascii)
def test_what_steers_is_dropped_from_texts_and_escaped_in_json(letter: str) -> None:
    text = f"invoice{letter}fdp.exe"
    assert without_controls(text) == "invoicefdp.exe"
    written = escaped(json.dumps({text: [text]}, ensure_ascii=False))
    assert letter not in written
    assert json.loads(written) == {text: [text]}


def test_all_other_letters_stay() -> None:
    text = "naïve\tشكرا\nעברית 中文 👩‍👩‍👧 \u200d\u3000"
    assert without_controls(text) == text
    assert escaped(json.dumps(text, ensure_ascii=False)) == json.dumps(text, ensure_ascii=False)


def test_half_a_character_is_written_as_utf8() -> None:
    written = escaped(json.dumps("a\ud800b", ensure_ascii=False))
    assert json.loads(written.encode()) == "a\ud800b"
