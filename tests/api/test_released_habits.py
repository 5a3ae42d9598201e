"""What scripts for RAGFlow's clients do with the draft's objects."""

import pytest

from ragflow_local import Document, InvalidValueError, RAGFlow
from ragflow_local.settings import ParserSettings
from tests.conftest import Parse


def test_one_and_zero_are_true_and_false(rag: RAGFlow, parsed: Parse) -> None:
    document = parsed("pump.txt", b"The pump stands in the cellar.")
    [chunk] = document.list_chunks()
    chunk.available = 0  # type: ignore[assignment]  # as scripts do
    chunk.save()
    assert rag.get_chunk(chunk.id).available is False
    dataset = rag.create_dataset("plain", parser_config={"layout_recognize": 0})
    assert dataset.parser_config.layout_recognize is False
    chat = rag.create_chat(
        "c", knowledgebases=[], prompt={"prompt": "{knowledge}", "show_quote": 1}
    )
    assert chat.prompt.show_quote is True


@pytest.mark.parametrize("value", [2, "1", None, 0.5], ids=repr)
def test_other_things_are_no_truth(value: object) -> None:
    with pytest.raises(InvalidValueError, match="True or False"):
        ParserSettings(layout_recognize=value)  # type: ignore[arg-type]  # that is the test


def test_an_answer_is_read_once_in_a_loop(rag: RAGFlow, parsed: Parse) -> None:
    document: Document = parsed("pump.txt", b"The pump stands in the cellar.")
    chat = rag.create_chat("c", knowledgebases=[document.dataset_id])
    assert chat.avatar == ""
    answer = chat.create_session().ask("Where does the pump stand?")
    assert [message.content for message in answer] == [answer.content]


@pytest.mark.parametrize("name", ["retrieve", "get_chat", "list_agents", "create_memory"])
def test_a_released_name_says_where_it_is(rag: RAGFlow, name: str) -> None:
    with pytest.raises(AttributeError, match=r"from ragflow_local.sdk import RAGFlow"):
        getattr(rag, name)
    with pytest.raises(AttributeError, match=r"has no attribute 'nothing'$"):
        rag.nothing  # noqa: B018 -- that is the test


def test_a_released_name_of_a_dataset_says_where_it_is(rag: RAGFlow) -> None:
    dataset = rag.create_dataset("kb")
    with pytest.raises(AttributeError, match=r"from ragflow_local.sdk import RAGFlow"):
        dataset.upload_documents  # noqa: B018 -- that is the test
