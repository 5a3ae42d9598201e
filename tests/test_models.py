import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.errors import InvalidValueError, ModelClosedError, ModelTooLargeError
from ragflow_local.models import ModelPlaces, Models, Once
from ragflow_local.settings import LLMSettings

PATIENCE = 30  # seconds until a test that hangs is given up


class Held:
    """A load that ends when the test says so, and counts itself."""

    def __init__(self, make: Callable[[], object] = object) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.count = 0
        self._make = make

    def __call__(self, *args: object, **options: object) -> object:
        self.count += 1
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        return self._make()


class Chatty:
    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True

    def retire(self) -> None:
        self.close()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    monkeypatch.setattr("ragflow_local.models.resolve_generator", lambda name, folder: Path(name))
    return Models(ModelPlaces(tmp_path, tmp_path / "cache"))


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4)


def chat(name: str) -> LLMSettings:
    return LLMSettings(model_name=name)


def test_who_needs_another_model_does_not_wait_for_one_that_loads(
    models: Models, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, made = Held(Chatty), Held(HashingEmbedder)
    monkeypatch.setattr("ragflow_local.models.open_generator", load)
    monkeypatch.setattr(
        "ragflow_local.models.open_embedder",
        lambda name, *_, **__: made() if name == "slow" else HashingEmbedder(),
    )
    monkeypatch.setattr("ragflow_local.models.open_reranker", lambda name, *_, **__: name)
    waiting: list[Future[object]] = [
        pool.submit(models.generator, chat("x.gguf")),
        pool.submit(models.embedder, "slow"),
    ]
    assert load.begun.wait(PATIENCE)
    assert made.begun.wait(PATIENCE)
    assert pool.submit(models.embedder, "fast").result(PATIENCE).dim
    assert pool.submit(models.reranker, "judge").result(PATIENCE) is not None
    assert not any(one.done() for one in waiting)
    load.go_on.set()
    made.go_on.set()
    assert all(one.result(PATIENCE) for one in waiting)


def test_two_who_need_one_model_load_it_once(pool: ThreadPoolExecutor) -> None:
    load = Held()
    once: Once[str, object] = Once()
    first = pool.submit(once.get, "a", load)
    assert load.begun.wait(PATIENCE)
    others = [pool.submit(once.get, "a", load) for _ in range(3)]
    load.go_on.set()
    assert {other.result(PATIENCE) for other in others} == {first.result(PATIENCE)}
    assert load.count == 1


def test_a_load_that_failed_is_tried_again() -> None:
    once: Once[str, int] = Once()

    def fail() -> int:
        raise InvalidValueError("a", 1, "2")

    with pytest.raises(InvalidValueError):
        once.get("a", fail)
    assert once.get("a", lambda: 3) == 3


def test_who_waits_for_an_interrupted_load_loads_itself(pool: ThreadPoolExecutor) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    load = Held(interrupted)
    once: Once[str, object] = Once()
    first = pool.submit(once.get, "a", load)
    assert load.begun.wait(PATIENCE)
    second = pool.submit(once.get, "a", lambda: 3)
    load.go_on.set()
    assert second.result(PATIENCE) == 3
    with pytest.raises(KeyboardInterrupt):
        first.result(PATIENCE)


@pytest.mark.parametrize(("room", "closed"), [(2, [False, False]), (1, [True, False])])
def test_chat_models_are_kept_while_there_is_room(
    models: Models, monkeypatch: pytest.MonkeyPatch, room: int, closed: list[bool]
) -> None:
    made: list[Chatty] = []

    def opened(path: Path, **_: object) -> Chatty:
        if sum(not model.is_closed for model in made) >= room:
            raise ModelTooLargeError(path.name, 2, 1)
        made.append(Chatty())
        return made[-1]

    monkeypatch.setattr("ragflow_local.models.open_generator", opened)
    first = models.generator(chat("a.gguf"))
    assert models.generator(chat("a.gguf")) is first
    models.generator(chat("b.gguf"))
    assert [model.is_closed for model in made] == closed
    models.close()
    assert all(model.is_closed for model in made)


def test_a_chat_model_too_large_even_alone_is_an_error(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, **_: object) -> None:
        raise ModelTooLargeError(path.name, 2, 1)

    monkeypatch.setattr("ragflow_local.models.open_generator", refused)
    with pytest.raises(ModelTooLargeError):
        models.generator(chat("a.gguf"))


def test_closing_does_not_wait_for_a_chat_model_and_leaves_none_behind(
    models: Models, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Chatty()
    load = Held(lambda: model)
    monkeypatch.setattr("ragflow_local.models.open_generator", load)
    loading = pool.submit(models.generator, chat("a.gguf"))
    assert load.begun.wait(PATIENCE)
    pool.submit(models.close).result(PATIENCE)
    load.go_on.set()
    with pytest.raises(ModelClosedError):
        loading.result(PATIENCE)
    assert model.is_closed
    with pytest.raises(ModelClosedError):
        models.generator(chat("a.gguf"))
