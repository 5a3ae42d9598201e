"""What the engine adds to a chat model: reading on, stopping, and its overhead.

    python -m benchmarks.chat_model

A GGUF with 60 million random weights is written for it: speed does not depend on sense.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ragflow_local.answer.ask import Turn, answer
from ragflow_local.generators import open_generator
from ragflow_local.records import ChatMessage, ChunkRow, Hit
from ragflow_local.settings import LLMSettings, PromptSettings

PROMPT_TOKENS, ANSWER_TOKENS, REPEATS = 2000, 64, 7


def write_model(path: Path) -> Path:
    """Write a model of about 60 million random weights."""
    from tests.generators import tiny_gguf

    tiny = tiny_gguf.Tiny(context=4096, width=768, hidden=2048, layers=8, heads=12)
    return tiny_gguf.write(path, tiny)


def first_piece(model: Any, messages: list[ChatMessage]) -> tuple[float, str]:
    began = time.perf_counter()
    stream = model.generate(messages, LLMSettings(temperature=0, max_token=8))
    piece = next(stream)
    seconds = time.perf_counter() - began
    return seconds, piece + "".join(stream)


def turns(model: Any) -> tuple[list[ChatMessage], list[ChatMessage]]:
    """Return the messages of a first and of a second turn, 2,000 tokens long."""
    text = "the revenue of the company "
    while model.count_tokens([ChatMessage("user", text)]) < PROMPT_TOKENS:
        text += "year net sales of the company is million "
    first = [ChatMessage("system", text), ChatMessage("user", "What is the revenue?")]
    return first, [*first, ChatMessage("assistant", "It is."), ChatMessage("user", "And sales?")]


def reading_on(model: Any) -> Iterator[str]:
    first, second = turns(model)
    other = [ChatMessage("user", "something else entirely")]
    with_reuse, without = [], []
    for _ in range(3):
        first_piece(model, first)
        with_reuse.append(first_piece(model, second)[0])
        first_piece(model, other)
        without.append(first_piece(model, second)[0])
        first_piece(model, other)
    one, two = statistics.median(with_reuse), statistics.median(without)
    yield (
        f"first token of a second turn, {model.count_tokens(second)} tokens: {one:.3f} s"
        f" reading on, {two:.3f} s reading anew ({one / two:.3f})"
    )


def stopping(model: Any) -> Iterator[str]:
    first, _ = turns(model)
    short = [ChatMessage("user", "who?")]
    expected = first_piece(model, short)[1]
    stream = model.generate(first, LLMSettings(temperature=0))
    reader = threading.Thread(target=lambda: list(stream))
    reader.start()
    time.sleep(0.3)
    began = time.perf_counter()
    stream.close()
    reader.join()
    seconds = time.perf_counter() - began
    right = first_piece(model, short)[1] == expected
    yield f"stopped while reading {PROMPT_TOKENS} tokens: {seconds:.3f} s; next is right: {right}"


def overhead(model: Any, path: Path) -> Iterator[str]:
    """Compare with a bare loop of llama-cpp-python, in turn: same threads, sampling, prefix state.

    Both have just answered the very prompt, so each reads its last token only: what is left before
    the first token is what the engine adds (template, counting, fitting, citing).
    """
    hits = [Hit(_chunk(number), 0.9, 0.9, 0.9) for number in range(4)]
    settings = LLMSettings(temperature=0, max_token=ANSWER_TOKENS)
    bare = _bare(path)
    ours, theirs, ours_first, theirs_first = [], [], [], []
    for repeat in range(REPEATS):
        question = f"What is the revenue of company number {repeat}?"
        turn = Turn(
            question,
            [],
            PromptSettings(grounding="marked"),
            settings,
            lambda _: hits,
            lambda: model,
        )
        list(answer(turn))
        began = time.perf_counter()
        stream = iter(answer(turn))
        last = next(stream)
        first = time.perf_counter() - began
        *_, last = last, *stream
        ours_first.append(first)
        ours.append((last.usage["answer_tokens"] - 1) / (time.perf_counter() - began - first))
        prompt = model.prompt_of(model.last_messages)
        bare(prompt)
        one, rate = bare(prompt)
        theirs_first.append(one)
        theirs.append(rate)
    yield (
        f"tokens a second: {statistics.median(ours):.1f} through ask,"
        f" {statistics.median(theirs):.1f} bare"
        f" ({statistics.median(ours) / statistics.median(theirs):.3f}); first token after"
        f" {1000 * statistics.median(ours_first):.0f} ms and"
        f" {1000 * statistics.median(theirs_first):.0f} ms, last token of the prompt read only;"
        f" fastest {1000 * min(ours_first):.0f} ms and {1000 * min(theirs_first):.0f} ms"
    )


def _chunk(number: int) -> ChunkRow:
    text = f"The net sales of company {number} for the year were {number}94 million. " * 4
    return ChunkRow(number, str(number), "d", "s", f"{number}.pdf", 0, text, 1, 1)


def _bare(path: Path) -> Any:
    """Return a function that generates with llama-cpp-python alone."""
    import os

    from llama_cpp import Llama

    processors = os.cpu_count() or 1
    llama = Llama(
        str(path),
        n_ctx=4096,
        n_threads=max(1, processors // 2),
        n_threads_batch=processors,
        verbose=False,
    )

    def run(prompt: str) -> tuple[float, float]:
        tokens = llama.tokenize(prompt.encode(), add_bos=False, special=True)
        began = time.perf_counter()
        first, count = 0.0, 0
        text = b""
        for token in llama.generate(
            tokens, temp=0, frequency_penalty=0.7, presence_penalty=0.2, repeat_penalty=1.0
        ):
            count += 1
            first = first or time.perf_counter() - began
            if token == llama.token_eos() or count > ANSWER_TOKENS:
                break
            text += llama.detokenize([token])
        return first, (count - 1) / (time.perf_counter() - began - first)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-overhead", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = write_model(Path(folder) / "model.gguf")
        model: Any = open_generator(path)
        count = model.count_tokens

        def remember(messages: Any) -> int:
            model.last_messages = messages
            return int(count(messages))

        if not given.only_overhead:
            for line in (*reading_on(model), *stopping(model)):
                print(line, flush=True)
        model.count_tokens = remember
        for line in overhead(model, path):
            print(line, flush=True)
        model.close()


if __name__ == "__main__":
    main()
