"""Evaluates settings on questions with expected documents, pages or answers.

Each question is searched for, and, if wished, asked in a chat that is removed at the end.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from ragflow_local.answer.citations import cited_numbers, strip_marks
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.api.session import Message
from ragflow_local.errors import InvalidValueError
from ragflow_local.evaluation.measures import interval, ndcg, recall, reciprocal_rank
from ragflow_local.evaluation.questions import Question, check_documents, share_of
from ragflow_local.settings import EMPTY_RESPONSE, check_number, check_text, check_whole


@dataclass(frozen=True, slots=True)
class Setting:
    """How to search and to answer.

    Attributes:
        dataset: Name or id.
        weight: ``vector_similarity_weight``: 1 ranks by meaning alone, 0 by words alone.
        threshold: Least similarity.
        top_k: Candidates taken from each of the two indexes.
        rerank: A cross-encoder; "" for none.
        model: Who answers; "" for the engine's default.
        top_n: Most chunks an answer is given.
    """

    dataset: str
    weight: float = 0.3
    threshold: float = 0.1
    top_k: int = 1024
    rerank: str = ""
    model: str = ""
    top_n: int = 8

    def __post_init__(self) -> None:
        """Check every value."""
        check_number("weight", self.weight, 0, 1)
        check_number("threshold", self.threshold, 0, 1)
        check_whole("top_k", self.top_k, 1, 1_000_000)
        check_whole("top_n", self.top_n, 1, 1024)
        for name in ("dataset", "rerank", "model"):
            check_text(name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class Judged:
    """One question under one setting; a figure is None where it does not apply.

    Attributes:
        rank: Of the first hit that was expected, from 1; None where none was.
        figures: By their names, each in [0, 1].
        answer: What was answered; "" where nothing was asked.
        cited: Documents and pages that the answer cites.
    """

    question: Question
    rank: int | None
    figures: Mapping[str, float | None]
    answer: str = ""
    cited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """All questions under one setting.

    Attributes:
        means: Mean and 95 % interval of each figure that applies to some question.
        counts: To how many questions each figure applies.
    """

    setting: Setting
    judged: tuple[Judged, ...]
    means: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


def evaluate(
    rag: RAGFlow,
    questions: Sequence[Question],
    settings: Sequence[Setting],
    depth: int = 10,
    *,
    ask: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Evaluated]:
    """Return how well questions are answered under each setting.

    Args:
        rag: The engine, open for writing where ``ask`` is True.
        questions: The questions.
        settings: How to search and to answer; several are compared.
        depth: How many hits count: the k of recall@k.
        ask: Whether to have the questions answered, too.
        progress: Called with the number of questions done, and of all.

    Raises:
        InvalidValueError: A question expects a document that a dataset does not have.
    """
    check_whole("depth", depth, 1, 1000)
    for name, given in (("questions", questions), ("settings", settings)):
        if not given:
            raise InvalidValueError(name, given, f"at least one of the {name}")
    for setting in settings:
        names = [document.name for document in rag.find_dataset(setting.dataset).list_docs()]
        check_documents(questions, names)
    total, done = len(questions) * len(settings), 0
    evaluations = []
    for setting in settings:
        with _Asker(rag, setting, ask=ask) as asker:
            judged = []
            for question in questions:
                judged.append(_judge(rag, question, setting, depth, asker))
                done += 1
                progress(done, total)
        evaluations.append(_summed(setting, judged))
    return evaluations


def difference(
    first: Evaluated, second: Evaluated, figure: str
) -> tuple[float, float, float] | None:
    """Return by how much the second is better, and its 95 % interval, question by question.

    None where no question has the figure under both.
    """
    pairs = [
        (after - before)
        for judged, other in zip(first.judged, second.judged, strict=True)
        if (before := judged.figures.get(figure)) is not None
        and (after := other.figures.get(figure)) is not None
    ]
    return interval(pairs) if pairs else None


def _summed(setting: Setting, judged: Sequence[Judged]) -> Evaluated:
    names = dict.fromkeys(name for question in judged for name in question.figures)
    values = {
        name: [value for question in judged if (value := question.figures.get(name)) is not None]
        for name in names
    }
    means = {name: interval(known) for name, known in values.items() if known}
    counts = {name: len(known) for name, known in values.items() if known}
    return Evaluated(setting, tuple(judged), means, counts)


class _Asker:
    """A chat for one setting, there while the questions are asked."""

    def __init__(self, rag: RAGFlow, setting: Setting, *, ask: bool) -> None:
        self._rag = rag
        self._setting = setting
        self._ask = ask
        self._chat_id = ""

    def __enter__(self) -> _Asker:
        if self._ask:
            setting = self._setting
            chat = self._rag.create_chat(
                f"evaluation {uuid.uuid4().hex}",
                knowledgebases=[self._rag.find_dataset(setting.dataset)],
                llm={"model_name": setting.model or None, "temperature": 0.0, "seed": 0},
                prompt={
                    "similarity_threshold": setting.threshold,
                    "keywords_similarity_weight": round(1 - setting.weight, 9),
                    "top_n": setting.top_n,
                },
            )
            self._chat_id = chat.id
        return self

    def __exit__(self, *_: object) -> None:
        if self._chat_id:
            self._rag.delete_chats([self._chat_id])

    def answer(self, question: str) -> Message | None:
        """Return the answer, in a session of its own; None where nothing is asked."""
        if not self._chat_id:
            return None
        (chat,) = self._rag.list_chats(id=self._chat_id)
        return chat.create_session().ask(question)


def _judge(rag: RAGFlow, question: Question, setting: Setting, depth: int, asker: _Asker) -> Judged:
    hits = rag.retrieval(
        question.text,
        [rag.find_dataset(setting.dataset)],
        limit=depth,
        similarity_threshold=setting.threshold,
        vector_similarity_weight=setting.weight,
        top_k=max(setting.top_k, depth),
        rerank_id=setting.rerank or None,
    )
    ranked = _first_of_each(question, hits)
    relevant: dict[Hashable, float] = dict.fromkeys(range(len(question.expected)), 1.0)
    figures: dict[str, float | None] = {}
    if relevant:
        for k in sorted({1, min(5, depth), depth}):
            figures[f"recall@{k}"] = recall(ranked, relevant, k)
        figures["MRR"] = reciprocal_rank(ranked, relevant)
        figures[f"nDCG@{depth}"] = ndcg(ranked, relevant, depth)
    rank = next((rank for rank, key in enumerate(ranked, start=1) if key in relevant), None)
    message = asker.answer(question.text)
    if message is None:
        return Judged(question, rank, figures)
    return _with_answer(Judged(question, rank, figures), message)


def _first_of_each(question: Question, hits: Sequence[Chunk]) -> list[Hashable]:
    """Return hits as the number of what was expected and is first met here, or as themselves."""
    keys: list[Hashable] = []
    for hit in hits:
        fitting = (
            n
            for n, expected in enumerate(question.expected)
            if n not in keys and expected.fits(hit)
        )
        keys.append(next(fitting, hit.id))
    return keys


def _with_answer(judged: Judged, message: Message) -> Judged:
    question = judged.question
    marks = cited_numbers(message.content)
    cited = [message.reference[mark] for mark in marks if mark < len(message.reference)]
    is_empty = EMPTY_RESPONSE in message.content
    figures = dict(judged.figures)
    if question.expected:
        right = [any(expected.fits(chunk) for expected in question.expected) for chunk in cited]
        figures["citation precision"] = fmean(right) if right else None
        figures["not found"] = float(is_empty)
    else:
        figures["not found, rightly"] = float(is_empty)
    if question.answer and question.expected:
        figures["answer's words"] = 0.0 if is_empty else share_of(message.content, question.answer)
    places = tuple(dict.fromkeys(_place_of(chunk) for chunk in cited))
    answer = strip_marks(message.content).strip()
    return Judged(question, judged.rank, figures, answer, places)


def _place_of(chunk: Chunk) -> str:
    pages = sorted({int(place[0]) for place in chunk.position})
    return f"{chunk.document_name}, page {pages[0]}" if pages else chunk.document_name
