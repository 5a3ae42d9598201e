"""A mixed load on a project, told line by line on standard output, to be ended by kill -9.

It imports all that takes long, then forks once for each line ``directory seed`` that it reads:
the child opens the project and changes it until it is killed. What it is about to do and what was
acknowledged are lines of JSON in one pipe, so nothing acknowledged can be missing from it.
"""

import json
import os
import random
import sys
import warnings
from importlib import import_module
from typing import Any

WORDS = ("kraken", "squid", "whale", "shark", "reef", "tide", "current", "anchor", "harbour")
METHODS = ("naive", "one", "qa")
NAMES = [f"{word}.txt" for word in WORDS[:6]]


def say(**values: Any) -> None:
    os.write(1, json.dumps(values).encode() + b"\n")


class Load:
    def __init__(self, directory: str, seed: int) -> None:
        from ragflow_local import RAGFlow

        self.random = random.Random(seed)
        self.rag = RAGFlow("key", project_dir=directory, embedding_model="hashing", workers=1)
        self.dataset = (self.rag.list_datasets() or [self.rag.create_dataset("kb")])[0]

    def run(self) -> None:
        say(op="opened")
        while True:
            kinds = [self.add, self.parse, self.edit, self.add_chunk, self.delete_chunk]
            if self.random.random() < 0.25:
                kinds = [self.delete, self.recut, self.parse_all]
            self.random.choice(kinds)()

    def text(self) -> str:
        return ". ".join(
            " ".join(self.random.choices(WORDS, k=6)) for _ in range(self.random.randint(1, 30))
        )

    def pick(self) -> Any:
        documents = self.dataset.list_docs()
        return self.random.choice(documents) if documents else None

    def told(self, op: str, name: str, **values: Any) -> None:
        """Say what was acknowledged, with the document as it now is."""
        found = [item for item in self.dataset.list_docs() if item.name == name]
        chunks = {c.id: c.content for item in found for c in item.list_chunks(limit=-1)}
        say(op=op, name=name, done=True, chunks=chunks, run=found[0].run if found else "", **values)

    def add(self) -> None:
        name, text = self.random.choice(NAMES), self.text()
        if any(item.name == name for item in self.dataset.list_docs()):
            return self.parse()
        say(op="add", name=name, text=text)
        self.rag.create_document(self.dataset, name, text.encode())
        return self.told("add", name, text=text)

    def parse(self) -> None:
        if document := self.pick():
            say(op="parse", name=document.name)
            document.async_parse()
            for _ in document.join(interval=0.01):
                pass
            self.told("parse", document.name)

    def parse_all(self) -> None:
        """Parse all of them, which are committed together."""
        documents = self.dataset.list_docs()
        if not documents:
            return
        for document in documents:
            say(op="parse", name=document.name)
        self.rag.async_parse_documents([document.id for document in documents])
        for document in documents:
            for _ in document.join(interval=0.01):
                pass
        for document in documents:
            self.told("parse", document.name)

    def edit(self) -> None:
        document = self.pick()
        if document and (chunks := document.list_chunks()):
            chunk = self.random.choice(chunks)
            chunk.content = self.text()
            say(op="edit", name=document.name, content=chunk.content)
            chunk.save()
            self.told("edit", document.name)

    def add_chunk(self) -> None:
        if document := self.pick():
            content = self.text()
            say(op="add_chunk", name=document.name, content=content)
            document.add_chunk(content)
            self.told("add_chunk", document.name)

    def delete_chunk(self) -> None:
        document = self.pick()
        if document and (chunks := document.list_chunks()):
            say(op="delete_chunk", name=document.name)
            self.random.choice(chunks).delete()
            self.told("delete_chunk", document.name)

    def delete(self) -> None:
        if document := self.pick():
            say(op="delete", name=document.name)
            document.delete()
            self.told("delete", document.name)

    def recut(self) -> None:
        if document := self.pick():
            method = self.random.choice([m for m in METHODS if m != document.parse_method])
            say(op="recut", name=document.name)
            document.update({"parse_method": method})
            self.told("recut", document.name)


def main() -> None:
    for module in ("lancedb", "pyarrow", "sqlite_utils", "ragflow_local.api.ragflow"):
        import_module(module)
    warnings.simplefilter("ignore")  # LanceDB warns of fork; nothing of it has run yet
    for line in sys.stdin:
        directory, seed = json.loads(line)
        child = os.fork()
        if not child:
            Load(directory, seed).run()
        say(op="forked", pid=child)
        _, status = os.waitpid(child, 0)
        say(op="ended", status=status)


if __name__ == "__main__":
    main()
