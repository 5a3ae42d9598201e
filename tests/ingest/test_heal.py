from ragflow_local import DataSet, RAGFlow
from ragflow_local.ingest.heal import heal, index_anew, lost_sentence, orphans, wrong_postings
from ragflow_local.stores.catalog import state
from tests.conftest import Parse
from tests.invariants import check_invariants


def repaired(rag: RAGFlow) -> list[str]:
    project = rag.project
    return heal(project.catalog, project.files, project.vector_table)


def test_a_healthy_project_needs_no_repair(rag: RAGFlow, parsed: Parse) -> None:
    parsed("sea.txt", b"The kraken sleeps.")
    assert repaired(rag) == []
    check_invariants(rag)


def test_wrong_counts_are_set_right(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    document = parsed("sea.txt", b"The kraken sleeps.")
    with rag.project.catalog.write() as connection:
        connection.execute("UPDATE documents SET chunk_count = 9")
        assert state.wrong_counts(connection) == [document.id]
    assert repaired(rag) == ["Counts of chunks were set to what there is."]
    assert document.chunk_count == 1
    check_invariants(rag)


def test_a_word_index_that_lacks_a_chunk_is_written_anew(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    parsed("sea.txt", b"The kraken sleeps.")
    with rag.project.catalog.write() as connection:
        connection.execute("DELETE FROM postings_lists")
        assert wrong_postings(connection, dataset.id)
    (sentence,) = repaired(rag)
    assert dataset.id in sentence
    hits = rag.retrieval("kraken", [dataset], vector_similarity_weight=0.0)
    assert [hit.content for hit in hits] == ["The kraken sleeps."]
    check_invariants(rag)


def test_terms_of_another_text_are_seen_where_texts_are_compared(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    parsed("sea.txt", b"The kraken sleeps.")
    with rag.project.catalog.write() as connection:
        connection.execute("UPDATE postings_terms SET term = 'squid' WHERE term = 'kraken'")
        assert wrong_postings(connection, dataset.id) == []  # as many chunks and terms as before
        assert wrong_postings(connection, dataset.id, compared=10)
        index_anew(connection, dataset.id)
        assert wrong_postings(connection, dataset.id, compared=10) == []


def test_bytes_that_no_document_has_go_to_the_trash(rag: RAGFlow, parsed: Parse) -> None:
    parsed("sea.txt", b"The kraken sleeps.")
    project = rag.project
    lost = project.files.put(b"bytes of a document that was never added")
    with project.catalog.read() as reading:
        found = list(orphans(reading, project.files, project.vector_table))
    assert found == [(lost, "file")]
    (sentence,) = repaired(rag)
    assert lost in sentence
    assert [path.name for path in project.files.trash.folder.rglob("*") if path.is_file()] == [lost]
    check_invariants(rag)


def test_what_a_damaged_log_took_is_told_in_a_sentence() -> None:
    assert lost_sentence(1).startswith("The last change before")
    assert lost_sentence(3).startswith("The last 3 changes before")
