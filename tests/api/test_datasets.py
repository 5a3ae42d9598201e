"""Names, lists, deletions and changes, as decided where the reference is silent."""

from typing import Any

import pytest

from ragflow_local import (
    DataSet,
    InvalidValueError,
    MissingModelError,
    NameTakenError,
    NotFoundError,
    RAGFlow,
)
from tests.conftest import Parse


@pytest.mark.parametrize("name", ["", "1st", "with space", "with-dash", "größe", None, "a" * 65536])
def test_a_dataset_name_outside_the_rule_is_refused(rag: RAGFlow, name: Any) -> None:
    with pytest.raises(InvalidValueError, match="letters"):
        rag.create_dataset(name)
    assert rag.list_datasets() == []


def test_a_dataset_name_may_be_as_long_as_the_rule_says(rag: RAGFlow) -> None:
    assert rag.create_dataset("_" + "a" * 65534).name.endswith("a")


def test_dataset_names_are_unique_without_regard_to_case(rag: RAGFlow) -> None:
    rag.create_dataset("Kraken")
    with pytest.raises(NameTakenError):
        rag.create_dataset("kraken")
    other = rag.create_dataset("squid")
    with pytest.raises(NameTakenError):
        other.update({"name": "KRAKEN"})
    assert rag.list_datasets(name="kRAKEN")[0].name == "Kraken"


@pytest.mark.parametrize("name", ["", "   ", "a\0b", "line\nbreak", "x" * 256, 7])
def test_a_document_name_outside_the_rule_is_refused(
    rag: RAGFlow, dataset: DataSet, name: Any
) -> None:
    with pytest.raises(InvalidValueError):
        rag.create_document(dataset, name, b"text")
    assert dataset.list_docs() == []


def test_the_second_document_of_a_name_gets_a_number(rag: RAGFlow, dataset: DataSet) -> None:
    for _ in range(3):
        rag.create_document(dataset, "a.txt", b"text")
    rag.create_document(dataset, "README", b"text")
    rag.create_document(dataset, "README", b"text")
    names = [document.name for document in dataset.list_docs()]
    assert names == ["a.txt", "a(1).txt", "a(2).txt", "README", "README(1)"]


def test_counts_of_a_new_dataset_must_be_0(rag: RAGFlow) -> None:
    with pytest.raises(InvalidValueError, match="document_count"):
        rag.create_dataset("a", document_count=3)
    with pytest.raises(InvalidValueError, match="chunk_count"):
        rag.create_dataset("a", chunk_count=1)


@pytest.mark.parametrize("ids", [None, []])
def test_nothing_is_deleted_unless_it_was_named(
    rag: RAGFlow, dataset: DataSet, ids: list[str] | None
) -> None:
    chat = rag.create_chat(knowledgebases=[dataset])
    chat.create_session()
    for delete in (rag.delete_datasets, rag.delete_chats, chat.delete_sessions):
        with pytest.raises(InvalidValueError):
            delete(ids)
    assert rag.list_datasets()
    assert rag.list_chats()
    assert chat.list_sessions()


def test_one_unknown_entry_and_nothing_at_all_is_deleted(rag: RAGFlow, dataset: DataSet) -> None:
    chat = rag.create_chat(knowledgebases=[dataset])
    session = chat.create_session()
    with pytest.raises(NotFoundError, match="nobody"):
        rag.delete_datasets([dataset.id, "nobody"])
    with pytest.raises(NotFoundError, match="nobody"):
        rag.delete_chats([chat.id, "nobody"])
    with pytest.raises(NotFoundError, match="nobody"):
        chat.delete_sessions([session.id, "nobody"])
    assert [item.id for item in rag.list_datasets()] == [dataset.id]
    assert [item.id for item in rag.list_chats()] == [chat.id]
    assert [item.id for item in chat.list_sessions()] == [session.id]


def test_lists_without_a_match_are_empty(rag: RAGFlow, dataset: DataSet) -> None:
    assert rag.list_datasets(id="nobody") == []
    assert rag.list_datasets(name="nobody") == []
    assert rag.list_chats(name="nobody") == []
    with pytest.raises(NotFoundError):
        rag.get_document(id="nobody")


def test_lists_are_paged_and_sorted(rag: RAGFlow) -> None:
    for name in ("b", "a", "c"):
        rag.create_dataset(name)
    latest_first = [item.name for item in rag.list_datasets()]
    assert latest_first == ["c", "a", "b"]
    by_name = rag.list_datasets(orderby="name", desc=False, page=2, page_size=2)
    assert [item.name for item in by_name] == ["c"]
    assert [item.name for item in rag.list_datasets(order_by="name")] == ["c", "b", "a"]
    wrong: dict[str, Any]
    for wrong in ({"page": 0}, {"page_size": 0}, {"orderby": "name; DROP TABLE datasets"}):
        with pytest.raises(InvalidValueError):
            rag.list_datasets(**wrong)


def test_a_document_name_in_several_datasets_asks_for_an_id(rag: RAGFlow) -> None:
    for name in ("one", "two"):
        rag.create_document(rag.create_dataset(name), "a.txt", b"text")
    with pytest.raises(InvalidValueError, match="one, two"):
        rag.get_document(name="a.txt")


@pytest.mark.parametrize(
    "change",
    [{"colour": "red"}, {"id": "x"}, {"tenant_id": "x"}, {"chunk_count": 4}, {"permission": "all"}],
)
def test_an_unknown_or_unchangeable_key_is_named(dataset: DataSet, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match=next(iter(change))):
        dataset.update({"description": "new", **change})
    assert dataset.description == ""


def test_attributes_that_cannot_change_cannot_be_assigned(parsed: Parse) -> None:
    document = parsed("a.txt", b"text")
    for name in ("id", "size", "run", "chunk_count", "dataset_id", "colour"):
        with pytest.raises(InvalidValueError, match=name):
            setattr(document, name, "x")


def test_nested_settings_are_merged(rag: RAGFlow, dataset: DataSet) -> None:
    dataset.update({"parser_config": {"chunk_token_num": 64}})
    dataset.update({"parser_config": {"delimiter": "\n"}})
    config = rag.get_dataset(dataset.name).parser_config
    assert (config.chunk_token_count, config.delimiter, config.task_page_size) == (64, "\n", 12)
    with pytest.raises(InvalidValueError, match="chunk_size"):
        dataset.update({"parser_config": {"chunk_size": 64}})


def test_the_method_and_the_model_change_only_while_there_are_no_chunks(
    dataset: DataSet, parsed: Parse
) -> None:
    document = parsed("a.txt", b"text")
    for change in ({"parse_method": "one"}, {"embedding_model": "all-MiniLM-L6-v2"}):
        with pytest.raises(InvalidValueError, match="chunk_count"):
            dataset.update(change)
    document.delete()
    dataset.update({"parse_method": "one"})
    assert dataset.chunk_method == "one"


def test_an_unknown_embedding_model_changes_nothing(dataset: DataSet) -> None:
    with pytest.raises(MissingModelError, match="models"):
        dataset.update({"embedding_model": "BAAI/bge-zh-v1.5"})
    assert dataset.embedding_model == "hashing"
    dataset.update({"embedding_model": "all-MiniLM-L6-v2"})
    assert dataset.embedding_model == "all-MiniLM-L6-v2"


@pytest.mark.parametrize(
    "change", [{"parser_method": "one"}, {"parser_config": {"chunk_token_count": 16}}]
)
def test_another_way_to_cut_sets_a_document_back(
    rag: RAGFlow, dataset: DataSet, parsed: Parse, change: dict[str, Any]
) -> None:
    document = parsed("a.txt", b"The kraken sleeps.")
    document.update(change)
    assert (document.run, document.chunk_count, document.progress) == ("UNSTART", 0, 0.0)
    assert rag.retrieval("kraken", [dataset]) == []
    assert dataset.chunk_count == 0


def test_a_document_has_its_own_copy_of_the_settings(rag: RAGFlow, dataset: DataSet) -> None:
    rag.create_document(dataset, "a.txt", b"text")
    document = rag.get_document(name="a.txt")
    document.parser_config.chunk_token_count = 256
    document.save()
    assert rag.get_document(name="a.txt").parser_config.chunk_token_num == 256
    assert rag.get_dataset(dataset.name).parser_config.chunk_token_count == 128


def test_a_renamed_document_is_found_by_its_new_name(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    document = parsed("a.txt", b"It sleeps in the deep.")
    document.name = "kraken.txt"
    document.save()
    assert rag.get_document(name="kraken.txt").chunk_count == 1
    assert rag.retrieval("deep", [dataset])[0].document_name == "kraken.txt"
