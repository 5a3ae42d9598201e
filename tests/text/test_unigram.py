import random
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from ragflow_local.text.tokens import token_counter
from ragflow_local.text.unigram import Unigram, head_of
from tests.text.pieces import SPECIAL, write_pieces

PIECES = {
    "\u2581": -3.0,
    "\u2581the": -2.0,
    "\u2581kraken": -6.0,
    "\u2581kra": -5.0,
    "ken": -5.0,
    "k": -7.0,
    "a": -4.0,
    "e": -4.0,
    "n": -4.5,
    "巨": -6.0,
    "妖": -6.5,
    "巨妖": -9.0,
    "é": -8.0,
    "\uff5e": -8.0,
    "1": -5.0,
    "2": -5.0,
}
RULES = {"\t": " ", "\n": " ", "\x01": "", "\u2581": " ", "\u200b": " ", "①": "1"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_pieces(tmp_path / "pieces.bin", PIECES, RULES)


@pytest.fixture
def oracle() -> Any:
    vocabulary = [*((name, 0.0) for name in SPECIAL), *PIECES.items(), ("<mask>", 0.0)]
    made: Any = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    made.normalizer = normalizers.Sequence(
        [
            *(normalizers.Replace(point, text) for point, text in RULES.items()),
            normalizers.Replace("\uff5e", "\ue0ff"),
            normalizers.NFKC(),
            normalizers.Replace("\ue0ff", "\uff5e"),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace("\u2581", prepend_scheme="always", split=False)
    return made


def test_any_text_has_the_tokens_of_the_library(file: Path, oracle: Any) -> None:
    chance = random.Random(1)
    unigram = Unigram(file)
    letters = [
        "the",
        "kraken",
        "kra",
        *"kaen巨妖é①12\uff5e \t\n\x01\u2581\u200bxyzｅ",
        "e\u0301",
        "  ",
    ]
    for _ in range(3000):
        text = "".join(chance.choices(letters, k=chance.randint(0, 12)))
        assert unigram.encode(text, 99)[1:-1] == oracle.encode(text).ids, repr(text)


def test_the_most_probable_pieces_are_taken_and_not_the_longest(file: Path) -> None:
    ids = {piece: len(SPECIAL) + number for number, piece in enumerate(PIECES)}
    assert Unigram(file).encode("the kraken", 99) == [0, ids["\u2581the"], ids["\u2581kraken"], 2]


def test_a_text_is_cut_at_the_window(file: Path) -> None:
    unigram = Unigram(file)
    whole = unigram.encode("the kraken " * 50, 999)
    assert unigram.encode("the kraken " * 50, 10) == [*whole[:9], 2]
    assert len(unigram.encode("巨妖" * 5000, 10)) == 10
    assert unigram.encode("", 10) == [0, 2]


def test_what_is_called_like_a_special_token_is_text(file: Path) -> None:
    assert not {0, 1, 2} & set(Unigram(file).encode("<s></s><pad>", 99)[1:-1])


def test_tokens_are_counted_without_the_special_ones(file: Path) -> None:
    count = token_counter(file)
    assert count("the kraken the kraken") == 4
    assert count("") == 0


def test_a_torn_file_is_told(file: Path) -> None:
    data = file.read_bytes()
    assert head_of(file) == data
    for size in (10, 200, len(data) - 3):
        file.write_bytes(data[:size])
        with pytest.raises(ValueError, match="damaged"):
            Unigram(file)
    file.write_bytes(b"E5S2" + data[4:])
    with pytest.raises(ValueError, match="E5S1"):
        Unigram(file)
