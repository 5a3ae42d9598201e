"""What of a project is published: nothing private."""

from pathlib import Path

from ragflow_local import DataSet, RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.stores.snapshots import manifest, pages
from ragflow_local.stores.snapshots.objects import Objects
from tests.stores.snapshots.conftest import Put
from tests.stores.snapshots.test_fetching import fetched

SECRET = "the kraken told me a secret"


def everything(store: Path) -> bytes:
    """Return all bytes that are published, packs unpacked."""
    objects = Objects.at(store)
    parts = [path.read_bytes() for path in store.rglob("*") if path.is_file()]
    head = manifest.read_head(objects)
    assert head is not None
    contents = manifest.read_contents(objects, manifest.read_manifest(objects, head))
    for pack in contents.packs:
        data = (store / "packs" / pack.sha256).read_bytes()
        parts.append(pages.unpacked(data, pack.pages))
    return b"\0".join(parts)


def talk(rag: RAGFlow, dataset: DataSet) -> None:
    chat = rag.create_chat(
        "assistant_of_mine", knowledgebases=[dataset], prompt=SECRET + " {knowledge}"
    )
    session = chat.create_session("session_of_mine")
    for number in range(40):
        list(session.ask(f"{SECRET} {number}?" * 20, stream=True))


def test_nothing_private_is_published_to_the_last_byte(
    rag: RAGFlow, put: Put, dataset: DataSet, store: Path, readers: Path
) -> None:
    put("a.txt", "A kraken.")
    talk(rag, dataset)
    put("gone.txt", *(f"{SECRET} {number}" * 9 for number in range(60)))
    rag.get_document(name="gone.txt").delete()
    rag.publish(store)
    published = everything(store)
    for text in (SECRET, "session_of_mine", "assistant_of_mine"):
        assert text.encode() not in published
    fetched(store, readers)
    assert examine(readers).is_healthy
    with RAGFlow(project_dir=readers, read_only=True) as reader:
        assert reader.list_chats() == []
    assert len(rag.list_chats()[0].list_sessions()[0].messages) > 40  # the project keeps its own


def test_assistants_are_published_where_that_is_asked_for(
    rag: RAGFlow, put: Put, dataset: DataSet, store: Path, readers: Path
) -> None:
    put("a.txt", "A kraken.")
    talk(rag, dataset)
    rag.publish(store, chats=True)
    fetched(store, readers)
    with RAGFlow(project_dir=readers, read_only=True) as reader:
        [chat] = reader.list_chats()
        assert chat.list_sessions() == []
    assert b"session_of_mine" not in everything(store)
    assert examine(readers).is_healthy
