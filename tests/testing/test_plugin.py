"""The pytest plugin, in small projects of its own."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ragflow_local
from ragflow_local.testing.spans import Span, spans

pytest_plugins = ["pytester"]

APP = """
from functools import lru_cache

from ragflow import RAGFlow

rag = RAGFlow("KEY", "http://rag.example:9380")  # when the module is imported

@lru_cache
def client():  # when the first test needs it
    return RAGFlow("KEY", "http://rag.example:9380/")

def load(client, text):
    manuals = client.create_dataset(name="manuals")
    client.create_document(manuals, name="pump.md", blob=text)
    document = client.get_document(name="pump.md")
    document.async_parse()
    for progress, message in document.join(interval=5, timeout=60):
        pass
    assert document.run == "DONE", message
    return manuals
"""


@pytest.fixture(autouse=True, scope="session")
def loaded() -> None:
    """A run inside a run forgets what it imported; LanceDB cannot be imported twice."""
    import lancedb  # noqa: F401

    import ragflow_local.testing.engine  # noqa: F401


@pytest.fixture(autouse=True)
def no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, tests: str, *options: str, passed: int) -> pytest.RunResult:
    """Run tests beside ``app.py`` with the plugin; all of them must pass."""
    pytester.makepyfile(app=APP, test_app=tests)
    pytester.syspathinsert()
    ended = pytester.runpytest_inprocess("-p", "ragflow_local.testing", *options)
    ended.assert_outcomes(passed=passed)
    return ended


def test_code_under_test_gets_engines_and_the_next_test_finds_them_empty(
    pytester: pytest.Pytester,
) -> None:
    tests = """
    import app, pytest
    from ragflow import RAGFlow, DataSet

    @pytest.mark.parametrize("client", [app.rag, app.client()], ids=["module", "cached"])
    @pytest.mark.parametrize("again", range(2))
    def test_each_address_is_a_project_and_each_key_a_tenant(client, again, ragflow):
        assert isinstance(client.create_dataset("manuals"), DataSet)
        assert [ds.name for ds in RAGFlow("KEY", "http://rag.example:9380").list_datasets()]
        assert RAGFlow("OTHER", "http://rag.example:9380").list_datasets() == []
        assert RAGFlow("KEY", "http://other.example").list_datasets() == []
        assert ragflow.list_datasets() == []
    """
    run(pytester, tests, "--ragflow-local", passed=4)


def test_the_released_client_is_the_released_names_on_such_engines(
    pytester: pytest.Pytester,
) -> None:
    tests = """
    import ragflow_sdk
    from ragflow_sdk import Chat, DataSet, RAGFlow
    from ragflow_sdk.modules.chat import Chat as SameChat

    rag = RAGFlow("KEY", "http://rag.example:9380")

    def test_an_upload_is_cited():
        manuals = rag.create_dataset("manuals", embedding_model="embedding-3@ZHIPU-AI")
        assert isinstance(manuals, DataSet) and SameChat is Chat
        text = b"The pump stands in the cellar."
        [document] = manuals.upload_documents([{"display_name": "pump.md", "blob": text}])
        assert manuals.parse_documents([document.id])[0][1] == "DONE"
        chat = rag.create_chat("R", dataset_ids=[manuals.id], llm_id="gpt@OpenAI")
        session = chat.create_session()
        rag.answers("In the cellar. [ID:0]")
        [message] = session.ask("Where does the pump stand?")
        assert message.content == "In the cellar. [ID:0]"
        assert message.reference[0]["document_name"] == "pump.md"
        assert "The pump stands in the cellar." in rag.prompts[0][0]["content"]

    def test_the_next_test_finds_nothing():
        assert rag.list_datasets() == [] and ragflow_sdk.__version__
    """
    run(pytester, tests, "--ragflow-local", passed=2)


def test_a_chat_gives_the_scripted_answers_in_order_and_then_says_that_one_is_missing(
    pytester: pytest.Pytester,
) -> None:
    tests = """
    import app, pytest
    from ragflow_local import ModelError

    def test_answers(ragflow):
        manuals = app.load(app.rag, b"The pump stands in the cellar.")
        chat = app.rag.create_chat("R", knowledgebases=[manuals], llm={"model_name": "gpt-9"})
        session = chat.create_session()
        assert "[ID:0]" in session.ask("Where does the pump stand?").content  # a quote
        ragflow.answers("In the cellar. [ID:0]", "Nobody knows.")
        grown = [m.content for m in session.ask("Where does the pump stand?", stream=True)]
        assert grown[-1] == "In the cellar. [ID:0]" and len(grown) > 2
        second = session.ask("And who put the pump there?")
        assert (second.content, second.model) == ("Nobody knows.", "scripted")
        assert "The pump stands in the cellar." in ragflow.prompts[0][0]["content"]
        with pytest.raises(ModelError, match="answer 3"):
            session.ask("Where does the pump stand?")

    def test_nothing_is_left_for_the_next_test(ragflow):
        assert ragflow.prompts == []
    """
    run(pytester, tests, "--ragflow-local", passed=2)


def test_models_of_any_name_need_no_weights(pytester: pytest.Pytester) -> None:
    tests = """
    import app

    def test_names(ragflow):
        manuals = ragflow.create_dataset("manuals")
        manuals.update({"embedding_model": "BAAI/bge-zh-v1.5"})
        document = ragflow.add_document(manuals, "a.txt", b"-")
        chunk = document.add_chunk("The pump stands in the cellar.")
        document.add_chunk("The boiler pump.")
        found = ragflow.retrieval("Where does the pump stand?", [manuals], rerank_id="any-model")
        assert found[0].id == chunk.id
    """
    run(pytester, tests, "--ragflow-local", passed=1)


def test_what_a_wider_fixture_loads_is_there_for_all_its_tests(pytester: pytest.Pytester) -> None:
    tests = """
    import app, pytest
    from ragflow import RAGFlow

    @pytest.fixture(scope="module")
    def manuals():
        return app.load(RAGFlow("KEY", "http://rag.example:9380"), b"The pump is red.")

    @pytest.mark.parametrize("again", range(2))
    def test_both(manuals, again):
        assert manuals.chunk_count == 1
        assert app.rag.list_datasets() == []  # a project of this test's own
    """
    run(pytester, tests, "--ragflow-local", passed=2)


def test_a_worker_goes_from_test_to_test_and_ends_with_the_last(pytester: pytest.Pytester) -> None:
    tests = """
    import app, pytest
    from ragflow_local.testing.engine import WarmSlot

    seen = []

    @pytest.mark.parametrize("again", range(3))
    def test_it(ragflow, again):
        app.load(ragflow, b"The pump is red.")
        seen.append(ragflow.project.jobs._slots[0]._process.pid)
        assert len(set(seen)) == 1
    """
    run(pytester, tests, "--ragflow-local", passed=3)
    from ragflow_local.testing.engine import WarmSlot

    assert WarmSlot._warm == []


def test_a_conftest_may_import_the_client(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from ragflow_sdk import RAGFlow\n")
    run(pytester, "def test_it(): pass\n", "--ragflow-local", passed=1)


def test_without_the_option_the_client_stays_what_it_is(pytester: pytest.Pytester) -> None:
    tests = """
    import pytest

    def test_no_client(ragflow):
        with pytest.raises(ImportError):
            from ragflow import RAGFlow
        ragflow.create_dataset("manuals")
    """
    run(pytester, tests, passed=1)
    assert "ragflow" not in sys.modules


def test_a_directory_that_is_named_is_an_ordinary_project(pytester: pytest.Pytester) -> None:
    tests = """
    from ragflow import RAGFlow

    def test_named(tmp_path):
        for _ in range(2):
            with RAGFlow(project_dir=tmp_path / "kept", embedding_model="hashing") as rag:
                rag.list_datasets() or rag.create_dataset("manuals")
        assert (tmp_path / "kept" / "project.json").exists()
    """
    run(pytester, tests, "--ragflow-local", passed=1)


def test_a_span_takes_its_projects_away() -> None:
    from ragflow_local.testing import engine

    before, spans.now = spans.now, Span()
    try:
        rag = engine.ScriptedRAGFlow("KEY", "http://rag.example")
        folder = rag.project_dir
        assert folder.is_dir()
        spans.now.close()
        engine._REMOVING.submit(len, ()).result()  # after what was asked for before
        assert not folder.exists()
    finally:
        spans.now = before


def test_pytest_starts_without_the_engine() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import ragflow_local.testing;"
        "print(sorted(name for name in set(sys.modules) - before if '.' not in name))"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout == "['ragflow_local']\n"


def test_the_package_brings_the_plugin() -> None:
    root = Path(ragflow_local.__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    name = "ragflow_local.testing"  # as for -p: pytest then takes them for one
    assert project["entry-points"]["pytest11"] == {name: name}


def test_a_worker_that_another_thread_took_first_is_started_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ragflow_local.ingest.slots import Slot
    from ragflow_local.settings import Limits
    from ragflow_local.testing.engine import WarmSlot

    class Taken(list[Slot]):
        def __bool__(self) -> bool:
            return True  # it was there a moment ago

    started = object()
    monkeypatch.setattr(WarmSlot, "_warm", Taken())
    monkeypatch.setattr(Slot, "_ready", lambda self: started)
    assert WarmSlot(Limits())._ready() is started
