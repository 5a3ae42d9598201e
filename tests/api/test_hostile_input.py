"""Hostile input through the public API: it is data, or an error that says so; never syntax."""

from pathlib import Path

import pytest

from ragflow_local import DataSet, Document, InvalidValueError, RAGFlow
from tests.conftest import Parse
from tests.invariants import check_invariants

# Each is a name, a text, a keyword, a question or metadata somebody might give.
SYNTAX = (
    "'; DROP TABLE chunks; --",
    '" OR 1=1 --',
    "100%_\\",
    "a* OR b NEAR(c, 2) AND NOT d",
    "dataset_id = 'x' OR true",
    "{knowledge} {0} {question!r} {{}} %s %(a)s $x ${y}",
    "../../etc/passwd",
    "..\\..\\windows\\system32",
    "/etc/passwd",
    "C:\\NUL",
    "<script>alert(1)</script>",
    "ｆｕｌｌｗｉｄｔｈ ﬁ Ω ǅ",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧‍👦",
    "a" * 255,
)
FORBIDDEN_NAMES = (
    "",
    " ",
    "\t",
    "a\nb",
    "a\0b",
    "a\x1bb[31m",
    "gpj.\u202eexe.txt",
    "\u2066a\u2069",
    "\ud800",
    "a" * 256,
    "a" * 5000,
)


def in_words(text: str) -> str:
    return ascii(text)[:30]


def test_syntax_is_text_in_every_place(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    other = parsed("other.txt", b"The kraken sleeps.")
    for text in SYNTAX:
        check_text_everywhere(rag, dataset, other, text)
    assert [item.name for item in dataset.list_docs()] == ["other.txt"]
    check_invariants(rag)


def check_text_everywhere(rag: RAGFlow, dataset: DataSet, other: Document, text: str) -> None:
    name = text if text.endswith(".txt") or len(text) > 250 else f"{text}.txt"
    document = rag.add_document(dataset, name, f"The squid says {text} twice.".encode())
    document.update({"meta_fields": {text: text, "list": [text]}})
    document.async_parse()
    *_, (percent, message) = document.join(interval=0.01)
    assert percent == 100, message
    assert rag.get_document(name=name).meta_fields[text] == text
    assert [item.name for item in dataset.list_docs(keywords=text[:40])] == [name]
    chunk = document.add_chunk(f"By hand: {text}", [text, "reef"])
    chunk.questions = [f"What is {text}?"]
    chunk.save()
    word = text.split()[0]
    assert chunk.id in {item.id for item in document.list_chunks(keywords=word)}
    assert document.list_chunks(keywords="nothing%has_this") == []
    for question in (text, f"What says {text}?"):
        for weight in (0.0, 1.0):
            rag.retrieval(question, [dataset], vector_similarity_weight=weight)
    assert rag.retrieval("kraken", [dataset], documents=[other])[0].document_id == other.id
    assert rag.list_datasets(name=text) == []
    assert rag.list_datasets(id=text) == []
    dataset.update({"description": text, "avatar": text, "language": text})
    assert rag.get_dataset("sea_life").description == text
    document.delete()


def test_syntax_is_text_in_chats(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    parsed("a.txt", b"The squid says this and that.")
    for text in SYNTAX[:7]:
        check_chat(rag, dataset, text)


def check_chat(rag: RAGFlow, dataset: DataSet, text: str) -> None:
    prompt = {
        "prompt": f"{text} {{knowledge}} {{other}} {{0}} {{",
        "empty_response": text,
        "opener": text,
    }
    llm = {"model_name": "extractive"}
    chat = rag.create_chat(text, knowledgebases=[dataset], prompt=prompt, llm=llm)
    session = chat.create_session(text)
    assert session.messages[0].content == text
    assert "squid" in session.ask("What does the squid say?").content
    assert session.ask(text).content
    assert session.ask("zzz qqq").content == text
    assert [item.name for item in rag.list_chats(name=text)] == [text]


@pytest.mark.parametrize("name", FORBIDDEN_NAMES, ids=in_words)
def test_a_name_that_would_deceive_or_break_is_refused(
    rag: RAGFlow, dataset: DataSet, name: str
) -> None:
    with pytest.raises(InvalidValueError):
        rag.create_document(dataset, name, b"kraken")
    with pytest.raises(InvalidValueError):
        rag.create_dataset(name if len(name) < 256 else f"{name} ")
    with pytest.raises(InvalidValueError):
        rag.create_chat(name, knowledgebases=[dataset])
    document = rag.add_document(dataset, "a.txt", b"kraken")
    with pytest.raises(InvalidValueError):
        document.update({"name": name})
    assert [item.name for item in dataset.list_docs()] == ["a.txt"]


def test_no_name_leaves_the_project_directory(
    tmp_path: Path, rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    parsed("../../outside.txt", b"kraken")
    parsed("/tmp/outside.txt", b"squid")
    rag.export_dataset(dataset, tmp_path / "kb.zip")
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(rag.project_dir) for path in new - {tmp_path / "kb.zip"})
    assert not any("outside" in path.name for path in new)


def test_a_question_may_be_anything(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    parsed("a.txt", b"The kraken sleeps.")
    with pytest.raises(InvalidValueError, match="surrogates"):
        rag.retrieval("\ud800", [dataset])
    for question in ("\0", "kraken " * 20_000, "«»" * 10_000, "\u202ekraken", "a" * 100_000):
        hits = rag.retrieval(question, [dataset])
        assert all(0 <= (hit.similarity or 0) <= 1 for hit in hits)


@pytest.mark.parametrize(
    "values",
    [
        {"a": {"nested": 1}},
        {"a": object()},
        {1: "a"},
        {"a": float("nan")},
        {"a": "\ud800"},
        {"\ud800": "a"},
        "text",
        {"a": 10**5000},
    ],
    ids=["nested", "object", "number", "nan", "surrogate", "surrogate name", "text", "large"],
)
def test_metadata_that_cannot_be_kept_is_refused_or_comes_back_the_same(
    rag: RAGFlow, dataset: DataSet, values: object
) -> None:
    document = rag.add_document(dataset, "a.txt", b"kraken")
    try:
        document.update({"meta_fields": values})
    except InvalidValueError:
        return
    assert repr(rag.get_document(name="a.txt").meta_fields) == repr(values)
