"""RAGFlow's released names on an engine here: the same as its own client gets, in all spellings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import InvalidValueError, RAGFlow, RagflowError
from ragflow_local import sdk as released
from ragflow_local.sdk import Chat, ChunkUpdateError, DataSet, RefusedError, in_process
from tests.sdk.everyday import TEXT, calls

MODELS = {"embedding-3@ZHIPU-AI": "hashing", "glm-4-flash@ZHIPU-AI": "extractive"}
ADDRESS = "http://ragflow.example:9380"


@pytest.fixture(scope="module")
def rag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[released.RAGFlow]:
    folder = tmp_path_factory.mktemp("released")
    options: Any = {"embedding_model": "hashing", "workers": 1, "durable": False}
    with released.RAGFlow("k", ADDRESS, project_dir=folder, models=MODELS, **options) as client:
        yield client


def test_the_everyday_calls_give_the_same_as_through_the_real_client(
    rag: released.RAGFlow,
) -> None:
    real = pytest.importorskip("ragflow_sdk")
    here = list(calls(rag, released))
    with in_process(engine=rag.engine, address=ADDRESS, models=MODELS):
        there = list(calls(real.RAGFlow("ragflow-real", ADDRESS), real))
    assert here == there
    assert len(here) >= 26
    assert dict(here)["ask streamed"] == ("The pump stands in the cellar. [ID:0]", ["pump.md"])


@pytest.fixture
def dataset(rag: released.RAGFlow) -> Iterator[DataSet]:
    made = rag.create_dataset("spellings")
    yield made
    rag.delete_chats(delete_all=True)
    rag.delete_datasets([made.id])


def test_a_script_of_0_13_runs_as_it_is_written(rag: released.RAGFlow) -> None:
    dataset = rag.create_dataset(
        name="kb",
        avatar="",
        description="",
        language="English",
        permission="me",
        chunk_method="naive",
        parser_config=DataSet.ParserConfig(
            rag,
            {"chunk_token_count": 128, "layout_recognize": True, "raptor": {"user_raptor": False}},
        ),
    )
    [document] = dataset.upload_documents([{"displayed_name": "pump.md", "blob": TEXT}])
    dataset.async_parse_documents([document.id])
    rag.wait(document.id)
    assert dataset.list_documents(offset=1, limit=12)[0].run == "DONE"
    assert document.list_chunks(offset=1, limit=12)[0].content == TEXT.decode()
    found = rag.retrieve([dataset.id], question="Where is the pump?", offset=1, limit=1)
    assert len(found) == 1
    llm = Chat.LLM(rag, {"temperature": 0.2})
    prompt = Chat.Prompt(rag, {"top_n": 3, "opener": "Good day."})
    chat = rag.create_chat("Miss R", "", [dataset.id], llm, prompt)
    assert (chat.llm.temperature, chat.prompt.top_n, chat.avatar) == (0.2, 3, "")
    chat.update({"llm": {"temperature": 0.4}})
    assert rag.list_chats(name="Miss R")[0].llm.temperature == 0.4
    session = chat.create_session()
    assert session.messages[0]["content"] == "Good day."
    cont = ""
    for ans in session.ask("Where does the pump stand?", stream=True):
        cont = ans.content
    assert cont == "The pump stands in the cellar. [ID:0]"
    assert ans["reference"][0]["content"] == TEXT.decode()
    rag.delete_chats(ids=[chat.id])
    rag.delete_datasets(ids=[dataset.id])


def test_a_script_of_0_24_runs_as_it_is_written(rag: released.RAGFlow, dataset: DataSet) -> None:
    dataset.update({"parser_config": {"chunk_token_num": 64, "graphrag": {"use_graphrag": False}}})
    [document] = dataset.upload_documents([{"display_name": "pump.md", "blob": TEXT}])
    assert dataset.parse_documents([document.id])[0][1:3] == ("DONE", 1)
    chunk = document.add_chunk(content="By hand.", important_keywords=["k"], questions=["q"])
    chunk.update({"content": "By another."})
    assert [one.content for one in document.list_chunks(page=2, page_size=1)] == ["By another."]
    chat = rag.create_chat(name="Mr R", dataset_ids=[dataset.id], avatar="path")
    chat.update({"prompt": {"keywords_similarity_weight": 0.6, "show_quote": False}})
    [kept] = rag.list_chats(id=chat.id)
    assert (kept.icon, kept.prompt.keywords_similarity_weight) == ("path", 0.6)
    [message] = kept.create_session().ask("Where does the pump stand?", stream=False)
    assert message.content == "The pump stands in the cellar."
    for name in ("llm", "prompt"):
        with pytest.raises(RefusedError, match="cannot be empty"):
            chat.update({name: {}})


def test_a_script_of_0_27_runs_as_it_is_written(rag: released.RAGFlow, dataset: DataSet) -> None:
    assert dataset.update({"pagerank": 5}).pagerank == 5
    [document] = dataset.upload_documents([{"display_name": "pump.md", "blob": TEXT}])
    dataset.parse_documents([document.id])
    document.add_chunk("Tagged.", tag_kwd=["t"])
    assert document.update({"enabled": 1}).status == "1"
    chat = rag.create_chat(
        "Mx R",
        icon="i",
        dataset_ids=[dataset.id],
        llm_id="glm-4-flash@ZHIPU-AI",
        llm_setting={"temperature": 0},
        prompt_config={"quote": True, "prologue": "Hi."},
        top_n=2,
    )
    assert (chat.top_n, chat.llm_setting.temperature, chat.prompt_config.prologue) == (2, 0, "Hi.")
    session = chat.create_session(user_id="u")
    assert [one.id for one in chat.list_sessions(user_id="u")] == [session.id]
    answer = rag.post(
        f"/chats/{chat.id}/completions", {"question": "Where does the pump stand?"}, stream=True
    )
    lines = [line for line in answer.iter_lines(decode_unicode=True) if line]
    assert lines[-1].endswith('"data": true}')
    dataset.update_auto_metadata(enabled=True)
    assert dataset.get_auto_metadata() == {"enabled": True}


def test_what_is_refused_is_an_error_of_ours_in_their_words(
    rag: released.RAGFlow, dataset: DataSet
) -> None:
    with pytest.raises(RefusedError, match=r"^`name` is required$") as refused:
        rag.create_chat(" ")
    assert isinstance(refused.value, RagflowError)
    assert (refused.value.code, refused.value.message) == (102, "`name` is required")
    [document] = dataset.upload_documents([{"display_name": "a.txt", "blob": b""}])
    with pytest.raises(ChunkUpdateError, match="is required"):
        document.add_chunk("x").update({"content": ""})
    with pytest.raises(RefusedError, match="This file is empty"):
        document.download()
    with pytest.raises(RefusedError, match="meta_fields must be a dictionary"):
        document.update({"meta_fields": 1})
    for twice in (rag.list_datasets, dataset.list_documents):
        with pytest.raises(ValueError, match="Cannot use both"):
            twice(id="a", ids=["b"])


def test_an_agent_is_kept_and_an_answer_of_it_refused(rag: released.RAGFlow) -> None:
    rag.create_agent("kept", {"components": {}, "x": 1}, description="d")
    [agent] = rag.list_agents()
    assert (agent.title, rag.get_agent(agent.id).dsl.x) == ("kept", 1)
    rag.update_agent(agent.id, title="renamed")
    session = agent.create_session()
    assert [one.id for one in agent.list_sessions()] == [session.id]
    for stream in (False, True):
        with pytest.raises(RefusedError, match="not run"):
            list(session.ask("x", stream=stream))
    agent.delete_sessions([session.id])
    rag.delete_agent(agent.id)
    assert rag.list_agents() == []


def test_a_memory_is_searched(rag: released.RAGFlow) -> None:
    memory = rag.create_memory("m", ["raw"], "e@p", "l@p")
    assert (
        rag.add_message([memory.id], "a", "s", "Where is the pump?", "Here.") == "All add to task."
    )
    [found] = rag.search_message("Where is the pump?", [memory.id])
    assert memory.get_message_content(found["message_id"])["content"].startswith(
        "User Input: Where"
    )
    assert memory.update_message_status(found["message_id"], False)
    assert rag.search_message("Where is the pump?", [memory.id]) == []
    assert rag.get_recent_messages([memory.id])[0]["status"] is False
    assert memory.list_memory_messages()["messages"]["total_count"] == 1
    assert memory.forget_message(found["message_id"])
    assert memory.update({"name": "n"}).get_config().name == "n"
    assert rag.list_memory(keywords="n")["total_count"] == 1
    rag.delete_memory(memory.id)
    assert rag.list_memory()["memory_list"] == []


def test_the_draft_sees_the_same_project(rag: released.RAGFlow, dataset: DataSet) -> None:
    with RAGFlow("k", project_dir=rag.engine.project_dir) as draft:
        [same] = draft.list_datasets(id=dataset.id)
        same.update({"parser_config": {"chunk_token_count": 77}})
        made = draft.create_dataset("by_the_draft")
    assert rag.list_datasets(id=dataset.id)[0].parser_config.chunk_token_num == 77
    [other] = rag.list_datasets(name="by_the_draft")
    assert (other.chunk_method, other.parser_config.chunk_token_num) == ("naive", 128)
    rag.delete_datasets([made.id])


def test_models_are_named_by_the_environment(
    project_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGFLOW_LOCAL_MODEL_NAMES", "e@p = hashing, c@p=extractive")
    monkeypatch.setenv("RAGFLOW_LOCAL_PROJECT", str(project_dir))
    with released.RAGFlow("k", ADDRESS) as rag:
        assert rag.create_dataset("kb", embedding_model="e@p").embedding_model == "e@p"
        assert rag.create_chat("c", llm_id="c@p").llm_id == "c@p"
    monkeypatch.setenv("RAGFLOW_LOCAL_MODEL_NAMES", "nonsense")
    with pytest.raises(InvalidValueError, match="RAGFLOW_LOCAL_MODEL_NAMES"):
        released.RAGFlow("k", ADDRESS)
