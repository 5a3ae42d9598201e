from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from ragflow_local.text.tokens import count_tokens, token_counter

TEXTS = [
    "",
    "The kraken sleeps.",
    "Un-known words, 3.14 and “quotes”\nover\tlines",
    "克拉肯在睡觉。It wakes 醒来了！",
    "e\u0301 naïve \x1c control \xa0 spaces \u3000 wide",
    "x" * 300,
    "a lone \ud800 surrogate",
]


def tokenizer_file(folder: Path, split: str) -> Path:
    words = ["[UNK]", *"abcdefghijklmnopqrstuvwxyz.,-", *(f"##{c}" for c in "abcdefghijklmnop")]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    if split == "bert":
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    path = folder / f"{split}.json"
    tokenizer.save(str(path))
    return path


def test_words_signs_and_chinese_characters_are_tokens() -> None:
    assert count_tokens("The kraken, 8 m.") == 6
    assert count_tokens("克拉肯 sleeps") == 4
    assert count_tokens("\U00020bb7野家") == 3
    assert count_tokens(" \n") == 0


def test_without_a_tokenizer_words_are_counted() -> None:
    assert token_counter(None) is count_tokens


@pytest.mark.parametrize("split", ["bert", "bytes"])
def test_counts_are_those_of_the_tokenizer_untruncated(tmp_path: Path, split: str) -> None:
    path = tokenizer_file(tmp_path, split)
    plain: Tokenizer = Tokenizer.from_file(str(path))
    plain.no_truncation()
    plain.no_padding()
    count = token_counter(path)
    for text in TEXTS:
        known = text.encode(errors="replace").decode()
        assert count(text) == len(plain.encode(known, add_special_tokens=False).ids)


def test_a_tokenizer_is_loaded_once(tmp_path: Path) -> None:
    path = tokenizer_file(tmp_path, "bert")
    assert token_counter(path) is token_counter(path)
