import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import InvalidValueError

PARTS = {"Cellar": ("Pump.", "Boiler hums.", "Key."), "Roof": ("Tiles.", "Gutter.")}


@pytest.fixture
def handbook(rag: RAGFlow) -> RAGFlow:
    dataset = rag.create_dataset("kb")
    dataset.update({"parser_config": {"chunk_token_count": 4}})
    text = "".join(
        f"# {title}\n\n" + "".join(f"{line}\n\n" for line in lines)
        for title, lines in PARTS.items()
    )
    document = rag.add_document(dataset, "house.md", text.encode())
    document.async_parse()
    *_, _ = document.join(interval=1)
    return rag


def beside(rag: RAGFlow, question: str, neighbours: int | str) -> tuple[str, list[str]]:
    found, *_ = rag.retrieval(
        question, rag.list_datasets(), similarity_threshold=0, neighbours=neighbours
    )
    return found.content, [chunk.content for chunk in found.neighbours]


def test_a_hit_brings_the_chunks_around_it(handbook: RAGFlow) -> None:
    content, others = beside(handbook, "boiler hums", 1)
    assert "Boiler" in content
    assert [text.split("\n")[-1] for text in others] == ["Pump.", "Key."]
    assert beside(handbook, "boiler hums", 0)[1] == []


def test_a_hit_brings_its_section_and_no_other(handbook: RAGFlow) -> None:
    _, others = beside(handbook, "gutter", "section")
    assert [text.split("\n")[-1] for text in others] == ["Tiles."]


@pytest.mark.parametrize("wrong", [-1, 21, True, "page", 1.5])
def test_what_is_no_reach_is_refused(handbook: RAGFlow, wrong: object) -> None:
    with pytest.raises(InvalidValueError, match="neighbours"):
        handbook.retrieval("x", handbook.list_datasets(), neighbours=wrong)  # type: ignore[arg-type]  # refused


def test_a_chat_reads_neighbours_with_what_was_found(handbook: RAGFlow) -> None:
    settings = {"neighbours": 1, "top_n": 1, "similarity_threshold": 0.0}
    chat = handbook.create_chat("c", knowledgebases=handbook.list_datasets())
    chat.update({"prompt": settings, "llm": {"model_name": "extractive"}})
    answer = chat.create_session("s").ask("What hums, the boiler?", stream=False)
    assert "Boiler" in answer.content
    assert len(answer.reference) == 3
