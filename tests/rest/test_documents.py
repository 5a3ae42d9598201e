"""Every rule of documents, in the released API's words."""

from collections.abc import Callable
from typing import Any

import pytest

from ragflow_local.rest import Request
from tests.rest.conftest import KEY, NO_IDS, NOBODY, Asked, documents, wait

Upload = Callable[..., list[Any]]


@pytest.fixture
def dataset(ask: Asked) -> Any:
    return ask.data("POST", "/datasets", {"name": "documents"})


@pytest.fixture
def upload(ask: Asked, dataset: Any) -> Upload:
    def add(*names: str, data: bytes = b"The pump stands in the cellar.") -> list[Any]:
        files = [(name, data) for name in names]
        added: list[Any] = ask.data("POST", f"/datasets/{dataset['id']}/documents", files=files)
        return added

    return add


# ── upload ──


@pytest.mark.parametrize(
    ("files", "code", "message"),
    [
        (None, 101, "No file part!"),
        ([], 101, "No file part!"),
        ([("", b"x")], 101, "No file selected!"),
        ([("é" * 126 + ".txt", b"x")], 101, "File name must be 255 bytes or less."),
        ([("a.exe", b"x")], 500, "a.exe: This type of file has not been supported yet!"),
        (
            [("a.unknown", b"x"), ("b.exe", b"x")],
            500,
            "a.unknown: This type of file has not been supported yet!\n"
            "b.exe: This type of file has not been supported yet!",
        ),
    ],
    ids=["none", "empty", "no name", "long", "unknown", "two unknown"],
)
def test_a_wrong_upload_is_refused(
    ask: Asked, dataset: Any, files: Any, code: int, message: str
) -> None:
    answer = ask("POST", f"/datasets/{dataset['id']}/documents", files=files)
    assert (answer["code"], answer["message"]) == (code, message)


def test_files_beside_an_unknown_one_are_kept(ask: Asked, dataset: Any) -> None:
    path = f"/datasets/{dataset['id']}/documents"
    assert ask("POST", path, files=[("a.exe", b"x"), ("b.txt", b"x")])["code"] == 500
    assert [document["name"] for document in documents(ask, dataset)] == ["b.txt"]


def test_a_new_document_is_as_its_dataset(ask: Asked, dataset: Any, upload: Upload) -> None:
    [document] = upload("a.txt")
    assert document["run"] == "UNSTART"
    assert document["chunk_method"] == dataset["chunk_method"]
    assert document["parser_config"] == dataset["parser_config"]
    expected = {"progress": 0, "progress_msg": "", "process_begin_at": None, "status": "1"}
    assert {name: document[name] for name in expected} == expected
    assert ask.data("GET", "/datasets", id=dataset["id"])[0]["document_count"] == 1


def test_a_taken_name_gets_a_number_and_punctuation_stays(upload: Upload) -> None:
    name = "a!@#$%^&()_+-=[]{};',. é.txt"
    assert [document["name"] for document in upload(name, name, name)] == [
        name,
        name.replace(".txt", "(1).txt"),
        name.replace(".txt", "(2).txt"),
    ]


def test_an_empty_file_is_kept(ask: Asked, dataset: Any, upload: Upload) -> None:
    [document] = upload("empty.txt", data=b"")
    answer = ask("GET", f"/datasets/{dataset['id']}/documents/{document['id']}")
    assert (answer["code"], answer["message"]) == (102, "This file is empty.")


def test_an_upload_to_no_dataset_is_refused(ask: Asked) -> None:
    assert ask("POST", f"/datasets/{NOBODY}/documents", files=[("a.txt", b"x")])["code"] == 102


def test_the_bytes_come_back_as_an_attachment(ask: Asked, dataset: Any, upload: Upload) -> None:
    [document] = upload("pümp.txt", data=b"\x00\xff text")
    path = f"/api/v1/datasets/{dataset['id']}/documents/{document['id']}"
    answer = ask.api.handle(Request("GET", path, key=KEY))
    assert answer.content == b"\x00\xff text"
    assert dict(answer.headers)["Content-Disposition"].startswith("attachment")
    assert ask("GET", f"/datasets/{dataset['id']}/documents/{NOBODY}")["code"] == 102


# ── list ──


def test_documents_are_listed_by_page_order_and_word(
    ask: Asked, dataset: Any, upload: Upload
) -> None:
    ids = {name: upload(name)[0]["id"] for name in ("a.txt", "b.txt", "Pump.txt")}

    def names(**query: object) -> list[str]:
        return [document["name"] for document in documents(ask, dataset, **query)]

    newest_first = ["Pump.txt", "b.txt", "a.txt"]
    assert names() == newest_first
    assert names(desc="false") == newest_first[::-1]
    assert names(orderby="name", desc=False) == ["Pump.txt", "a.txt", "b.txt"]
    assert names(page=2, page_size=2) == ["a.txt"]
    for page, size in ((0, 0), (-1, -1), ("a", "b"), ("", "")):
        assert names(page=page, page_size=size) == newest_first
    assert names(page=5) == []
    assert names(offset=1, limit=2) == newest_first[:2]
    assert names(keywords="PUMP") == ["Pump.txt"]
    assert names(keywords="") == newest_first
    assert names(keywords="nothing") == []
    assert names(id=ids["a.txt"]) == ["a.txt"]
    assert names(id="", name="") == newest_first
    assert names(id=ids["a.txt"], name="b.txt") == []
    assert names(ids=[ids["a.txt"], ids["b.txt"]]) == ["b.txt", "a.txt"]
    assert names(run="UNSTART") == newest_first
    assert names(run="3") == []
    assert names(suffix="pdf") == []
    assert names(create_time_from=2**45) == []


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ({"id": NOBODY}, 102, f"you don't own the document {NOBODY}"),
        ({"name": "nobody.txt"}, 102, "you don't own the document nobody.txt"),
        ({"orderby": "size"}, 101, "invalid orderby field: size"),
    ],
)
def test_a_wrong_list_is_refused(
    ask: Asked, dataset: Any, query: Any, code: int, message: str
) -> None:
    answer = ask("GET", f"/datasets/{dataset['id']}/documents", **query)
    assert (answer["code"], answer["message"]) == (code, message)


def test_a_list_of_no_dataset_is_refused(ask: Asked) -> None:
    answer = ask("GET", f"/datasets/{NOBODY}/documents")
    assert (answer["code"], answer["message"]) == (102, f"You don't own the dataset {NOBODY}. ")


# ── update ──


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"name": "a.pdf"}, 101, "The extension of file can't be changed"),
        ({"name": ""}, 101, "The extension of file can't be changed"),
        ({"name": "b.txt"}, 102, "Duplicated document name in the same dataset."),
        ({"name": "a" * 252 + ".txt"}, 101, "File name must be 255 bytes or less."),
        (
            {"name": None},
            102,
            "Field: <name> - Message: <Input should be a valid string> - Value: <None>",
        ),
        (
            {"name": 0},
            102,
            "Field: <name> - Message: <Input should be a valid string> - Value: <0>",
        ),
        ({"chunk_method": "other"}, 102, "`chunk_method` other doesn't exist"),
        ({"chunk_method": ""}, 102, "`chunk_method`  doesn't exist"),
        ({"chunk_count": 1}, 102, "can't change `chunk_count`"),
        ({"token_count": 9}, 102, "can't change `token_count`"),
        ({"progress": 1.0}, 102, "can't change `progress`"),
        (
            {"progress": 1.5},
            102,
            "Field: <progress> - Message: <Input should be less than or equal to 1> - Value: <1.5>",
        ),
        (
            {"parser_config": {"chunk_token_num": -1}},
            102,
            "Field: <parser_config.chunk_token_num> - Message: <Input should be greater than or"
            " equal to 1> - Value: <-1>",
        ),
        (
            {"parser_config": {"unknown": 1}},
            102,
            "Field: <parser_config.unknown> - Message: <Extra inputs are not permitted>"
            " - Value: <1>",
        ),
        (
            {"meta_fields": [1]},
            102,
            "Field: <meta_fields> - Message: <Input should be a valid dictionary> - Value: <[1]>",
        ),
    ],
)
def test_a_wrong_update_is_refused(
    ask: Asked, dataset: Any, upload: Upload, given: Any, code: int, message: str
) -> None:
    document = upload("a.txt", "b.txt")[0]
    path = f"/datasets/{dataset['id']}/documents/{document['id']}"
    answer = ask("PATCH", path, given)
    assert (answer["code"], answer["message"]) == (code, message)
    assert ask.data("PATCH", path, {}) == documents(ask, dataset, id=document["id"])[0]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"name": "new.TXT"}, {"name": "new.TXT"}),
        ({"name": "B.txt"}, {"name": "B.txt"}),
        ({"chunk_count": 0, "token_count": 0, "progress": 0.0}, {}),
        (
            {"meta_fields": {"year": 2024, "tags": ["a"]}},
            {"meta_fields": {"year": 2024, "tags": ["a"]}},
        ),
        ({"unknown": 1, "id": "x"}, {}),
        ({"enabled": 0}, {"status": "0"}),
        ({"enabled": True}, {"status": "1"}),
        *(
            ({"chunk_method": method}, {"chunk_method": method})
            for method in (
                *("naive", "manual", "qa", "table", "paper", "book", "laws", "presentation"),
                *("picture", "one", "knowledge_graph", "email", "audio", "tag"),
            )
        ),
    ],
)
def test_an_update_answers_the_whole_document(
    ask: Asked, dataset: Any, upload: Upload, given: Any, shown: Any
) -> None:
    document = upload("a.txt", "b.txt")[0]
    path = f"/datasets/{dataset['id']}/documents/{document['id']}"
    changed = ask.data("PATCH", path, given)
    unlike = {"update_time", "update_date", "parser_config", "location", "suffix", *shown}
    assert {name: changed[name] for name in shown} == shown
    for name in set(document) - unlike:
        assert changed[name] == document[name]
    assert ask.data("PUT", path, {"meta_fields": {}})["id"] == document["id"]


def test_an_update_of_no_document_is_refused(ask: Asked, dataset: Any) -> None:
    answer = ask("PATCH", f"/datasets/{dataset['id']}/documents/{NOBODY}", {"name": "a.txt"})
    assert (answer["code"], answer["message"]) == (102, f"you don't own the document {NOBODY}")


# ── parse, cancel ──


def parse(ask: Asked, dataset: Any, body: object) -> Any:
    return ask("POST", f"/datasets/{dataset['id']}/chunks", body)


def test_a_parse_ends_done_and_another_method_starts_anew(
    ask: Asked, dataset: Any, upload: Upload
) -> None:
    [document] = upload("a.txt")
    assert parse(ask, dataset, {"document_ids": [document["id"]]})["code"] == 0
    [ended] = wait(ask, dataset)
    assert (ended["run"], ended["progress"], ended["chunk_count"]) == ("DONE", 1.0, 1)
    assert "Task done" in ended["progress_msg"]
    assert ended["process_begin_at"]
    assert ended["process_duration"] > 0
    path = f"/datasets/{dataset['id']}/documents/{document['id']}"
    fresh = ask.data("PATCH", path, {"chunk_method": "one"})
    assert (fresh["run"], fresh["chunk_count"], fresh["progress_msg"]) == ("UNSTART", 0, "")
    assert parse(ask, dataset, {"document_ids": [document["id"]]})["code"] == 0
    assert wait(ask, dataset)[0]["run"] == "DONE"
    assert parse(ask, dataset, {"document_ids": [document["id"]]})["code"] == 0
    assert wait(ask, dataset)[0]["chunk_count"] == 1


def test_settings_without_effect_are_told_with_the_parse(ask: Asked, upload: Upload) -> None:
    given = {"auto_keywords": 3, "raptor": {"use_raptor": True}}
    body = {"name": "told", "chunk_method": "qa", "parser_config": given}
    dataset = ask.data("POST", "/datasets", body)
    path = f"/datasets/{dataset['id']}/documents"
    [document] = ask.data("POST", path, files=[("a.txt", b"Q: Where?\nA: Here.")])
    assert parse(ask, dataset, {"document_ids": [document["id"]]})["code"] == 0
    [ended] = wait(ask, dataset)
    assert "without effect in this engine: auto_keywords, raptor." in ended["progress_msg"]


def test_what_a_method_brings_without_effect_is_told_with_the_parse(ask: Asked) -> None:
    dataset = ask.data("POST", "/datasets", {"name": "told of naive"})
    path = f"/datasets/{dataset['id']}/documents"
    [document] = ask.data("POST", path, files=[("a.txt", b"Here.")])
    assert parse(ask, dataset, {"document_ids": [document["id"]]})["code"] == 0
    [ended] = wait(ask, dataset)
    assert "without effect in this engine: raptor, graphrag." in ended["progress_msg"]


@pytest.mark.parametrize("body", [{}, {"document_ids": []}, {"document_ids": None}])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_documents_must_be_named(ask: Asked, dataset: Any, method: str, body: Any) -> None:
    answer = ask(method, f"/datasets/{dataset['id']}/chunks", body)
    assert (answer["code"], answer["message"]) == (102, "`document_ids` is required")


def test_the_known_documents_are_parsed_and_the_others_told(
    ask: Asked, dataset: Any, upload: Upload
) -> None:
    ids = [document["id"] for document in upload("a.txt", "b.txt")]
    answer = parse(ask, dataset, {"document_ids": [NOBODY, *ids]})
    assert (answer["code"], answer["message"]) == (102, f"Documents not found: ['{NOBODY}']")
    assert {document["run"] for document in wait(ask, dataset)} == {"DONE"}
    twice = parse(ask, dataset, {"document_ids": [*ids, ids[0]]})
    assert (twice["code"], twice["message"]) == (0, "Partially parsed 2 documents with 1 errors")
    wait(ask, dataset)


def test_what_is_being_parsed_is_not_parsed_and_can_be_cancelled(
    ask: Asked, dataset: Any, upload: Upload
) -> None:
    ids = [document["id"] for document in upload("a.txt", "b.txt", data=b"Words. " * 20_000)]
    path = f"/datasets/{dataset['id']}/chunks"
    assert parse(ask, dataset, {"document_ids": ids})["code"] == 0
    again = parse(ask, dataset, {"document_ids": ids})
    assert again["message"] == "Can't parse document that is currently being processed"
    answer = ask("DELETE", path, {"document_ids": [*ids, NOBODY]})
    assert (answer["code"], answer["message"]) == (102, f"you don't own the document {NOBODY}")
    for document in documents(ask, dataset):
        assert (document["run"], document["progress"], document["chunk_count"]) == ("CANCEL", 0, 0)
    answer = ask("DELETE", path, {"document_ids": ids})
    assert answer["code"] == 102
    assert answer["message"] == (
        "Can't stop parsing document that has not started or already completed"
    )


# ── delete ──


def test_documents_are_deleted_all_or_none(ask: Asked, dataset: Any, upload: Upload) -> None:
    ids = [document["id"] for document in upload("a.txt", "b.txt", "c.txt")]
    path, id = f"/datasets/{dataset['id']}/documents", dataset["id"]

    def refused(body: object, code: int) -> str:
        answer = ask("DELETE", path, body)
        assert answer["code"] == code
        assert len(documents(ask, dataset)) == 3
        return str(answer["message"])

    for nothing in NO_IDS:
        assert refused(nothing, 102) == (
            f"should either provide doc ids or set delete_all(true), dataset: {id}. "
        )
    assert refused({"ids": ids, "delete_all": True}, 102) == (
        f"should not provide both doc ids and delete_all(true), dataset: {id}. "
    )
    assert refused({"ids": [ids[0], "x", "y"]}, 102) == (
        f"These documents do not belong to dataset {id} or Document not found: x, y"
    )
    twice = [ids[0], ids[0]]
    assert refused({"ids": twice}, 101) == (
        f"Field: <ids> - Message: <Duplicate ids: '{ids[0]}'> - Value: <{twice}>"
    )
    assert ask("DELETE", path, {"ids": ids[:1]})["code"] == 0
    assert ask("DELETE", path, {"delete_all": True})["code"] == 0
    assert documents(ask, dataset) == []


def test_hundreds_of_files_come_and_go_in_one_call(
    ask: Asked, dataset: Any, upload: Upload
) -> None:
    ids = [document["id"] for document in upload(*(f"{n}.txt" for n in range(300)))]
    assert ask.data("GET", "/datasets", id=dataset["id"])[0]["document_count"] == 300
    assert ask("DELETE", f"/datasets/{dataset['id']}/documents", {"ids": ids})["code"] == 0


def test_a_document_of_another_dataset_is_refused(ask: Asked, dataset: Any, upload: Upload) -> None:
    [document] = upload("a.txt")
    other = ask.data("POST", "/datasets", {"name": "another"})
    path = f"/datasets/{other['id']}/documents/{document['id']}"
    for method, below in (("GET", ""), ("PATCH", ""), ("GET", "/chunks"), ("POST", "/chunks")):
        answer = ask(method, f"{path}{below}", {"content": "x"})
        assert answer["message"] == f"you don't own the document {document['id']}"
