from collections.abc import Iterator

import pytest

from ragflow_local import DataSet, InvalidValueError, RAGFlow
from ragflow_local.retrieve.filters import check_conditions, meets

NOTED = {
    "year": 2023,
    "kind": "report",
    "tags": ["fish", "sea"],
    "final": True,
    "date": "2023-08-15",
}


@pytest.mark.parametrize(
    ("conditions", "is_met"),
    [
        ({}, True),
        ({"year": 2023}, True),
        ({"year": 2023.0}, True),
        ({"year": "2023"}, False),
        ({"year": [2022, 2023]}, True),
        ({"year": [2021, 2022]}, False),
        ({"year": []}, False),
        ({"year": {"gte": 2023, "lt": 2024}}, True),
        ({"year": {"gt": 2023}}, False),
        ({"year": {"lte": "2024"}}, False),
        ({"date": {"gte": "2023-01-01", "lt": "2024"}}, True),
        ({"tags": "sea"}, True),
        ({"tags": ["land", "sea"]}, True),
        ({"tags": "land"}, False),
        ({"final": True}, True),
        ({"final": 1}, False),
        ({"final": {"gte": 0}}, False),
        ({"author": None}, True),
        ({"year": None}, False),
        ({"author": "Verne"}, False),
        ({"author": {"lt": 3}}, False),
        ({"year": 2023, "kind": "letter"}, False),
        ({"year": 2023, "kind": "report"}, True),
    ],
)
def test_a_document_meets_what_is_noted_about_it(
    conditions: dict[str, object], is_met: bool
) -> None:
    check_conditions(conditions)
    assert meets(NOTED, conditions) is is_met


@pytest.mark.parametrize(
    "wrong",
    [
        "year",
        {1: 2},
        {"year": {}},
        {"year": {"from": 3}},
        {"year": {"gte": True}},
        {"year": {"gte": [1]}},
        {"year": object()},
    ],
)
def test_what_is_no_condition_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidValueError, match="meta_fields"):
        check_conditions(wrong)


@pytest.fixture
def years(rag: RAGFlow, dataset: DataSet) -> Iterator[RAGFlow]:
    for year in (2021, 2022, 2023):
        rag.create_document(dataset, f"{year}.txt", b"kraken")
        document = rag.get_document(name=f"{year}.txt")
        document.add_chunk(f"The kraken was seen in {year}.")
        document.update({"meta_fields": {"year": year}})
    yield rag


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_a_search_keeps_to_the_documents_that_meet_the_conditions(
    years: RAGFlow, dataset: DataSet, weight: float
) -> None:
    def found(**given: object) -> set[str]:
        hits = years.retrieval(
            "Where was the kraken seen?",
            [dataset],
            similarity_threshold=0.0,
            vector_similarity_weight=weight,
            **given,  # type: ignore[arg-type]  # whatever a user may give
        )
        return {hit.document_name for hit in hits}

    assert found() == {"2021.txt", "2022.txt", "2023.txt"}
    assert found(meta_fields={"year": {"gte": 2022}}) == {"2022.txt", "2023.txt"}
    assert found(meta_fields={"year": 1999}) == set()
    one = years.get_document(name="2021.txt")
    assert found(meta_fields={"year": {"gte": 2022}}, documents=[one]) == set()
    assert found(meta_fields={"year": {"lt": 2022}}, documents=[one]) == {"2021.txt"}
