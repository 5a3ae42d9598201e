"""What could make shards find something else than one project, and does not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragflow_local import Chunk, RAGFlow
from ragflow_local.models import Models
from ragflow_local.scale import Shards
from tests.scale.libraries import Corpus, Libraries, copied, fill, id_of, made, split

ALL: dict[str, object] = {"limit": 200, "similarity_threshold": 0.0}


def check(folder: Path, parts: Sequence[Corpus], *questions: str, **options: object) -> None:
    with Libraries.of(folder, *parts).open() as pair:
        for question in questions:
            pair.check(question, **{**ALL, **options})


def test_copies_of_a_text_are_ordered_by_their_ids_wherever_they_are(tmp_path: Path) -> None:
    same = ["The pump stands in the cellar.", "The pump hums."]
    parts = [{f"{part} {n}.txt": same for n in range(3)} for part in range(4)]
    with Libraries.of(tmp_path, *parts).open() as pair:
        for question in ("the pump in the cellar", "humming pumps"):
            found = pair.check(question, **ALL)
            assert len({hit[1:] for hit in found}) == 2, "copies are equal to the last bit"
            for top_k in (1, 4, 7, 13):
                pair.check(question, **ALL, top_k=top_k)
            for offset in range(0, 24, 5):
                pair.check(question, offset=offset, limit=5, similarity_threshold=0.0)


def test_a_word_that_one_shard_has_is_as_rare_as_it_is_in_all(tmp_path: Path) -> None:
    parts = split(made(1, 30), [10, 10, 10])
    parts[1]["code.txt"] = ["Order part PPR-9087 for the diving bell.", "The bell."]
    check(tmp_path, parts, "part PPR-9087", "the bell", "PPR9087 and the pump")


def test_a_shard_without_chunks_without_documents_and_without_the_dataset(tmp_path: Path) -> None:
    libraries = Libraries.of(tmp_path, {}, made(2, 9), {"empty.txt": []})
    fill(tmp_path / "other", {"a.txt": ["The pump of another dataset."]}, dataset="other")
    libraries.parts.append(tmp_path / "other")
    with libraries.open() as pair:
        assert pair.check("the pump and the valve", **ALL)


@pytest.mark.parametrize("question", ["the accomodation", "harbormaster", "maintainance of pumps"])
def test_a_slip_is_read_as_the_word_that_any_shard_has(tmp_path: Path, question: str) -> None:
    parts: list[Corpus] = [
        {"a.txt": ["The accommodation is paid.", "The harbour."]},
        {"b.txt": ["The master of the harbor.", "A harbormaster's letter."]},
        {"c.txt": ["Maintenance is yearly.", "The accommodations."]},
    ]
    check(tmp_path, parts, question)


def test_a_word_that_only_one_shard_lacks_is_not_guessed(tmp_path: Path) -> None:
    parts: list[Corpus] = [
        {"a.txt": ["The accommodation.", "Paid."]},
        {"b.txt": ["The accomodation, so written.", "Paid."]},
    ]
    with Libraries.of(tmp_path, *parts).open() as pair:
        (best, *_) = pair.check("accomodation", **ALL)
        assert best[4] == ()


GERMAN = ["Das Dampfschiff fährt.", "Der Mietvertrag endet mit der Kündigungsfrist.", "Ein Schiff."]


def test_compounds_are_known_in_every_shard(tmp_path: Path) -> None:
    parts: list[Corpus] = [
        {"a.txt": GERMAN[:1] * 2},
        {"b.txt": GERMAN[1:]},
        {"c.txt": ["The ship sails.", "Das Segelschiff."]},
    ]
    check(
        tmp_path, parts, "Schiff", "Welche Frist hat die Kündigung?", "Vertrag", "Kündigungsfrist"
    )


def test_each_shard_is_in_a_language_of_its_own(tmp_path: Path) -> None:
    parts: list[Corpus] = [
        {"handbuch pumpe.txt": ["Die Pumpen stehen im Keller und werden gewartet.", *GERMAN]},
        {"manuel pompe.txt": ["Les chevaux sont dans le pré.", "La pompe est fermée."]},
        {"насос.txt": ["Насосы стоят в подвале и не работают.", "Дождь идёт."]},
        {"水泵手册.txt": ["水泵每年检查一次。", "全文检索引擎在海里睡觉。"]},
        {"pump manual.txt": ["The children of the pumps.", "Rain."]},
    ]
    words = ("Pumpe", "cheval", "насос", "水泵", "检索", "child", "the pump manual")
    with Libraries.of(tmp_path, *parts).open() as pair:
        for question in words:
            pair.check(question, **ALL)
        # By its stem, not guessed.
        (horses, *_) = pair.check("chevaux", **ALL, vector_similarity_weight=0.0)
        assert (horses[0], horses[4]) == (id_of("manuel pompe.txt", 0), ())


def test_the_name_of_a_document_weighs_by_all_names(tmp_path: Path) -> None:
    texts = ["Net sales rose, as did the margin.", "Printed by hand."]
    parts = [
        {f"{name}_{year}Q{quarter}.txt": texts for quarter in range(1, 5) for year in years}
        for name, years in (("ACME", (2022,)), ("ACME", (2023, 2024)), ("BESTBUY", (2023,)))
    ]
    check(tmp_path, parts, "net sales of Acme in Q2 2023", "Best Buy 2023", "margin in 2024Q4")


def test_documents_that_were_deleted_renamed_and_switched_off(tmp_path: Path) -> None:
    corpus = made(5, 24)
    names = list(corpus)
    fill(tmp_path / "whole", corpus)
    libraries = copied(tmp_path, tmp_path / "whole", [names[:2], names[2:11], names[11:]])
    with libraries.open() as pair:
        pair.check("the pump of the boiler", **ALL)
        for directory in (libraries.whole, *libraries.parts):
            change(directory, names)
        pair.check("the pump of the boiler", **ALL)
        pair.check("kettle of thunder", **ALL)
        pair.check("a new whale", **ALL)


def test_a_name_weighs_by_all_names_when_only_another_shard_has_changed(tmp_path: Path) -> None:
    texts = ["It is opened in spring.", "It is closed in autumn."]
    first: Corpus = {"kettle manual.txt": texts, "valve.txt": texts}
    second: Corpus = {f"letter {n}.txt": texts for n in range(6)}
    libraries = Libraries.of(tmp_path, first, second)
    with libraries.open() as pair:
        before = pair.check("when is the kettle opened?", **ALL)
        for directory in (libraries.whole, libraries.parts[1]):
            with RAGFlow(project_dir=directory, workers=1, durable=False) as rag:
                for n in range(5):
                    rag.get_document(name=f"letter {n}.txt").update({"name": f"kettle {n}.txt"})
        after = pair.check("when is the kettle opened?", **ALL)
        kettle = id_of("kettle manual.txt", 0)
        assert {hit for hit in before if hit[0] == kettle}.isdisjoint(after)


def change(directory: Path, names: list[str]) -> None:
    with RAGFlow(project_dir=directory, workers=1, durable=False) as rag:
        for document in rag.get_dataset("kb").list_docs(limit=-1):
            if document.name == names[3]:
                document.delete()
            elif document.name == names[12]:
                document.update({"name": "kettle of thunder.txt"})
            elif document.name in (names[1], names[14]):
                for chunk in document.list_chunks():
                    chunk.available = False
                    chunk.save()
            elif document.name == names[5]:
                chunk = document.list_chunks()[0]
                chunk.content = "A new whale, and nothing else."
                chunk.save()


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Libraries:
    """Documents with years, split unevenly; ids are the same everywhere."""
    folder = tmp_path_factory.mktemp("noted")
    corpus = made(9, 20)
    fill(folder / "whole", corpus)
    names = list(corpus)
    with RAGFlow(project_dir=folder / "whole", workers=1, durable=False) as rag:
        for number, document in enumerate(rag.get_dataset("kb").list_docs(limit=-1)):
            document.update({"meta_fields": {"year": 2020 + number % 4, "kind": ["a", "b"]}})
    return copied(folder, folder / "whole", [names[:1], names[1:5], names[5:]])


@pytest.mark.parametrize(
    "conditions",
    [{"year": 2021}, {"year": {"gte": 2022}}, {"year": [2020, 2023], "kind": "b"}, {"year": 1999}],
)
def test_conditions_on_what_is_noted(noted: Libraries, conditions: dict[str, object]) -> None:
    with noted.open() as pair:
        pair.check("the pump of the boiler", **ALL, meta_fields=conditions)


def test_only_some_documents(noted: Libraries) -> None:
    with noted.open() as pair:
        ids = [document.id for document in pair.rag.get_dataset("kb").list_docs(limit=-1)]
        for chosen in ([ids[0]], ids[3:9], ids[::4]):
            assert pair.check("the pump of the boiler", **ALL, documents=chosen)
            pair.check("the pump of the boiler", **{**ALL, "top_k": 2}, documents=chosen)
        assert pair.check("pump", **ALL, documents=[ids[2]], meta_fields={"year": 2020}) == []


def test_chunks_beside_hits_are_of_the_same_shard(noted: Libraries) -> None:
    with noted.open() as pair:
        for reach in (1, 3, "section"):
            one = pair.rag.retrieval("the pump", ["kb"], neighbours=reach)
            many = pair.shards.retrieval("the pump", ["kb"], neighbours=reach)
            beside = [[row.id for row in hit.neighbours] for hit in one]
            assert beside == [[row.id for row in hit.neighbours] for hit in many]
            assert any(beside)


class Judge:
    """Finds the longer passages better, and many of them alike."""

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        return np.array([len(text) // 20 / 100 for text in passages], np.float32)


def test_a_reranker_reads_the_best_of_all(
    noted: Libraries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Models, "reranker", lambda self, name: Judge())
    with noted.open() as pair:
        for limit in (3, 64, 70):
            pair.check("the pump of the boiler", limit=limit, rerank_id="judge")
        pair.check("the pump of the boiler", limit=3, offset=2, rerank_id="judge")


GRAPH = {
    "0.md": "# Alice Moray\n\nAlice Moray was born in Port Ellen. Moray studied the deep sea.",
    "1.md": "# Port Ellen\n\nPort Ellen is a town on Islay. Its harbour was planned by Walter"
    " Campbell.",
    "2.md": "# Bergen\n\nBergen is a town in Norway. Bergen was the birthplace of many sailors.",
    "3.md": "# Harbour\n\nA harbour is planned by an engineer. Who plans a harbour knows Port"
    " Ellen.",
}


def test_a_name_leads_from_one_shard_to_another(tmp_path: Path) -> None:
    with RAGFlow(
        project_dir=tmp_path / "whole", embedding_model="hashing", workers=1, durable=False
    ) as rag:
        home = rag.create_dataset("kb", parse_method="knowledge_graph")
        for name, text in GRAPH.items():
            rag.add_document(home, name, text.encode())
        home.parse()
    libraries = copied(tmp_path, tmp_path / "whole", [["0.md"], ["1.md", "2.md"], ["3.md"]])
    with libraries.open() as pair:
        question = "Who planned the harbour of the town where Alice Moray was born?"
        for asked in ("Port Ellen", "Bergen", question):
            pair.check(asked, **ALL)
            one = pair.rag.retrieval(asked, ["kb"], limit=20)
            many = pair.shards.retrieval(asked, ["kb"], limit=20)
            assert [hit.data for hit in one] == [hit.data for hit in many]
        assert "1.md" in [hit.document_name for hit in many]


def texts_of(hits: list[Chunk]) -> list[str]:
    return [hit.content for hit in hits]


def test_two_datasets_of_one_project_are_searched_as_two_shards(tmp_path: Path) -> None:
    for number, part in enumerate(split(made(3, 12), [5, 7])):
        fill(tmp_path / str(number), part, dataset=f"d{number}")
    with Shards([tmp_path / "0", tmp_path / "1"], processes=False) as shards:
        both = shards.retrieval("the pump", ["d0", "d1"], limit=50)
        assert texts_of(both) == texts_of(shards.retrieval("the pump", limit=50))
        (one, *_) = shards.retrieval("the pump", ["d1"])
        assert shards.where(one) == str(tmp_path / "1")


SAID = st.sampled_from(("pump", "valve", "roof", "rain", "sea", "Pumpe", "水泵", "2024", "re-open"))
ASKED = st.sampled_from(("pump", "valve", "pmup", "rain", "Pumpen", "水", "2024"))
texts = st.lists(SAID, min_size=1, max_size=8).map(" ".join)
corpora = st.lists(st.lists(texts, min_size=1, max_size=3), min_size=2, max_size=8)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    corpus=corpora,
    cut=st.integers(0, 8),
    question=st.lists(ASKED, min_size=1).map(" ".join),
    options=st.fixed_dictionaries(
        {
            "top_k": st.sampled_from([1, 2, 3, 1024]),
            "offset": st.integers(0, 4),
            "limit": st.integers(1, 9),
            "similarity_threshold": st.sampled_from([0.0, 0.1, 0.5]),
            "vector_similarity_weight": st.sampled_from([0.0, 0.3, 1.0]),
        }
    ),
)
def test_whatever_is_kept_and_asked(
    tmp_path_factory: pytest.TempPathFactory,
    corpus: list[list[str]],
    cut: int,
    question: str,
    options: dict[str, object],
) -> None:
    every = {f"note {number}.txt": texts for number, texts in enumerate(corpus)}
    parts = split(every, [cut, 1, 0])
    with Libraries.of(tmp_path_factory.mktemp("made"), *parts).open() as pair:
        pair.check(question, **options)
        pair.check(question, **ALL)
