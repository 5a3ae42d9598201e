"""What an answer reads of a chat's datasets besides the hits of a search."""

from __future__ import annotations

from ragflow_local import RAGFlow


def test_documents_are_described_once_they_are_parsed(rag: RAGFlow) -> None:
    dataset = rag.create_dataset("club")
    dataset.add_documents([("rules.txt", b"Club rules\n\nThe club meets on Mondays in the mill.")])
    dataset.parse()
    dataset.add_documents([("later.txt", b"The club has a boat.")])
    session = rag.create_chat("club", knowledgebases=[dataset]).create_session()
    message = session.ask("What are these files about?")
    assert message.content == "rules.txt: Club rules. The club meets on Mondays in the mill. [ID:0]"
    assert [chunk.document_name for chunk in message.reference] == ["rules.txt"]


def test_a_chunk_that_is_switched_off_is_not_described(rag: RAGFlow) -> None:
    dataset = rag.create_dataset("club")
    dataset.add_documents([("rules.txt", b"The club meets on Mondays in the mill.")])
    dataset.parse()
    [document] = dataset.list_docs()
    [chunk] = document.list_chunks()
    chunk.available = False
    chunk.save()
    session = rag.create_chat("club", knowledgebases=[dataset]).create_session()
    assert "Mondays" not in session.ask("What are these files about?").content
