import numpy as np
import pytest

from ragflow_local import RAGFlow
from ragflow_local.retrieve.labels import Labels, NameCounts, Names, labelled, said_of_all
from ragflow_local.retrieve.query import query_of


def shares(
    names: list[str], question: str, languages: tuple[str, ...] = ("en",), chunks: int = 9
) -> dict[str, float]:
    labels = Labels(Names([(number, name, chunks) for number, name in enumerate(names)], languages))
    asked = {form for term in query_of(question, languages).terms for form in term}
    return {names[number]: share for number, share in labels.shares(asked).items()}


@pytest.mark.parametrize(
    ("question", "names", "best"),
    [
        ("Sales of Best Buy in Q2 2024?", ["BESTBUY_2024Q2_10Q.pdf", "BESTBUY_2024Q1_10Q.pdf"], 0),
        ("What was sold in fiscal 2023?", ["Report-FY22.pdf", "Report-FY23.pdf"], 1),
        ("Nvidia's margin in Q1 2023", ["2022 Q3 NVDA.pdf", "2023 Q1 NVDA.pdf"], 1),
        ("Does the pump manual say so?", ["boiler_manual.docx", "pump_manual.docx"], 1),
        ("Was sagt der Mietvertrag?", ["Mietvertrag.pdf", "Kaufvertrag.pdf"], 0),
        ("劳动合同法怎么规定？", ["公司法.md", "劳动合同法.md"], 1),
        ("What did parseJSON change?", ["parseXml notes.md", "parseJson notes.md"], 1),
    ],
)
def test_the_name_that_the_question_says_answers_most(
    question: str, names: list[str], best: int
) -> None:
    found = shares(names, question, ("de",) if "ver" in question else ("en",))
    assert max(found, key=found.__getitem__) == names[best]


def test_a_long_name_that_shares_a_word_answers_little() -> None:
    found = shares(["pump.md", "the history of every pump and boiler.md", "x.md"], "the pump")
    assert found["pump.md"] == pytest.approx(1.0)
    assert found["the history of every pump and boiler.md"] < 0.3


@pytest.mark.parametrize(
    ("names", "chunks"),
    [(["pump.md"], 9), (["pump 1.md", "pump 2.md"], 9), (["pump.md", "boiler.md"], 1)],
    ids=["one document", "a word of every name", "documents of one chunk"],
)
def test_a_name_that_tells_nothing_apart_answers_nothing(names: list[str], chunks: int) -> None:
    assert shares(names, "the pump", chunks=chunks) == {}


def test_what_is_said_in_the_text_and_by_the_name_stays_within_1() -> None:
    term = np.array([0.0, 0.4, 1.0])
    found = labelled(term, np.ones(3))
    assert found.tolist() == [0.5, 0.7, 1.0]
    np.testing.assert_array_equal(labelled(term, np.zeros(3)), term)


def test_the_quarter_that_was_asked_for_comes_first(rag: RAGFlow) -> None:
    dataset = rag.create_dataset("reports")
    for quarter in ("2023Q1", "2023Q2", "2023Q3"):
        rag.create_document(dataset, f"ACME_{quarter}.txt", b"nothing")
        document = rag.get_document(name=f"ACME_{quarter}.txt")
        document.add_chunk("Net sales rose, as did the margin.")
        document.add_chunk(f"Printed for {quarter[:4]}.")
    hits = rag.retrieval("net sales of Acme in Q2 2023", [dataset], vector_similarity_weight=0.0)
    assert hits[0].document_name == "ACME_2023Q2.txt"
    assert hits[0].content.startswith("Net sales")
    rag.get_document(name="ACME_2023Q2.txt").update({"name": "other.txt"})
    rag.get_document(name="ACME_2023Q3.txt").update({"name": "ACME_2023Q2.txt"})
    again = rag.retrieval("net sales of Acme in Q2 2023", [dataset], vector_similarity_weight=0.0)
    assert again[0].document_name == "ACME_2023Q2.txt"
    assert again[0].document_id != hits[0].document_id


def test_a_part_of_a_collection_weighs_the_words_of_names_as_the_whole_does() -> None:
    names = [
        (1, "pump manual.md", 9),
        (2, "boiler manual.md", 9),
        (3, "pump diary.md", 9),
        (4, "pump.md", 1),
    ]
    whole = Labels(Names(names, ("en",)))
    parts = [Names(names[:1], ("en",)), Names(names[1:], ("en",))]
    counts = NameCounts.summed([part.counts for part in parts])
    assert counts.documents == 4
    for question in ("the pump manual", "a boiler", "whose diary"):
        asked = {form for term in query_of(question).terms for form in term}
        together: dict[int, float] = {}
        for part in parts:
            together |= Labels(part, counts).shares(asked)
        assert together == whole.shares(asked)
    assert Labels(parts[0]).shares({"pump"}) == {}, "alone it tells nothing apart"


def test_a_word_of_many_names_is_asked_about_once_a_chunk(rag: RAGFlow) -> None:
    dataset = rag.create_dataset("reports")
    documents = [rag.add_document(dataset, f"pump {number}.txt", b"a") for number in range(60)]
    for document in documents[::2]:
        document.add_chunks(["one text", "and another"])
    rag.add_document(dataset, "boiler.txt", b"a")
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with rag.project.catalog.read() as reading:
        numbers = np.array([row[0] for row in reading.execute("SELECT number FROM chunks")])
        names = [
            (row[0], row[1], 2) for row in reading.execute("SELECT number, name FROM documents")
        ]
        labels = Labels(Names(names, ("en",)))
        query = query_of("the pump")
        reading.set_progress_handler(count, 10)
        said = said_of_all(reading, labels, query, numbers)
        reading.set_progress_handler(None, 0)
    assert len(numbers) == 60
    assert (said > 0).all()
    assert steps < 10 * len(numbers), "all documents of that name, anew for each chunk"
