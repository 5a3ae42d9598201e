"""What goes to a place, and what comes back from it: packed, bounded, checked."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.ingest import places, wire
from ragflow_local.ingest.counted import counted_of, sent
from ragflow_local.ingest.places import Pool, opened, packed, take
from ragflow_local.ingest.remote import SENT, Batch, Frame, Item, Outcome, Setup, encode
from ragflow_local.ingest.tasks import Parse
from ragflow_local.records import Draft
from ragflow_local.settings import Limits, ParserSettings
from tests.ingest.made import document_row, parse_of

SETUP = Setup("ragflow-local 1 on Python 3", "hashing", "", "hashing-256-1", 4, b"", Limits())
DRAFT = Draft("The kraken sleeps.")


def documents(*sizes: int, dataset: str = "d") -> list[Parse]:
    return [
        parse_of(document_row(f"{dataset}{at}", dataset_id=dataset, size=size))
        for at, size in enumerate(sizes)
    ]


def sizes_of(batches: list[list[Parse]]) -> list[int]:
    return [len(batch) for batch in batches]


def test_a_batch_is_bounded_by_files_and_by_bytes() -> None:
    assert sizes_of(list(packed(documents(*[1] * 1000), 1))) == [64] * 15 + [40]
    large = places._BATCH_BYTES + 1
    assert sizes_of(list(packed(documents(1, large, large, 1), 1))) == [1, 1, 1, 1]


def test_few_documents_go_to_all_that_work_there() -> None:
    assert sizes_of(list(packed(documents(*[1] * 32), 4))) == [2] * 16
    assert sizes_of(list(packed(documents(1, 1), 1000))) == [1, 1]


def test_a_batch_has_documents_of_one_dataset() -> None:
    mixed = [
        parse
        for pair in zip(documents(1, 1), documents(1, 1, dataset="e"), strict=True)
        for parse in pair
    ]
    batches = list(packed(mixed, 0))
    assert [{parse.document.dataset_id for parse in batch} for batch in batches] == [
        {"d"},
        {"d"},
        {"e"},
        {"e"},
    ]
    assert list(packed([], 3)) == []


def batch_of(count: int) -> Batch:
    item = Item("a.txt", "text", "naive", ParserSettings(), b"The kraken sleeps.")
    return Batch(SETUP, [item] * count)


def test_a_frame_answers_each_document_or_refuses_all() -> None:
    assert len(opened(encode(Frame([Outcome()] * 2)), batch_of(2)).outcomes) == 2
    assert opened(encode(Frame([], "another model")), batch_of(2)).refused == "another model"
    with pytest.raises(ValueError, match="1 of 2 documents came back"):
        opened(encode(Frame([Outcome()])), batch_of(2))
    with pytest.raises(ValueError, match="no frame came back"):
        opened(b"\xc1", batch_of(2))


def test_a_frame_that_is_too_large_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_MOST_FRAME_BYTES", 10)
    with pytest.raises(ValueError, match="bytes came back"):
        opened(encode(Frame([Outcome(failed="x" * 10)])), batch_of(1))


def outcome(**others: object) -> Outcome:
    counted = sent(counted_of([DRAFT], "a.txt", len))
    vector = np.array([[0.6, 0.8, 0, 0]], SENT).tobytes()
    values: dict[str, object] = {"drafts": [DRAFT], "counted": counted, "vectors": vector}
    return Outcome(**{**values, **others})  # type: ignore[arg-type]


def test_what_comes_back_is_taken_as_if_a_worker_had_sent_it() -> None:
    parse = parse_of(document_row())
    take(parse, outcome(notices=["one"], pages=3), 4)
    assert parse.drafts == [DRAFT]
    assert parse.counted is not None
    assert parse.counted.tokens == [len(DRAFT.content)]
    assert parse.vectors is not None
    assert np.allclose(parse.vectors, [[0.6, 0.8, 0, 0]], atol=1e-3)
    assert (parse.notices, parse.pages) == (["one"], 3)


def test_a_text_without_words_may_have_no_direction() -> None:
    parse = parse_of(document_row())
    take(parse, outcome(vectors=bytes(8)), 4)
    assert parse.vectors is not None


@pytest.mark.parametrize(
    "others",
    [
        {"counted": None},
        {"counted": wire.Counted([1, 1], ["", ""], [], b"", b"", b"")},
        {"vectors": b""},
        {"vectors": bytes(7)},
        {"vectors": np.array([[9, 9, 9, 9]], SENT).tobytes()},
        {"vectors": np.array([[np.nan, 0, 0, 0]], SENT).tobytes()},
        {"vectors": np.array([[np.inf, 0, 0, 0]], SENT).tobytes()},
        {"drafts": [DRAFT, DRAFT]},
    ],
    ids=["no counts", "other counts", "none", "half", "long", "nan", "infinite", "other drafts"],
)
def test_what_cannot_be_of_the_document_is_refused(others: dict[str, object]) -> None:
    with pytest.raises(DamagedFileError, match=r"a\.txt"):
        take(parse_of(document_row()), outcome(**others), 4)


def test_what_is_told_the_user_is_not_endless() -> None:
    parse = parse_of(document_row())
    take(parse, outcome(notices=["x" * 10_000] * 2000), 4)
    assert len(parse.notices) == 1000
    assert len(parse.notices[0]) < 5000


def test_an_executor_is_a_place() -> None:
    with ThreadPoolExecutor(1) as executor:
        pool = Pool(executor, 3)
        assert (pool.name, pool.width, pool.reads_files) == ("ThreadPoolExecutor", 3, False)
        [future] = pool.submit_to_each(encode(Batch(SETUP, [])))
        assert "it has ragflow-local" in opened(future.result(), batch_of(0)).refused
        pool.close()
        assert not executor._shutdown
