"""Any sequence of calls and restarts gives what a plain dict would."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from ragflow_local import DataSet, Document, RAGFlow
from ragflow_local.errors import NotFoundError
from tests.invariants import check_invariants

WORDS = ("kraken", "squid", "whale", "reef", "tide", "anchor", "harbour", "海藻")
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
names = st.sampled_from(["a.txt", "b.txt", "c.md", "ü ñ.txt"])
methods = st.sampled_from(["naive", "one"])


@dataclass
class Kept:
    """What a document should be: a plain record beside the engine."""

    text: str
    run: str = "UNSTART"
    method: str = "naive"
    chunks: dict[str, str] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ragflow_local-machine-"))
        self.model: dict[str, Kept] = {}
        self.start()
        self.rag.create_dataset("kb")

    def start(self) -> None:
        self.rag = RAGFlow(
            "key", project_dir=self.folder / "p", embedding_model="hashing", workers=1
        )

    def teardown(self) -> None:
        check_invariants(self.rag)
        self.rag.close()
        shutil.rmtree(self.folder)

    @property
    def dataset(self) -> DataSet:
        return self.rag.get_dataset("kb")

    def document(self, data: st.DataObject) -> tuple[Document, Kept]:
        name = data.draw(st.sampled_from(sorted(self.model)))
        return self.rag.get_document(name=name), self.model[name]

    def note(self, document: Document, kept: Kept) -> None:
        """Take over the ids of chunks, which the engine chooses."""
        kept.chunks = {chunk.id: chunk.content for chunk in document.list_chunks(limit=-1)}
        kept.off &= kept.chunks.keys()

    @rule(name=names, text=texts)
    def add(self, name: str, text: str) -> None:
        added = self.rag.add_document(self.dataset, name, text.encode())
        assert (added.name == name) == (name not in self.model)
        self.model[added.name] = Kept(text)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def parse(self, data: st.DataObject) -> None:
        document, kept = self.document(data)
        document.async_parse()
        *_, (percent, message) = document.join(interval=0.01)
        assert percent == 100, message
        kept.run, kept.off = "DONE", set()
        self.note(document, kept)
        assert " ".join(kept.chunks.values()).split() == kept.text.split()

    @precondition(lambda self: self.model)
    @rule()
    def parse_all(self) -> None:
        """All in one group, where their texts are short."""
        documents = {name: self.rag.get_document(name=name) for name in self.model}
        self.rag.async_parse_documents([document.id for document in documents.values()])
        self.rag.project.jobs.wait_for_all()
        for name, kept in self.model.items():
            document = self.rag.get_document(documents[name].id)
            assert document.run == "DONE", document.progress_msg
            kept.run, kept.off = "DONE", set()
            self.note(document, kept)
            assert " ".join(kept.chunks.values()).split() == kept.text.split()

    @precondition(lambda self: self.model)
    @rule(data=st.data(), text=texts)
    def add_chunk(self, data: st.DataObject, text: str) -> None:
        document, kept = self.document(data)
        chunk = document.add_chunk(text)
        kept.chunks[chunk.id] = text

    @precondition(lambda self: any(kept.chunks for kept in self.model.values()))
    @rule(data=st.data(), text=texts, available=st.booleans())
    def change_chunk(self, data: st.DataObject, text: str, available: bool) -> None:
        name = data.draw(st.sampled_from(sorted(n for n, k in self.model.items() if k.chunks)))
        document, kept = self.rag.get_document(name=name), self.model[name]
        chunk = data.draw(st.sampled_from(document.list_chunks(limit=-1)))
        chunk.content, chunk.available = text, available
        chunk.save()
        kept.chunks[chunk.id] = text
        kept.off = kept.off - {chunk.id} if available else kept.off | {chunk.id}

    @precondition(lambda self: any(kept.chunks for kept in self.model.values()))
    @rule(data=st.data())
    def delete_chunk(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(n for n, k in self.model.items() if k.chunks)))
        kept = self.model[name]
        chunks = self.rag.get_document(name=name).list_chunks(limit=-1)
        chunk = data.draw(st.sampled_from(chunks))
        chunk.delete()
        del kept.chunks[chunk.id]
        kept.off.discard(chunk.id)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), method=methods)
    def cut_otherwise(self, data: st.DataObject, method: str) -> None:
        document, kept = self.document(data)
        document.update({"parse_method": method})
        if method != kept.method:
            kept.method, kept.run, kept.chunks, kept.off = method, "UNSTART", {}, set()

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        document, _ = self.document(data)
        document.delete()
        del self.model[document.name]
        with pytest.raises(NotFoundError):
            document.delete()

    @rule()
    def restart(self) -> None:
        self.rag.close()
        self.start()

    @rule()
    def vacuum(self) -> None:
        self.rag.vacuum()

    @rule(word=st.sampled_from(WORDS))
    def search(self, word: str) -> None:
        hits = self.rag.retrieval(
            word, [self.dataset], limit=1000, similarity_threshold=0, vector_similarity_weight=0
        )
        expected = {
            id
            for kept in self.model.values()
            for id, content in kept.chunks.items()
            if word in content.split() and id not in kept.off
        }
        assert {hit.id for hit in hits if hit.term_similarity} == expected

    @invariant()
    def is_as_the_model(self) -> None:
        found = {document.name: document for document in self.dataset.list_docs()}
        assert found.keys() == self.model.keys()
        for name, kept in self.model.items():
            assert found[name].run == kept.run
            assert found[name].chunk_count == len(kept.chunks)
            chunks = found[name].list_chunks(limit=-1)
            assert {chunk.id: chunk.content for chunk in chunks} == kept.chunks
            assert {chunk.id for chunk in chunks if not chunk.available} == kept.off
        assert self.dataset.document_count == len(self.model)
        assert self.dataset.chunk_count == sum(len(kept.chunks) for kept in self.model.values())


_QUIET = settings(
    deadline=None, suppress_health_check=list(HealthCheck), database=None, print_blob=True
)


def test_any_sequence_of_calls_gives_what_a_dict_would() -> None:
    run_machine(Machine, settings=settings(_QUIET, max_examples=6, stateful_step_count=15))


@pytest.mark.slow
def test_any_long_sequence_of_calls_gives_what_a_dict_would() -> None:
    run_machine(Machine, settings=settings(_QUIET, max_examples=60, stateful_step_count=50))
