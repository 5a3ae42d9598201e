"""Questions with what they expect: read from a CSV, judged, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragflow_local import DataSet, InvalidValueError, RAGFlow
from ragflow_local.evaluation.evaluate import Setting, difference, evaluate
from ragflow_local.evaluation.questions import Expected, Question, holds, read_questions, share_of
from tests.conftest import Parse


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "questions.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_columns_are_known_by_several_names_and_in_any_order(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'Answer,"Source Docs",Pages,QUESTION,remark\n'
        'In May.,a.pdf,"3-4, 7",When?,x\n'
        ",a.pdf; *2023*,,Which?,\n"
        "In May.,,,And?,\n"
        "\n"
        ",,,Who is king?,\n",
    )
    when, which, and_, who = read_questions(path)
    assert when == Question(2, "When?", (Expected("a.pdf", frozenset({3, 4, 7})),), "In May.")
    assert which.expected == (Expected("a.pdf"), Expected("*2023*"))
    assert and_.expected == (Expected(answer="In May."),)
    assert (who.row, who.expected) == (6, ())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_file_may_be_as_a_spreadsheet_writes_it(tmp_path: Path, encoding: str) -> None:
    text = "question;document\nWo liegt Zürich?;führer.pdf\nUnd Köln? Für wen?;straße.pdf\n"
    found = read_questions(written(tmp_path, text, encoding))
    assert [one.expected[0].document for one in found] == ["führer.pdf", "straße.pdf"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "an empty file", id="empty"),
        pytest.param("frage,antwort\nWann?,Mai\n", "question and", id="no question column"),
        pytest.param("question,page\n", "a row for each question", id="no rows"),
        pytest.param("question,document\n,a.pdf\n", "question in row 2", id="no question"),
        pytest.param("question,document,page\nq,a,x\n", "page in row 2='x'", id="page"),
        pytest.param("question,document,page\nq,a,5-3\n", "page in row 2='5-3'", id="backwards"),
        pytest.param("question,document,page\nq,a;b,3\n", "only with one document", id="two"),
        pytest.param("question,page\nq,3\n", "only with one document", id="page of nothing"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_row(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(InvalidValueError) as error:
        read_questions(written(tmp_path, text))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("answer", "text", "share", "held"),
    [
        ("in March", "It is inspected every second March.", 1.0, True),
        ("$82,959 million", "sales of 82959 million", 1.0, True),
        ("$82,959 million of sales in 12 weeks", "sales of 82,960 million, weeks", 0.6, False),
        ("a big red boat, a blue one", "the boat is red and big", 3 / 4, False),
        ("it is", "so it is", 1.0, True),
        ("", "anything", 0.0, False),
    ],
)
def test_a_text_holds_an_answer_by_its_words_and_all_its_numbers(
    answer: str, text: str, share: float, held: bool
) -> None:
    assert share_of(text, answer) == pytest.approx(share)
    assert holds(text, answer) is held


@pytest.fixture
def sea(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> DataSet:
    parsed("deep/kraken.txt", b"The kraken sleeps in the deep sea. It wakes in May.")
    parsed("boat.txt", b"The boat has two masts and a red sail.")
    parsed("tax.txt", b"Taxes are due in April.")
    return dataset


def asked(text: str, *documents: str, answer: str = "") -> Question:
    expected = tuple(Expected(name) for name in documents)
    return Question(2, text, expected or ((Expected(answer=answer),) if answer else ()), answer)


def test_figures_of_what_is_found_cited_and_answered(rag: RAGFlow, sea: DataSet) -> None:
    questions = [
        asked("Where does the kraken sleep?", "kraken.txt", answer="in the deep sea"),
        asked("Which boat has a red sail?", answer="a red sail"),
        asked("quantum chromodynamics lattice"),
        asked("Which boat has a red sail?", "tax.txt"),
    ]
    (found,) = evaluate(rag, questions, [Setting(sea.name, threshold=0.2)], depth=3)
    kraken, boat, nothing, wrong = found.judged
    assert (kraken.rank, boat.rank, nothing.rank) == (1, 1, None)
    assert kraken.figures["recall@1"] == kraken.figures["citation precision"] == 1
    assert kraken.figures["answer's words"] == 1
    assert kraken.cited == ("deep/kraken.txt",)
    assert "sleeps in the deep sea" in kraken.answer
    assert "[ID:" not in kraken.answer
    assert nothing.figures == {"not found, rightly": 1.0}
    assert wrong.rank != 1
    assert wrong.figures["citation precision"] == 0
    assert found.counts["recall@1"] == 3
    assert found.means["recall@1"][0] == pytest.approx(2 / 3)
    assert found.counts["not found, rightly"] == 1
    assert rag.list_chats() == []


def test_several_documents_are_each_to_be_found(rag: RAGFlow, sea: DataSet) -> None:
    question = asked("kraken boat", "kraken.txt", "boat.txt")
    (found,) = evaluate(rag, [question], [Setting(sea.name, threshold=0)], depth=3, ask=False)
    figures = found.judged[0].figures
    assert (figures["recall@1"], figures["recall@3"]) == (0.5, 1.0)
    assert figures["nDCG@3"] == pytest.approx(1)
    assert found.judged[0].answer == ""


def test_settings_are_compared_question_by_question(rag: RAGFlow, sea: DataSet) -> None:
    questions = [asked("Where does the kraken sleep?", "kraken.txt")]
    settings = [Setting(sea.name, threshold=1.0), Setting(sea.name, threshold=0.1)]
    seen: list[tuple[int, int]] = []
    first, second = evaluate(
        rag, questions, settings, ask=False, progress=lambda *done: seen.append(done)
    )
    assert difference(first, second, "MRR") == (1.0, 1.0, 1.0)
    assert difference(first, second, "no such figure") is None
    assert seen == [(1, 2), (2, 2)]


def test_a_document_that_is_not_there_is_told_before_anything_is_asked(
    rag: RAGFlow, sea: DataSet
) -> None:
    with pytest.raises(InvalidValueError, match=r"row 2.*'whale\.txt'.*boat\.txt"):
        evaluate(rag, [asked("Where?", "whale.txt")], [Setting(sea.name)])


@pytest.mark.parametrize(
    "values", [{"weight": 2.0}, {"threshold": float("nan")}, {"top_n": 0}, {"top_k": 0}]
)
def test_a_setting_outside_what_is_allowed_is_told(values: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError):
        Setting("a", **values)  # type: ignore[arg-type]  # that is the point
