"""What a worker counts is what the engine would, and is believed no further."""

import struct
from collections.abc import Callable

import msgspec
import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.ingest import wire
from ragflow_local.ingest.counted import Counted, counted_of, received, sent
from ragflow_local.records import ChunkRow, Draft
from ragflow_local.text.terms import chunk_terms
from ragflow_local.text.tokens import count_tokens

DRAFTS = [
    Draft("The kraken sleeps in the deep sea; the krakens' sea is deep.", headings=("Of krakens",)),
    Draft("Die Schiffe der Häfen laufen aus, die Häfen bleiben.", keywords=("Schiff", "Hafen")),
    Draft("克拉肯在深海睡觉。繁體字也一樣。", questions=("克拉肯在哪里？",)),
    Draft("ライオンは寝ている。", headings=("章", "節")),
    Draft("Какие корабли вышли в море?"),
    Draft("BESTBUY_2024Q2 1,234,567 C++ IT 😀 ½ ﬁne", data='{"a": 1}'),
    Draft("Q: Does it sing?\nA: No.", match_text="Does it sing?"),
    Draft(" \n\t"),
    Draft("x" * 5000),
    Draft("السفن في البحر والبحر عميق"),
]


def over_the_pipe(counted: Counted) -> wire.Counted:
    body = msgspec.msgpack.encode(sent(counted))
    return msgspec.msgpack.decode(body, type=wire.Counted)


@pytest.mark.parametrize("name", ["kraken.of.the.sea.txt", "名前.pdf", ".hidden", "x"])
def test_the_same_terms_and_tokens_come_whoever_counts(name: str) -> None:
    frame = over_the_pipe(counted_of(DRAFTS, name, count_tokens))
    counted = received(frame, DRAFTS, name)
    rows = [
        ChunkRow(
            number=at,
            id="",
            document_id="",
            dataset_id="",
            document_name=name,
            ordinal=at,
            content=draft.content,
            token_count=0,
            generation=1,
            headings=draft.headings,
            keywords=draft.keywords,
            questions=draft.questions,
            match_text=draft.match_text,
            create_time=0,
        )
        for at, draft in enumerate(DRAFTS)
    ]
    assert counted.bags.each() == [chunk_terms(row) for row in rows]
    assert list(counted.tokens) == [count_tokens(draft.content) for draft in DRAFTS]
    assert counted.languages[:3] == ["en", "de", "zh"]


def numbers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


GOOD = over_the_pipe(counted_of([Draft("a b a"), Draft("b")], "x", count_tokens))
ODD: dict[str, Callable[[wire.Counted], wire.Counted]] = {
    "one chunk fewer": lambda f: msgspec.structs.replace(f, tokens=[3]),
    "a language more": lambda f: msgspec.structs.replace(f, languages=["en"] * 3),
    "a long language": lambda f: msgspec.structs.replace(f, languages=["en", "x" * 1000]),
    "negative tokens": lambda f: msgspec.structs.replace(f, tokens=[3, -1]),
    "tokens without end": lambda f: msgspec.structs.replace(f, tokens=[3, 2**62]),
    "no sizes": lambda f: msgspec.structs.replace(f, sizes=b""),
    "half a number": lambda f: msgspec.structs.replace(f, sizes=f.sizes[:-1]),
    "sizes beyond the terms": lambda f: msgspec.structs.replace(f, sizes=numbers(3, 2**32 - 1)),
    "a count fewer": lambda f: msgspec.structs.replace(f, counts=f.counts[4:]),
    "a count of nothing": lambda f: msgspec.structs.replace(f, counts=b"\0" * len(f.counts)),
    "counts without end": lambda f: msgspec.structs.replace(f, counts=b"\xff" * len(f.counts)),
    "a term that is not there": lambda f: msgspec.structs.replace(f, terms=b"\7" * len(f.terms)),
    "a term twice in a chunk": lambda f: msgspec.structs.replace(f, terms=b"\0" * len(f.terms)),
    "a word twice": lambda f: msgspec.structs.replace(f, vocabulary=["a"] * len(f.vocabulary)),
    "a word of nothing": lambda f: msgspec.structs.replace(f, vocabulary=["", *f.vocabulary[1:]]),
    "a word without end": lambda f: msgspec.structs.replace(
        f, vocabulary=["w" * 100_000, *f.vocabulary[1:]]
    ),
    "a vocabulary without end": lambda f: msgspec.structs.replace(
        f, vocabulary=[*f.vocabulary, *(f"w{number}" for number in range(10_000))]
    ),
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_what_cannot_be_of_these_chunks_is_refused(
    change: Callable[[wire.Counted], wire.Counted],
) -> None:
    drafts = [Draft("a b a"), Draft("b")]
    assert received(GOOD, drafts, "x").bags.each()[0]["a"] == 2
    with pytest.raises(DamagedFileError, match="'x'"):
        received(change(GOOD), drafts, "x")
