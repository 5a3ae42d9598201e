"""How much of what waits is committed at once, and how much may wait."""

import threading
from collections.abc import Iterator
from typing import cast

import pytest

from ragflow_local.ingest import drafted
from ragflow_local.ingest.drafted import Drafted, bytes_of, together
from ragflow_local.ingest.tasks import Parse
from ragflow_local.records import DocumentRow, Draft
from ragflow_local.settings import ParserSettings


class Document:
    def __init__(self, dataset_id: str, parse_method: str) -> None:
        self.dataset_id, self.parse_method = dataset_id, parse_method


def parse(
    chunks: int, dataset: str = "d", method: str = "naive", *, suspect: bool = False
) -> Parse:
    document = cast(DocumentRow, Document(dataset, method))
    made = Parse(document, 0, ParserSettings(), "", is_suspect=suspect)
    made.drafts = [Draft("The kraken sleeps.")] * chunks
    return made


def sizes(groups: Iterator[list[Parse]]) -> list[list[int]]:
    return [[len(one.drafts) for one in group] for group in groups]


def test_documents_are_put_together_up_to_a_number_of_chunks() -> None:
    parses = [parse(30), parse(30), parse(5), parse(100), parse(1)]
    assert sizes(together(parses, lambda: 64)) == [[30, 30], [5], [100], [1]]
    assert sizes(together(parses, lambda: 1000)) == [[30, 30, 5, 100, 1]]


def test_other_datasets_graphs_and_suspects_are_apart() -> None:
    others = [parse(1), parse(1, "e"), parse(1, "e", "knowledge_graph"), parse(1, "e")]
    assert sizes(together(others, lambda: 64)) == [[1], [1], [1], [1]]
    suspects = [parse(1), parse(2, suspect=True), parse(3), parse(4)]
    assert sizes(together(suspects, lambda: 64)) == [[1], [2], [3, 4]]


def test_a_group_is_no_larger_than_its_bytes_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafted, "_MOST_BYTES_OF_A_GROUP", 2 * bytes_of(parse(10)))
    assert sizes(together([parse(10) for _ in range(5)], lambda: 16_384)) == [
        [10, 10],
        [10, 10],
        [10],
    ]


def test_a_group_grows_with_what_can_be_written_and_is_small_while_somebody_waits() -> None:
    awaited = [False]
    waiting = Drafted(lambda: awaited[0])
    for _ in range(2000):
        waiting.put(parse(100))
    groups = waiting.groups()
    taken = []
    for _ in range(4):  # each done in no time
        group = next(groups)
        waiting.done(group, 0.0)
        taken.append(len(group.parses))
    assert taken == sorted(taken)
    assert taken[-1] * 100 <= drafted._MOST < (taken[-1] + 1) * 100
    waiting._chunks_a_second = 200.0  # a large model
    awaited[0] = True
    next(groups)
    assert len(next(groups).parses) == 1


def test_nothing_more_is_read_where_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafted, "_MOST_BYTES", bytes_of(parse(10)))
    waiting = Drafted(lambda: False)
    waiting.wait_for_room()
    waiting.put(parse(10))
    reads = threading.Thread(target=waiting.wait_for_room, daemon=True)
    reads.start()
    reads.join(0.05)
    assert reads.is_alive()
    groups = waiting.groups()
    group = next(groups)
    reads.join(0.05)
    assert reads.is_alive(), "it is on its way, not yet there"
    waiting.done(group, 1.0)
    reads.join(20)
    assert not reads.is_alive()


def test_where_a_large_model_embeds_no_more_is_read_than_it_needs() -> None:
    waiting = Drafted(lambda: False)
    waiting._chunks_a_second = 20.0
    waiting.put(parse(drafted._AHEAD - 1))
    assert waiting.has_room()
    waiting.put(parse(1))
    assert not waiting.has_room()
    waiting._chunks_a_second = 2000.0
    assert waiting.has_room()


def test_pictures_and_terms_count_as_what_waits() -> None:
    plain, pictured = parse(1), parse(0)
    pictured.drafts = [Draft("The kraken sleeps.", image=b"x" * 10_000)]
    assert bytes_of(pictured) - bytes_of(plain) == 10_000


def test_closing_ends_the_waiting() -> None:
    waiting = Drafted(lambda: False)
    waiting.put(parse(1))
    waiting.close()
    assert list(waiting.groups()) == []
    waiting.wait_for_room()
