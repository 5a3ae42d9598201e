"""A document's life in a process that may end at a crash point, told by its exit status.

It imports all that takes long, then forks once for each line ``directory point`` that it reads:
the child lives on the project until it is over or the point is reached.
"""

import json
import os
import sys
import warnings
from importlib import import_module


def live(directory: str, point: str) -> None:
    """Add a document beside an old one, parse it twice, delete it."""
    from ragflow_local import Document, RAGFlow
    from ragflow_local.ingest import vector_table

    vector_table._BATCH = 1  # every vector is moved to LanceDB, and taken out again
    vector_table._PAUSE_SECONDS = 0.0
    rag = RAGFlow("key", directory, embedding_model="hashing", workers=1)
    kb = rag.create_dataset("kb")

    def parse(document: Document) -> None:
        document.async_parse()
        list(document.join(interval=0.01))
        rag.project.vector_table.wait()

    parse(rag.add_document(kb, "old.txt", b"The kraken sleeps."))
    os.environ["RAGFLOW_LOCAL_CRASH_AT"] = point
    new = rag.add_document(kb, "new.txt", b"The squid swims. It is fast.")
    parse(new)
    parse(new)
    new.delete()
    rag.project.vector_table.wait()
    rag.close()


def main() -> None:
    for module in ("lancedb", "pyarrow", "sqlite_utils", "ragflow_local.api.ragflow"):
        import_module(module)
    warnings.simplefilter("ignore")  # LanceDB warns of fork; nothing of it has run yet
    for line in sys.stdin:
        child = os.fork()
        if not child:
            live(*json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
