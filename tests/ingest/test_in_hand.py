"""A document that ends the engine."""

import json
import subprocess
import sys
from pathlib import Path

from ragflow_local import RAGFlow

ENDS_THE_ENGINE = """
import os, sys, time
from ragflow_local import RAGFlow
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.ingest.drafted import Drafted

embed = HashingEmbedder.embed

def deadly(self, texts):
    if any("deadly" in text for text in texts):
        os._exit(137)
    return embed(self, texts)

HashingEmbedder.embed = deadly
take = Drafted.take

def drafted_together(self):
    while len(self._parses) < 3:
        time.sleep(0.01)
    return take(self)

if sys.argv[2] == "together":
    Drafted.take = drafted_together
rag = RAGFlow(project_dir=sys.argv[1], embedding_model="hashing", workers=1)
if not rag.list_datasets():
    dataset = rag.create_dataset("d")
    for name in ("deadly", "good", "fine"):
        rag.create_document(dataset, f"{name}.txt", f"It is {name}.".encode())
    rag.async_parse_documents([document.id for document in dataset.list_docs()])
rag.close(wait=True)
"""


def test_a_document_that_ends_the_engine_is_tried_twice_and_holds_up_no_other(
    project_dir: Path,
) -> None:
    codes = []
    for drafted in ("together", "together", "as it comes", "as it comes"):
        ended = subprocess.run(
            [sys.executable, "-c", ENDS_THE_ENGINE, str(project_dir), drafted],
            cwd=Path(__file__).parents[2],
            timeout=60,
            check=False,
        )
        codes.append(ended.returncode)
    assert codes == [137, 137, 0, 0]
    with RAGFlow(project_dir=project_dir, embedding_model="hashing") as rag:
        documents = {document.name: document for document in rag.list_datasets()[0].list_docs()}
        assert documents["good.txt"].run == "DONE"
        assert documents["fine.txt"].run == "DONE"
        assert documents["deadly.txt"].run == "FAIL"
        assert "ended 2 times" in documents["deadly.txt"].progress_msg


def test_a_document_that_was_given_up_has_all_its_tries_again_once_it_is_asked_for_by_hand(
    project_dir: Path,
) -> None:
    with RAGFlow(project_dir=project_dir, embedding_model="hashing", workers=1) as rag:
        document = rag.add_document(rag.create_dataset("d"), "a.txt", b"The kraken sleeps.")
        rag.project.indexer.begin([document.id])
    # As a process leaves it that ends in the middle of the second try.
    (project_dir / "open.json").write_text("{}")
    (project_dir / "in-hand").write_text(
        json.dumps({"ends": {document.id: 1}, "now": [document.id]})
    )
    with RAGFlow(project_dir=project_dir, embedding_model="hashing", workers=1) as rag:
        document = rag.get_document(name="a.txt")
        assert document.run == "FAIL"
        assert "ended 2 times" in document.progress_msg
        assert not rag.project.files.in_hand.is_suspect(document.id)
        document.async_parse()
        *_, (_, message) = document.join(interval=0.01)
        assert document.run == "DONE", message
