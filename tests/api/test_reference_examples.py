"""The examples of the API reference, as the scripts they are."""

import inspect
import io
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import RAGFlow

EXAMPLES = {
    "create, list and update a dataset": """
        rag_object = RAGFlow(api_key="<YOUR_API_KEY>", base_url="http://<YOUR_BASE_URL>:9380")
        ds = rag_object.create_dataset(name="kb_1")
        for ds in rag_object.list_datasets():
            print(ds)
        dataset = rag_object.list_datasets(id = ds.id)
        print(dataset[0])
        rag = RAGFlow(api_key="<YOUR_API_KEY>", base_url="http://<YOUR_BASE_URL>:9380")
        ds = rag.list_datasets(name="kb_1")[0]
        ds.update({"embedding_model":"BAAI/bge-zh-v1.5", "parse_method":"manual"})
        rag.delete_datasets(ids=["kb_1", rag.create_dataset("kb_2").id])
        assert rag.list_datasets() == []
    """,
    "documents: add, list, save, download, delete": """
        rag = RAGFlow(api_key="xxxxxx", base_url="http://xxx.xx.xx.xxx:9380")
        ds = rag.create_dataset(name="kb_1")
        filename1 = "ragflow.txt"
        assert rag.create_document(ds, name=filename1, blob=open(filename1, "rb").read()) is True
        filename2 = "infinity.txt"
        rag.create_document(ds, name=filename2, blob=open(filename2, "rb").read())
        doc = rag.get_document(name="ragflow.txt")
        doc = rag.get_document(id=doc.id, name="ragflow.txt")
        print(doc)
        doc.parser_method= "manual"
        assert doc.save() is True
        assert rag.get_document(id=doc.id).parser_method == "manual"
        open("copy.txt", "wb").write(doc.download())
        assert open("copy.txt", "rb").read() == open("ragflow.txt", "rb").read()
        for d in ds.list_docs(keywords="rag", offset=0, limit=12):
            print(d)
            assert d.delete() is True
        assert [d.name for d in ds.list_docs()] == ["infinity.txt"]
    """,
    "parse many documents, join, cancel": """
        rag = RAGFlow(API_KEY, HOST_ADDRESS)
        ds = rag.create_dataset(name="God5")
        documents = [
            {'name': 'test1.txt', 'path': 'ragflow.txt'},
            {'name': 'test2.txt', 'path': 'infinity.txt'},
        ]
        for doc_info in documents:
            with open(doc_info['path'], "rb") as file:
                created_doc = rag.create_document(ds, name=doc_info['name'], blob=file.read())
        docs = [rag.get_document(name=doc_info['name']) for doc_info in documents]
        ids = [doc.id for doc in docs]
        rag.async_parse_documents(ids)
        print("Async bulk parsing initiated")
        for doc in docs:
            for progress, msg in doc.join(interval=5, timeout=30):
                print(f"{doc.name}: Progress: {progress}, Message: {msg}")
            assert doc.run == "DONE" and "completed" in doc.progress_msg, doc.progress_msg
        cancel_result = rag.async_cancel_parse_documents(ids)
        assert [doc.run for doc in docs] == ["DONE", "DONE"]
    """,
    "chunks: add, save, delete": """
        rag = RAGFlow(api_key="xxxxxx", base_url="http://xxx.xx.xx.xxx:9380")
        ds = rag.create_dataset(name="kb_1")
        rag.create_document(ds, "a.txt", b"nothing")
        doc = rag.get_document(name="a.txt")
        chunk = doc.add_chunk(content="xxxxxxx")
        chunk.content = "sdfx"
        assert chunk.save() is True
        assert rag.retrieval("sdfx", datasets=[ds])[0].content == "sdfx"
        assert chunk.delete() is True
        assert rag.retrieval("sdfx", datasets=[ds]) == []
    """,
    "retrieval": """
        rag = RAGFlow(api_key="xxxxxx", base_url="http://xxx.xx.xx.xxx:9380")
        rag.create_dataset("ragflow")
        ds = rag.get_dataset(name="ragflow")
        name = 'ragflow_test.txt'
        path = 'ragflow.txt'
        rag.create_document(ds, name=name, blob=open(path, "rb").read())
        doc = rag.get_document(name=name)
        doc.async_parse()
        # Wait for parsing to complete
        for progress, msg in doc.join(interval=5, timeout=30):
            print(progress, msg)
        found = rag.retrieval(question="What's ragflow?",
                     datasets=[ds], documents=[doc],
                     offset=0, limit=6, similarity_threshold=0.1,
                     vector_similarity_weight=0.3,
                     top_k=1024
                     )
        for c in found:
            print(c)
        assert "RAGFlow is an engine" in found[0].content
    """,
    "a chat, its sessions, a streamed answer": """
        rag = RAGFlow(api_key="<YOUR_API_KEY>", base_url="http://<YOUR_BASE_URL>:9380")
        ds = rag.create_dataset("kb_1")
        rag.create_document(ds, "ragflow.txt", open("ragflow.txt", "rb").read())
        doc = rag.get_document(name="ragflow.txt")
        doc.async_parse()
        for progress, msg in doc.join():
            pass
        knowledge_base = rag.list_datasets(name="kb_1")
        assistant = rag.create_chat("Miss R", knowledgebases=knowledge_base)
        assistant.update({"llm": {"temperature":0.8, "frequency penalty": 0.5}})
        assert assistant.llm.temperature == 0.8 and assistant.llm.frequency_penalty == 0.5
        for assistant in rag.list_chats():
            print(assistant)
        assi = rag.list_chats(name="Miss R")
        assi = assi[0]
        sess = assi.create_session("new_session")
        sess.update({"name": "Updated session"})
        print(assi.get_prologue())
        cont = ""
        for ans in sess.ask("What is RAGFlow?", stream=True):
            assert ans.content.startswith(cont)
            print(ans.content[len(cont):], end='', flush=True)
            cont = ans.content
        assert "RAGFlow is an engine" in cont and "[ID:0]" in cont, cont
        for sess in assi.list_sessions():
            print(sess)
        assi.delete_sessions(ids=[sess.id])
        assert assi.list_sessions() == []
        rag.delete_chats(ids=[assi.id])
        assert rag.list_chats() == []
    """,
}


# The reference opens files without closing them; that is the examples' affair, not the engine's.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("script", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_an_example_of_the_reference_runs(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGFLOW_LOCAL_PROJECT", str(tmp_path / "project"))
    (tmp_path / "ragflow.txt").write_text("RAGFlow is an engine for answers from documents.\n")
    (tmp_path / "infinity.txt").write_text("Infinity is a database.\n")
    opened: list[RAGFlow] = []

    class Recorded(RAGFlow):
        def __init__(self, *args: Any, **options: Any) -> None:
            options |= {"embedding_model": "hashing", "models_dir": _models(tmp_path)}
            super().__init__(*args, **options)
            opened.append(self)

    names = {"RAGFlow": Recorded, "API_KEY": "key", "HOST_ADDRESS": "http://localhost:9380"}
    try:
        with redirect_stdout(io.StringIO()):
            exec(compile(inspect.cleandoc(script), "<example>", "exec"), names)
    finally:
        for rag in opened:
            rag.close()
    assert "ragflow" not in sys.modules


def _models(tmp_path: Path) -> Path:
    """A models folder in which the reference's example name leads to a model without weights."""
    folder = tmp_path / "models" / "BAAI" / "bge-zh-v1.5"
    folder.mkdir(parents=True, exist_ok=True)
    _write_tiny_model(folder)
    return tmp_path / "models"


def _write_tiny_model(folder: Path) -> None:
    """Just enough of a model folder that it can be described; it is never loaded."""
    import json

    import numpy as np
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    Tokenizer(WordLevel({"[UNK]": 0}, "[UNK]")).save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(
        json.dumps({"model_type": "bert", "hidden_size": 8, "max_position_embeddings": 64})
    )
    save_file({"weight": np.zeros((2, 8), dtype=np.float32)}, str(folder / "model.safetensors"))
