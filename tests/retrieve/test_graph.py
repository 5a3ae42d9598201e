"""The knowledge graph in a search, through the API: names joined over documents, and led on."""

import json
from collections.abc import Sequence

import pytest

from ragflow_local import Chunk, DataSet, RAGFlow
from ragflow_local.records import ChunkRow
from ragflow_local.retrieve.parts import Part

TOWN = b"# Alice Moray\n\nAlice Moray was born in Port Ellen. Moray studied the deep sea."
MAYOR = (
    b"# Port Ellen\n\nPort Ellen is a town on Islay. Its harbour was planned by Walter Campbell."
)
OTHERS = [
    b"# Bergen\n\nBergen is a town in Norway. Bergen was the birthplace of many sailors.",
    b"# Harbour\n\nA harbour is planned by an engineer. Who plans a harbour knows the sea.",
    b"# Births\n\nBirths are written into the register of the town where a child was born.",
]
QUESTION = "Who planned the harbour of the town where Alice Moray was born?"


@pytest.fixture
def sea(rag: RAGFlow) -> DataSet:
    dataset = rag.create_dataset("sea", parse_method="knowledge_graph")
    ids = [
        rag.add_document(dataset, f"{number}.md", text).id
        for number, text in enumerate([TOWN, MAYOR, *OTHERS])
    ]
    rag.async_parse_documents(ids)
    for id in ids:
        *_, (progress, message) = rag.get_document(id=id).join(interval=0.01, timeout=60)
        assert progress == 100, message
    return dataset


def entity(rag: RAGFlow, sea: DataSet, name: str) -> list[Chunk]:
    hits = rag.retrieval(name, [sea], limit=50, similarity_threshold=0.0)
    return [h for h in hits if h.kind == "entity" and json.loads(h.data)["name"] == name]


def test_a_name_of_several_documents_is_one_hit_that_cites_all_its_sources(
    rag: RAGFlow, sea: DataSet
) -> None:
    (found,) = entity(rag, sea, "Port Ellen")
    sources = found.sources()
    assert {chunk.document_name for chunk in sources} == {"0.md", "1.md"}
    assert json.loads(found.data)["sources"] == [chunk.id for chunk in sources]
    assert all(chunk.kind == "text" and "Port Ellen" in chunk.content for chunk in sources)
    assert json.loads(found.data)["weight"] >= 3


def test_a_listed_entity_gives_its_sources_too(rag: RAGFlow, sea: DataSet) -> None:
    listed = rag.get_document(name="0.md").list_chunks(limit=50)
    (found,) = [c for c in listed if c.kind == "entity" and "Port Ellen" in c.content[:10]]
    assert len(found.sources()) == 2
    assert [chunk.sources() for chunk in listed if chunk.kind == "text"] == [[]]


def test_deleting_a_document_removes_what_rested_on_it_alone(rag: RAGFlow, sea: DataSet) -> None:
    rag.get_document(name="1.md").delete()
    assert entity(rag, sea, "Walter Campbell") == []
    (found,) = entity(rag, sea, "Port Ellen")
    assert [chunk.document_name for chunk in found.sources()] == ["0.md"]
    rag.get_document(name="0.md").delete()
    assert entity(rag, sea, "Port Ellen") == []


def test_the_passage_that_the_question_does_not_name_is_found(rag: RAGFlow, sea: DataSet) -> None:
    hits = rag.retrieval(QUESTION, [sea], limit=2, similarity_threshold=0.0)
    assert {hit.document_name for hit in hits} == {"0.md", "1.md"}


def test_similarities_stay_in_order_and_pages_do_not_overlap(rag: RAGFlow, sea: DataSet) -> None:
    whole = rag.retrieval(QUESTION, [sea], limit=50, similarity_threshold=0.0)
    similarities = [hit.similarity for hit in whole]
    assert similarities == sorted(similarities, key=lambda s: -(s or 0))
    assert all(s is not None and 0 <= s <= 1 for s in similarities)
    parts = [
        hit.id
        for offset in range(0, len(whole), 3)
        for hit in rag.retrieval(QUESTION, [sea], offset=offset, limit=3, similarity_threshold=0.0)
    ]
    assert parts == [hit.id for hit in whole]


def test_a_page_of_a_graph_reads_few_rows_and_pages_follow_one_another(
    rag: RAGFlow, sea: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(number: int, size: int) -> list[Chunk]:
        hits = rag.retrieval(
            QUESTION, [sea], offset=(number - 1) * size, limit=size, similarity_threshold=0.0
        )
        return list(hits)

    every = page(1, 200)
    assert len({hit.id for hit in every}) == len(every) > 10
    read: list[int] = []
    whole = Part.by_numbers

    def counted(self: Part, numbers: Sequence[int]) -> dict[int, ChunkRow]:
        read.append(len(numbers))
        return whole(self, numbers)

    monkeypatch.setattr(Part, "by_numbers", counted)
    for number in range(1, 5):
        some = page(number, 2)
        told = [(hit.id, hit.similarity, hit.data) for hit in some]
        assert told == [(hit.id, hit.similarity, hit.data) for hit in every[2 * number - 2 :][:2]]
    assert max(read) <= 8 < len(every)
