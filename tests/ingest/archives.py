"""Archives of datasets for tests: one that is whole, and what may be odd about one."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ragflow_local import DataSet, Document, RAGFlow

TEXT = b"The termination clause is in section nine."
DIM = 256
Members = dict[str, bytes]


def parsed(rag: RAGFlow, dataset: DataSet, name: str, data: bytes) -> Document:
    document = rag.add_document(dataset, name, data)
    document.async_parse()
    *_, (_, message) = document.join(interval=0.01, timeout=60)
    assert document.run == "DONE", message
    return document


def opened(directory: Path) -> RAGFlow:
    return RAGFlow("key", project_dir=directory, embedding_model="hashing", workers=1)


def packed(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def changed(members: Members, part: str, values: dict[str, Any]) -> Members:
    """Return the members with other values in the first object of a part."""
    name = "dataset.json" if part == "dataset" else f"{part}.jsonl"
    found = json.loads(members[name])
    (found["dataset"] if part == "dataset" else found).update(values)
    return {**members, name: json.dumps(found).encode() + b"\n"}


ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "an entity without JSON": ("chunks", {"kind": "entity", "data": "{not json"}),
    "an entity that is a list": ("chunks", {"kind": "entity", "data": "[1,2]"}),
    "a relation without data": ("chunks", {"kind": "relation", "data": "{}"}),
    "an entity whose weight is a text": (
        "chunks",
        {"kind": "entity", "data": '{"name":"a","key":"a","aliases":[],"weight":"x","sources":[]}'},
    ),
    "a table row that is no object": ("chunks", {"data": "[]"}),
    "a kind of chunk": ("chunks", {"kind": "code"}),
    "an ordinal beyond SQLite": ("chunks", {"ordinal": 2**70}),
    "a negative ordinal": ("chunks", {"ordinal": -1}),
    "a token count that would overflow": ("chunks", {"token_count": 2**63 - 1}),
    "a negative token count": ("chunks", {"token_count": -(10**15)}),
    "half a token": ("chunks", {"token_count": 1.5}),
    "a page before the first": (
        "chunks",
        {"places": [{"page": -5, "x0": 0, "top": 0, "x1": 1, "bottom": 1}]},
    ),
    "a place far away": (
        "chunks",
        {"places": [{"page": 1, "x0": 0, "top": 0, "x1": 1e308, "bottom": 1}]},
    ),
    "a hundred thousand keywords": ("chunks", {"keywords": ["k"] * 100_000}),
    "an id that is a path": ("chunks", {"id": "../../victim"}),
    "a chunk of no document": ("chunks", {"document_id": "0" * 32}),
    "a time after all time": ("chunks", {"create_time": 2**62}),
    "a picture that is not there": ("chunks", {"image": True}),
    "a hash that is a path": ("documents", {"sha256": "../../victim"}),
    "a hash with a line end": ("documents", {"sha256": "0" * 64 + "\n"}),
    "a size beyond SQLite": ("documents", {"size": 2**80}),
    "another size": ("documents", {"size": len(TEXT) + 1}),
    "a run": ("documents", {"run": "HACKED"}),
    "a kind of file": ("documents", {"kind": "exe"}),
    "progress beyond the end": ("documents", {"progress": 1e300}),
    "nested free data": ("documents", {"meta_fields": {"a": {"b": [1]}}}),
    "a method": ("documents", {"parse_method": "magic"}),
    "a setting": ("documents", {"parser_config": {"chunk_token_num": 10**30}}),
    "an unknown setting": ("documents", {"parser_config": {"wat": 1}}),
    "a name with a line end": ("documents", {"name": "a\nb.txt"}),
    "a name without end": ("documents", {"name": "a" * 300}),
    "a document of a time after all time": ("documents", {"update_time": 2**62}),
    "a dimension": ("dataset", {"embedding_dim": -1}),
    "another dimension": ("dataset", {"embedding_dim": 255}),
    "no dimension": ("dataset", {"embedding_dim": 0}),
    "three prompts": ("dataset", {"embedding_prompts": ["a", "b", "c"]}),
    "a floor": ("dataset", {"embedding_floor": 1e9}),
    "a permission": ("dataset", {"permission": "everyone"}),
    "a model that is a folder above": ("dataset", {"embedding_model": "/tmp/.."}),
}
VECTORS = {
    "NaN": np.full(DIM, np.nan, "<f4"),
    "one NaN": np.array([*np.zeros(DIM - 1), np.nan], "<f4"),
    "infinity": np.full(DIM, np.inf, "<f4"),
    "beyond 16 bits": np.full(DIM, 65_000, "<f4"),
    "one number fewer": np.zeros(DIM - 1, "<f4"),
    "one number more": np.zeros(DIM + 1, "<f4"),
    "none": np.zeros(0, "<f4"),
}
MEMBERS: dict[str, Callable[[Members], Members]] = {
    "JSON without end": lambda m: {**m, "dataset.json": b"[" * 200_000},
    "no JSON": lambda m: {**m, "documents.jsonl": b"x"},
    "a half letter": lambda m: {
        **m,
        "chunks.jsonl": m["chunks.jsonl"].replace(b"The term", rb"\ud800 term"),
    },
    "bytes that are no text": lambda m: {
        **m,
        "chunks.jsonl": m["chunks.jsonl"].replace(b"The term", b"\xff\xfe term"),
    },
    "an unknown key": lambda m: {**m, "dataset.json": m["dataset.json"][:-1] + b',"x":1}'},
    "another format": lambda m: {
        **m,
        "dataset.json": m["dataset.json"].replace(b'"format":1', b'"format":2'),
    },
    "a document twice": lambda m: {**m, "documents.jsonl": m["documents.jsonl"] * 2},
    "a chunk without a vector": lambda m: {**m, "chunks.jsonl": m["chunks.jsonl"] * 2},
    "a vector without a chunk": lambda m: {**m, "chunks.jsonl": b""},
    "no chunks at all": lambda m: {k: v for k, v in m.items() if k != "chunks.jsonl"},
    "no bytes": lambda m: {k: v for k, v in m.items() if not k.startswith("files/")},
    "other bytes": lambda m: {k: v[::-1] if k.startswith("files/") else v for k, v in m.items()},
    "nothing": lambda _: {},
}
