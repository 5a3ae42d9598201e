"""What a notebook shows of each object: HTML, never an error, never a model."""

from __future__ import annotations

from typing import Any

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.show.pages import RenderOptions
from tests.conftest import Parse
from tests.show.test_report import HARM, QUESTION, SLEEPS, Page, pdf


@pytest.fixture
def things(
    rag: RAGFlow, dataset: DataSet, parsed: Parse, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """One object of each class; a model that is asked for from now on is an error."""
    document = parsed("kraken.pdf", pdf(SLEEPS))
    chat = rag.create_chat("Miss R", knowledgebases=[dataset], llm={"model_name": "extractive"})
    session = chat.create_session("Deep sea")
    found = {
        "dataset": dataset,
        "document": document,
        "chunk": rag.retrieval(QUESTION, datasets=[dataset])[0],
        "message": session.ask(QUESTION),
        "session": session,
    }

    def refuse(*args: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("ragflow_local.models.open_embedder", refuse)
    # However busy the machine that runs the tests is.
    monkeypatch.setattr("ragflow_local.show.notebook.SECONDS", 60.0)
    monkeypatch.setattr("ragflow_local.show.notebook._THUMBNAIL", RenderOptions(72, True, 60.0))
    monkeypatch.setattr("ragflow_local.models.open_generator", refuse)
    return found


def shown(thing: Any) -> Page:
    return Page(thing._repr_html_())


def test_each_object_shows_what_it_is(things: dict[str, Any]) -> None:
    dataset = shown(things["dataset"])
    assert "sea_life" in dataset.text
    assert "kraken.pdf" in dataset.text
    assert "1 chunk" in dataset.text
    document = shown(things["document"])
    assert "DONE" in document.text
    assert document.of("img")[0]["alt"] == "First page of kraken.pdf"
    chunk = shown(things["chunk"])
    assert SLEEPS in chunk.text
    assert "kraken.pdf, page 1" in chunk.text
    assert len(chunk.of("meter")) == 3
    assert chunk.of("mark")
    for one in (shown(things["message"]), shown(things["session"])):
        assert SLEEPS in one.text
        assert len(one.of("img")) == 1, one.text
        assert len(one.of("details")) == 1
        ids = [given["id"] for _, given in one.found if "id" in given]
        assert {given["href"][1:] for given in one.of("a")} <= set(ids)
    assert QUESTION in shown(things["session"]).text


@pytest.mark.parametrize(
    ("end", "told"), [("deleted", "There is no"), ("closed", "closed")], ids=["deleted", "closed"]
)
def test_what_is_gone_is_told_and_raises_nothing(
    rag: RAGFlow, things: dict[str, Any], end: str, told: str
) -> None:
    if end == "closed":
        rag.close()
    else:
        rag.delete_datasets([things["dataset"].id])
        rag.delete_chats(["Miss R"])
    assert SLEEPS in shown(things.pop("chunk")).text, "a chunk is what was found"
    for name, thing in things.items():
        # What a document or a message said last can be read without its engine.
        is_kept = end == "closed" and name in ("document", "message")
        assert ("kraken" if is_kept else told) in shown(thing).text
        assert repr(thing).startswith(type(thing).__name__)


def test_a_parse_that_goes_on_is_a_bar(rag: RAGFlow, dataset: DataSet) -> None:
    document = rag.add_document(dataset, "a.txt", b"Krakens are large.")
    assert "not parsed yet" in shown(document).text
    assert "not parsed yet" in shown(dataset).text
    rag.project.indexer.begin([document.id])  # RUNNING, and no worker takes it
    (bar,) = shown(document).of("progress")
    assert bar["value"] == "0.0"
    assert shown(dataset).of("progress")


def test_a_long_passage_is_cut_and_says_so(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    document = rag.add_document(dataset, "a.txt", b"Krakens are large. " * 5000)
    document.update({"parse_method": "one"})
    parsed_document = parsed("b.txt", b"x")
    assert parsed_document.run == "DONE"
    document.async_parse()
    list(document.join(timeout=60))
    (chunk,) = document.list_chunks()
    html = chunk._repr_html_()
    assert len(html) < 5000
    assert "more letters" in html


def test_nothing_that_is_free_text_becomes_markup(rag: RAGFlow, dataset: DataSet) -> None:
    dataset.update({"description": HARM})
    document = rag.add_document(dataset, f"{HARM}.txt".replace("/", ""), SLEEPS.encode())
    document.update({"meta_fields": {HARM: HARM}})
    chunk = document.add_chunk(HARM)
    for thing in (dataset, document, chunk):
        assert "<script" not in thing._repr_html_()
        assert "alert(1)" in shown(thing).text
    chunk.content = f"{HARM} and more"
    assert "and more" in shown(chunk).text


def test_a_picture_that_takes_too_long_is_left_out(
    things: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragflow_local.show.notebook.SECONDS", 0.0)
    page = shown(things["message"])
    assert not page.of("img")
    assert "took longer" in page.text
    assert SLEEPS in page.text
