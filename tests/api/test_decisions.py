"""What the engine settles where the API reference is silent or contradicts itself."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import (
    Chat,
    DataSet,
    Document,
    InvalidValueError,
    MissingModelError,
    NameTakenError,
    NotFoundError,
    RAGFlow,
    RagflowError,
)
from tests.conftest import Parse

# ── opening ──


def test_a_base_url_that_is_a_path_names_the_directory(tmp_path: Path) -> None:
    with RAGFlow("key", str(tmp_path / "by_path")) as rag:
        assert rag.project_dir == tmp_path / "by_path"
    with RAGFlow("key", (tmp_path / "by_url").as_uri()) as rag:
        assert rag.project_dir == tmp_path / "by_url"


def test_a_web_address_needs_a_directory_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidValueError, match=r"project_dir.*RAGFLOW_LOCAL_PROJECT"):
        RAGFlow("key", "http://localhost:9380")
    with RAGFlow("key", "http://localhost:9380", project_dir=tmp_path / "given") as rag:
        assert rag.project_dir == tmp_path / "given"
    monkeypatch.setenv("RAGFLOW_LOCAL_PROJECT", str(tmp_path / "named"))
    with RAGFlow("key", "http://localhost:9380") as rag:
        assert rag.project_dir == tmp_path / "named"


def test_nothing_given_is_a_folder_here(tmp_path: Path) -> None:
    with RAGFlow() as rag:
        assert rag.project_dir == tmp_path / "ragflow_project"


def test_a_temporary_engine_leaves_nothing() -> None:
    with RAGFlow.temporary() as rag:
        directory = rag.project_dir
        assert directory.is_dir()
    assert not directory.exists()


def test_closing_twice_is_fine_and_a_closed_engine_says_so(rag: RAGFlow, dataset: DataSet) -> None:
    rag.close()
    rag.close()
    with pytest.raises(RagflowError, match="is closed"):
        rag.list_datasets()
    with pytest.raises(RagflowError, match="is closed"):
        dataset.list_docs()


def test_a_dataset_for_me_is_seen_by_its_tenant_only(project_dir: Path) -> None:
    options: dict[str, Any] = {"project_dir": project_dir, "embedding_model": "hashing"}
    with RAGFlow("alice", **options) as alice, RAGFlow("bob", **options) as bob:
        alice.create_dataset("mine")
        shared = alice.create_dataset("ours", permission="team")
        alice.create_document(shared, "a.txt", b"text")
        assert [dataset.name for dataset in bob.list_datasets()] == ["ours"]
        assert bob.get_document(name="a.txt").name == "a.txt"
        with pytest.raises(NotFoundError):
            bob.get_dataset("mine")
        assert bob.create_dataset("Mine").tenant_id == bob.tenant_id
        assert b"alice" not in (project_dir / "catalog.sqlite3").read_bytes()


# ── names ──


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


# ── deleting and listing ──


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


# ── changing ──


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


# ── parsing ──


def test_join_yields_at_once_and_ends_with_the_parse(rag: RAGFlow, dataset: DataSet) -> None:
    rag.create_document(dataset, "a.txt", b"text")
    document = rag.get_document(name="a.txt")
    document.async_parse()
    pairs = list(document.join(interval=0.01))
    assert all(message for _, message in pairs)
    assert [percent for percent, _ in pairs] == sorted(percent for percent, _ in pairs)
    assert pairs[-1][0] == 100.0
    assert "completed" in pairs[-1][1]


def test_join_ends_at_its_timeout_and_says_that_the_parse_goes_on(
    rag: RAGFlow, dataset: DataSet
) -> None:
    rag.create_document(dataset, "a.txt", b"word. " * 200_000)
    document = rag.get_document(name="a.txt")
    document.async_parse()
    pairs = list(document.join(interval=5, timeout=0))
    assert len(pairs) == 1
    assert "goes on" in pairs[0][1]
    document.cancel()


def test_a_document_that_was_never_parsed_is_joined_at_once(rag: RAGFlow, dataset: DataSet) -> None:
    rag.create_document(dataset, "a.txt", b"text")
    pairs = list(rag.get_document(name="a.txt").join())
    assert pairs == [(0.0, "Not parsed yet; async_parse() starts it.")]


def test_a_file_without_text_ends_done_and_says_so(parsed: Parse) -> None:
    document = parsed("empty.txt", b"")
    assert document.chunk_count == 0
    assert "no text" in document.progress_msg


def test_a_file_that_cannot_be_read_ends_fail_while_the_others_go_on(
    rag: RAGFlow, dataset: DataSet
) -> None:
    rag.create_document(dataset, "torn.pdf", b"%PDF-1.7 and then nothing")
    rag.create_document(dataset, "good.txt", b"It sleeps.")
    torn, good = dataset.list_docs()
    rag.async_parse_documents([torn.id, good.id])
    assert list(good.join(interval=0.01))[-1][0] == 100.0
    *_, (percent, reason) = torn.join(interval=0.01)
    assert (torn.run, percent, torn.progress) == ("FAIL", -1.0, -1.0)
    assert "torn.pdf" in reason
    assert reason == torn.progress_msg


def test_parsing_again_replaces_all_chunks_those_by_hand_too(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    document = parsed("a.txt", b"It sleeps.")
    document.add_chunk("by hand")
    assert document.chunk_count == 2
    first = document.list_chunks()[0].id
    document.async_parse()
    *_, (percent, _) = document.join(interval=0.01)
    assert percent == 100.0
    assert [chunk.content for chunk in document.list_chunks()] == ["It sleeps."]
    assert document.list_chunks()[0].id == first
    assert rag.retrieval("hand", [dataset]) == []


def test_cancel_keeps_the_earlier_chunks_and_may_be_said_twice(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    document = parsed("a.txt", b"word. " * 100_000)
    count = document.chunk_count
    document.cancel()
    assert document.run == "DONE"
    document.async_parse()
    document.cancel()
    document.cancel()
    assert document.run == "CANCEL"
    assert document.chunk_count == count
    assert list(document.join())[-1][1].startswith("Cancelled")
    rag.async_parse_documents([document.id])
    assert list(document.join(interval=0.01))[-1][0] == 100.0


def test_an_unknown_document_and_none_is_parsed(rag: RAGFlow, dataset: DataSet) -> None:
    rag.create_document(dataset, "a.txt", b"text")
    document = rag.get_document(name="a.txt")
    with pytest.raises(NotFoundError):
        rag.async_parse_documents([document.id, "nobody"])
    assert document.run == "UNSTART"


def test_a_deleted_document_stops_being_parsed(rag: RAGFlow, dataset: DataSet) -> None:
    rag.create_document(dataset, "a.txt", b"word. " * 200_000)
    document = rag.get_document(name="a.txt")
    document.async_parse()
    document.delete()
    assert dataset.list_docs() == []
    assert (dataset.document_count, dataset.chunk_count) == (0, 0)
    with pytest.raises(NotFoundError):
        document.save()


def test_tokens_are_counted_and_counts_add_up(dataset: DataSet, parsed: Parse) -> None:
    one = parsed("a.txt", b"It sleeps.")
    two = parsed("b.txt", b"It wakes in May.")
    assert one.token_count == sum(chunk.token_count for chunk in one.list_chunks()) > 0
    assert dataset.chunk_count == one.chunk_count + two.chunk_count
    assert dataset.token_count == one.token_count + two.token_count
    assert dataset.document_count == 2


# ── searching ──


def test_an_empty_question_finds_nothing(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    parsed("a.txt", b"It sleeps.")
    assert rag.retrieval("", [dataset]) == []
    assert rag.retrieval("   ", [dataset]) == []


def test_similarity_is_the_formula_of_its_parts(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    parsed("a.txt", "The kraken sleeps.\n\n克拉肯在睡觉。".encode())
    for weight in (0.0, 0.3, 1.0):
        for question in ("Where does the kraken sleep?", "克拉肯"):
            found = rag.retrieval(
                question, [dataset], similarity_threshold=0, vector_similarity_weight=weight
            )
            assert found
            for chunk in found:
                term, vector = chunk.term_similarity or 0.0, chunk.vector_similarity or 0.0
                blended = (1 - weight) * term + weight * vector
                assert chunk.similarity == pytest.approx(blended, abs=1e-5)
                assert 0 <= term <= 1
                assert 0 <= vector <= 1


def test_a_chunk_that_says_the_question_word_for_word_is_near_1(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    parsed("a.txt", b"The kraken sleeps in the deep sea.")
    parsed("b.txt", b"Taxes are due in May.")
    best = rag.retrieval("The kraken sleeps in the deep sea.", [dataset])[0]
    assert best.term_similarity is not None
    assert best.term_similarity > 0.8


def test_threshold_offset_and_limit(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    for number in range(8):
        parsed(f"{number}.txt", b"kraken " * (number + 1) + b"squid " * (8 - number))
    everything = rag.retrieval("kraken", [dataset], limit=100, similarity_threshold=0)
    assert len(everything) == 8
    scores = [chunk.similarity or 0.0 for chunk in everything]
    assert scores == sorted(scores, reverse=True)
    page = rag.retrieval("kraken", [dataset], offset=2, limit=3, similarity_threshold=0)
    assert [chunk.id for chunk in page] == [chunk.id for chunk in everything[2:5]]
    high = rag.retrieval("kraken", [dataset], limit=100, similarity_threshold=scores[3])
    assert len(high) == sum(score >= scores[3] for score in scores)
    assert rag.retrieval("kraken", [dataset], limit=0) == []


def test_only_the_named_documents_are_searched(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    one, two = parsed("a.txt", b"the kraken sleeps"), parsed("b.txt", b"the kraken wakes")
    spelling: dict[str, Any]
    for spelling in ({"documents": [two]}, {"document": [two.id]}):
        found = rag.retrieval("kraken", [dataset.id], **spelling)
        assert [chunk.document_name for chunk in found] == ["b.txt"]
    assert len(rag.retrieval("kraken", [dataset], documents=[one, two])) == 2


def test_a_chunk_switched_off_is_not_found(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    chunk = parsed("a.txt", b"the kraken sleeps").list_chunks()[0]
    chunk.available = False
    chunk.save()
    assert rag.retrieval("kraken", [dataset]) == []
    chunk.available = True
    chunk.save()
    assert rag.retrieval("kraken", [dataset])[0].id == chunk.id


def test_an_edited_chunk_is_found_by_its_new_text_and_keywords(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    document = parsed("a.txt", b"the kraken sleeps")
    chunk = document.list_chunks(keywords="KRAKEN")[0]
    assert document.list_chunks(keywords="squid") == []
    chunk.content = "the squid swims"
    chunk.keywords = ["cephalopod"]
    chunk.save()
    assert rag.retrieval("kraken", [dataset], vector_similarity_weight=0) == []
    for question in ("squid", "cephalopod"):
        assert rag.retrieval(question, [dataset])[0].content == "the squid swims"
    with pytest.raises(InvalidValueError):
        chunk.content = "  "
        chunk.save()


def test_datasets_of_different_models_are_named(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    other = rag.create_dataset("other")
    other.update({"embedding_model": "all-MiniLM-L6-v2"})
    with pytest.raises(InvalidValueError, match=r"sea_life.*other"):
        rag.retrieval("kraken", [dataset, other])


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": -1},
        {"offset": -1},
        {"top_k": 0},
        {"similarity_threshold": 2},
        {"vector_similarity_weight": float("nan")},
        {"datasets": []},
        {"datasets": ["nobody"]},
        {"documents": ["nobody"]},
    ],
    ids=str,
)
def test_a_wrong_argument_of_retrieval_is_named(
    rag: RAGFlow, dataset: DataSet, wrong: dict[str, Any]
) -> None:
    with pytest.raises(RagflowError):
        rag.retrieval(**{"question": "kraken", "datasets": [dataset], **wrong})


# ── chats ──


@pytest.fixture
def chat(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> Chat:
    parsed("kraken.txt", b"The kraken sleeps in the deep sea. It wakes in May.")
    return rag.create_chat("Miss R", knowledgebases=[dataset], llm={"model_name": "extractive"})


def test_a_plain_text_sets_the_prompt(rag: RAGFlow, dataset: DataSet) -> None:
    chat = rag.create_chat("a", knowledgebases=[dataset], prompt="Say {this}: {knowledge}")
    assert chat.prompt.prompt == "Say {this}: {knowledge}"
    assert chat.prompt.top_n == 8
    with pytest.raises(InvalidValueError, match="knowledge"):
        chat.update({"prompt": "Say nothing"})
    assert chat.prompt.prompt == "Say {this}: {knowledge}"


def test_nothing_found_gives_the_empty_response(chat: Chat) -> None:
    message = chat.create_session().ask("quantum chromodynamics lattice")
    assert message.content == ("The answer you are looking for is not found in the knowledge base!")
    assert message.reference == []
    assert message.model == ""


def test_an_answer_cites_the_chunk_it_rests_on(chat: Chat) -> None:
    message = chat.create_session().ask("Where does the kraken sleep?")
    assert "The kraken sleeps in the deep sea. [ID:0]" in message.content
    assert message.reference[0].document_name == "kraken.txt"
    assert message.model == "extractive"


def test_show_quote_off_leaves_citations_out(chat: Chat) -> None:
    chat.update({"prompt": {"show_quote": False}})
    assert "[ID:" not in chat.create_session().ask("Where does the kraken sleep?").content


def test_messages_are_there_after_reopening(rag: RAGFlow, chat: Chat) -> None:
    session = chat.create_session()
    answer = session.ask("Where does the kraken sleep?")
    rag.close()
    with RAGFlow(project_dir=rag.project_dir) as again:
        messages = again.list_chats()[0].list_sessions()[0].messages
        assert [message.role for message in messages] == ["assistant", "user", "assistant"]
        assert messages[2].content == answer.content
        assert messages[2].reference[0].content == answer.reference[0].content


def test_an_error_while_answering_keeps_the_question(chat: Chat) -> None:
    chat.update({"llm": {"model_name": "nobody.gguf"}})
    session = chat.create_session()
    with pytest.raises(MissingModelError, match=r"nobody\.gguf"):
        session.ask("Where does the kraken sleep?")
    assert [message.role for message in session.messages] == ["assistant", "user"]


def test_a_stream_that_is_closed_keeps_the_question(chat: Chat) -> None:
    session = chat.create_session()
    stream: Any = session.ask("Where does the kraken sleep?", stream=True)
    next(stream)
    stream.close()
    assert session.messages[1].content == "Where does the kraken sleep?"


def test_chat_settings_out_of_range_are_refused(rag: RAGFlow, dataset: DataSet, chat: Chat) -> None:
    for wrong in ({"temperature": -1}, {"top_p": 2}, {"max_token": 0}, {"colour": 1}):
        with pytest.raises(InvalidValueError, match=next(iter(wrong))):
            chat.update({"llm": wrong})
    with pytest.raises(NameTakenError):
        rag.create_chat("miss r", knowledgebases=[dataset])
    with pytest.raises(NotFoundError):
        rag.create_chat("other")


# ── processes ──

SCRIPT = """
    import sys
    from ragflow_local import RAGFlow
    rag = RAGFlow("key", sys.argv[1], embedding_model="hashing", workers=1)
    ds = rag.create_dataset("kb")
    rag.create_document(ds, "a.txt", b"The kraken sleeps. " * int(sys.argv[2]))
    doc = rag.get_document(name="a.txt")
    doc.async_parse()
"""


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_a_script_without_a_guard_ends_by_itself(tmp_path: Path) -> None:
    script = SCRIPT + "    for progress, msg in doc.join(interval=0.05):\n        print(msg)\n"
    out, error = run(script, tmp_path / "p", 3).communicate(timeout=60)
    assert error == ""
    assert "completed" in out


def test_what_a_script_left_undone_is_taken_up_again(tmp_path: Path) -> None:
    script = SCRIPT + "    print('left', flush=True)\n"
    started = run(script, tmp_path / "p", 40_000)
    out, error = started.communicate(timeout=60)
    assert (out, error) == ("left\n", "")
    with RAGFlow("key", str(tmp_path / "p")) as rag:
        document = rag.get_document(name="a.txt")
        assert document.run == "RUNNING"
        assert list(document.join(interval=0.05))[-1][0] == 100.0


def test_a_killed_process_leaves_a_project_that_opens(tmp_path: Path) -> None:
    script = SCRIPT + (
        "    list(doc.join(interval=0.05))\n"
        "    rag.create_document(ds, 'b.txt', b'The squid swims. ' * 60000)\n"
        "    rag.get_document(name='b.txt').async_parse()\n"
        "    print('parsing', flush=True)\n"
        "    import time; time.sleep(60)\n"
    )
    process = run(script, tmp_path / "p", 3)
    assert process.stdout is not None
    assert process.stdout.readline() == "parsing\n"
    time.sleep(0.3)
    process.kill()
    process.communicate()
    with RAGFlow("key", str(tmp_path / "p"), resume=False) as rag:
        dataset = rag.get_dataset("kb")
        assert rag.retrieval("kraken", [dataset])[0].document_name == "a.txt"
        squid: Document = rag.get_document(name="b.txt")
        assert squid.run == "FAIL"
        assert "async_parse()" in squid.progress_msg


def test_a_second_process_is_told_who_has_the_project(tmp_path: Path) -> None:
    with RAGFlow("key", str(tmp_path / "p"), embedding_model="hashing") as rag:
        rag.create_dataset("kb_open")
        _, error = run(SCRIPT, tmp_path / "p", 3).communicate(timeout=60)
        assert f"is open in process {os.getpid()}" in error
        reading = """
            import sys
            from ragflow_local import RAGFlow
            rag = RAGFlow("key", sys.argv[1], read_only=True)
            print(rag.list_datasets()[0].name)
        """
        out, error = run(reading, tmp_path / "p").communicate(timeout=60)
        assert (out, error) == ("kb_open\n", "")


def test_no_thread_keeps_a_second_engine_of_a_process_out(project_dir: Path) -> None:
    with RAGFlow("a", project_dir=project_dir) as one, RAGFlow("a", project_dir=project_dir) as two:
        one.create_dataset("kb")
        assert two.get_dataset("kb").name == "kb"
        one.close()
        assert two.get_dataset("kb").name == "kb"
