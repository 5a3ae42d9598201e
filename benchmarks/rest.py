"""What a call costs through RAGFlow's released names, and through its real client in process.

    python -m benchmarks.rest

The same work three times in one run: by the engine's own API, by ``ragflow_local.sdk``, and by the
installed ``ragflow-sdk`` that ``in_process`` serves. Texts are embedded without weights, so that
the model's time does not hide the doors'.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import machine, milliseconds, write
from ragflow_local import RAGFlow, sdk

_ADDRESS = "http://ragflow.example:9380"
_REPEATS = 100
_TEXT = "Section {}: the pump {} stands in hall {} and is bled every {} weeks."
_QUESTION = "Where does pump 7 stand?"
_DOORS = ("engine's own", "`ragflow_local.sdk`", "real client, `in_process`")

Work = Callable[[int], object]


def own(rag: RAGFlow, id: str) -> dict[str, Work]:
    """Return each call by the engine's own API."""
    [dataset] = rag.list_datasets(id=id)
    [document] = dataset.list_docs()
    chat = rag.create_chat("own", knowledgebases=[dataset])
    return {
        "list datasets": lambda n: rag.list_datasets(page_size=30),
        "make a dataset": lambda n: rag.create_dataset(f"own_{n + 1}"),
        "upload": lambda n: rag.add_document(dataset, f"own{n}.txt", b"x"),
        "list documents": lambda n: dataset.list_docs(limit=30),
        "add a chunk": lambda n: document.add_chunk(f"own {n}"),
        "retrieve 30": lambda n: rag.retrieval(
            _QUESTION, [dataset], limit=30, similarity_threshold=0.2
        ),
        "ask in a new session": lambda n: list(chat.create_session().ask(_QUESTION, stream=True)),
    }


def released(rag: Any, id: str, name: str) -> dict[str, Work]:
    """Return each call by the released names, of whichever client."""
    [dataset] = rag.list_datasets(id=id)
    document = dataset.list_documents(keywords="halls")[0]
    chat = rag.create_chat(name, dataset_ids=[id])
    return {
        "list datasets": lambda n: rag.list_datasets(page_size=30),
        "make a dataset": lambda n: rag.create_dataset(f"{name}_{n + 1}"),
        "upload": lambda n: dataset.upload_documents(
            [{"display_name": f"{name}{n}.txt", "blob": b"x"}]
        ),
        "list documents": lambda n: dataset.list_documents(page_size=30),
        "add a chunk": lambda n: document.add_chunk(f"{name} {n}"),
        "retrieve 30": lambda n: rag.retrieve([id], question=_QUESTION, page_size=30),
        "ask in a new session": lambda n: list(chat.create_session().ask(_QUESTION, stream=True)),
    }


def main() -> None:
    """Measure, and write the page."""
    import tempfile

    import ragflow_sdk

    options: dict[str, Any] = {"embedding_model": "hashing", "workers": 1, "durable": False}
    with (
        tempfile.TemporaryDirectory() as folder,
        sdk.RAGFlow("ragflow-k", _ADDRESS, project_dir=folder, **options) as client,
        sdk.in_process(engine=client.engine, address=_ADDRESS),
    ):
        dataset = client.create_dataset("bench")
        [document] = dataset.upload_documents([{"display_name": "halls.txt", "blob": b"-"}])
        for number in range(500):
            document.add_chunk(_TEXT.format(*[number] * 4))
        doors = (
            own(client.engine, dataset.id),
            released(client, dataset.id, "sdk"),
            released(ragflow_sdk.RAGFlow("ragflow-k", _ADDRESS), dataset.id, "client"),
        )
        figures = {
            call: [float(np.median(milliseconds(door[call], _REPEATS))) for door in doors]
            for call in doors[0]
        }
    rows = [
        f"| {call} | {times[0]:.2f} | {times[1]:.2f} ({times[1] / times[0]:.1f}) |"
        f" {times[2]:.2f} ({times[2] / times[0]:.1f}) |"
        for call, times in figures.items()
    ]
    page = [
        "# What a call costs by the released names",
        "",
        f"{machine()}. `python -m benchmarks.rest`",
        "",
        f"Milliseconds, median of {_REPEATS}; in brackets: times the engine's own. One run, one"
        " dataset of 500 chunks, embedded without weights, nothing waits for the disk;"
        " each chat has the defaults of its API.",
        "",
        f"| call | {' | '.join(_DOORS)} |",
        "|---|---|---|---|",
        *rows,
    ]
    write("rest", "\n".join(page) + "\n", figures)


if __name__ == "__main__":
    main()
